import Contracts
import Instants
import Lanes
import Redis
import Testing

@Suite("Tokens of an account's limits")
struct TokenLeaseTests {
    private static let patience = Duration.seconds(60)

    private struct NoGrant: Error {}

    private static func grants(_ reading: AccountReading?) throws -> [TokenGrant] {
        guard case .known(_, let grants) = reading else { throw NoGrant() }
        return grants
    }

    private static func lease(
        _ kit: LaneKit, _ limit: TokenLimit, _ wanted: Int, urgent: Int = 0, by worker: String = "a",
        account: String = "shop", back: Int = 0, of slot: Int64 = 0
    ) throws -> TokenGrant {
        var ask = LeaseRequest.Ask(limit, wanted: wanted, urgent: urgent)
        (ask.back, ask.slot) = (back, slot)
        let readings = try kit.store.lease([LeaseRequest(account: account, asks: [ask])], worker: worker)
        return try #require(try grants(readings.first).first)
    }

    /// Does it again in slot after slot until it was done within one: the slot of a busy machine may end in between.
    private static func withinOneSlot(
        _ limit: TokenLimit, _ kit: LaneKit, _ body: (_ account: String) throws -> Set<Int64>
    ) throws {
        let end = ContinuousClock.now + patience
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            if try body("shop\(number)").count == 1 { return }
        }
        Issue.record("no slot was long enough")
    }

    @Test(
        "slots are so many that any stretch of the limit's length meets no more than the limit",
        arguments: [
            (2, Duration.seconds(1)), (3, .seconds(1)), (100, .seconds(1)), (300, .seconds(1)), (750, .seconds(3_600)),
            (5, .milliseconds(70)), (1, .seconds(1)), (1_000_000, .seconds(86_400)),
        ])
    func slots(most: Int, per: Duration) {
        let limit = TokenLimit("sends", most: most, per: per)
        #expect(limit.perSlot >= 1 && limit.slot > .zero)
        // A stretch that begins just before a slot's end.
        var met = 1
        while limit.slot * (met - 1) < per { met += 1 }
        #expect(met * limit.perSlot <= max(2, most), "\(met) slots of \(limit.perSlot)")
        if most >= 100 { #expect(met * limit.perSlot * 10 >= most * 9, "too much of the limit is given away") }
    }

    @Test("of one slot all workers together never get more than it has", arguments: [1, 2, 3] as [UInt64])
    func sum(seed: UInt64) throws {
        let kit = try LaneKit()
        var generator = SeededGenerator(seed: seed)
        let limits = [
            TokenLimit("sends", most: 110, per: .milliseconds(500)),
            TokenLimit("private_replies", most: 40, per: .seconds(30)),
        ]
        var given: [String: Int] = [:]
        var largest = 0
        for _ in 0..<600 {
            let worker = "w\(generator.number(below: 4))"
            let requests = ["one", "two"].map { account in
                LeaseRequest(
                    account: account,
                    asks: limits.map { limit in
                        let wanted = Int(generator.number(below: 9))
                        return LeaseRequest.Ask(
                            limit, wanted: wanted, urgent: Int(generator.number(below: UInt64(wanted + 1))))
                    })
            }
            for (request, reading) in zip(requests, try kit.store.lease(requests, worker: worker)) {
                for (ask, grant) in zip(request.asks, try Self.grants(reading)) {
                    #expect(grant.granted >= 0 && grant.granted <= ask.wanted)
                    let slot = "\(request.account)/\(ask.limit.name)/\(grant.slot)"
                    given[slot, default: 0] += grant.granted
                    let sum = given[slot] ?? 0
                    largest = max(largest, sum)
                    if sum > ask.limit.perSlot { Issue.record("seed \(seed): \(sum) tokens in \(slot)") }
                }
            }
        }
        #expect(largest >= 3, "the limit was never at stake")
    }

    @Test("what a dead worker leased lapses with the slot")
    func lapses() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("sends", most: 44, per: .seconds(1))
        let first = try Self.lease(kit, limit, 100, urgent: 100)
        #expect(first.granted == limit.perSlot)
        // Nobody gives anything back; the slot after it has all its tokens again.
        let end = ContinuousClock.now + Self.patience
        var later: Set<Int64> = []
        while later.count < 2, ContinuousClock.now < end {
            let next = try Self.lease(kit, limit, 1, urgent: 1, by: "b")
            if next.slot > first.slot, next.granted == 1 { later.insert(next.slot) }
        }
        #expect(later.count == 2)
        #expect(try kit.call("PTTL", "ns:{acct:shop}:tokens:sends").int ?? 0 > 0)
    }

    @Test("a part of each slot is kept for what is urgent")
    func urgent() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("sends", most: 176, per: .seconds(20))
        #expect(limit.perSlot == 16)
        try Self.withinOneSlot(limit, kit) { account in
            let usual = try Self.lease(kit, limit, 100, account: account)
            let none = try Self.lease(kit, limit, 100, account: account)
            let urgent = try Self.lease(kit, limit, 100, urgent: 100, account: account)
            #expect([usual, none, urgent].map(\.granted) == [14, 0, 2])
            #expect(none.again > none.end - limit.slot && none.again <= none.end)
            return Set([usual, none, urgent].map(\.slot))
        }
    }

    @Test("what is given back in its slot another worker may have, what comes too late nobody")
    func givenBack() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("private_replies", most: 22, per: .seconds(60))
        try Self.withinOneSlot(limit, kit) { account in
            let first = try Self.lease(kit, limit, 2, urgent: 2, account: account)
            let late = try Self.lease(kit, limit, 0, by: "a", account: account, back: 2, of: first.slot - 1)
            let none = try Self.lease(kit, limit, 1, urgent: 1, by: "b", account: account)
            let back = try Self.lease(kit, limit, 0, account: account, back: 1, of: first.slot)
            let more = try Self.lease(kit, limit, 2, urgent: 2, by: "c", account: account)
            #expect([first, late, none, back, more].map(\.granted) == [2, 0, 0, 0, 1])
            return Set([first, late, none, back, more].map(\.slot))
        }
    }

    @Test("two workers that ask have half each in the first half of a slot, and in the second one has what is left")
    func shares() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("sends", most: 176, per: .seconds(10))
        let end = ContinuousClock.now + Self.patience
        var sawHalf = false
        var sawRest = false
        var known: (slot: Int64, given: Int) = (0, 0)
        while !(sawHalf && sawRest), ContinuousClock.now < end {
            let greedy = try Self.lease(kit, limit, 100, urgent: 100, by: "greedy")
            if greedy.slot != known.slot {
                // Both ask in every slot, so each is counted in the next; one wants little.
                known = (greedy.slot, 0)
                _ = try Self.lease(kit, limit, 1, urgent: 1, by: "small")
            }
            known.given += greedy.granted
            if greedy.granted == 8, greedy.again < greedy.end { sawHalf = true }
            if known.given > 8 { sawRest = true }
        }
        #expect(sawHalf && sawRest)
    }

    @Test("a brake is told with the tokens, gives half of them, and stops no other account")
    func braked() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("sends", most: 176, per: .seconds(20))
        try Self.withinOneSlot(limit, kit) { account in
            _ = try kit.store.brake(.account(account), for: .seconds(60), lets: 7, reason: "80 %", by: "w")
            let asks = [LeaseRequest.Ask(limit, wanted: 100, urgent: 100)]
            let readings = try kit.store.lease(
                [LeaseRequest(account: account, asks: asks), LeaseRequest(account: "\(account)-free", asks: asks)],
                worker: "a")
            let grants = try readings.map { try #require(try Self.grants($0).first) }
            #expect(grants.map(\.granted) == [8, 16])
            guard case .known(let brake, _) = readings[0], case .known(nil, _) = readings[1] else {
                Issue.record("\(readings)")
                return Set(grants.map(\.slot))
            }
            #expect(brake?.lets == 7 && brake?.reason == "80 %" && brake?.by == "w")
            return Set(grants.map(\.slot))
        }
    }

    @Test("an account without limits is looked at for its brake alone")
    func withoutLimits() throws {
        let kit = try LaneKit()
        #expect(
            try kit.store.lease([LeaseRequest(account: "shop", asks: [])], worker: "a") == [
                .known(brake: nil, grants: [])
            ])
        #expect(try kit.call("KEYS", "ns:*").array?.isEmpty == true)
    }
}
