import Contracts
import Conversations
import Foundation

/// Somebody who writes: a direct thread, or a thread of comments under a post.
struct LoadContact: Sendable {
    let account: String
    let contact: String
    /// Empty for a direct thread.
    let post: String
    let root: String
    let lane: LaneName
    let entity: EntityID
    let texts: LoadTexts
    /// Its share of all events, unscaled.
    let weight: Double
}

/// The conversations of the benchmark and how often each is heard of: Zipf's law in Mandelbrot's form, the weight of rank r
/// is (r + 200)^-exponent.
///
/// With exponent 1 the busiest conversation has 0.1 % of all events, some sixty messages a second, and the busiest tenth has
/// half. Without the shift one customer would write six thousand a second, and a memory of 64 ids would be full within
/// the time that an append takes: such events are rightly `late_unknown`.
///
/// Every tenth rank is a thread of comments, under a post of its own.
struct LoadCrowd: Sendable {
    let contacts: [LoadContact]

    init(_ shop: LoadShop, conversations: Int, exponent: Double) throws(RoutingError) {
        var contacts: [LoadContact] = []
        contacts.reserveCapacity(conversations)
        var generator = SeededGenerator(seed: 20_261)
        for rank in 1...max(1, conversations) {
            guard let account = generator.pick(shop.accounts), let market = shop.market(of: account) else { continue }
            let isComment = rank % 10 == 0
            let contact = "30\(1_000_000_000 + rank * 7_919)"
            let post = "1785\(10_000_000 + rank)"
            let root = "1790\(10_000_000 + rank)"
            let entity =
                isComment
                ? EntityID.comments(account: account.id, originalPost: post, root: root)
                : EntityID.messages(account: account.id, contact: contact)
            contacts.append(
                LoadContact(
                    account: account.id, contact: contact, post: isComment ? post : "", root: isComment ? root : "",
                    lane: try shop.policy.lane(of: entity), entity: entity,
                    texts: LoadTexts.of(language: market.language), weight: pow(Double(rank) + 200, -exponent)))
        }
        self.contacts = contacts
    }

    /// The part of the crowd that one producer plays: whole lanes, so that the order within each holds.
    func part(_ index: Int, of count: Int) -> [LoadContact] {
        contacts.filter { Int(StableHash.hash($0.lane.text) % UInt64(max(1, count))) == index }
    }
}
