package import Contracts
internal import Instants

/// The fixed JSON of decisions (DESIGN.md, "JSON, fixed", *decide*): what `decide` and `results` print, a line each.
package enum DecisionJSON {
    /// The `result` object.
    ///
    /// - Parameters:
    ///   - policy: the policy's hash in hex.
    ///   - lane: given by `results`, which adds `lane`, `entry` and `index`.
    package static func value(of result: DecisionResult, policy: String, lane: LaneName? = nil) -> JSONValue {
        var fields: [String: JSONValue] = [
            "type": "result",
            "conversation": .string(result.conversation),
            "now": instant(result.now),
            "outcome": .string(result.verdict.word),
            "rule": .string(result.rule),
            "spans": .array(result.spans.map(value)),
            "policy": .string(policy),
            "signals": .array(result.signals.map(value)),
            "promises": .array(result.promises.map(value)),
        ]
        if result.timer.isEmpty {
            fields["event"] = .string(result.event)
        } else {
            fields["timer"] = .string(result.timer)
        }
        if result.cutFrom > 0 { fields["cut_from"] = .integer(Int64(result.cutFrom)) }
        if !result.abstained.isEmpty { fields["abstained"] = .string(result.abstained) }
        if let lane {
            fields["lane"] = .string(lane.text)
            fields["entry"] = .string("\(result.entryMs)-\(result.entrySequence)")
            fields["index"] = .integer(Int64(result.index))
        }
        return .object(fields)
    }

    /// The `action` object.
    package static func value(of action: Action) -> JSONValue {
        var fields: [String: JSONValue] = [
            "type": "action",
            "id": .string(action.actionID.description),
            "kind": .string(action.kind.word),
            "conversation": .string(action.conversation),
            "cause": .string(action.cause),
            "class": .string(action.class.word),
        ]
        if action.notBefore != 0 { fields["not_before"] = instant(action.notBefore) }
        if action.notAfter != 0 { fields["not_after"] = instant(action.notAfter) }
        if !action.text.isEmpty { fields["text"] = .string(action.text) }
        if !action.comment.isEmpty { fields["comment"] = .string(action.comment) }
        if !action.cards.isEmpty { fields["cards"] = .array(action.cards.map(\.json)) }
        if !action.quickReplies.isEmpty { fields["quick_replies"] = .array(action.quickReplies.map(\.json)) }
        return .object(fields)
    }

    private static func value(of span: TextSpan) -> JSONValue {
        [
            "class": .string(span.class), "rule": .string(span.rule), "start": .integer(Int64(span.start)),
            "end": .integer(Int64(span.end)),
        ]
    }

    private static func value(of signal: SignalRead) -> JSONValue {
        [
            "name": .string(signal.name), "value": .string(signal.value), "at": instant(signal.at),
            "writer": .string(signal.writer),
        ]
    }

    private static func value(of mark: PromiseMark) -> JSONValue {
        [
            "id": .string(mark.id), "due_at": instant(mark.dueAt),
            "state": .string(Promise.Standing(rawValue: Int(mark.standing))?.word ?? "unspecified"),
        ]
    }

    private static func instant(_ milliseconds: Int64) -> JSONValue {
        .string(Instant(milliseconds: milliseconds).description)
    }
}

extension DecisionResult.Verdict {
    /// The schema's name in lower case.
    package var word: String {
        switch self {
        case .decided: "decided"
        case .duplicate: "duplicate"
        case .lateUnknown: "late_unknown"
        case .dead: "dead"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "verdict_\(number)"
        }
    }
}

extension Action.Class {
    /// The schema's name in lower case.
    package var word: String {
        switch self {
        case .safety: "safety"
        case .person: "person"
        case .adModeration: "ad_moderation"
        case .closingWindow: "closing_window"
        case .promiseNear: "promise_near"
        case .answer: "answer"
        case .background: "background"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "class_\(number)"
        }
    }
}

extension Promise.Standing {
    /// The schema's name in lower case.
    package var word: String {
        switch self {
        case .made: "made"
        case .binding: "binding"
        case .kept: "kept"
        case .broken: "broken"
        case .renewed: "renewed"
        case .void: "void"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "standing_\(number)"
        }
    }
}
