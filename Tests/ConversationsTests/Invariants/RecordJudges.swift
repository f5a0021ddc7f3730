import Contracts
import Conversations
import SwiftProtobuf

/// I1, I2 and I20: what was given, what was recorded of it, and that the record is enough.
enum RecordJudges {
    static func everyEvent(_ history: History) -> Judgement {
        var judgement = Judgement()
        let decided = history.steps.filter { $0.event != nil }
        let outcomes = decided.count { if case .outcome = $0.event?.kind { true } else { false } }
        let places = Set(decided.map { "\($0.result.entryMs)-\($0.result.entrySequence)" })
        judgement.atStake = history.given.count
        if decided.count - outcomes + history.refused.count != history.given.count {
            judgement.find("\(history.given.count) given, \(decided.count) decided, \(history.refused.count) refused")
        }
        if places.count != decided.count { judgement.find("two results at one place") }
        for step in decided {
            if step.result.verdict == .unspecified { judgement.find("no verdict on \(step.result.event)") }
            if step.result.event != step.event?.id { judgement.find("\(step.result.event) for another's event") }
            if step.result.rule.isEmpty { judgement.find("no rule for \(step.result.event)") }
        }
        history.refusalFaults.forEach { judgement.find($0) }
        return judgement
    }

    static func repeats(_ history: History) -> Judgement {
        var judgement = Judgement()
        judgement.atStake = history.repeats
        history.repeatFaults.forEach { judgement.find($0) }
        return judgement
    }

    /// Plays the same again, and decides what was recorded again from the record alone.
    static func replay(_ history: History) throws -> Judgement {
        var judgement = Judgement()
        var second = History(seed: history.seed, shop: history.shop)
        try second.play()
        let (steps, others) = (history.steps, second.steps)
        judgement.expect(
            steps.count == others.count, "played twice it has \(others.count) decisions, not \(steps.count)")
        var replay = Replay()
        for (index, (step, other)) in zip(steps, others).enumerated() {
            judgement.expect(
                try bytes(step) == bytes(other), "other bytes for \(step.result.event)\(step.result.timer)")
            let policy = index >= history.published ? history.shop.edited : history.shop.policy
            switch replay.step(step.result, event: step.event, policy: policy) {
            case .same: break
            case .differs(_, let now): judgement.find("replayed: \(now.rule) for \(step.result.rule)")
            case .erased: judgement.find("replayed: nothing was erased here")
            case .impossible(let why): judgement.find("replayed: \(why)")
            }
        }
        return judgement
    }

    private static func bytes(_ step: Step) throws -> [UInt8] {
        var bytes: [UInt8] = try step.result.serializedBytes() + step.decision.own.serializedBytes()
        for action in step.decision.actions { bytes += try action.serializedBytes() as [UInt8] }
        if let parent = step.decision.parent { bytes += try parent.serializedBytes() as [UInt8] }
        return bytes
    }
}
