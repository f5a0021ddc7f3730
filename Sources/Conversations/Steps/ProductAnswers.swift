import BusinessTime
import Contracts
import Instants
import Replies
import TextRules

/// Price and stock of a product, from the market's list (DOMAIN N10, N21).
///
/// What the list does not say, or says only for a time that is over, nobody is told: the question is a person's.
extension Turn {
    /// What can be said about a product, or why nothing can.
    enum ProductFact {
        case text(ReplyKind, ReplySlots)
        case nothing(String)
    }

    func fact(of product: Product, for intent: Intent, _ slots: ReplySlots) -> ProductFact {
        guard isValid(product) else { return .nothing("\(product.sku) is out of date") }
        var slots = slots
        slots.product = product.name(in: languagePack.tag)
        slots.answer = nil
        switch intent {
        case .price:
            guard let price = product.price else { return .nothing("\(product.sku) has no price") }
            slots.answer = languagePack.text(price)
            return .text(.productPrice, slots)
        case .stock:
            switch product.stock {
            case nil: return .nothing("\(product.sku) has no stock")
            case .available: return .text(.productInStock, slots)
            case .soldOut: break
            }
            guard let day = product.restock else { return .text(.productSoldOut, slots) }
            guard day >= today else { return .nothing("\(product.sku) should be back by now") }
            // Only its day is told; noon lies on that day on every clock near the market's.
            slots.due = rules.zone.instants(for: day, secondOfDay: 43_200).opening
            return .text(.productRestock, slots)
        default: return .nothing("the list says nothing of that")
        }
    }

    private var today: CivilDate { rules.zone.localTime(of: now).date }

    private func isValid(_ product: Product) -> Bool {
        switch product.validUntil {
        case nil: true
        case .day(let day): today <= day
        case .instant(let instant): now < instant
        }
    }
}
