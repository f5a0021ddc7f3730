import Contracts
import Conversations
import Instants
import SwiftProtobuf
import TestEffort
import Testing

/// The invariants of DOMAIN 5.5 that the spine already owes, over random histories of one customer's four days.
@Suite("In any history")
struct PropertyTests {
    private static let histories: UInt64 = Effort.cases(6_000)
    private static let policy = TestPolicy().built()
    /// The plain one, and one in which a market asks for everything that touches hours and desks.
    private static let policies = [policy, everything().built()]

    private static func everything() -> TestPolicy {
        var policy = TestPolicy()
        policy.englishEvenings = "17:00-22:00"
        policy.service = ServicePolicy(
            acknowledges: true, firstResponse: .seconds(3_600), quietResolve: .seconds(86_400), asksSatisfaction: true,
            handsOver: true, vip: VIPPolicy(contacts: ["anna"], firstResponse: .seconds(900), callsAfterHours: true),
            adQuestion: .seconds(900), spikes: SpikePolicy())
        policy.digest = DigestPolicy()
        return policy
    }

    @Test("promises end, periods get one text, calls come before breaches, nothing is said too late or to ourselves")
    func invariants() throws {
        for seed in 0..<Self.histories {
            var history = History(seed: seed, policy: Self.policies[Int(seed % 2)])
            try history.play()
            let faults = history.faults()
            #expect(faults.isEmpty, "seed \(seed): \(faults)")
            guard faults.isEmpty else { return }
        }
    }

    @Test("the same inputs give the same bytes")
    func replay() throws {
        for seed in 0..<Self.histories / 20 {
            var first = History(seed: seed, policy: Self.policies[Int(seed % 2)])
            var second = History(seed: seed, policy: (seed % 2 == 0 ? TestPolicy() : Self.everything()).built())
            try first.play()
            try second.play()
            #expect(try first.bytes() == second.bytes(), "seed \(seed)")
        }
    }

    @Test("any order of a thread's events ends in the same state")
    func converges() throws {
        for seed in 0..<Self.histories / 10 {
            var generator = SeededGenerator(seed: seed)
            let start = Instant.november(19, 10)
            var events = (0..<2 + Int(generator.number(below: 6))).map { number in
                Self.threadEvent(
                    number, at: start + .seconds(Int(generator.number(below: 500)) * 64 + number), &generator)
            }
            let first = try Self.state(after: events)
            events.shuffle(using: &generator)
            let second = try Self.state(after: events)
            #expect(first == second, "seed \(seed)")
        }
    }

    private static func threadEvent(_ number: Int, at: Instant, _ generator: inout SeededGenerator) -> Event {
        switch generator.number(below: 7) {
        case 0: .message("dm:\(number)", "🔥", at: at)
        case 1: .of("x\(number)", at: at) { $0.reaction.emoji = "❤️" }
        case 2: .echo("e\(number)", at: at, inbox: true)
        case 3: .of("r\(number)", at: at) { $0.resolve.agent = "kim" }
        case 4: .of("u\(number)", at: at) { $0.removal.target = "\(generator.number(below: 6))" }
        default: .message("dm:\(number)", "question \(number)", at: at)
        }
    }

    /// What must not depend on the order: instants, standing, memory. Timing outputs (texts, since when) may.
    private static func state(after events: [Event]) throws -> [String] {
        var scene = Scene(policy)
        for event in events { try scene.take(event.received(at: .november(19, 20)), at: .november(19, 20)) }
        let talk = scene.talk()
        return [
            "\(talk.lastCustomerAt) \(talk.lastAskedAt) \(talk.lastAgentAt) \(talk.foreignUntil) \(talk.status)",
            "\(talk.withdrawn.sorted()) \(scene.states[.anna]?.seenIds.sorted() ?? [])",
        ]
    }
}

/// One random history, with a courier that settles each action some time later, often well, and never after `not_after`.
struct History {
    private var scene: Scene
    private var generator: SeededGenerator
    private var open: [(at: Instant, action: Action)] = []
    private var failed: Set<ActionID> = []
    private var faultsFound: [String] = []
    private var past: [Event] = []
    private var number = 0

    init(seed: UInt64, policy: Policy) {
        scene = Scene(policy)
        generator = SeededGenerator(seed: seed)
    }

    mutating func play() throws {
        var at = Instant.november(17, 0) + .seconds(Int(generator.number(below: 86_400)))
        for _ in 0..<3 + generator.number(below: 9) {
            at = at + .seconds(Int(generator.number(below: generator.chance(0.5) ? 600 : 40_000)))
            try settleActions(until: at)
            try take(event(at: at), at: at)
        }
        try settleActions(until: .november(28, 0))
        try scene.advance(to: .november(28, 0))
        try settleActions(until: .november(30, 0))
        try scene.advance(to: .november(30, 0))
    }

