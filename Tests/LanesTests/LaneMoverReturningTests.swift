import Contracts
import Instants
import Redis
import TestSupport
import Testing

@testable import Lanes

@Suite("Taking moves back")
struct LaneMoverReturningTests {
    /// All is as a move leaves it, and goes on.
    private func goesOn(_ house: MovingHouse) throws {
        try house.turn()
        try house.turn()
        try house.check()
        try house.append()
        try house.turn()
        try house.check()
    }

    private func begin(_ house: MovingHouse, resizes: Bool, lanes: Int = 2) throws -> LaneMove {
        let reply =
            resizes
            ? try house.topologies.begin(resize: PartitionName("de-berlin"), to: lanes)
            : try house.topologies.begin(account: "shop", to: PartitionName("us-ny"))
        guard case .stands(let move) = reply else { throw LaneKit.Unexpected(came: "\(reply)") }
        return move
    }

    @Test(
        "a move can be abandoned at any instant before the topology is the new one, and leaves no trace",
        arguments: [true, false])
    func abandoned(resizes: Bool) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        var takenBack = 0
        for number in stride(from: 0, to: 10_000, by: 5) {
            let house = try MovingHouse.fresh(redis)
            let border = MoverBorder(number)
            let move = try begin(house, resizes: resizes)
            _ = try? house.finish(move, house.mover(border.pass))
            guard border.isPassed else { break }
            if try house.mover().abandon(move) {
                takenBack += 1
            } else {
                try house.finish(move, house.mover())
            }
            try goesOn(house)
        }
        #expect(takenBack > 5)
    }

    @Test(
        "whoever abandons may die between any two calls: the same command without --abandon ends what was begun, too",
        arguments: [2, 5])
    func diesAbandoning(lanes: Int) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        var deaths = 0
        // From a mover that only stopped the lanes to one that has copied everything.
        for reached in ["freeze", "import", "switch"] {
            for number in 0... {
                let house = try MovingHouse.fresh(redis)
                let move = try begin(house, resizes: true, lanes: lanes)
                let mover = house.mover { call throws(LaneError) in
                    if call == reached { throw .invalidRequest("the mover died") }
                }
                _ = try? house.finish(move, mover)
                let border = MoverBorder(number)
                _ = try? house.mover(border.pass).abandon(move)
                if border.isPassed { deaths += 1 }
                if number % 3 == 2 {
                    #expect(try house.mover().abandon(move))
                } else if let again = try house.topologies.moves().first {
                    // Died before it had begun: then it is carried on.
                    if again.phase == .planned {
                        try house.finish(again, house.mover())
                    } else {
                        #expect(try house.mover().carryOn(again) == .takenBack)
                        #expect(try house.topologies.read().partitions[PartitionName("de-berlin")]?.lanes == 3)
                    }
                }
                try goesOn(house)
                guard border.isPassed else { break }
            }
        }
        print("\(deaths) deaths")
        #expect(deaths > 20)
    }

    @Test(
        "a mover at work beside the one who abandons, at each of its calls: one of them wins, and nothing is lost",
        arguments: [true, false])
    func beside(resizes: Bool) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        var (takenBack, done) = (0, 0)
        for number in 0... {
            let house = try MovingHouse.fresh(redis)
            let move = try begin(house, resizes: resizes)
            var left = number
            var isAbandoned: Bool?
            let mover = house.mover { _ throws(LaneError) in
                left -= 1
                guard left == -1 else { return }
                do { isAbandoned = try house.mover().abandon(move) } catch { throw .invalidRequest("\(error)") }
            }
            do {
                try house.finish(move, mover)
                #expect(isAbandoned != true)
                done += 1
            } catch is MovingHouse.TakenBack {
                #expect(isAbandoned == true)
                takenBack += 1
            } catch is MoveError {
                // It may find its lanes at work again; the next run tells what became of the move.
                #expect(isAbandoned == true)
                #expect(try house.mover().carryOn(move) == .takenBack)
                takenBack += 1
            }
            try goesOn(house)
            if isAbandoned == nil { break }
        }
        print("\(takenBack) taken back, \(done) done")
        #expect(takenBack > 10 && done > 3)
    }

    @Test("the one who abandons while a mover carries the move out, at each call: one of them wins")
    func moverBeside() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        for number in 0... {
            let house = try MovingHouse.fresh(redis)
            let move = try begin(house, resizes: true)
            var left = number
            var ended: Result<MoveCount, any Error>?
            let abandoner = house.mover { _ throws(LaneError) in
                left -= 1
                guard left == -1 else { return }
                ended = Result { try house.finish(move, house.mover()) }
            }
            let isTakenBack = try abandoner.abandon(move)
            if case .success = ended { #expect(!isTakenBack) } else { #expect(isTakenBack) }
            try goesOn(house)
            if ended == nil { break }
        }
    }

    @Test(
        "a mover that was overtaken by another changes nothing any more",
        arguments: ["look", "stop", "create", "import", "discard", "switch", "thaw", "freeze", "finish"], [true, false])
    func overtaken(call: String, isAbandoned: Bool) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let house = try MovingHouse.fresh(redis)
        let move = try begin(house, resizes: true, lanes: 4)
        var isOvertaken = false
        let mover = house.mover { name throws(LaneError) in
            guard name == call, !isOvertaken else { return }
            isOvertaken = true
            do {
                if isAbandoned, try house.mover().abandon(move) {
                } else {
                    try house.finish(move, house.mover())
                }
                try house.append()
                try house.turn()
            } catch { throw .invalidRequest("\(error)") }
        }
        // It may find out, or find everything done.
        _ = try? house.finish(move, mover)
        #expect(isOvertaken)
        try goesOn(house)
    }

    @Test("lanes frozen by a move that does not stand any more are let go by the next one", arguments: [true, false])
    func strays(isAbandoned: Bool) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        for reached in ["freeze", "import", "switch"] {
            let house = try MovingHouse.fresh(redis)
            let lost = try begin(house, resizes: false)
            let mover = house.mover { call throws(LaneError) in
                if call == reached { throw .invalidRequest("the mover died") }
            }
            _ = try? house.finish(lost, mover)
            // The control primary died with the beginning of the move.
            _ = try house.store.connection.call(RedisCommand("DEL", house.connector.keyspace.control("moves")))
            let move = try begin(house, resizes: true)
            if isAbandoned {
                #expect(try house.mover().abandon(move))
            } else {
                try house.finish(move, house.mover())
            }
            try goesOn(house)
        }
    }

    @Test("lanes that were closed, drained or paused before a move are so after it", arguments: [true, false])
    func keptShut(isAbandoned: Bool) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        for resizes in [true, false] {
            let house = try MovingHouse.fresh(redis)
            try house.turn()
            let verbs: [(lane: LaneName, verb: ControlVerb)] = [
                (try LaneName("de-berlin.0"), .close), (try LaneName("de-berlin.1"), .drain),
                (try LaneName("us-ny.0"), .drain), (try LaneName("us-ny.1"), .pause),
            ]
            for reply in try house.store.control(verbs) {
                guard case .done = reply else { throw LaneKit.Unexpected(came: "\(reply)") }
            }
            let move = try begin(house, resizes: resizes, lanes: 5)
            let dying = house.mover { call throws(LaneError) in
                if call == "switch" { throw .invalidRequest("the mover died") }
            }
            _ = try? house.finish(move, dying)
            if isAbandoned {
                #expect(try house.mover().abandon(move))
            } else {
                try house.finish(move, house.mover())
            }
            let looks = try house.store.look(try house.topologies.read().lanes)
            func lanes(_ isSo: (LaneLook) -> Bool) -> [String] { looks.filter(isSo).map(\.lane.text).sorted() }
            #expect(lanes(\.isClosed) == ["de-berlin.0", "de-berlin.1", "us-ny.0"])
            #expect(lanes(\.isDraining) == ["de-berlin.1", "us-ny.0"])
            #expect(lanes(\.isPaused) == ["us-ny.1"])
            #expect(lanes { $0.isSettling || $0.move != nil }.isEmpty)
        }
    }

    @Test("copies are looked at again before they are used: what a server forgot meanwhile is copied again")
    func forgotten() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        for forgets in ["a state", "a freezing"] {
            let house = try MovingHouse.fresh(redis)
            let move = try begin(house, resizes: true, lanes: 7)
            var verified = 0
            var isForgotten = false
            let mover = house.mover { call throws(LaneError) in
                if call == "verify" { verified += 1 }
                // Behind the copies, before they are looked at again.
                guard call == "freeze", verified > 0, !isForgotten else { return }
                isForgotten = true
                do {
                    if forgets == "a state" {
                        let future = try house.topologies.read().applying(move)
                        let lanes = MovingHouse.conversations.compactMap { future.place(of: $0.laneKey)?.lane }
                        let copied = lanes.filter {
                            !["de-berlin.0", "de-berlin.1", "de-berlin.2", "us-ny.0", "us-ny.1"].contains($0.text)
                        }
                        let lane = try #require(copied.first)
                        for key in house.connector.keyspace.lane(lane).states {
                            var command = RedisCommand("DEL")
                            command.add(key)
                            _ = try house.store.connection.call(command)
                        }
                    } else {
                        var command = RedisCommand("HSET")
                        command.add(house.connector.keyspace.lane(try LaneName("de-berlin.0")).hash)
                        for word in ["move", "", "paused", "0", "closed", "0", "draining", "0", "settling", "0"] {
                            command.add(word)
                        }
                        _ = try house.store.connection.call(command)
                        // The one lane that is open again goes on.
                        let there = try MovingHouse.conversations.filter {
                            try house.place($0).lane.text == "de-berlin.0"
                        }
                        try house.append(there)
                        try house.turn()
                    }
                } catch { throw .invalidRequest("\(error)") }
            }
            // The command may end with what it found; said again it does the rest.
            do { try house.finish(move, mover) } catch is MoveError { try house.finish(move, house.mover()) }
            #expect(isForgotten)
            try goesOn(house)
        }
    }

    @Test("a copy of what its lane dropped since is never used: the move says so, and is abandoned")
    func staleCopy() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let house = try MovingHouse.fresh(redis)
        let move = try begin(house, resizes: true, lanes: 7)
        let dying = house.mover { call throws(LaneError) in
            if call == "verify back" { throw .invalidRequest("the mover died") }
        }
        _ = try? house.finish(move, dying)
        let future = try house.topologies.read().applying(move)
        let target = try #require(future.partitions[PartitionName("de-berlin")]).lanes - 1
        let stale = EntityID.messages(account: "shop", contact: "gone")
        var command = RedisCommand("ZADD")
        command.add(house.connector.keyspace.lane(try LaneName("de-berlin.\(target)")).timers)
        command.add(Int(MovingHouse.due.milliseconds))
        command.add(stale.text)
        _ = try house.store.connection.call(command)
        #expect(throws: MoveError.self) { try house.finish(move, house.mover()) }
        #expect(try house.topologies.moves() == [move])
        #expect(try house.mover().abandon(move))
        try goesOn(house)
    }
}
