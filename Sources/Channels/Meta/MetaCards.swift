internal import Contracts

/// Cards and buttons as the Send API takes them (DOMAIN.md 4.5): the product template where the account's catalogue has all of
/// them, which the platform fills itself, else the generic one.
enum MetaCards {
    static let mostCards = 10
    static let mostQuickReplies = 13
    static let longestTitle = 20

    static func attachment(_ cards: [Card]) throws(Unsendable) -> JSONValue {
        guard (1...mostCards).contains(cards.count) else {
            throw Unsendable(expected: "at most \(mostCards) cards", came: "\(cards.count), cards")
        }
        let isOfCatalogue = cards.allSatisfy { !$0.product.isEmpty }
        return [
            "type": "template",
            "payload": [
                "template_type": isOfCatalogue ? "product" : "generic",
                "elements": .array(cards.map { isOfCatalogue ? ["id": .string($0.product)] : element($0) }),
            ],
        ]
    }

    static func quickReplies(_ replies: [QuickReply]) throws(Unsendable) -> JSONValue {
        guard replies.count <= mostQuickReplies else {
            throw Unsendable(
                expected: "at most \(mostQuickReplies) quick replies", came: "\(replies.count), quick_replies")
        }
        if let long = replies.first(where: { $0.title.isEmpty || $0.title.count > longestTitle }) {
            throw Unsendable(
                expected: "a title of 1 to \(longestTitle) characters", came: "\(long.title.count), quick_replies")
        }
        return .array(
            replies.map { ["content_type": "text", "title": .string($0.title), "payload": .string($0.payload)] })
    }

    private static func element(_ card: Card) -> JSONValue {
        var element: [String: JSONValue] = ["title": .string(card.title)]
        if !card.subtitle.isEmpty { element["subtitle"] = .string(card.subtitle) }
        if !card.image.isEmpty { element["image_url"] = .string(card.image) }
        if !card.link.isEmpty { element["default_action"] = ["type": "web_url", "url": .string(card.link)] }
        return .object(element)
    }
}
