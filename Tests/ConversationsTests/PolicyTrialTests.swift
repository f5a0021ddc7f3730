import Contracts
import Conversations
import Instants
import Testing

/// What another policy would have decided, from the states that each decision had.
@Suite("A draft is compared with what was decided")
struct PolicyTrialTests {
    private static func policy(_ change: (inout TestPolicy) -> Void = { _ in }) -> Policy {
        var policy = TestPolicy()
        change(&policy)
        return policy.built()
    }

    private static let questions = ["how much?", "hello", "and how much is the other one?"]

    /// What one policy decided of a few questions in open hours, with their events.
    private static func recorded(_ policy: Policy) -> [(DecisionResult, Event)] {
        var run = DryRun(policy: policy, signals: .none, outcomes: .input)
        var recorded: [(DecisionResult, Event)] = []
        for (number, text) in questions.enumerated() {
            var event = Event.message("m\(number)", text, at: .november(18, 10) + .seconds(number * 60))
            event.contact = "c\(number)"
            for case .result(let result) in run.take(event) where result.event == event.id {
                recorded.append((result, event))
            }
        }
        return recorded
    }

    private static func verdicts(_ draft: Policy, of policy: Policy) -> [PolicyTrial.Verdict] {
        var trial = PolicyTrial(draft: draft)
        return recorded(policy).map { trial.step($0, event: $1, policy: policy) }
    }

    @Test("the policy that decided changes nothing")
    func same() {
        let policy = Self.policy()
        #expect(Self.verdicts(policy, of: policy) == [.same, .same, .same])
    }

    @Test("a rule that is gone changes its decisions and no other, and the rules before and after are named")
    func changed() throws {
        let verdicts = Self.verdicts(Self.policy { $0.answers = [] }, of: Self.policy())
        #expect(verdicts.count == 3)
        #expect(verdicts.map { $0 == .same } == [false, true, false])
        guard case .changes(let was, let would) = try #require(verdicts.first) else {
            Issue.record("expected a change, got \(verdicts)")
            return
        }
        #expect(was.result.rule == "faq.price")
        #expect(would.result.rule != "faq.price")
        #expect(was.actions.contains { $0.contains("10") })
    }

    @Test("another text of the same rule is a change too")
    func text() {
        let verdicts = Self.verdicts(
            Self.policy { $0.answers = [AnswerRule(rule: "faq.price", facts: ["en": "12"])] }, of: Self.policy())
        #expect(verdicts.map { $0 == .same } == [false, true, false])
    }

    @Test("of what does not come out as it was recorded nothing is said")
    func unknown() throws {
        let policy = Self.policy()
        let (recorded, event) = try #require(Self.recorded(policy).first)
        var other = recorded
        other.rule = "something.else"
        var trial = PolicyTrial(draft: policy)
        guard case .unknown = trial.step(other, event: event, policy: policy) else {
            Issue.record("expected that nothing is said")
            return
        }
    }

    @Test("what is older than the time that was asked for only leads to the states")
    func older() {
        let policy = Self.policy()
        let draft = Self.policy { $0.answers = [] }
        var trial = PolicyTrial(draft: draft)
        for (result, event) in Self.recorded(policy) {
            #expect(trial.step(result, event: event, policy: policy, isCompared: false) == .same)
        }
    }
}
