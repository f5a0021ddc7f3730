import Contracts
import Instants
import SwiftProtobuf

/// How a desk calls people: one matter by itself, or many at once in a digest.
///
/// Problem: a promise missed ten thousand times over a closed night must call a person once, and each matter is an entity
/// of its own. Choice: in a team that asks for it, a call is not made but collected in the desk's state, one line a target
/// with counts by rule, and a timer of the desk makes one notice of each line: a little after the first call, and not
/// sooner than `every` after the notice before, unless something in it comes due or the ladder leads to somebody else. What was acknowledged or closed meanwhile is taken off again. Who claims the
/// desk takes everything it has called for. Threats, self-harm and spikes are never collected. Rejected: dropping calls
/// beyond a rate, which loses the one that mattered. The state is bounded: eight targets, eight rules each; a ninth target
/// is called by itself.
extension DeskTurn {
    static let mostTargets = 8
    static let mostRules = 8
    /// A digest goes out at the latest so long before something in it is due.
    private static let beforeDue = Duration.seconds(600)

    /// The rule of threats and self-harm.
    static let safety = "safety"

    var isSafety: Bool { matter.rule == Self.safety }

    mutating func call(_ target: String) {
        result.called = target
        matter.notices &+= 1
        let isCollected = team?.digest.map { !matter.isUrgent && collect(for: target, $0) } ?? false
        matter.calledAt = now.milliseconds
        matter.called = target
        if !isCollected { notify(target) }
    }

    /// An acknowledged matter calls nobody any more.
    mutating func withdrawCall() {
        guard desk?.desk.line(of: matter) != nil else { return }
        let matter = matter
        changeDesk { $0.withdrawCall(of: matter) }
    }

    /// The matter waits or is seen to for another reason now; a call that waits for the digest is counted by it.
    mutating func recount(as rule: String) {
        let before = matter
        matter.rule = rule
        guard before.rule != rule, desk?.desk.line(of: before) != nil else { return }
        changeDesk { $0.recount(before, as: rule) }
    }

    /// False if the desk holds calls for as many targets as it can.
    private mutating func collect(for target: String, _ digest: DigestPolicy) -> Bool {
        let known = desk?.desk.calls ?? []
        let line = known.firstIndex { $0.target == target }
        // A later step of the ladder that leads to somebody who has not heard of it yet adds nothing.
        if line != nil, isWaiting(for: target) { return true }
        guard line != nil || known.count < Self.mostTargets else { return false }
        let matter = matter
        changeDesk { desk in
            if line == nil { desk.calls.append(CollectedCall.with { $0.target = target }) }
            desk.calls[line ?? known.count].add(matter)
        }
        armDigest(at: digestDue(digest, isNew: matter.called != target))
        return true
    }

    /// This matter stands in the target's line already: by the step before, or by the round before.
    private func isWaiting(for target: String) -> Bool {
        let last = desk?.desk.calledAt ?? 0
        if matter.called == target, matter.calledAt > last { return true }
        return Int(matter.step) >= ladder.count && (now - round).milliseconds > last
    }

    /// As the team wants it; but a first call is in time for what is due, and who is next on the ladder hears soon.
    private func digestDue(_ digest: DigestPolicy, isNew: Bool) -> Instant {
        let soonest = now + digest.collect
        let usual = max(soonest, Instant(milliseconds: desk?.desk.calledAt ?? 0) + digest.every)
        if matter.step > 0 { return isNew && Int(matter.step) < ladder.count ? soonest : usual }
        guard matter.dueAt > now.milliseconds else { return usual }
        return min(usual, max(soonest, Instant(milliseconds: matter.dueAt) - Self.beforeDue))
    }

    private mutating func armDigest(at due: Instant) {
        var timers = desk?.timers ?? []
        if let armed = timers.firstIndex(where: { $0.kind == .digest }) {
            guard due.milliseconds < timers[armed].dueAt else { return }
            timers.remove(at: armed)
        }
        var timer = ArmedTimer()
        timer.kind = .digest
        timer.dueAt = due.milliseconds
        desk?.timers = timers + [timer]
    }

    private mutating func notify(_ target: String) {
        var action = Notices(of: id, cause: cause, now: now).action(to: target, n: actions.count)
        action.class = matter.isUrgent ? .safety : .promiseNear
        action.rule = matter.rule
        action.text = matter.facts
        actions.append(action)
        Notices.note(target, in: &matter.callees)
    }
}

