/// What automation may do with comments in one market. What it may never do stands in `Steps/Moderation.swift`.
package struct ModerationPolicy: Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// Nothing is judged; people see every comment.
        case off
        /// It is judged and recorded, and nothing is done.
        case shadow
        case hide
        /// Deletes what the rules are surest of, hides the rest.
        case delete
    }

    package let spam: Mode
    /// A competitor's link is never deleted: `delete` counts as `hide`.
    package let competitorLinks: Mode

    package init(spam: Mode = .hide, competitorLinks: Mode = .hide) {
        self.spam = spam
        self.competitorLinks = competitorLinks
    }
}
