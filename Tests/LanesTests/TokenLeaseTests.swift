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
        "slots are so many that any stretch of the limit's length meets no more than the limit, one that was longer on its way included",
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
        if most > 2 { met += 1 }
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
        let limit = TokenLimit("sends", most: 48, per: .seconds(1))
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
        #expect(try kit.call("PTTL", "ns:{acct:shop}:tokens:sends:\(limit.slot.wholeMilliseconds)").int ?? 0 > 0)
    }

    @Test("a part of each slot is kept for what is urgent")
    func urgent() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("sends", most: 192, per: .seconds(20))
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
        let limit = TokenLimit("private_replies", most: 24, per: .seconds(60))
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
        let limit = TokenLimit("sends", most: 192, per: .seconds(10))
        let end = ContinuousClock.now + Self.patience
        var sawHalf = false
        var sawRest = false
        var known: (slot: Int64, given: Int) = (0, 0)
        while !(sawHalf && sawRest), ContinuousClock.now < end {
            let greedy = try Self.lease(kit, limit, 100, by: "greedy")
            if greedy.slot != known.slot {
                // Both ask in every slot, so each is counted in the next; one wants little.
                known = (greedy.slot, 0)
                _ = try Self.lease(kit, limit, 1, by: "small")
            }
            known.given += greedy.granted
            // Sixteen, of which two are kept for what is urgent.
            if greedy.granted == 7, greedy.again < greedy.end { sawHalf = true }
            if known.given > 7 { sawRest = true }
        }
        #expect(sawHalf && sawRest)
    }

    @Test(
        "in the first half of a slot many workers have a share each of what is not kept for what is urgent",
        arguments: [8, 9, 20])
    func manyShares(workers: Int) throws {
        let kit = try LaneKit()
        let limit = TokenLimit("private_replies", most: 816, per: .seconds(10))
        #expect(limit.perSlot == 68 && limit.slot == .seconds(1))
        let grants = try Self.withinHalf(limit, kit) { account, slot in
            try Self.plant(kit, limit, account, slot: slot - 1, workers: workers)
            let usual = try (0..<workers).map { try Self.lease(kit, limit, 30, by: "w\($0)", account: account) }
            return usual + [try Self.lease(kit, limit, 30, urgent: 30, by: "w0", account: account)]
        }
        let share = (60 + workers - 1) / workers
        #expect(grants.map(\.granted) == (0..<workers).map { min(share, max(0, 60 - $0 * share)) } + [8])
        #expect(grants.last?.again == grants.last?.end)
    }

    @Test("a worker that asks again before it has anything is not counted twice")
    func countedOnce() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("private_replies", most: 816, per: .seconds(10))
        let grants = try Self.withinHalf(limit, kit) { account, slot in
            let all = try Self.lease(kit, limit, 60, by: "first", account: account)
            let none = try Self.lease(kit, limit, 10, by: "second", account: account)
            let back = try Self.lease(kit, limit, 0, by: "first", account: account, back: 60, of: slot)
            let half = try Self.lease(kit, limit, 60, by: "second", account: account)
            return [all, none, back, half]
        }
        #expect(grants.map(\.granted) == [60, 0, 0, 30])
    }

    @Test("workers that follow two policies with other lengths of a limit do not clear each other's count")
    func twoLengths() throws {
        let kit = try LaneKit()
        let old = TokenLimit("sends", most: 192, per: .seconds(20))
        let new = TokenLimit("sends", most: 96, per: .seconds(30))
        try Self.withinOneSlot(old, kit) { account in
            var slots: [TokenLimit: Set<Int64>] = [:]
            var given: [TokenLimit: Int] = [:]
            for round in 0..<6 {
                let limit = round % 2 == 0 ? old : new
                let grant = try Self.lease(kit, limit, 100, urgent: 100, by: "w\(round)", account: account)
                slots[limit, default: []].insert(grant.slot)
                given[limit, default: 0] += grant.granted
            }
            guard slots.values.allSatisfy({ $0.count == 1 }) else { return [] }
            #expect(given == [old: old.perSlot, new: new.perSlot])
            return [1]
        }
    }

    /// What was granted in the first half of a slot; done again until all of it fell into one.
    private static func withinHalf(
        _ limit: TokenLimit, _ kit: LaneKit,
        _ body: (_ account: String, _ slot: Int64) throws -> [TokenGrant]
    ) throws -> [TokenGrant] {
        let length = limit.slot.wholeMilliseconds
        let end = ContinuousClock.now + patience
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            let before = try milliseconds(kit)
            guard before % length < length / 4 else { continue }
            let slot = before / length
            let grants = try body("half\(number)", slot)
            let wasInTime = try milliseconds(kit) < slot * length + length / 2
            if wasInTime, grants.allSatisfy({ $0.slot == slot }) { return grants }
        }
        throw NoGrant()
    }

    private static func milliseconds(_ kit: LaneKit) throws -> Int64 {
        let parts = try #require(try kit.call("TIME").array)
        let numbers = parts.compactMap { $0.string.flatMap { Int64($0) } }
        return try #require(numbers.first) * 1_000 + #require(numbers.last) / 1_000
    }

    /// A slot in which so many workers asked.
    private static func plant(
        _ kit: LaneKit, _ limit: TokenLimit, _ account: String, slot: Int64, workers: Int
    ) throws {
        let key = "ns:{acct:\(account)}:tokens:\(limit.name):\(limit.slot.wholeMilliseconds)"
        for (field, value) in [("slot", "\(slot)"), ("given", "0"), ("before", "1")]
            + (0..<workers).map({ ("w:w\($0)", "0") })
        {
            _ = try kit.call("HSET", key, field, value)
        }
    }

    @Test("a brake is told with the tokens, gives half of them, and stops no other account")
    func braked() throws {
        let kit = try LaneKit()
        let limit = TokenLimit("sends", most: 192, per: .seconds(20))
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
