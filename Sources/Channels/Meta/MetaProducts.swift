internal import Contracts

/// The products that a customer shows: those of the shop whose card stands in a message, and the one from whose page they came
/// (DOMAIN.md 4.4).
///
/// What cannot be read is left out and the message kept: a card is less than what the customer wrote beside it.
enum MetaProducts {
    /// Ids kept of one message; a card has up to two.
    static let most = 8
    private static let longestID = 128

    static func shown(_ message: JSONValue?, _ referral: JSONValue?) -> [String] {
        var ids: [String] = []
        for attachment in message?["attachments"]?.array ?? [] {
            for element in attachment["payload"]?["product"]?["elements"]?.array ?? [] {
                ids += ["retailer_id", "id"].compactMap { id(element[$0]) }
            }
        }
        if let id = id(referral?["product"]?["id"]) { ids.append(id) }
        var seen: Set<String> = []
        return Array(ids.filter { seen.insert($0).inserted }.prefix(most))
    }

    private static func id(_ value: JSONValue?) -> String? {
        let text = value?.string ?? value?.integer.map { String($0) }
        guard let text, !text.isEmpty, text.utf8.count <= longestID else { return nil }
        return text
    }
}
