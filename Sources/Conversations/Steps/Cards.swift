import Contracts
import Instants
import Replies

/// Cards and buttons beside what is said (DOMAIN N10, 4.5).
///
/// The words answer: they hold what the list says, in the customer's language, and what must be disclosed. A card behind them
/// shows the product that they speak of, once in a conversation; where the platform takes no cards its address stands behind the
/// words. How it fails: a card that is refused is sent as its address, and one that never arrives takes nothing from the
/// answer.
extension Turn {
    /// A card's lines as the platforms show them without cutting (from memory of Meta's generic template).
    private static let longestLine = TextLimit(unit: .characters, most: 80)

    /// What stands behind the words about a product where it cannot be shown as a card.
    func address(of product: Product?) -> String {
        guard !isPublic, rules.channel.cards == nil, let product, isForSale(product), let link = product.link else {
            return ""
        }
        return "\n" + link
    }

    /// Shows a product behind the words about it.
    mutating func show(_ product: Product, beside words: Saying) {
        guard !isPublic, let limit = rules.channel.cards, isForSale(product), let card = card(of: product, limit) else {
            return
        }
        let mark = StableHash.hash("card", product.sku)
        guard !talk.lastTexts.contains(mark) else { return }
        let (language, plain) = (languageTag, fallback(of: card))
        let action = act(.send, words.class) { action in
            action.cards = [card]
            action.text = plain
            action.rule = words.rule
            action.contact = words.contact
            action.notAfter = words.notAfter?.milliseconds ?? 0
            action.language = language
        }
        remember(hash: mark)
        var pending = PendingAction()
        pending.idHigh = action.high
        pending.idLow = action.low
        pending.kind = UInt32(clamping: Action.Kind.send.rawValue)
        pending.automatic = true
        pending.beside = true
        keep(pending)
    }

    /// The buttons that the channel takes of those that are offered: all or none, since half a choice is none.
    func buttons(_ offered: [QuickReply]) -> [QuickReply] {
        guard !isPublic, let limit = rules.channel.quickReplies, offered.count <= limit.most,
            offered.allSatisfy({ $0.title.count <= limit.longestTitle })
        else { return [] }
        return offered
    }

    private func isForSale(_ product: Product) -> Bool { product.stock != .soldOut }

    /// Nil if there is nothing to see or to follow.
    private func card(of product: Product, _ limit: CardLimit) -> Card? {
        var card = Card()
        if limit.showsCatalogue, product.catalogue.count == 1, let id = product.catalogue.first { card.product = id }
        card.link = product.link ?? ""
        card.image = product.image ?? ""
        guard !card.product.isEmpty || !card.link.isEmpty || !card.image.isEmpty else { return nil }
        card.title = Self.longestLine.cut(product.name(in: languagePack.tag))
        card.subtitle = product.price.flatMap { languagePack.text($0) }.map { Self.longestLine.cut($0) } ?? ""
        return card
    }

    /// Its name and address; empty where it has no address or both are too long for one message.
    private func fallback(of card: Card) -> String {
        let text = card.title + "\n" + card.link
        return card.link.isEmpty || !rules.channel.textLimit.holds(text) ? "" : text
    }
}
