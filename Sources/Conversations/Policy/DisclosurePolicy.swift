/// Where a market says of its automatic texts that nobody wrote them (DOMAIN 1c, F20; section 0, item 5).
///
/// A platform asks for it where the law does: at the start of a conversation, after a while, and when automation speaks again
/// after a person. Texts that say it by themselves, such as the after-hours reply, need no line before them.
package struct DisclosurePolicy: Sendable {
    package let messages: Bool
    package let comments: Bool
    /// It is said again when it was last said longer ago than this.
    package let again: Duration

    package init(messages: Bool = true, comments: Bool = false, again: Duration = .seconds(86_400)) {
        self.messages = messages
        self.comments = comments
        self.again = again
    }
}
