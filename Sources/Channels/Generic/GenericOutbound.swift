package import Contracts
internal import Instants

/// What we post to another platform for one action (CHANNELS.md), and what its answer means. Pure.
///
/// The platform keeps the id of an action and carries it out once, so an attempt without an answer is simply made again:
/// nothing here is ambiguous. A platform that does not keep ids fails the conformance test.
package enum GenericOutbound {
    /// The header with the action's id.
    package static let keyHeader = "idempotency-key"
    /// Longest answer that is read.
    package static let mostAnswerBytes = 64 << 10
    /// How long an account rests that is told to wait without being told how long.
    private static let usualWait: Duration = .seconds(60)

    /// - Throws: `Unsendable` for kinds that no channel carries out.
    package static func body(of action: Action, lane: LaneName, attempt: UInt32) throws(Unsendable) -> JSONValue {
        switch action.kind {
        case .send, .reply, .privateReply, .hide, .unhide, .delete, .senderAction: break
        case .fetch, .notify, .standDown, .tell, .publish, .unspecified, .UNRECOGNIZED:
            throw Unsendable(expected: "an action of a channel", came: action.kind.word)
        }
        var fields: [String: JSONValue] = [
            "id": .string(action.actionID.description), "kind": .string(action.kind.word),
            "account": .string(action.account), "conversation": .string(action.conversation),
            "attempt": .integer(Int64(attempt)),
            "metadata": .string(SendMark(lane: lane, action: action.actionID).description),
        ]
        for (key, text) in [
            ("contact", action.contact), ("comment", action.comment), ("text", action.text), ("agent", action.agent),
            ("language", action.language), ("rule", action.rule),
        ] where !text.isEmpty {
            fields[key] = .string(text)
        }
        if !action.cards.isEmpty { fields["cards"] = .array(action.cards.map(\.json)) }
        if !action.quickReplies.isEmpty { fields["quick_replies"] = .array(action.quickReplies.map(\.json)) }
        if action.notAfter > 0 { fields["not_after"] = .string(Instant(milliseconds: action.notAfter).description) }
        if action.windowEnds > 0 {
            fields["window_ends"] = .string(Instant(milliseconds: action.windowEnds).description)
        }
        return ["version": 1, "action": .object(fields)]
    }

    /// What an answer means.
    ///
    /// - Parameters:
    ///   - headers: names in lower case.
    ///   - attempt: from 1; picks the delay before the next.
    package static func outcome(
        status: Int, headers: [String: String], body: [UInt8], attempt: Int
    ) -> SendAnswer {
        let document = body.count <= mostAnswerBytes ? try? JSONValue(parsing: body) : nil
        let reason = document?["reason"]?.string ?? ""
        let failure = SendFailure(status: status, message: reason)
        switch status {
        case 200...299:
            guard let word = document?["status"]?.string else {
                return again(
                    attempt, SendFailure(status: status, message: "expected JSON with a status, got other bytes"))
            }
            return told(word, document, failure, attempt)
        case 401, 403: return .stopAccount(failure)
        case 408, 425: return again(attempt, failure)
        case 429, 503: return .braked(.account, for: RetryAfter.time(headers) ?? usualWait, failure)
        case 500...: return again(attempt, failure)
        default: return .failed(failure)
        }
    }

    /// What an attempt means that got no answer: the action's id makes another one safe.
    ///
    /// - Parameter isOurs: see `SendFailure.isOurs`.
    package static func outcomeWithoutAnswer(attempt: Int, reason: String, isOurs: Bool = false) -> SendAnswer {
        again(attempt, SendFailure(status: 0, message: reason, isOurs: isOurs))
    }

    private static func told(
        _ word: String, _ document: JSONValue?, _ failure: SendFailure, _ attempt: Int
    ) -> SendAnswer {
        switch word {
        case "delivered": .delivered(providerID: TextLimit(unit: .bytes, most: 512).cut(document?["id"]?.string ?? ""))
        case "failed", "unsupported": .failed(failure)
        case "window_closed": .windowClosed(failure)
        case "again": again(attempt, failure)
        default:
            .failed(
                SendFailure(
                    status: failure.status,
                    message: "expected delivered, failed, unsupported, window_closed or again, got another status"))
        }
    }

    private static func again(_ attempt: Int, _ failure: SendFailure) -> SendAnswer {
        .again(after: MetaErrorTable.delay(.seconds(2), attempt), failure)
    }
}
