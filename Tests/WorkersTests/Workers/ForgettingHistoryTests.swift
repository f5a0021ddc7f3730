import Channels
import Contracts
import Conversations
import Instants
import Lanes
import SwiftProtobuf
import TestEffort
import TestSupport
import Testing
import Workers

/// Random histories of a lane with threads and messages of a few people, one of whom is forgotten at a random instant while
/// owners die and hand over. Afterwards nothing of theirs from before is left, and everybody else's states are what the same
/// decisions without the order make of them.
@Suite("Random histories in which somebody is forgotten")
struct ForgettingHistoryTests {
    private static let person = ForgettingTests.person
    private static let people = [person.contact, "other", "third"]

    struct Generator {
        var number: UInt64

        init(seed: UInt64) { number = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

        mutating func next(_ below: Int) -> Int {
            number ^= number << 13
            number ^= number >> 7
            number ^= number << 17
            return Int(number % UInt64(below))
        }
    }

    /// Remembers comments as threads do, with a promise and its timer, or a text on its way, where the words ask for it.
    private static let decider = Decider { id, own, _, input, now, _, _ in
        var state = own ?? EntityState()
        state.lastNow = 1
        var decision = Decision(own: state, parent: nil, result: DecisionResult(), changesStates: true)
        decision.result.conversation = id.text
        decision.result.now = now.milliseconds
        decision.result.verdict = .decided
        guard case .event(let event, let position, _) = input else { return decision }
        decision.result.event = event.id
        decision.result.entryMs = position.entry.milliseconds
        decision.result.entrySequence = UInt32(clamping: position.entry.sequence)
        decision.result.index = UInt32(position.index)
        decision.result.rule = event.id
        if case .message = event.kind { decision.own.decisions += 1 }
        guard case .comment(let comment) = event.kind else { return decision }
        decision.own.conversation.comments.append(
            CommentMark.with { ($0.id, $0.author, $0.answered) = (comment.id, event.contact, true) })
        let subject = StableHash.hash(comment.id)
        if comment.text.contains("promise") {
            decision.own.conversation.promises.append(
                Promise.with { ($0.id, $0.standing, $0.subject) = ("p-\(comment.id)", .binding, subject) })
            decision.own.timers.append(
                ArmedTimer.with { ($0.dueAt, $0.subject) = (9_000_000_000_000, "p-\(comment.id)") })
        } else if comment.text.contains("answer") {
            var action = Action()
            action.actionID = ActionID(conversation: id, cause: event.id, kind: .reply, n: 0)
            (action.kind, action.conversation, action.cause) = (.reply, id.text, event.id)
            (action.orderKey, action.class, action.decidedAt) = (comment.id, .answer, now.milliseconds)
            (action.account, action.contact, action.comment) = (event.account, event.contact, comment.id)
            action.text = "to \(event.contact)"
            decision.actions = [action]
            decision.own.conversation.pending.append(
                PendingAction.with { ($0.idHigh, $0.idLow, $0.subject) = (action.idHigh, action.idLow, subject) })
        }
        return decision
    }

    /// What each entity's state is once these events are decided.
    private static func states(after events: some Sequence<Event>) throws -> [EntityID: EntityState] {
        var states: [EntityID: EntityState] = [:]
        for event in events {
            let id = try EntityID.of(event)
            var own = states[id]
            var parent: EntityState?
            let decision = try decider.decide(
                id, &own, &parent, .event(event, position: Position(entry: .start, index: 0), at: .epoch), .epoch,
                try WorkerKit.policy(), SignalReader(.none))
            states[id] = decision.own
        }
        return states
    }

    private static func events(_ generator: inout Generator, _ range: Range<Int>, at: Instant) -> [Event] {
        range.map { number in
            var event = Event()
            (event.account, event.contact) = ("shop", people[generator.next(people.count)])
            event.happenedAt = at.milliseconds
            if generator.next(3) == 0 {
                event.id = "m\(number)"
                event.message.text = "words number-\(number)-"
                return event
            }
            event.id = "c:\(number)"
            event.comment = Contracts.Comment.with {
                $0.id = "comment-\(number)-"
                $0.post = "post"
                if number > 4, generator.next(4) > 0 { $0.parent = "comment-\(generator.next(5))-" }
                $0.text = ["promise", "answer", "words"][generator.next(3)] + " number-\(number)-"
            }
            return event
        }
    }

    private static func append(_ events: [Event], _ generator: inout Generator, _ kit: WorkerKit) throws {
        var rest = events[...]
        while !rest.isEmpty {
            let batch = rest.prefix(1 + generator.next(6))
            rest = rest.dropFirst(batch.count)
            var body: [UInt8] = []
            for event in batch { EventFraming.append(try event.serializedBytes(), to: &body) }
            _ = try kit.append(body, count: batch.count)
        }
    }

