// From the platform's answer to what becomes of an action.
//
// Problem: the API has no idempotency key, answers errors with codes of many meanings, and lengthens blocks for those
// who go on calling. Choice: the meanings are rows of a table (`MetaErrorTable`), looked up by code and subcode before
// the HTTP status is asked; what no row and no status explains after the request may have gone out is unclear, and then the
// kind decides: what does no harm twice is done again, a private reply too, since the platform refuses the second one; a
// reply to a comment is done again once the comment's replies have been read; a message is ambiguous and waits for its echo. Rejected: deciding by HTTP status, which is 400 for nearly everything. How it fails: a
// code without a row ends the action as failed, with the code in the outcome, for a person to see.

package import Contracts

/// What an attempt came to.
package enum SendAnswer: Sendable, Equatable {
    /// The platform has it; its id of what was sent, empty where it gives none.
    case delivered(providerID: String)
    /// Final for this action.
    case failed(SendFailure)
    /// Try again no sooner than after this time; the courier adds its jitter.
    case again(after: Duration, SendFailure)
    /// It may have been delivered. Wait for the echo with our mark before anything else is done.
    case ambiguous(SendFailure)
    /// The messaging window is over: a person's task.
    case windowClosed(SendFailure)
    /// Nothing more of this account until somebody looks; the action itself stays open.
    case stopAccount(SendFailure)
    /// Nothing more in this scope for this time; the action itself stays open and is tried again.
    case braked(BrakeScope, for: Duration, SendFailure)
}

package enum BrakeScope: String, Sendable {
    case account
    /// Every account of the app.
    case app
}

/// What the platform said, for outcome and log. No customer text.
package struct SendFailure: Sendable, Equatable, CustomStringConvertible {
    package let status: Int
    package let code: Int64?
    package let subcode: Int64?
    /// The platform's words, at most 200 bytes.
    package let message: String
    package let trace: String
    /// The attempt may have had its effect all the same.
    package var mayHaveGone = false
    /// This process failed, and nothing is known of the platform: the call was never made, or its answer not read.
    package var isOurs = false

    package init(
        status: Int, code: Int64? = nil, subcode: Int64? = nil, message: String, trace: String = "",
        isOurs: Bool = false
    ) {
        self.isOurs = isOurs
        self.status = status
        self.code = code
        self.subcode = subcode
        self.message = TextLimit(unit: .bytes, most: 200).cut(TokenMask.masked(message))
        self.trace = TextLimit(unit: .bytes, most: 64).cut(trace)
    }

    /// Whether the platform's words name this object, as in "Object with ID '123' does not exist".
    package func names(_ id: String) -> Bool { !id.isEmpty && message.contains("'\(id)'") }

    /// The platform's edge, or the platform itself, said that the attempt failed: without an echo within the usual time
    /// it has not been taken. A gateway that gave up waiting (504) says nothing of the kind.
    package var saysNotTaken: Bool {
        // It says that messages went out.
        if code == 1, subcode == 1_357_046 { return false }
        return status == 502 || status == 503 || status >= 500 && status != 504 && code != nil
    }

    /// What it is that stops the account, where this stops one.
    package var stopCause: AccountStop.Cause {
        switch code {
        case 190: .token
        case 368: .block
        default: .sends
        }
    }

    /// The tries of the code's row in the table of errors; nil without one.
    package var mostTries: UInt32? {
        guard let code, case .retry(let most, _, _) = MetaErrorTable.row(code: code, subcode: subcode)?.meaning else {
            return nil
        }
        return UInt32(clamping: most)
    }

    package var description: String {
        var text = "http \(status)"
        if let code { text += " code \(code)" }
        if let subcode { text += "/\(subcode)" }
        if !trace.isEmpty { text += " trace \(trace)" }
        return text + ": " + message
    }
}

