/// What a `fetch` action asks a platform for; the word stands in the action and in the event that answers it.
package enum FetchSubject: String, Sendable, CaseIterable {
    /// A customer's name, language and offset from UTC.
    case profile
    /// Comments of an account that its webhooks may have left out.
    case comments
    /// Direct messages of an account that its webhooks may have left out.
    case messages
    /// Whether an account's webhooks still come, and that they come again.
    case subscriptions
    /// The words and the author of a mention.
    case mention
}
