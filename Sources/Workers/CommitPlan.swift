internal import Contracts
internal import Conversations
internal import Foundation
internal import Instants
internal import Lanes
internal import SwiftProtobuf

/// A policy with its hash as results carry it, made once.
struct PolicyInForce {
    let policy: Policy
    let hash: Data

    init(_ policy: Policy) {
        self.policy = policy
        hash = Data(policy.hash)
    }
}

/// What a run of decisions in one lane has produced so far, before it becomes one `LaneCommit`.
struct CommitPlan {
    var cursor: Position
    /// Events decided, dead ones included; timers do not count.
    var decided = 0
    var firedTimers = 0
    var results: [DecisionResult] = []
    /// Entities whose state changed, in the order of their first change.
    var touched: [CachedState] = []
    /// Entities whose member among the lane's timers was due: it has to move or go.
    var due: [EntityID] = []
    var actions: [Action] = []
    var cancels: [ActionID] = []
    var deadLetters: [DeadLetter] = []
    /// Instants of the decided events' entries.
    var acceptedAt: [Instant] = []
    /// A guess at the commit's size, made while deciding so that the run ends in time.
    var bytes = 0
    /// The actions of decided outcomes, as the events name them.
    var outcomes: [String] = []
    /// The same of the platform's echoes of our own messages.
    var echoed: [ActionID] = []
    /// Entries with events that were passed over, which are to be erased.
    var late: [Position] = []
    /// Comments by account that only a sweep brought.
    var missed: [String: UInt64] = [:]
    /// When the platform's own automation answered beside us, by account.
    var platformReplies: [String: Instant] = [:]
    private var openItems: [EntityID: OpenItemChange] = [:]
    private var openOrder: [EntityID] = []

    /// The commit's sequence and the actions numbered so far; together an action's place in its lane.
    private let sequence: UInt64
    private var numbered: UInt64 = 0

    init(cursor: Position, sequence: UInt64) {
        self.cursor = cursor
        self.sequence = sequence
    }

    var isEmpty: Bool { results.isEmpty && due.isEmpty && decided == 0 }

    mutating func add(_ decision: inout Decision, of id: EntityID) {
        results.append(decision.result)
        decision.result = DecisionResult()
        for var action in decision.actions {
            action.place = sequence << 16 | numbered
            numbered += 1
            actions.append(action)
            bytes += 256 + action.text.utf8.count + action.cards.count * 2_560 + action.quickReplies.count * 128
        }
        cancel(decision.cancels)
        switch decision.openItem {
        case .unchanged: break
        case .set, .remove:
            if openItems.updateValue(decision.openItem, forKey: id) == nil { openOrder.append(id) }
        }
    }

    /// An event of somebody who was forgotten: nothing comes of it but the place in the results.
    mutating func passOver(_ position: Position, now: Instant) {
        var result = DecisionResult()
        result.place(position)
        result.now = now.milliseconds
        result.verdict = .decided
        result.rule = DecisionResult.erasedRule
        results.append(result)
        late.append(position)
        bytes += 128
    }

    /// Notes what an event tells of actions that the courier may take for open.
    mutating func note(_ event: Event) {
        switch event.kind {
        case .outcome(let outcome): outcomes.append(outcome.action)
        case .echo(let echo) where echo.metadata.utf8.starts(with: "ns1:".utf8):
            guard let text = echo.metadata.split(separator: ":").last, let id = ActionID(hex: String(text)) else {
                return
            }
            echoed.append(id)
        default: break
        }
    }

    /// Actions whose outcomes were decided: a former owner may have settled what this one still takes for open.
    var closedActions: [ActionID] { outcomes.compactMap(ActionID.init(hex:)) }

    /// An action of this very run never comes to be; for others the commit asks Redis.
    private mutating func cancel(_ ids: [ActionID]) {
        for id in ids {
            if let index = actions.firstIndex(where: { $0.actionID == id }) {
                actions.remove(at: index)
            } else {
                cancels.append(id)
            }
        }
    }

    /// Makes the commit; states are encoded here, once each, and timers move only if they became earlier or were due.
    ///
    /// - Throws: `UnencodableField`, or SwiftProtobuf's error, if something cannot be encoded.
    func commit(
        _ lane: HeldLane, policy: PolicyInForce, now: Instant, horizon: Instant
    ) throws -> (LaneCommit, bytes: Int) {
        var commit = LaneCommit(
            lane: lane.name, token: lane.token, sequence: lane.sequence, cursor: cursor, decided: decided,
            policy: policy.policy.number, now: now)
        var size = 0
        commit.states.reserveCapacity(touched.count)
        for entry in touched {
            guard let bytes = try entry.state?.encoded() else { continue }
            entry.size = bytes.count
            size += bytes.count + entry.id.text.utf8.count
            commit.states.append(LaneCommit.State(entity: entry.id, bytes: bytes))
        }
        arm(&commit, lane, horizon: horizon)
        for action in actions {
            let bytes = try action.encoded()
            size += bytes.count + 32
            commit.actions.append(LaneCommit.NewAction(id: action.actionID, bytes: bytes))
        }
        commit.cancels = cancels
        commit.results = try encodedResults(lane, policy, now)
        commit.deadLetters = try deadLetters.map { try $0.serializedBytes() }
        size += commit.results.count + commit.deadLetters.reduce(0) { $0 + $1.count }
        for id in openOrder {
            guard case .set(let item)? = openItems[id] else {
                commit.removedOpenItems.append(id)
                continue
            }
            let bytes: [UInt8] = try item.serializedBytes()
            size += bytes.count + id.text.utf8.count
            commit.openItems.append(LaneCommit.State(entity: id, bytes: bytes))
        }
        return (commit, size)
    }

    private func encodedResults(_ lane: HeldLane, _ policy: PolicyInForce, _ now: Instant) throws -> [UInt8] {
        guard !results.isEmpty else { return [] }
        var batch = ResultBatch()
        batch.policy = policy.policy.number
        batch.policyHash = policy.hash
        batch.epoch = lane.epoch
        batch.committedAt = now.milliseconds
        batch.results = results
        return try batch.encoded()
    }

    /// A member moves if it became earlier than the bound that is known for it, or if it was due; one that is earlier
    /// than needed stays, fires for nothing, and moves then.
    private func arm(_ commit: inout LaneCommit, _ lane: HeldLane, horizon: Instant) {
        var settled: Set<EntityID> = []
        for id in due where settled.insert(id).inserted {
            let entry = lane.cache[id]
            // Still due: the run was cut off before it fired, and the next one finds it where it is.
            if let earliest = entry?.earliest, earliest <= horizon { continue }
            set(id, entry?.earliest, &commit)
            entry?.armed = entry?.earliest
        }
        for entry in touched {
            guard let earliest = entry.earliest else { continue }
            if let armed = entry.armed, armed <= earliest { continue }
            if !settled.isEmpty, settled.contains(entry.id) { continue }
            set(entry.id, earliest, &commit)
            entry.armed = earliest
        }
    }

    private func set(_ id: EntityID, _ earliest: Instant?, _ commit: inout LaneCommit) {
        if let earliest {
            commit.timers.append(LaneCommit.Timer(entity: id, due: earliest))
        } else {
            commit.removedTimers.append(id)
        }
    }
}
