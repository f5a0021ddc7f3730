/// Which text is wanted from a language pack. An open set: a pack may carry kinds that this version does not ask for.
///
/// The name is the key in `languages/<tag>/templates.yaml`.
package struct ReplyKind: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let name: String

    package init(_ name: String) {
        self.name = name
    }

    /// Closed now; the reply names the instant by which a person answers. Needs `due`.
    package static let afterHoursPromise = ReplyKind("after_hours_promise")
    /// Closed now, and no instant can be promised.
    package static let afterHoursNoTime = ReplyKind("after_hours_no_time")
    /// A first message in opening hours: a person will answer.
    package static let acknowledgement = ReplyKind("acknowledgement")
    /// An earlier promise was not kept; a new instant is named. Needs `due`.
    package static let apologyLate = ReplyKind("apology_late")

    /// The answer to a frequent question, from `rules/faq.yaml`: `faq.<name>`.
    package static func faq(_ name: String) -> ReplyKind {
        ReplyKind("faq.\(name)")
    }

    package var description: String { name }

    package static func < (left: ReplyKind, right: ReplyKind) -> Bool { left.name < right.name }
}
