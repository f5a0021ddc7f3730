import Contracts
import Foundation
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@testable import Bench

/// A drill whose checker cannot fail is worth nothing: each test plants one fault in Redis, the input file or the ledger.
@Suite("The check after a drill")
struct DrillCheckTests {
    /// One conversation of three messages, accepted, logged and decided in order; the last was answered once.
    private struct Planted {
        var logged = [0, 1, 2]
        /// Message and index in the entry of each result, in the order of the stream.
        var decided: [(message: Int, index: UInt32)] = [(0, 0), (1, 1), (2, 2)]
        var accepted = [0, 1, 2]
        var sent = [1]
        var openActions = 0

        static func id(_ message: Int) -> String { "dm:drill-7-\(message)" }

        func check() throws -> DrillCheck {
            let redis = try PrivateRedis()
            defer { redis.close() }
            let connection = try redis.connect()
            var body: [UInt8] = []
            for message in logged {
                var event = Event()
                event.id = Self.id(message)
                event.account = "shop"
                event.contact = "ana"
                event.message.text = "hello"
                EventFraming.append(try event.serializedBytes(), to: &body)
            }
            var batch = ResultBatch()
            batch.results = decided.map { message, index in
                var result = DecisionResult()
                result.event = Self.id(message)
                result.entryMs = 5
                result.index = index
                result.conversation = "m/shop/ana"
                result.verdict = .decided
                if message == 2 { result.actions = [0, 1] }
                return result
            }
            for (key, value) in [("ns:{de.0}:in", body), ("ns:{de.0}:results", try batch.serializedBytes())] {
                var command = RedisCommand("XADD", key, "5-0", "b")
                command.add(value)
                _ = try connection.call(command)
            }
            _ = try connection.call(RedisCommand("HSET", "ns:{de.0}:lane", "appended", "3"))
            for number in 0..<openActions {
                _ = try connection.call(RedisCommand("HSET", "ns:{de.0}:actions", "a\(number)", "x"))
            }
            let (input, ledger) = ("\(redis.folder)/accepted.txt", "\(redis.folder)/ledger.jsonl")
            try Self.write(accepted.map { "shop/\(Self.id($0))" }, to: input)
            try Self.write(
                sent.map { #"{"metadata":"ns1:de.0:\#(ActionID(high: 0, low: UInt64($0)))"}"# }, to: ledger)
            return try DrillCheck(
                redis: redis.endpoint, namespace: "ns", input: input, ledger: ledger, platform: nil)
        }

        private static func write(_ lines: [String], to path: String) throws {
            try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path))
        }
    }

    @Test("a drill in which all was decided once, in order, and sent once is clean")
    func clean() throws {
        let check = try Planted().check()
        #expect(check.isClean, "\(check.examples)")
        #expect(check.reckoning.results == 3 && check.calls == 1 && check.reckoning.accepted == 3)
    }

    @Test("an accepted event that no log holds is lost; one that was logged and never decided too")
    func lost() throws {
        var planted = Planted()
        planted.accepted.append(3)
        var check = try planted.check()
        #expect(!check.isClean && check.reckoning.missing == 1 && check.examples == ["missing: shop/dm:drill-7-3"])
        planted = Planted()
        planted.decided.removeLast()
        check = try planted.check()
        #expect(!check.isClean && check.reckoning.undecided == 1)
    }

    @Test("a result that is there twice is found, and so is an event that was logged twice and decided twice")
    func doubled() throws {
        var planted = Planted()
        planted.decided.append((2, 2))
        var check = try planted.check()
        #expect(!check.isClean && check.reckoning.decidedTwice == 1)
        planted = Planted()
        planted.logged.append(2)
        planted.decided.append((2, 3))
        check = try planted.check()
        #expect(!check.isClean && check.reckoning.decidedTwice == 1)
    }

    @Test("messages logged in another order than they were sent in are found, though each log is in order by itself")
    func overtaken() throws {
        var planted = Planted()
        planted.logged = [0, 2, 1]
        planted.decided = [(0, 0), (2, 1), (1, 2)]
        let check = try planted.check()
        #expect(!check.isClean && check.overtaken == 1 && check.reckoning.outOfOrder == 0)
    }

    @Test("results in another order than their events are found")
    func swapped() throws {
        var planted = Planted()
        planted.decided.swapAt(0, 1)
        let check = try planted.check()
        #expect(!check.isClean && check.reckoning.outOfOrder == 1)
    }

    @Test("a reply that the channel took twice is found, and so is an action that nobody settled")
    func sentTwice() throws {
        var planted = Planted()
        planted.sent = [1, 1]
        var check = try planted.check()
        #expect(!check.isClean && check.reckoning.sentTwice == 1 && check.calls == 2)
        planted = Planted()
        planted.openActions = 1
        check = try planted.check()
        #expect(!check.isClean && check.reckoning.openActions == 1)
    }
}
