import Channels
import Contracts
import Conversations
import Delivery
import Instants
import Lanes
import Membership
import Redis
import SwiftProtobuf
import Synchronization
import TestSupport
import TextRules
import Workers

/// A private Redis, one lane, and owners that decide with `FakeDecider`. Waiting is for what was committed or carried
/// out, never for time.
final class WorkerKit {
    /// A bound for "never", whatever else the machine does.
    static let patience = Duration.seconds(180)

    let redis: PrivateRedis
    let connector: LaneConnector
    private(set) var store: LaneStore
    let lane = PartitionName.sample.lane(0)
    let events = Bell<Int>()
    let reports = Bell<LaneReport>()
    let sink = GatedCarrier()
    private var numbers: [LaneName: UInt64] = [:]
    private var serial = 0

    /// - Parameters:
    ///   - virtual: the lane's clock can be stepped.
    ///   - start: where it stands at first; implies `virtual`.
    init(virtual: Bool = false, start: Instant? = nil) throws {
        redis = try PrivateRedis()
        connector = LaneConnector(endpoint: redis.endpoint)
        store = try connector.open()
        guard virtual || start != nil else { return }
        let offset = try start.map { $0 - (try store.serverTime()) } ?? .zero
        _ = try store.control(.create(generation: 1, isVirtual: true, offset: offset), lane)
    }

    deinit { redis.close() }

    /// Starts an owner and gives it the lane.
    func worker(
        _ name: String = "worker-a", assignment: UInt64 = 1, decider: Decider = FakeDecider.decider,
        policy: Policy? = nil, patience: Duration = .seconds(30), lane: LaneName? = nil,
        sink: (any ActionCarrier)? = nil, tells: (any ActionCarrier)? = nil,
        bounds: RunnerBounds = RunnerBounds(), echoPatience: Duration = .milliseconds(100),
        orderPatience: Duration = .seconds(5),
        firstRest: Duration = .milliseconds(200), siblings: (@Sendable (String) -> [String])? = nil,
        clocks: ServerClocks = ServerClocks(), threadSpacing: Duration? = nil
    ) throws -> WorkerService {
        let sink: any ActionCarrier = sink ?? self.sink
        var setting = WorkerSetting(
            connector: connector, owner: name, runners: 1, decider: decider, policy: try policy ?? Self.policy(),
            carriers: Carriers(channel: sink, tell: tells ?? sink, notify: sink), bounds: bounds, clocks: clocks,
            patience: patience,
            committed: { [events] _, committed in events.ring(with: committed.map { _ in 1 }) })
        setting.echoPatience = echoPatience
        setting.orderPatience = orderPatience
        setting.firstRest = firstRest
        setting.siblings = siblings
        setting.threadSpacing = { _ in threadSpacing }
        let worker = try WorkerService(setting) { [reports] in reports.ring(with: [$0]) }
        worker.grant(lane ?? self.lane, assignment: assignment)
        return worker
    }

    static func policy() throws -> Policy {
        try Policy(
            number: 3, hash: [UInt8](repeating: 9, count: 32),
            partitions: [PartitionPolicy(name: .sample, market: "de", zone: "Europe/Berlin")], accounts: [],
            markets: [], channels: [],
            zones: [], languages: [], texts: Classifier(phrases: [], evidence: []))
    }

    /// Appends one entry of messages, each `contact: text`; returns the entry.
    @discardableResult
    func append(
        _ messages: [(contact: String, text: String)], account: String = "shop", undecodable: Set<Int> = [],
        to lane: LaneName? = nil
    ) throws -> EntryID {
        let now = try look()
        var body: [UInt8] = []
        for (index, message) in messages.enumerated() {
            serial += 1
            var event = Event()
            event.id = "e\(serial)"
            event.account = account
            event.contact = message.contact
            event.receivedAt = (now.serverTime + now.offset).milliseconds
            event.happenedAt = event.receivedAt
            event.message.text = message.text
            let bytes: [UInt8] = try event.serializedBytes()
            EventFraming.append(undecodable.contains(index) ? [0xFF, 0xFF] : bytes, to: &body)
        }
        return try append(body, count: messages.count, to: lane)
    }

