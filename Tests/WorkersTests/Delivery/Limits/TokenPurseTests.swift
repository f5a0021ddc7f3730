import Contracts
import Instants
import Lanes
import Testing

@testable import Delivery

@Suite("A courier's tokens")
struct TokenPurseTests {
    private static let now = Instant(seconds: 1_795_370_400)
    private static let sends = TokenLimit("sends", most: 192, per: .seconds(1))
    private static let replies = TokenLimit("private_replies", most: 750, per: .seconds(3_600))

    private static func grant(_ count: Int, slot: Int64 = 7, again: Duration = .milliseconds(50)) -> TokenGrant {
        TokenGrant(granted: count, slot: slot, end: now + .milliseconds(100), again: now + again)
    }

    private static func need(_ total: Int, urgent: Int = 0) -> [TokenLimit: TokenPurse.Need] {
        [sends: .init(total: total, urgent: urgent)]
    }

    @Test("texts that come one by one are not asked for one by one")
    func parts() throws {
        var purse = TokenPurse()
        let asks = purse.asks("shop", Self.need(1), now: Self.now)
        #expect(asks.map(\.wanted) == [2])
        purse.put("shop", asks, [Self.grant(2)])
        purse.closeRound()
        #expect(purse.take("shop", [Self.sends], now: Self.now) == nil)
        #expect(purse.asks("shop", Self.need(1), now: Self.now).isEmpty)
        #expect(purse.take("shop", [Self.sends], now: Self.now) == nil)
        #expect(purse.asks("shop", Self.need(1), now: Self.now).count == 1)
        #expect(purse.asks("other", Self.need(1), now: Self.now).count == 1)
    }

    @Test("where nothing is left a text waits until asking helps, and nothing is asked before, but for what is urgent")
    func waits() {
        var purse = TokenPurse()
        purse.put("shop", [.init(Self.sends, wanted: 4)], [Self.grant(0)])
        purse.closeRound()
        #expect(purse.take("shop", [Self.sends], now: Self.now) == Self.now + .milliseconds(50))
        #expect(purse.asks("shop", Self.need(4), now: Self.now).isEmpty)
        let urgent = purse.asks("shop", Self.need(4, urgent: 1), now: Self.now)
        #expect(urgent.map(\.wanted) == [1] && urgent.map(\.urgent) == [1])
        purse.put("shop", urgent, [Self.grant(0)])
        purse.closeRound()
        #expect(purse.asks("shop", Self.need(4, urgent: 1), now: Self.now).isEmpty)
        #expect(purse.asks("shop", Self.need(4), now: Self.now + .milliseconds(50)).map(\.wanted) == [4])
    }

    @Test("tokens end with their slot, except in the round that brought them")
    func ends() {
        var purse = TokenPurse()
        purse.put("shop", [.init(Self.sends, wanted: 4)], [Self.grant(4)])
        let late = Self.now + .milliseconds(900)
        #expect(purse.take("shop", [Self.sends], now: late) == nil)
        purse.closeRound()
        #expect(purse.take("shop", [Self.sends], now: late) != nil)
        #expect(purse.take("shop", [Self.sends], now: Self.now) == nil)
        purse.put("shop", [.init(Self.sends, wanted: 4)], [Self.grant(1, slot: 8)])
        #expect(purse.take("shop", [Self.sends], now: Self.now) == nil)
        #expect(purse.take("shop", [Self.sends], now: Self.now) != nil, "tokens of an older slot were kept")
    }

    @Test("what may need a second call goes with one token and owes the other to the next slot")
    func debt() {
        var purse = TokenPurse()
        purse.put("shop", [.init(Self.sends, wanted: 1)], [Self.grant(1)])
        #expect(purse.take("shop", [Self.sends], calls: 2, now: Self.now) == nil)
        #expect(purse.take("shop", [Self.sends], now: Self.now) != nil)
        purse.closeRound()
        #expect(purse.asks("shop", Self.need(1), now: Self.now).map(\.wanted) == [2])
        purse.put("shop", [.init(Self.sends, wanted: 1)], [Self.grant(1, slot: 8)])
        #expect(purse.take("shop", [Self.sends], now: Self.now) != nil, "the second call was never paid for")
        purse.put("shop", [.init(Self.sends, wanted: 1)], [Self.grant(1, slot: 8)])
        #expect(purse.take("shop", [Self.sends], now: Self.now) == nil)
        var (plain, cards, late) = (Action(), Action(), Action())
        plain.text = "Hello"
        cards.text = "Hello"
        cards.cards = [Card()]
        late.windowEnds = 1
        #expect([plain, cards, late].map(GraphCarrier.mostCalls) == [1, 2, 2])
    }

    @Test("a private reply takes of both limits or of none")
    func both() {
        var purse = TokenPurse()
        let limits = TokenPurse.limits(of: .privateReply, among: [Self.sends, Self.replies])
        #expect(limits.count == 2)
        #expect(TokenPurse.limits(of: .send, among: [Self.sends, Self.replies]) == [Self.sends])
        #expect(TokenPurse.limits(of: .hide, among: [Self.sends, Self.replies]).isEmpty)
        purse.put("shop", [.init(Self.sends, wanted: 1)], [Self.grant(1)])
        #expect(purse.take("shop", limits, now: Self.now) != nil)
        #expect(purse.take("shop", [Self.sends], now: Self.now) == nil, "a token was taken that led nowhere")
    }

    @Test(
        "without an account's server an eighth of the limit is taken, and no more, however small a slot is",
        arguments: [1, 2, 7, 15, 16, 68])
    func alone(perSlot: Int) {
        let limit = TokenLimit("sends", most: 12 * perSlot, per: .seconds(10))
        #expect(limit.perSlot == perSlot)
        var firsts: Set<Int> = []
        for place in 0..<8 as Range<UInt64> {
            var purse = TokenPurse()
            var taken: [Int] = []
            for number in 0..<8 {
                let now = Self.now + limit.slot * number
                for _ in 0..<3 { purse.putAlone("shop", limit, now: now, place: place) }
                purse.closeRound()
                taken.append((0..<100).filter { _ in purse.take("shop", [limit], now: now) == nil }.count)
            }
            #expect(taken.reduce(0, +) == perSlot)
            #expect(taken.allSatisfy { $0 <= (perSlot + 7) / 8 })
            firsts.insert(taken.firstIndex { $0 > 0 } ?? -1)
        }
        if perSlot == 1 { #expect(firsts.count == 8, "eight couriers share the slots, \(firsts)") }
    }

    @Test("what is left of a long slot is given back, what lapses at once is not")
    func leftovers() throws {
        var purse = TokenPurse()
        let long = TokenGrant(
            granted: 5, slot: 3, end: Self.now + .seconds(300), again: Self.now + .seconds(300))
        purse.put("shop", [.init(Self.replies, wanted: 5), .init(Self.sends, wanted: 4)], [long, Self.grant(4)])
        purse.closeRound()
        let left = purse.leftovers(now: Self.now)
        #expect(left.map(\.account) == ["shop"])
        let ask = try #require(left.first?.asks.first)
        #expect(left.first?.asks.count == 1 && ask.back == 5 && ask.slot == 3 && ask.wanted == 0)
        #expect(purse.leftovers(now: Self.now).isEmpty)
    }
}
