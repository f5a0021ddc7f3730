/// Everything that the text rules have to say about one text.
package struct Classification: Sendable {
    /// What automation may do with a text.
    package enum Moderation: String, Sendable, Hashable, CaseIterable {
        case none
        case hide
        case delete
        /// A person decides.
        case person
    }

    /// Why `moderation` is what it is.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case nothing
        case safety
        /// Criticism, a complaint or anger stands beside what would else be hidden.
        case criticism
        case spam
        case competitorLink = "competitor_link"
        /// Suspicion without proof.
        case suspicion
        /// It would be hidden, but in a language without a guard.
        case unguarded
        /// It would be hidden, but it is a message in private.
        case privately = "private"
    }

    /// Tag of the pack of the text's language; nil if it is not known or no pack fits.
    package let language: String?
    package let classes: TextClasses
    /// By start, then end, then rule.
    package let matches: [PhraseMatch]
    /// The criticism guard spoke: nothing of this text may be hidden or deleted automatically.
    package let `guard`: Bool
    /// The proof of spam in points; `SpamScore.proof` and more is proof.
    package let spamPoints: Int
    /// A link to a listed competitor, or one praised beside a phrase that draws buyers away.
    package let competitorLink: Bool
    /// The one question that would be answered; nil: abstain.
    package let intent: Intent?
    package let moderation: Moderation
    package let reason: Reason
    /// The text as the rules read it, for who looks for more in it.
    package let form: NormalisedText
}

/// Whether a text stands in public.
package enum TextPlace: String, Sendable, Hashable, CaseIterable {
    case comment
    case message
}

/// What one market adds to the text rules.
package struct MarketTexts: Sendable {
    package let market: String
    /// Tag; its guard listens whatever the text's own language is.
    package let language: String
    /// The shop's own, which may be named everywhere.
    package let ownDomains: [String]
    package let competitorDomains: [String]
    package let competitorNames: [String]

    package init(
        market: String, language: String, ownDomains: [String] = [], competitorDomains: [String] = [],
        competitorNames: [String] = []
    ) {
        self.market = market
        self.language = language
        self.ownDomains = ownDomains
        self.competitorDomains = competitorDomains
        self.competitorNames = competitorNames
    }
}