/// One answer of the Graph API.
package struct MetaAnswer: Sendable {
    package let status: Int
    /// Names in lower case.
    package let headers: [String: String]
    package let body: [UInt8]

    package init(status: Int, headers: [String: String] = [:], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// What the attempt came to. Pure.
    ///
    /// - Parameters:
    ///   - attempt: from 1; picks the delay before the next and tells when a row's tries are used up.
    ///   - earlier: whether an earlier attempt may have had its effect; nil: nobody knows.
    ///   - node: ours, by which the call went; a refusal that names it as missing is no fault of the action.
    package func outcome(
        of kind: Action.Kind, attempt: Int, earlier: Bool? = nil, node: String? = nil
    ) -> SendAnswer {
        let judged = judged(kind, attempt, earlier, node)
        guard let asked = askedTime, case .again(let after, let failure) = judged else { return judged }
        return .again(after: max(after, asked), failure)
    }

    private func judged(_ kind: Action.Kind, _ attempt: Int, _ earlier: Bool?, _ node: String?) -> SendAnswer {
        let document = try? JSONValue(parsing: body)
        if let error = document?["error"], case .object = error {
            return errorOutcome(error, kind, attempt, earlier, node)
        }
        // The platform's edge throttles with pages of its own: nothing was taken, whatever stands in them.
        if status == 429 { return throttled(SendFailure(status: status, message: "throttled without a code")) }
        guard let document, case .object = document else {
            return Self.unclear(
                SendFailure(status: status, message: "expected JSON, got \(body.count) other bytes"), kind, attempt)
        }
        guard (200...299).contains(status) else {
            return Self.unclear(SendFailure(status: status, message: "no error in the answer"), kind, attempt)
        }
        return Self.success(document, status, kind, attempt)
    }

    /// What an attempt came to that got no answer. Pure.
    ///
    /// - Parameters:
    ///   - requestMayHaveGone: false only if no byte of the request left, such as a refused connection.
    ///   - isOurs: see `SendFailure.isOurs`.
    package static func outcomeWithoutAnswer(
        of kind: Action.Kind, attempt: Int, requestMayHaveGone: Bool, reason: String, isOurs: Bool = false
    ) -> SendAnswer {
        let failure = SendFailure(status: 0, message: reason, isOurs: isOurs)
        return requestMayHaveGone
            ? unclear(failure, kind, attempt) : .again(after: MetaErrorTable.delay(.seconds(1), attempt), failure)
    }

    private func errorOutcome(
        _ error: JSONValue, _ kind: Action.Kind, _ attempt: Int, _ earlier: Bool?, _ node: String?
    ) -> SendAnswer {
        let code = error["code"]?.integer
        let failure = SendFailure(
            status: status, code: code, subcode: error["error_subcode"]?.integer,
            message: error["message"]?.string ?? "", trace: error["fbtrace_id"]?.string ?? "")
        if let code, MetaErrorTable.isMissingObject(code: code, subcode: failure.subcode), kind != .fetch,
            let node, failure.names(node)
        {
            return answer(MetaErrorTable.lostNode, failure, kind, attempt, earlier)
        }
        guard let code, let row = MetaErrorTable.row(code: code, subcode: failure.subcode) else {
            if status == 429 { return throttled(failure) }
            return status >= 500 || code == nil ? Self.unclear(failure, kind, attempt) : .failed(failure)
        }
        // A row's tries are for what was refused. With a server's error the call may have been carried out all the same.
        if status >= 500, case .retry = row.meaning { return Self.unclear(failure, kind, attempt) }
        let meaning = Self.saysReplied(failure) ? .usedUp : row.meaning
        return answer(meaning, failure, kind, attempt, earlier)
    }

    /// Instagram's 2534014 stands for several things, and only its words say which (DOMAIN.md 4.10).
    private static func saysReplied(_ failure: SendFailure) -> Bool {
        (failure.code == 2_534_014 || failure.subcode == 2_534_014) && failure.message.lowercased().contains("replied")
    }

    private func answer(
        _ meaning: MetaErrorTable.Meaning, _ failure: SendFailure, _ kind: Action.Kind, _ attempt: Int,
        _ earlier: Bool?
    ) -> SendAnswer {
        switch meaning {
        case .terminal: .failed(failure)
        case .usedUp: Self.usedUp(failure, kind, attempt, earlier)
        case .windowClosed: .windowClosed(failure)
        case .stop where kind == .fetch && !Self.stopsReads(failure): .failed(failure)
        case .stop: .stopAccount(failure)
        case .brake(let scope): .braked(scope, for: regainTime ?? MetaErrorTable.usualBrake, failure)
        case .ambiguous: Self.unclear(failure, kind, attempt)
        // What may not be read says nothing of what may be sent.
        case .retry where kind == .fetch && (failure.code == 10 || failure.code == 200): .failed(failure)
        case .retry(let most, let first, let end):
            if attempt < most {
                .again(after: MetaErrorTable.delay(first, attempt), failure)
            } else {
                end == .stop && kind != .fetch ? .stopAccount(failure) : .failed(failure)
            }
        }
    }

    /// An earlier attempt of ours may be the one that used it up: then the aim is reached. One that was refused is not.
    private static func usedUp(
        _ failure: SendFailure, _ kind: Action.Kind, _ attempt: Int, _ earlier: Bool?
    ) -> SendAnswer {
        // `attempt` leaves out what a limit refused and what was given back: it tells only where nobody knows more.
        guard kind == .privateReply, earlier == true || attempt > 1 && earlier != false else { return .failed(failure) }
        return earlier == true ? .delivered(providerID: "") : .ambiguous(failure)
    }

    /// An account whose token or standing is gone reads nothing either. Any other answer to a read is about what was read,
    /// and must not stop what customers are to be sent.
    private static func stopsReads(_ failure: SendFailure) -> Bool { failure.stopCause != .sends }

    private static func success(
        _ document: JSONValue, _ status: Int, _ kind: Action.Kind, _ attempt: Int
    ) -> SendAnswer {
        switch kind {
        case .send, .privateReply:
            if let id = document["message_id"]?.string { return .delivered(providerID: id) }
        case .reply:
            if let id = document["id"]?.string { return .delivered(providerID: id) }
        default:
            if document["success"]?.bool == false {
                return .failed(SendFailure(status: status, message: "success is false"))
            }
            return .delivered(providerID: "")
        }
        return unclear(SendFailure(status: status, message: "expected an id, got an answer without"), kind, attempt)
    }

    /// So often what may be repeated is tried while nobody can tell whether it was done: for over half an hour.
    private static let mostUnclear = 12

    private static func unclear(_ failure: SendFailure, _ kind: Action.Kind, _ attempt: Int) -> SendAnswer {
        var failure = failure
        failure.mayHaveGone = true
        switch kind {
        case .senderAction, .fetch:
            return attempt < 5
                ? .again(after: MetaErrorTable.delay(.seconds(2), attempt), failure) : .failed(failure)
        case .hide, .unhide, .delete:
            return attempt < mostUnclear
                ? .again(after: MetaErrorTable.delay(.seconds(2), attempt), failure) : .failed(failure)
        case .privateReply, .reply:
            // What is still on its way is to be there when the comment's replies are read.
            return attempt < mostUnclear
                ? .again(after: MetaErrorTable.delay(.seconds(10), attempt), failure) : .ambiguous(failure)
        default: return .ambiguous(failure)
        }
    }

    private func throttled(_ failure: SendFailure) -> SendAnswer {
        .braked(.account, for: regainTime ?? MetaErrorTable.usualBrake, failure)
    }

    private var regainTime: Duration? {
        [MetaUsage(headers: headers)?.regainAfter, askedTime].compactMap { $0 }.max()
    }

    /// What a throttle or an outage asks for in so many words.
    private var askedTime: Duration? { status == 429 || status == 503 ? RetryAfter.time(headers) : nil }
}
