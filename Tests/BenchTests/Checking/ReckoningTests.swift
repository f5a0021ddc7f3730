import Bench
import Contracts
import Redis
import SwiftProtobuf
import TestSupport
import Testing

/// The checker is only worth something if it finds what is planted: each test plants one fault in a lane's streams.
@Suite("The independent checker")
struct ReckoningTests {
    /// A lane of two events of one conversation, decided in order, whose streams a test may spoil.
    private struct Planted {
        var events = [Self.event("a"), Self.event("b")]
        var results = [Self.result("a", 0), Self.result("b", 1)]
        var accepted = ["shop/a", "shop/b"]
        var ledger: [String: Int] = [:]

        static func event(_ id: String) -> Event {
            var event = Event()
            event.id = id
            event.account = "shop"
            event.contact = "ana"
            event.message.text = "hello"
            return event
        }

        static func result(_ id: String, _ index: UInt32) -> DecisionResult {
            var result = DecisionResult()
            result.event = id
            result.entryMs = 5
            result.entrySequence = 0
            result.index = index
            result.conversation = "m/shop/ana"
            result.verdict = .decided
            result.rule = "noted"
            return result
        }

        func reckon() throws -> Reckoning {
            let redis = try PrivateRedis()
            defer { redis.close() }
            let connection = try redis.connect()
            var body: [UInt8] = []
            for event in events { EventFraming.append(try event.serializedBytes(), to: &body) }
            var batch = ResultBatch()
            batch.results = results
            for (key, id, value) in [
                ("ns:{de.0}:in", "5-0", body), ("ns:{de.0}:results", "6-0", try batch.serializedBytes()),
            ] {
                var command = RedisCommand("XADD", key, id, "b")
                command.add(value)
                _ = try connection.call(command)
            }
            _ = try connection.call(RedisCommand("HSET", "ns:{de.0}:lane", "appended", "2"))
            var reckoning = Reckoning()
            var tally = Reckoning.Tally()
            for lane in try LaneRecord.lanes(on: connection, namespace: "ns") {
                reckoning.add(try LaneRecord(lane: lane, namespace: "ns", connection: connection), to: &tally)
            }
            reckoning.finish(accepted: accepted, ledger: ledger, tally: tally)
            return reckoning
        }
    }

    @Test("a lane in which everything is decided once and in order is clean")
    func clean() throws {
        let reckoning = try Planted().reckon()
        #expect(reckoning.isClean)
        #expect(reckoning.logged == 2)
        #expect(reckoning.results == 2)
    }

    @Test("what was erased with its person is counted by itself, and its neighbours are found where they are kept")
    func erased() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        var planted = Planted()
        var left = DecisionResult()
        (left.entryMs, left.index, left.verdict, left.rule) = (5, 0, .decided, "erased")
        planted.results[0] = left
        var batch = ResultBatch()
        batch.results = planted.results
        for (field, value) in [
            ("5-0/1", try planted.events[1].serializedBytes() as [UInt8]), ("r/6-0", try batch.serializedBytes()),
        ] {
            var command = RedisCommand("HSET", "ns:{de.0}:kept", field)
            command.add(value)
            _ = try connection.call(command)
        }
        var reckoning = Reckoning()
        var tally = Reckoning.Tally()
        reckoning.add(try LaneRecord(lane: "de.0", namespace: "ns", connection: connection), to: &tally)
        reckoning.finish(accepted: ["shop/b"], ledger: [:], tally: tally)
        #expect(reckoning.isClean && reckoning.erased == 1 && reckoning.results == 1 && reckoning.logged == 1)
    }

    @Test("an accepted event that is in no log is missing")
    func missing() throws {
        var planted = Planted()
        planted.accepted.append("shop/c")
        let reckoning = try planted.reckon()
        #expect(reckoning.missing == 1)
        #expect(!reckoning.isClean)
    }

    @Test("a logged event without a result is undecided")
    func undecided() throws {
        var planted = Planted()
        planted.results.removeLast()
        #expect(try planted.reckon().undecided == 1)
    }

    @Test("two results for one position, and two that are not duplicates for one id, are decided twice")
    func twice() throws {
        var planted = Planted()
        planted.results.append(Planted.result("b", 1))
        #expect(try planted.reckon().decidedTwice == 1)
        planted = Planted()
        planted.events.append(Planted.event("b"))
        planted.results.append(Planted.result("b", 2))
        #expect(try planted.reckon().decidedTwice == 1)
        planted.results[2].verdict = .duplicate
        #expect(try planted.reckon().isClean)
    }

    @Test("results of one conversation in another order than its events are out of order")
    func order() throws {
        var planted = Planted()
        planted.results.reverse()
        #expect(try planted.reckon().outOfOrder == 1)
    }

    @Test("two after-hours texts in overlapping closed periods are found, one that surely failed does not count")
    func afterHours() throws {
        var planted = Planted()
        for index in 0..<2 {
            planted.results[index].closedFrom = 100
            planted.results[index].closedUntil = 200 + Int64(index)
            planted.results[index].actions = [1, UInt64(index)]
        }
        #expect(try planted.reckon().secondAfterHours == 1)
        var failure = Planted.event("o")
        failure.outcome.action = ActionID(high: 1, low: 0).description
        failure.outcome.status = .failed
        planted.events.append(failure)
        planted.results.append(Planted.result("o", 2))
        #expect(try planted.reckon().isClean)
    }

    @Test("an action that the channel got twice is found, unless its result says ambiguous")
    func sentTwice() throws {
        let action = ActionID(high: 1, low: 0).description
        var planted = Planted()
        planted.ledger = [action: 2]
        #expect(try planted.reckon().sentTwice == 1)
        planted.results[1].event = "\(action).1"
        planted.results[1].rule = "outcome.ambiguous"
        #expect(try planted.reckon().sentTwice == 0)
    }
}
