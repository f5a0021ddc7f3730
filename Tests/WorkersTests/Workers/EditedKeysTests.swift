import Bench
import Contracts
import Foundation
import Instants
import Lanes
import Redis
import SwiftProtobuf
import TestSupport
import Testing
import Workers

/// Every key of a lane, edited by hand under a running worker: its neighbour goes on, the audit names what is wrong, and
/// with the command that the audit gives the lane goes on too.
@Suite("Keys edited by hand")
struct EditedKeysTests {
    struct Edit: Sendable, CustomTestStringConvertible {
        let name: String
        /// `KEY:` stands for the lane's prefix.
        let commands: [[String]]
        /// What a finding must say; nil: the lane goes on by itself.
        var finding: String?
        var testDescription: String { name }
    }

    private static let keys =
        ["in", "lane", "timers", "outbox", "actions", "open", "results", "dead", "kept", "forgotten", "state"]

    static let types = keys.map {
        Edit(
            name: "\($0) of another type", commands: [["DEL", "KEY:\($0)"], ["SET", "KEY:\($0)", "x"]],
            finding: "expected ns:{de-berlin.0}:\($0)")
    }

    static let deleted = keys.map { Edit(name: "\($0) deleted", commands: [["DEL", "KEY:\($0)"]]) }

    private static func field(_ name: String, _ value: String, _ finding: String?) -> Edit {
        Edit(name: "\(name) = \(value)", commands: [["HSET", "KEY:lane", name, value]], finding: finding)
    }

    static let fields =
        [
            "generation", "epoch", "assignment", "sequence", "index", "policy", "now", "offset", "strikes", "appended",
            "decided", "bytes", "producers", "moved", "oldest", "result", "due", "cursor", "last", "busy", "suspect",
        ].map { field($0, "garbage", "expected \($0) of") }

    static let ranges =
        ["sequence", "offset", "appended", "decided", "policy", "epoch", "producers"].map {
            field($0, "99999999999999999999", "expected \($0) of")
        }
        + [
            field("index", "-1", "expected index of"), field("now", "4000000000000", "expected now of"),
            field("cursor", "4000000000000-0", "expected cursor of"), field("last", "1-1", "expected last of"),
            field("result", "1", "expected result of"), field("p:000000000000004d", "x", "expected p:"),
        ]

    static let flags =
        ["paused", "closed", "drained", "draining", "settling", "virtual"].map {
            field($0, "maybe", "expected \($0) of")
        }
        + [
            field("move", "elsewhere", "expected move of"), field("token", "", nil), field("token", "x", nil),
            field("owner", "x", nil), field("wanted", "ghost", nil), field("mark", "x", nil), field("alarm", "x", nil),
        ]

    private static let overtried = String(repeating: "7", count: 32)

    static let contents = [
        Edit(
            name: "a state that is none", commands: [["HSET", "KEY:state", "m/shop/ann", "\u{FF}\u{FF}"]],
            finding: "expected a state at m/shop/ann"),
        Edit(
            name: "an action that is none",
            commands: [["HSET", "KEY:actions", "x", "y"], ["ZADD", "KEY:outbox", "1", "x"]],
            finding: "expected an action at x"),
        Edit(
            name: "an action of more attempts than anybody made",
            commands: [
                ["HSET", "KEY:actions", overtried, "\u{7F}\u{7F}\u{7F}\u{7F}\0\0\0\0\0\0\0\0\0"],
                ["ZADD", "KEY:outbox", "1", overtried],
            ],
            finding: "expected an action at \(overtried), got one of more attempts"),
        Edit(
            name: "an open item that is none", commands: [["HSET", "KEY:open", "m/shop/ann", "\u{FF}"]],
            finding: "expected an open item at m/shop/ann"),
        Edit(
            name: "a timer of nobody",
            commands: [["ZADD", "KEY:timers", "1", "nobody"], ["HSET", "KEY:lane", "due", "1"]],
            finding: "expected timers of entities"),
        Edit(
            name: "timers that are no instants",
            commands: [
                ["ZADD", "KEY:timers", "-inf", "m/shop/ann", "1e300", "m/shop/bob"], ["HSET", "KEY:lane", "due", "0"],
            ]),
        Edit(name: "an entry that is none", commands: [["XADD", "KEY:in", "*", "b", "\u{FF}"]]),
        Edit(
            name: "an entry of another century", commands: [["XADD", "KEY:in", "4000000000000-0", "b", "\u{FF}"]],
            finding: "expected last of"),
        Edit(name: "results that are none", commands: [["XADD", "KEY:results", "*", "b", "\u{FF}"]]),
        Edit(name: "a dead letter that is none", commands: [["XADD", "KEY:dead", "*", "b", "\u{FF}"]]),
        Edit(
            name: "forgotten people that are none",
            commands: [["HSET", "KEY:forgotten", "t:x", "y", "o:z", "y", "q", "r"]]),
        Edit(name: "kept things that are none", commands: [["HSET", "KEY:kept", "x", "y", "r/1-1", "\u{FF}"]]),
    ]

