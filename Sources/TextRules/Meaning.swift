/// What a text says, as results name it (DESIGN.md, *classify*).
package enum TextClass: String, Sendable, Hashable, CaseIterable {
    case spam
    case competitorLink = "competitor_link"
    case criticism
    case complaint
    case praise
    case threat
    case selfHarm = "self_harm"
    case sensitive
    case urgency
    case personWanted = "person_wanted"
}

/// Some of the classes: one bit each, since every text is asked for many of them.
package struct TextClasses: Sendable, Hashable {
    private var bits: UInt32 = 0

    package init() {}

    package var isEmpty: Bool { bits == 0 }

    package func contains(_ name: TextClass) -> Bool { bits & name.bit != 0 }

    package mutating func insert(_ name: TextClass) { bits |= name.bit }

    package mutating func remove(_ name: TextClass) { bits &= ~name.bit }
}

extension TextClass {
    fileprivate var bit: UInt32 {
        switch self {
        case .spam: 1
        case .competitorLink: 1 << 1
        case .criticism: 1 << 2
        case .complaint: 1 << 3
        case .praise: 1 << 4
        case .threat: 1 << 5
        case .selfHarm: 1 << 6
        case .sensitive: 1 << 7
        case .urgency: 1 << 8
        case .personWanted: 1 << 9
        }
    }
}

/// A frequent question.
package enum Intent: String, Sendable, Hashable, CaseIterable {
    case price
    case size
    case stock
    case shippingCost = "shipping_cost"
    case shippingTime = "shipping_time"
    case orderStatus = "order_status"
    case returns
    case openingHours = "opening_hours"
    case location
}

/// What a phrase is evidence of: the list it stands in.
package enum Meaning: Sendable, Hashable {
    case spam(Spam)
    case `class`(TextClass)
    case intent(Intent)
    /// A word of other trades: a text that holds one asks us nothing.
    case offDomain
    /// A frequent word that tells a language from others; it is part of no result.
    case language
    /// A name that a market lists among its competitors.
    case competitor(market: String)

    /// Parts of a spammer's text. None of them alone is proof.
    package enum Spam: String, Sendable, Hashable, CaseIterable {
        /// What only a spammer offers.
        case offer
        /// How a spammer draws people away.
        case contact
        /// Words of a trade that spammers are in; others speak of it too.
        case sign
        /// Words of praise and of calling away that stand around an offer.
        case hint
    }

    /// The name of the list, such as `spam.offer` or `price`.
    var name: String {
        switch self {
        case .spam(let part): "spam.\(part.rawValue)"
        case .class(let name): name.rawValue
        case .intent(let name): name.rawValue
        case .offDomain: "off_domain"
        case .language: "language"
        case .competitor: "competitor"
        }
    }

    /// Offers and lures are counted before the weaker words that they may hold; 0 for what is no evidence of spam.
    var rank: UInt8 {
        switch self {
        case .spam(.offer): 1
        case .spam(.contact): 2
        case .spam(.sign): 3
        case .spam(.hint): 4
        default: 0
        }
    }

    var `class`: String {
        switch self {
        case .spam: TextClass.spam.rawValue
        case .class(let name): name.rawValue
        case .intent(let name): name.rawValue
        case .offDomain: "off_domain"
        case .language: "language"
        case .competitor: TextClass.competitorLink.rawValue
        }
    }
}