    func append(_ body: [UInt8], count: Int, to lane: LaneName? = nil) throws -> EntryID {
        let lane = lane ?? self.lane
        let number = numbers[lane, default: 0] + 1
        numbers[lane] = number
        let batch = AppendBatch(
            lane: lane, producer: ProducerID(77), number: number, count: count, body: body)
        let reply = try store.append([batch])[0]
        guard case .held(let entry, _) = reply else { throw Unexpected(came: "\(reply)") }
        return entry
    }

    func step(_ duration: Duration) throws { _ = try store.control(.step(duration), lane) }

    /// Every result of the lane, in order.
    func results() throws -> [DecisionResult] {
        try store.results(lane, most: 10_000).flatMap(\.batch.results)
    }

    /// What was decided, as the fake decider words it: `rule` of each result.
    func rules() throws -> [String] { try results().map(\.rule) }

    /// For the message of a failure.
    var ruleText: String { (try? rules().joined(separator: ", ")) ?? "no rules" }

    func look() throws -> LaneLook { try store.look([lane])[0] }

    /// Waits until the lane's log is decided up to `count` events in all.
    func decided(_ count: UInt64) throws {
        let isReached = try events.wait { _ in try self.look().decided >= count }
        if !isReached { throw Unexpected(came: "\(try look().decided) decided events instead of \(count)") }
    }

    /// Ends every connection, as an operator or a failover would; the test opens its own anew.
    func killConnections() throws {
        let own = try redis.connect()
        _ = try own.call(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
        store = try connector.open()
    }

    struct Unexpected: Error, CustomStringConvertible {
        let came: String
        var description: String { came }
    }
}

/// Something that happens on other threads and that a test waits for.
final class Bell<Item: Sendable>: Sendable {
    private let mailbox = Mailbox<[Item]>(empty: [])
    private let heard = Mutex<[Item]>([])

    func ring(with items: [Item]) { mailbox.post { $0 += items } }

    /// Everything rung so far.
    var all: [Item] {
        let items = mailbox.take(waiting: .zero) ?? []
        return heard.withLock { heard in
            heard += items
            return heard
        }
    }

    /// Waits until `isEnough` says so of everything heard so far; false if it never does.
    func wait(until isEnough: ([Item]) throws -> Bool) throws -> Bool {
        let end = ContinuousClock.now + WorkerKit.patience
        while true {
            if try isEnough(all) { return true }
            let left = end - .now
            guard left > .zero else { return false }
            if let items = mailbox.take(waiting: min(left, .milliseconds(200))) {
                heard.withLock { $0 += items }
            }
        }
    }
}

/// A carrier whose answers a test gives: at once by default, or when the gate opens.
final class GatedCarrier: ActionCarrier {
    private struct Held {
        var answer: SendAnswer? = .delivered(providerID: "p")
        var waiting: [(Attempt, AnswerBox)] = []
    }

    private let held = Mutex(Held())
    let started = Bell<Attempt>()

    /// What every attempt from now on is answered; nil: nothing, until `release`.
    func answer(_ answer: SendAnswer?) { held.withLock { $0.answer = answer } }

    func release(_ answer: SendAnswer, isHeld: Bool = false) {
        let waiting = held.withLock { held in
            held.answer = answer
            defer { held.waiting = [] }
            return held.waiting
        }
        for (attempt, box) in waiting {
            box.post([Answered(id: attempt.id, attempt: attempt.number, answer: answer, isHeld: isHeld)])
        }
    }

    func start(_ attempts: [Attempt], answers: AnswerBox) {
        let answer = held.withLock { held in
            if held.answer == nil { held.waiting += attempts.map { ($0, answers) } }
            return held.answer
        }
        if let answer {
            answers.post(attempts.map { Answered(id: $0.id, attempt: $0.number, answer: answer) })
        }
        started.ring(with: attempts)
    }
}
