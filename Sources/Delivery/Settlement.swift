internal import Channels
internal import Contracts
internal import Instants
internal import Lanes
internal import SwiftProtobuf

/// What an attempt's answer means for the action, its lane and its account. Pure.
struct Settlement {
    /// Tries after which an action that still could be tried again ends as failed.
    static let mostAttempts: UInt32 = 20

    let item: SettleRequest.Item
    /// What the account, or all of them, must be spared, and why; whether the platform blocks the account.
    let brake: (scope: BrakeScope, for: Duration, reason: String, isBlock: Bool)?
    let status: Outcome.Status

    /// What is known of the action beside the answer to its last attempt.
    enum Trace {
        case none
        /// An earlier attempt may have had its effect.
        case mayHaveGone
        /// Its echo came: the platform has it, whatever the last attempt met.
        case echoed
    }

    /// - Parameters:
    ///   - tries: of the attempts so far those that count; nil: all.
    ///   - now: the lane clock; stamps the outcome.
    ///   - generator: the jitter of the next attempt.
    init(
        _ answer: SendAnswer, _ action: Action, attempt: UInt32, tries: UInt32? = nil, trace: Trace = .none,
        now: Instant, using generator: inout some RandomNumberGenerator
    ) throws {
        var outcome = Outcome()
        outcome.action = action.actionID.description
        outcome.attempt = attempt
        var verdict = SettleRequest.Verdict.close
        var brake: (BrakeScope, Duration, String, Bool)?
        switch answer {
        case .delivered(let providerID):
            outcome.status = .delivered
            outcome.providerID = providerID
        case .failed(let failure):
            outcome.fail(.failed, failure)
            if action.kind == .send {
                outcome.unreachable = MetaErrorTable.isUnreachable(failure, contact: action.contact)
            }
        case .ambiguous(let failure):
            outcome.fail(.ambiguous, failure)
        case .windowClosed(let failure):
            outcome.fail(.windowClosed, failure)
        case .again(let after, let failure):
            // Said only if the action was cancelled meanwhile or its tries are used up.
            outcome.fail(failure.mayHaveGone ? .ambiguous : .failed, failure)
            verdict = Self.again(after: after, attempt: tries ?? attempt, using: &generator)
        case .braked(let scope, let time, let failure):
            outcome.fail(.failed, failure)
            brake = (scope, time, failure.description, false)
            verdict = .again(after: Self.behindBrake)
        case .stopAccount(let failure):
            outcome.fail(.failed, failure)
            brake = (
                .account, AccountStop.lasts, AccountBrake.stopMark + failure.description, failure.stopCause == .block
            )
            verdict = .again(after: Self.behindBrake)
        }
        switch trace {
        case .none: break
        case .mayHaveGone:
            // Said only if the action was cancelled meanwhile: this attempt was refused, an earlier one perhaps not.
            if verdict != .close, outcome.status == .failed { outcome.status = .ambiguous }
        case .echoed:
            if outcome.status != .delivered { outcome = Self.echoed(action, attempt: attempt) }
            verdict = .close
        }
        let bytes = try Self.event(outcome, of: action, now: now)
        item = SettleRequest.Item(action: action.actionID, attempt: attempt, verdict: verdict, outcome: bytes)
        self.brake = brake
        status = outcome.status
    }

    /// Closes an action with a status that no answer of a carrier has.
    static func closing(
        _ status: Outcome.Status, _ reason: String, _ action: Action, attempt: UInt32, now: Instant
    ) throws -> SettleRequest.Item {
        var outcome = Outcome()
        outcome.action = action.actionID.description
        outcome.attempt = attempt
        outcome.status = status
        outcome.error = reason
        return SettleRequest.Item(
            action: action.actionID, attempt: attempt, verdict: .close,
            outcome: try event(outcome, of: action, now: now))
    }

    /// Gives an attempt back of which it is certain that nothing was sent; one that an echo made needless is closed.
    static func givingBack(
        _ action: Action, attempt: UInt32, after: Duration = .zero, trace: Trace = .none, now: Instant
    ) throws -> SettleRequest.Item {
        if trace == .echoed {
            return SettleRequest.Item(
                action: action.actionID, attempt: attempt, verdict: .close,
                outcome: try event(echoed(action, attempt: attempt), of: action, now: now))
        }
        var item =
            trace == .none
            ? try closing(.cancelled, "cancelled before it was sent", action, attempt: attempt, now: now)
            : try closing(.ambiguous, cancelledUnclear, action, attempt: attempt, now: now)
        item.verdict = .again(after: after)
        return item
    }

    /// Why nobody can tell what became of an action that was cancelled after such an attempt.
    static let cancelledUnclear = "cancelled after an attempt that may have been taken"

    private static func echoed(_ action: Action, attempt: UInt32) -> Outcome {
        var outcome = Outcome()
        outcome.action = action.actionID.description
        outcome.attempt = attempt
        outcome.status = .delivered
        return outcome
    }

    /// What an attempt counts as that got no answer by its deadline. Tells and notices may be made twice. Carriers give up before it,
    /// so that one that did not says nothing of the platform.
    static func answerAtDeadline(of kind: Action.Kind, attempt: UInt32) -> SendAnswer {
        switch kind {
        case .tell, .notify, .standDown, .fetch:
            .again(after: .seconds(1), SendFailure(status: 0, message: "no answer by the deadline", isOurs: true))
        default:
            MetaAnswer.outcomeWithoutAnswer(
                of: kind, attempt: Int(attempt), requestMayHaveGone: true, reason: "no answer by the deadline",
                isOurs: true)
        }
    }

    /// The brake itself holds the action, so that it goes as soon as somebody lifts the brake.
    private static let behindBrake = Duration.seconds(1)

    private static func again(
        after: Duration, attempt: UInt32, using generator: inout some RandomNumberGenerator
    ) -> SettleRequest.Verdict {
        guard attempt < mostAttempts else { return .close }
        return .again(after: max(after, BackOff.action.wait(after: attempt, using: &generator)))
    }

    private static func event(_ outcome: Outcome, of action: Action, now: Instant) throws -> [UInt8] {
        var event = Event()
        event.id = "\(outcome.action).\(outcome.attempt)"
        event.account = action.account
        event.contact = action.contact
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.conversation = action.conversation
        event.outcome = outcome
        return try event.serializedBytes()
    }
}

extension Outcome {
    fileprivate mutating func fail(_ status: Outcome.Status, _ failure: SendFailure) {
        self.status = status
        error = failure.description
    }
}