    @Test(
        "nothing of theirs is left, and everybody else's states are as without the order",
        arguments: 0..<Effort.cases(UInt64(8)))
    func history(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let kit = try WorkerKit()
        // What is on its way stays so.
        kit.sink.answer(.again(after: .seconds(3_600), SendFailure(status: 0, message: "later")))
        let decider = Self.decider
        var worker = try kit.worker(decider: decider)
        var assignment: UInt64 = 1
        func disturb() throws {
            switch generator.next(4) {
            case 0: try kit.killConnections()
            case 1:
                // Handed over, or fenced by somebody who dies at once.
                if generator.next(2) == 0 {
                    #expect(worker.stop(atMost: .seconds(60)))
                } else {
                    assignment += 1
                    var random = SystemRandomNumberGenerator()
                    _ = try kit.store.take([
                        TakeRequest(
                            lane: kit.lane, owner: "dead", assignment: assignment, token: .random(using: &random))
                    ])
                    #expect(worker.stop(atMost: .seconds(60)))
                }
                assignment += 1
                worker = try kit.worker("worker-\(assignment)", assignment: assignment, decider: decider)
            default: break
            }
        }
        let look = try kit.look()
        let start = look.serverTime + look.offset
        let before = Self.events(&generator, 0..<(20 + generator.next(40)), at: start)
        try Self.append(before, &generator, kit)
        try disturb()
        try ForgettingTests.order(kit)
        let comesBack = generator.next(2) == 0
        var after = Self.events(&generator, before.count..<(before.count + 30), at: start + .seconds(3_600))
        if !comesBack { after.removeAll { $0.contact == Self.person.contact } }
        for start in stride(from: 0, to: after.count, by: 10) {
            try Self.append(Array(after[start...].prefix(10)), &generator, kit)
            try disturb()
        }
        try kit.decided(UInt64(before.count + after.count + 1))
        _ = try ForgettingTests.waitUntilDone(kit)
        try check(before, after, comesBack, kit, "seed \(seed)")
        #expect(worker.stop(atMost: .seconds(60)))
    }

    private func check(
        _ before: [Event], _ after: [Event], _ comesBack: Bool, _ kit: WorkerKit, _ seed: Testing.Comment
    ) throws {
        if !comesBack {
            #expect(try ForgettingTests.keys(holding: Self.person.contact, kit) == [], seed)
        }
        let gone = before.filter { $0.contact == Self.person.contact }
        for event in gone {
            let text = event.comment.text.isEmpty ? event.message.text : event.comment.text
            let word = try #require(text.split(separator: " ").last.map(String.init))
            #expect(try ForgettingTests.keys(holding: word, kit) == [], "\(seed) \(word)")
        }
        let comments = Set(gone.compactMap { event in event.comment.id.isEmpty ? nil : event.comment.id })
        let isMine: (Event) -> Bool = { event in event.contact == Self.person.contact && event.comment.id.isEmpty }
        let all = try Self.states(after: before.filter { !isMine($0) } + after)
        for (id, whole) in all.sorted(by: { $0.key < $1.key }) {
            let bytes = try kit.store.states([(lane: kit.lane, entities: [id])])[0]?[0]
            let found = try bytes.map { try EntityState(serializedBytes: $0) }
            let expected = Self.without(comments, whole, id)
            #expect(found.map { Self.plain($0, id) } == expected, "\(seed) \(id)")
        }
    }

    /// What stays of a thread: nil if nobody else wrote in it.
    private static func without(_ comments: Set<String>, _ state: EntityState, _ id: EntityID) -> EntityState? {
        guard id.kind == .comments else { return state }
        var state = state
        let hashes = Set(comments.map { StableHash.hash($0) })
        state.conversation.comments.removeAll { comments.contains($0.id) }
        guard !state.conversation.comments.isEmpty else { return nil }
        state.conversation.pending.removeAll { hashes.contains($0.subject) }
        let gone = Set(state.conversation.promises.filter { hashes.contains($0.subject) }.map(\.id))
        state.conversation.promises.removeAll { gone.contains($0.id) }
        state.timers.removeAll { gone.contains($0.subject) }
        return state
    }

    /// Without the place of a root that is nobody's any more.
    private static func plain(_ state: EntityState, _ id: EntityID) -> EntityState {
        var state = state
        if id.kind == .comments { state.conversation.comments.removeAll { $0.author.isEmpty } }
        return state
    }
}
