/// The platform's own inboxes, in which people answer customers.
package enum MetaInbox {
    /// Their app ids where a channel's file names none (DOMAIN.md 4.7): Facebook's and Instagram's.
    package static let usualApps: Set<String> = ["263902037430900", "1217981644879628"]
}