    private mutating func take(_ event: Event, at: Instant) throws {
        let made = scene.decisions.count
        let isRepeated = generator.chance(0.15) ? past.last : nil
        let decision = try scene.take(event, at: at)
        past.append(event)
        if let isRepeated {
            let state = scene.states[.anna]
            let again = try scene.take(isRepeated, at: at)
            if again.result.verdict != .duplicate || scene.states[.anna] != state { faultsFound.append("I2") }
        }
        if event.contact == event.account, !decision.actions.isEmpty {
            faultsFound.append("I14")
        }
        schedule(since: made)
    }

    private mutating func schedule(since made: Int) {
        for action in scene.decisions[made...].flatMap(\.actions) where action.kind == .send {
            let delay = generator.chance(0.8) ? generator.number(below: 20) : generator.number(below: 50_000)
            open.append((scene.now + .seconds(Int(delay)), action))
        }
    }

    private mutating func settleActions(until end: Instant) throws {
        while let next = open.filter({ $0.at <= end }).min(by: { $0.at < $1.at }) {
            open.removeAll { $0.action.actionID == next.action.actionID }
            let made = scene.decisions.count
            try scene.advance(to: next.at)
            let isStopped = scene.cancels.contains(next.action.actionID) && generator.chance(0.5)
            if isStopped { continue }
            let isExpired = next.action.notAfter > 0 && next.at.milliseconds > next.action.notAfter
            let roll = generator.number(below: 10)
            let status: Outcome.Status = isExpired ? .expired : roll < 7 ? .delivered : roll < 8 ? .ambiguous : .failed
            if status == .failed || status == .expired { failed.insert(next.action.actionID) }
            try scene.settle(next.action, status, at: next.at)
            schedule(since: made)
        }
    }

    private mutating func event(at: Instant) -> Event {
        number += 1
        let id = "dm:\(number)"
        switch generator.number(below: 16) {
        case 0: return .reply("r\(number)", "Hello from Kim \(number)", at: at)
        case 1: return .reply("r\(number)", "Hello from Kim \(number)", at: at)
        case 2: return .echo("e\(number)", at: at, inbox: true)
        case 3: return .of("x\(number)", at: at) { $0.reaction.emoji = "❤️" }
        case 4: return .of("c\(number)", at: at) { $0.claim.agent = "kim" }
        case 5: return .of("s\(number)", at: at) { $0.resolve.agent = "kim" }
        case 6: return .of("u\(number)", at: at) { $0.removal.target = "\(number / 2)" }
        case 7: return .message(id, "how much is it?", at: at)
        case 8: return .message(id, "hello \(number)?", at: at - .seconds(1_200)).received(at: at)
        case 9:
            var own = Event.message(id, "how much?", at: at)
            own.contact = "shop"
            own.conversation = EntityID.anna.text
            return own
        default: return .message(id, "hello \(number)?", at: at)
        }
    }

    func bytes() throws -> [[UInt8]] {
        try scene.decisions.map { decision in
            try decision.result.serializedBytes() + decision.own.serializedBytes()
                + decision.actions.flatMap { try $0.serializedBytes() as [UInt8] }
        }
    }

    func faults() -> [String] {
        faultsFound + periodFaults() + promiseFaults() + lateFaults()
    }

    private func periodFaults() -> [String] {
        let given = scene.decisions.filter { decision in
            decision.result.closedUntil > 0
                && decision.actions.contains { $0.kind == .send && !failed.contains($0.actionID) }
        }.map(\.result)
        for (index, one) in given.enumerated() {
            for other in given[(index + 1)...]
            where one.closedFrom < other.closedUntil && other.closedFrom < one.closedUntil {
                return ["I4"]
            }
        }
        return []
    }

    private func lateFaults() -> [String] {
        var faults: [String] = []
        for decision in scene.decisions {
            for action in decision.actions where action.kind == .send && action.agent.isEmpty {
                if action.notAfter <= action.decidedAt { faults.append("I6") }
                if decision.result.closedUntil > 0, action.notAfter > decision.result.closedUntil {
                    faults.append("I6: after the opening")
                }
            }
        }
        return faults
    }

    private func promiseFaults() -> [String] {
        var faults: [String] = []
        var last: [String: UInt32] = [:]
        var made: [String: (at: Int64, due: Int64)] = [:]
        for decision in scene.decisions {
            let result = decision.result
            for mark in result.promises {
                if mark.standing == 1 {
                    made[mark.id] = (result.now, mark.dueAt)
                    let work = Duration.seconds(3_600)
                    if mark.dueAt < (Instant(milliseconds: result.closedUntil) + work).milliseconds {
                        faults.append("I10")
                    }
                    if mark.dueAt % 1_800_000 != 0 { faults.append("I10: not on a mark") }
                }
                if let before = last[mark.id], before > 2 { faults.append("I11: settled twice") }
                last[mark.id] = mark.standing
                if mark.standing == 4, let promise = made[mark.id] {
                    let hadLead = promise.due - promise.at > 15 * 60_000
                    let isCalled = scene.tells(.escalation).contains {
                        $0.decidedAt < promise.due && $0.event.told.dueAt == promise.due
                    }
                    if hadLead, !isCalled, !scene.rules.contains("promise.held") { faults.append("I12") }
                }
            }
        }
        if last.values.contains(where: { $0 < 3 }) { faults.append("I11: forgotten") }
        return faults
    }
}
