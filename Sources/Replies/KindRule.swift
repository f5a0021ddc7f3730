/// What the texts of one kind must hold, whatever their language.
///
/// One table, so that a person who writes a pack, the lint and a decision agree on it (DOMAIN 6.2, N18, N24, F2, F15).
package struct KindRule: Sendable {
    package let kind: ReplyKind
    /// Only automation writes this text, so it says so.
    package let isAutomatic: Bool
    /// Stands under a post, where others read it: shorter, and nothing personal.
    package let isPublic: Bool
    /// Fewest variants of it.
    package let leastVariants: Int
    let required: [Slot]
    let forbidden: [Slot]
    /// Asks the customer something.
    let asks: Bool
    /// Says that we are sorry.
    let regrets: Bool

    /// Characters of a text without its slots.
    package var mostCharacters: Int { isPublic ? 250 : 400 }

    private init(
        _ kind: ReplyKind, automatic: Bool = false, public isPublic: Bool = false, least: Int = 2,
        required: [Slot] = [], forbidden: [Slot] = [], asks: Bool = false, regrets: Bool = false
    ) {
        self.kind = kind
        isAutomatic = automatic
        self.isPublic = isPublic
        leastVariants = least
        self.required = required
        self.forbidden = forbidden
        self.asks = asks
        self.regrets = regrets
    }

    /// Every kind that a pack writes, in the order of a conversation.
    package static let all: [KindRule] =
        [
            KindRule(.afterHoursPromise, automatic: true, required: [.day, .time, .zoneCity]),
            KindRule(.afterHoursNoTime, automatic: true, forbidden: [.day, .time]),
            KindRule(.afterHoursAskAgain, automatic: true, required: [.day], forbidden: [.time]),
            KindRule(.disclosure, automatic: true, forbidden: [.day, .time, .firstName]),
            KindRule(.acknowledgement),
            KindRule(.apologyLate, automatic: true, required: [.day, .time, .zoneCity], regrets: true),
            KindRule(.complaintReceived, regrets: true),
            KindRule(.complaintReceivedPublic, public: true, regrets: true),
            KindRule(.praiseThanksPublic, public: true, least: 4),
            KindRule(.privateReply),
            KindRule(.publicPointer, public: true, least: 3),
            KindRule(.orderStatus),
            KindRule(.orderStatusPublic, public: true),
            KindRule(.productPrice, required: [.product, .answer]),
            KindRule(.productInStock, required: [.product], forbidden: [.day, .time]),
            KindRule(.productSoldOut, required: [.product], forbidden: [.day, .time]),
            KindRule(.productRestock, required: [.product, .day], forbidden: [.time]),
            KindRule(.handover),
            KindRule(.languageHelp, automatic: true, required: [.day, .time, .zoneCity]),
            KindRule(.anythingElse, asks: true),
            KindRule(.resolved, asks: true),
            KindRule(.satisfactionQuestion),
            KindRule(.satisfactionThanks),
            KindRule(.satisfactionSorry, regrets: true),
            KindRule(.reopened),
        ] + answered.map { KindRule(.faq($0), required: [.answer]) }

    /// The frequent questions that have texts; `restock` is a text of the intent `stock`.
    private static let answered = [
        "price", "size", "stock", "restock", "shipping_cost", "shipping_time", "returns", "opening_hours", "location",
    ]

    /// The rule of a kind; kinds that are not in the table are held to what is common to all.
    package static func of(_ kind: ReplyKind) -> KindRule {
        table[kind] ?? KindRule(kind)
    }

    private static let table = Dictionary(all.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
}
