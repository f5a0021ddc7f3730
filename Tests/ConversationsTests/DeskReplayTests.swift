import Contracts
import Conversations
import Instants
import Testing

/// Desks, their digests and hand-overs on the way of a lane: tells become events, timers fire by the clock, and all of it is
/// decided again from its results.
@Suite("A night of many conversations")
struct DeskReplayTests {
    private static func policy() -> Policy {
        var policy = TestPolicy()
        policy.englishEvenings = "17:00-22:00"
        policy.service = ServicePolicy(handsOver: true)
        policy.digest = DigestPolicy(collect: .seconds(60), every: .seconds(1_800))
        return policy.built()
    }

    private static func events() -> [Event] {
        (0..<100).map { number in
            let at = Instant.november(18, 23) + .seconds(number * 7)
            var event = Event.message("m\(number)", "hello?", at: at)
            event.contact = "c\(number)"
            return event
        }
    }

    @Test("a hundred promises that come due call the team once, by a digest, before they break")
    func oneCall() throws {
        var run = DryRun(policy: Self.policy(), signals: .none, outcomes: .delivered)
        var lines: [DryRun.Line] = []
        for event in Self.events() { lines += run.take(event) }
        lines += run.run(until: .november(19, 9, 59))
        var calls: [Action] = []
        for case .action(let action) in lines where action.kind == .notify {
            calls.append(action)
        }
        #expect(calls.map(\.rule) == ["digest"])
        #expect(calls.first?.text.hasPrefix("100 conversations wait: ") == true)
        #expect(calls.first?.contact == "berlin")
    }

    @Test("everything is decided again to the byte: digests, hand-overs and what desks heard")
    func replay() throws {
        let policy = Self.policy()
        var run = DryRun(policy: policy, signals: .none, outcomes: .delivered)
        var lines: [DryRun.Line] = []
        var inputs: [String: Event] = [:]
        for event in Self.events() {
            inputs[event.id] = event
            lines += run.take(event)
        }
        lines += run.run(until: .november(20, 12))
        var replay = Replay()
        var compared = 0
        for case .action(let action) in lines where action.kind == .tell { inputs[action.event.id] = action.event }
        for case .result(let result) in lines {
            guard result.timer.isEmpty else {
                #expect(replay.step(result, event: nil, policy: policy) == .same, "\(result.timer)")
                compared += 1
                continue
            }
            let event = inputs[result.event] ?? Self.outcome(result)
            #expect(replay.step(result, event: event, policy: policy) == .same, "\(result.rule)")
            compared += 1
        }
        #expect(compared > 500)
        #expect(Set(lines.compactMap(\.rule)).isSuperset(of: ["desk.digest", "handover", "promise.pre_breach"]))
    }

    /// The dry run's own outcome of an action, as its result names it.
    private static func outcome(_ result: DecisionResult) -> Event {
        var event = Event()
        event.id = result.event
        event.account = result.conversation.hasPrefix("d/") ? "" : "shop"
        event.conversation = result.conversation
        event.happenedAt = result.happenedAt
        event.receivedAt = result.receivedAt
        event.outcome.action = String(result.event.prefix(32))
        event.outcome.attempt = 1
        event.outcome.status = .delivered
        return event
    }
}

extension DryRun.Line {
    fileprivate var rule: String? {
        if case .result(let result) = self { return result.rule }
        return nil
    }
}
