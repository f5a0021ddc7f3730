import Contracts
import Foundation
import Instants
import Redis
import TestSupport
import Testing

@testable import Lanes

@Suite("Moving what lanes hold")
struct LaneMoverTests {
    @Test(
        "a mover that dies between any two calls is carried on by the next; nothing is lost, doubled or left behind",
        arguments: [true, false])
    func diesAnywhere(resizes: Bool) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        var deaths = 0
        for number in 0... {
            let house = try MovingHouse.fresh(redis)
            let border = MoverBorder(number)
            func begin() throws -> MoveReply { try house.begin(resizes: resizes) }
            guard case .stands(let move) = try begin() else {
                Issue.record("expected it to begin")
                return
            }
            do {
                try house.finish(move, house.mover(border.pass))
            } catch is MoveError {
                deaths += 1
                // Whoever repeats the command finds the same move, unless it was done.
                if case .stands(let again) = try begin() {
                    #expect(again.number == move.number)
                    try house.finish(again, house.mover())
                }
            }
            try house.turn()
            try house.check()
            try house.append()
            try house.turn()
            try house.check()
            guard border.isPassed else { break }
        }
        print("\(deaths) deaths")
        #expect(deaths > 30)
    }

    @Test("a partition shrinks and grows again: retired lanes keep their logs, and are used again")
    func shrinksAndGrows() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let house = try MovingHouse.fresh(redis)
        let last = try LaneName("de-berlin.2")
        let shrink = try house.begin(resizeTo: 1)
        let count = try house.finish(shrink, house.mover())
        #expect(count.states > 0 && count.states == count.timers && count.actions == count.openItems)
        try house.turn()
        try house.check()
        var topology = try house.topologies.read()
        #expect(topology.retired.keys.sorted().map(\.text) == ["de-berlin.1", "de-berlin.2"])
        #expect(!topology.lanes.contains(last) && topology.readableLanes.contains(last))
        let logged = try house.store.log(last).count
        #expect(logged > 0)
        // Nothing gets in any more, and an operator's verb is left to the move.
        let late = AppendBatch(
            lane: last, generation: 2, producer: ProducerID(5), number: 1, count: 1, body: [10, 1, 1])
        #expect(try house.store.append([late])[0] == .closed)
        #expect(try house.store.control(.resume, last) == .differs)
        try house.append()
        try house.turn()
        try house.check()
        try house.finish(try house.begin(resizeTo: 5), house.mover())
        topology = try house.topologies.read()
        #expect(topology.retired.isEmpty && topology.generation(of: last) == 3)
        #expect(try house.store.log(last).count == logged)
        try house.append()
        try house.turn()
        try house.check()
        #expect(try house.topologies.begin(resize: PartitionName("de-berlin"), to: 5) == .same)
    }

    @Test("an account moves to another partition, which goes on taking events meanwhile")
    func accountMoves() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let house = try MovingHouse.fresh(redis)
        let newYork = try PartitionName("us-ny")
        guard case .stands(let move) = try house.topologies.begin(account: "shop", to: newYork) else {
            Issue.record("expected it to stand")
            return
        }
        #expect(try house.topologies.begin(resize: newYork, to: 7) == .busy(move))
        let mover = house.mover { call throws(LaneError) in
            guard call == "verify" else { return }
            do { try house.append(MovingHouse.conversations.filter { $0.isOf(account: "diner") }) } catch {
                throw .invalidRequest("\(error)")
            }
        }
        try house.finish(move, mover)
        try house.turn()
        try house.check()
        #expect(try house.place(.messages(account: "shop", contact: "c1")).lane.partition == "us-ny")
        #expect(try house.place(.messages(account: "deli", contact: "c1")).lane.partition == "de-berlin")
        // Events placed before are refused by the old lanes, and go where the account is now.
        try house.append()
        try house.turn()
        try house.check()
        #expect(try house.topologies.begin(account: "shop", to: newYork) == .same)
        #expect(try house.topologies.begin(account: "nobody", to: newYork) == .missing("nobody"))
    }

    @Test("a move waits for events and for sends under way, lets nothing new be claimed, and takes outcomes along")
    func underWay() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let house = try MovingHouse.fresh(redis)
        try house.turn()
        let entity = EntityID.messages(account: "shop", contact: "c3")
        let lane = try house.place(entity).lane
        func claim(_ id: ActionID, _ attempt: UInt32) throws -> ClaimReply {
            try house.store.claim([
                ClaimRequest(
                    lane: lane, token: try house.token(of: lane),
                    items: [.init(action: id, attempt: attempt, patience: .seconds(30))])
            ])[0]
        }
        let action = MovingHouse.action(of: entity)
        guard case .answered = try claim(action, 1) else {
            Issue.record("expected it to be claimed")
            return
        }
        let move = try house.begin(resizeTo: 5)
        let mover = house.mover()
        guard case .waiting(let reasons) = try mover.carryOn(move) else {
            Issue.record("expected it to wait")
            return
        }
        #expect(reasons.contains { $0.contains("\(lane)") && $0.contains("1 actions are under way") })
        #expect(try claim(action, 2) == .paused)
        let again = SettleRequest(
            lane: lane,
            items: [.init(action: action, attempt: 1, verdict: .again(after: .seconds(1)), outcome: [9])])
        let settled = try house.store.settle([again])[0]
        guard case .answered(let outcomes, _) = settled, case .rescheduled = outcomes.first else {
            Issue.record("expected it to be tried again, got \(settled)")
            return
        }
        try house.finish(move, mover)
        let home = try house.place(entity).lane
        #expect(try house.store.recover(home).contains { $0.id == action && $0.attempts == 1 && !$0.isOpen })
    }

    @Test("traffic through many resizes: each conversation's events are decided once and in order", arguments: [1, 2])
    func traffic(seed: UInt64) async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let house = try MovingHouse(redis.endpoint)
        let folder = try makeTemporaryFolder("moving")
        let holder = SpoolingHolder(
            connector: house.connector, limits: AppenderLimits(patience: .seconds(20)),
            spool: try Spool(path: "\(folder)/spool.sqlite"), waitsForRoute: true)
        defer { holder.stop() }
        var generator = SeededGenerator(seed: seed)
        var move: LaneMove?
        var mover = house.mover()
        var resizes = 0
        holder.reroute(LaneRoutes(try house.topologies.read()))
        var stale = try house.topologies.read()
        for _ in 0..<400 {
            switch UInt64.random(in: 0..<10, using: &generator) {
            case 0..<5:
                let events = try (0..<20).map { _ in
                    var event = try house.event(
                        MovingHouse.conversations.randomElement(using: &generator) ?? MovingHouse.conversations[0])
                    // Ingress reads the topology now and then.
                    let place = stale.place(of: try #require(LaneKey(text: event.key)))
                    (event.lane, event.generation, event.topology) = (
                        try #require(place).lane, place?.generation, stale.number
                    )
                    return event
                }
                for result in await holder.append(events) {
                    guard case .held = result else {
                        Issue.record("seed \(seed): \(result)")
                        return
                    }
                }
            case 5..<7: try house.turn()
            case 7:
                let read = try house.topologies.read()
                if read.number != stale.number { holder.reroute(LaneRoutes(read)) }
                stale = read
            default:
                if move == nil {
                    let lanes = Int.random(in: 1...6, using: &generator)
                    let reply = try house.topologies.begin(resize: try PartitionName("de-berlin"), to: lanes)
                    if case .stands(let begun) = reply { move = begun }
                } else if let begun = move {
                    // Now and then another process carries on.
                    if Bool.random(using: &generator) { mover = house.mover() }
                    if case .done = try mover.carryOn(begun) {
                        move = nil
                        resizes += 1
                    }
                }
            }
        }
        if let move { try house.finish(move, house.mover()) }
        holder.reroute(LaneRoutes(try house.topologies.read()))
        try SpoolingHolderTests.drained(holder)
        try house.turn()
        try house.turn()
        print("seed \(seed): \(resizes) resizes")
        #expect(resizes > 3)
        try house.check(house.appended.keys.sorted())
    }

    @Test("a resize on a Redis Cluster takes conversations from primary to primary")
    func onCluster() throws {
        let cluster = try PrivateCluster()
        let house = try MovingHouse(cluster.endpoint, namespace: "moving", berlin: 4)
        try house.append()
        try house.turn()
        try house.append()
        for lanes in [9, 2] {
            let count = try house.finish(try house.begin(resizeTo: lanes), house.mover())
            #expect(count.states > 0)
            try house.append()
            try house.turn()
            try house.check()
        }
    }
}