extension Desk {
    /// Where a matter's last call waits for the digest; nil if it waits no more, or was made by itself.
    func line(of matter: Matter) -> Int? {
        guard !matter.isUrgent, matter.standing == .notified, matter.calledAt > calledAt else { return nil }
        return calls.firstIndex { $0.target == matter.called }
    }

    mutating func withdrawCall(of matter: Matter) {
        guard let line = line(of: matter) else { return }
        calls[line].matters -= min(1, calls[line].matters)
        if let known = calls[line].rules.firstIndex(where: { $0.rule == matter.rule && $0.count > 0 }) {
            calls[line].rules[known].count -= 1
        }
        if calls[line].first == matter.origin { calls[line].first = "" }
        if calls[line].matters == 0 { calls.remove(at: line) }
    }

    mutating func recount(_ matter: Matter, as rule: String) {
        guard let line = line(of: matter) else { return }
        if let known = calls[line].rules.firstIndex(where: { $0.rule == matter.rule && $0.count > 0 }) {
            calls[line].rules[known].count -= 1
        }
        calls[line].count(rule)
    }
}

extension CollectedCall {
    fileprivate mutating func add(_ matter: Matter) {
        matters &+= 1
        if first.isEmpty { first = matter.origin }
        if matter.dueAt > 0 { dueAt = dueAt == 0 ? matter.dueAt : min(dueAt, matter.dueAt) }
        count(matter.rule)
    }

    fileprivate mutating func count(_ rule: String) {
        if let known = rules.firstIndex(where: { $0.rule == rule }) {
            rules[known].count &+= 1
        } else if rules.count < DeskTurn.mostRules {
            rules.append(
                CountedRule.with {
                    $0.rule = rule
                    $0.count = 1
                })
        }
    }

    /// `212 conversations wait: promise.broken 180, first_response.missed 32; the first is due …; one of them: m/…`
    fileprivate var sentence: String {
        var text = "\(matters) \(matters == 1 ? "conversation waits" : "conversations wait"): "
        text += rules.filter { $0.count > 0 }.map { "\($0.rule) \($0.count)" }.joined(separator: ", ")
        if dueAt > 0 { text += "; the first is due \(Instant(milliseconds: dueAt))" }
        if !first.isEmpty { text += "; one of them: \(first)" }
        return text
    }
}

/// A desk's own decisions: digests, and a person who takes everything that was called for.
struct DeskCallsTurn {
    let id: EntityID
    let cause: String
    let now: Instant
    private var state: EntityState
    private var desk: Desk
    private var actions: [Action] = []
    private var result: DecisionResult

    init(_ id: EntityID, own: consuming EntityState?, cause: String, now: Instant, result: consuming DecisionResult) {
        self.id = id
        self.cause = cause
        var state = own.take() ?? EntityState()
        desk = state.desk
        state.entity = nil
        self.now = max(now, Instant(milliseconds: state.lastNow))
        state.lastNow = self.now.milliseconds
        state.decisions &+= 1
        self.state = state
        self.result = result
        self.result.rule = "noted"
    }

    mutating func remember(_ event: UInt64, at position: Position) {
        state.remember(event, at: position, on: now)
    }

    /// Somebody takes every matter that was called for so far; their ladders end with their next step.
    mutating func hear(_ event: Event) {
        guard case .claim = event.kind else { return }
        result.rule = "desk.claimed"
        actions += Notices(of: id, cause: cause, now: now).end(&desk.callees, from: actions.count)
        desk.acknowledgedAt = now.milliseconds
        desk.calls = []
        state.timers.removeAll { $0.kind == .digest }
    }

    mutating func fire(_ timer: ArmedTimer) {
        result.rule = "timer.settled"
        state.timers.removeAll { $0 == timer }
        guard timer.kind == .digest, !desk.calls.isEmpty else { return }
        result.rule = "desk.digest"
        result.called = desk.calls.map(\.target).joined(separator: ", ")
        for call in desk.calls { notify(call) }
        desk.calls = []
        desk.calledAt = now.milliseconds
    }

    consuming func finished() -> Decision {
        result.now = now.milliseconds
        for action in actions {
            result.actions.append(action.idHigh)
            result.actions.append(action.idLow)
        }
        state.desk = desk
        return Decision(own: state, parent: nil, actions: actions, result: result, changesStates: true)
    }

    private mutating func notify(_ call: CollectedCall) {
        var action = Notices(of: id, cause: cause, now: now).action(to: call.target, n: actions.count)
        action.rule = "digest"
        action.text = call.sentence
        actions.append(action)
        Notices.note(call.target, in: &desk.callees)
    }
}