    @Test(
        "the neighbour goes on, the audit names what is wrong, and mended as it says the lane goes on",
        arguments: types + deleted + fields + ranges + flags + contents)
    func edited(_ edit: Edit) throws {
        let kit = try WorkerKit()
        let other = PartitionName.sample.lane(1)
        let worker = try kit.worker()
        worker.grant(other, assignment: 1)
        try kit.append([("ann", "timer 3600000 hour"), ("bob", "send"), ("cem", "boom")])
        // And what became of the send.
        try kit.decided(4)
        let house = House(kit: kit, worker: worker, other: other)
        for command in edit.commands { try house.run(command) }
        let findings = try house.audit()
        let found = edit.finding.flatMap { wanted in findings.first { $0.contains(wanted) } }
        if let wanted = edit.finding { #expect(found != nil, "expected \(wanted), got \(findings)") }
        let isHeld = try house.append("first", to: kit.lane)
        // The neighbour is decided whatever becomes of this lane.
        try #require(try house.append("other", to: other))
        try house.decides("other", in: other)
        if let found {
            for command in House.remedies(in: found) { try house.run(command) }
        }
        if !isHeld { try #require(try house.append("first", to: kit.lane)) }
        try house.decides("first", in: kit.lane)
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test("an action with more attempts than anybody made is left alone by whoever takes the lane")
    func leftAlone() throws {
        let kit = try WorkerKit()
        let first = try kit.worker()
        try kit.append([("ann", "one")])
        try kit.decided(1)
        #expect(first.stop(atMost: WorkerKit.patience))
        let house = House(kit: kit, worker: first, other: kit.lane)
        // 2^31 - 1, 2^30 and the most that an attempt may have; only the last is an action still.
        let counts = [("7", "\u{7F}\u{7F}\u{7F}\u{7F}"), ("6", "\u{40}\0\0\0"), ("5", "\u{3F}\u{7F}\u{7F}\u{7F}")]
        for (name, count) in counts {
            let id = String(repeating: name, count: 32)
            try house.run(["HSET", "KEY:actions", id, count + "\0\0\0\0\0\0\0\0\0"])
            try house.run(["ZADD", "KEY:outbox", "1", id])
        }
        #expect(try kit.store.recover(kit.lane).map(\.attempts) == [0x3F7F_7F7F])
        for part in ["HDEL KEY:actions", "ZREM KEY:outbox"] {
            try house.run(part.split(separator: " ").map(String.init) + [String(repeating: "5", count: 32)])
        }
        let second = try kit.worker("worker-b", assignment: 2)
        try kit.append([("ann", "two")])
        try kit.decided(2)
        #expect(second.stop(atMost: WorkerKit.patience))
    }

    @Test("a lane that waits since its keys are damaged is told with the reason, and no longer once it is mended")
    func told() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try kit.append([("ann", "one")])
        try kit.decided(1)
        let house = House(kit: kit, worker: worker, other: kit.lane)
        try house.run(["DEL", "KEY:results"])
        try house.run(["SET", "KEY:results", "x"])
        try kit.append([("ann", "two")])
        try house.waits {
            worker.counters.damaged[kit.lane]?.contains("results to be a stream, it is a string") == true
        }
        try house.run(["DEL", "KEY:results"])
        try kit.decided(2)
        try house.waits { worker.counters.damaged.isEmpty }
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test("a damaged lane that goes to another member, stands paused or is no longer tried counts no more here")
    func toldNoLonger() throws {
        let kit = try WorkerKit()
        var bounds = RunnerBounds()
        bounds.refusedWithin = .milliseconds(100)
        let other = PartitionName.sample.lane(1)
        let worker = try kit.worker(bounds: bounds)
        try kit.append([("ann", "one")])
        try kit.decided(1)
        let house = House(kit: kit, worker: worker, other: other)
        func breakResults() throws {
            try house.run(["DEL", "KEY:results"])
            try house.run(["SET", "KEY:results", "x"])
            try kit.append([("ann", "more")])
            try house.waits { worker.counters.damaged[kit.lane] != nil }
        }
        try breakResults()
        _ = try kit.store.control(.pause, kit.lane)
        try house.waits { worker.counters.damaged.isEmpty }
        _ = try kit.store.control(.resume, kit.lane)
        try house.waits { worker.counters.damaged[kit.lane] != nil }
        _ = try kit.store.control(.want(owner: "worker-b"), kit.lane)
        try house.waits { worker.counters.damaged.isEmpty }
        #expect(worker.counters.lanes == 0)
        // Never held, so never revoked either.
        let connection = try kit.redis.connect()
        _ = try connection.call(RedisCommand("HSET", "ns:{\(other)}:lane", "assignment", "x"))
        worker.grant(other, assignment: 1)
        try house.waits { worker.counters.damaged[other] != nil }
        try house.waits { worker.counters.damaged.isEmpty }
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    /// A lane, its neighbour, their worker, and somebody who edits keys.
    private struct House {
        let kit: WorkerKit
        let worker: WorkerService
        let other: LaneName

        func run(_ words: [String]) throws {
            let state = "state:\(StateHash.number(of: .messages(account: "shop", contact: "ann")))"
            let prefix = "ns:{\(kit.lane)}:"
            var command = RedisCommand(words[0])
            for word in words.dropFirst() {
                let text = word == "KEY:state" ? prefix + state : word.replacingOccurrences(of: "KEY:", with: prefix)
                command.add(text == "\u{FF}" || text == "\u{FF}\u{FF}" ? [0xFF, 0xFF] : Array(text.utf8))
            }
            let reply = try kit.redis.connect().call(command)
            if let error = reply.error { throw WorkerKit.Unexpected(came: "\(words): \(error)") }
        }

        func audit() throws -> [String] {
            try LaneAudit(lane: kit.lane.text, namespace: "ns", connection: try kit.redis.connect()).faults
        }

        /// The commands that a finding gives to be said to Redis.
        static func remedies(in finding: String) -> [[String]] {
            finding.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map(\.element)
                .filter { !$0.hasPrefix("nightshift") && !$0.hasPrefix("lanes") }
                .map { $0.split(separator: " ").map { $0 == "''" ? "" : String($0) } }
        }

        /// As a producer of its own, that nobody knows; false if the lane did not take it.
        func append(_ text: String, to lane: LaneName) throws -> Bool {
            var event = Event()
            event.id = text
            event.account = "shop"
            event.contact = "ann"
            event.message.text = text
            var body: [UInt8] = []
            EventFraming.append(try event.serializedBytes(), to: &body)
            let producer = ProducerID(UInt64.random(in: 0...UInt64.max))
            let batch = AppendBatch(lane: lane, producer: producer, number: 1, count: 1, body: body)
            if case .held = try kit.store.append([batch])[0] { return true }
            return false
        }

        /// Waits until an event is decided; as a member does, asks for the lane again and again.
        func decides(_ id: String, in lane: LaneName) throws {
            try waits {
                worker.grant(lane, assignment: 1)
                let record = try LaneRecord(lane: lane.text, namespace: "ns", connection: try kit.redis.connect())
                return record.results.contains { $0.result.event == id && $0.result.verdict == .decided }
            }
        }

        func waits(until isSo: () throws -> Bool) throws {
            guard try kit.events.wait(until: { _ in try isSo() }) else {
                throw WorkerKit.Unexpected(
                    came: "nothing within \(WorkerKit.patience): \(try audit()), \(worker.counters.damaged), "
                        + "\(worker.counters.reconnects) new connections")
            }
        }
    }
}
