internal import Channels
internal import Contracts
package import Instants
package import Settings

// Notices that leave the house.
//
// A notice that comes twice is a nuisance, one that never comes is a customer who waits in vain. So everything that is not
// surely refused is tried again, with the courier's back-off, until the notice is a day old; what is refused for good ends
// as failed and stands in the results. Only a mail that was said whole and got no answer is not said again: most such mails
// have arrived. While one is tried the desk's ladder climbs on and calls the next one.

/// Carries notices to their targets: a signed webhook, a chat's or pager's, a mail server, a command of this machine.
package struct NoticeSender: Sendable {
    private let targets: NoticeTargets
    private let post: SignedPost
    private let commands = CommandRunner()
    private let secrets: @Sendable (_ name: String) -> [String]
    private let now: @Sendable () -> Instant

    /// - Parameters:
    ///   - secrets: the values of a name, newest first.
    ///   - now: the system's clock.
    package init(
        targets: NoticeTargets, post: SignedPost, secrets: @escaping @Sendable (_ name: String) -> [String],
        now: @escaping @Sendable () -> Instant
    ) {
        self.targets = targets
        self.post = post
        self.secrets = secrets
        self.now = now
    }

    package var carrier: TaskCarrier { TaskCarrier { await carryOut($0) } }

    private func carryOut(_ attempt: Attempt) async -> Answered {
        let link = targets.linkBase.flatMap { base in
            secrets(targets.linkSecret).first.map { (base: base, secret: Array($0.utf8)) }
        }
        let notice = Notice(attempt.action, link: link, now: now())
        guard let target = targets.target(of: notice.target) else {
            return Answered(refused: attempt, "expected a target in the file of notices, got none of that name")
        }
        guard notice.stage == .call || target.hearsEnds else {
            return Answered(id: attempt.id, attempt: attempt.number, answer: .delivered(providerID: ""))
        }
        let patience = min(target.timeout, max(.milliseconds(1), attempt.deadline - .now - .milliseconds(200)))
        let answer = await call(notice, target, patience, attempt.tries)
        return Answered(id: attempt.id, attempt: attempt.number, answer: answer)
    }

    private func call(
        _ notice: Notice, _ target: NoticeTarget, _ patience: Duration, _ attempt: Int
    ) async -> SendAnswer {
        let values = target.secret.map(secrets) ?? []
        guard target.secret == nil || !values.isEmpty else {
            return again(attempt, SendFailure(status: 0, message: "the target's secret is not there"))
        }
        switch target.way {
        case .webhook(let url, let form):
            guard let address = url ?? values.first else {
                return again(attempt, SendFailure(status: 0, message: "no address"))
            }
            return await post(notice, to: address, form, values, patience, attempt)
        case .mail(let route):
            let message = MailMessage(notice, route, at: now())
            let submission = MailSubmission(route: route, passwords: values, attempt: attempt)
            return answer(to: await submission.send(message, within: patience), attempt)
        case .command(let words):
            let end = await commands.run(words, input: notice.body(.json).bytes() + [0x0A], within: patience)
            return answer(to: end, attempt)
        }
    }

    private func post(
        _ notice: Notice, to address: String, _ form: NoticeTarget.Form, _ values: [String], _ patience: Duration,
        _ attempt: Int
    ) async -> SendAnswer {
        // Only our own form is signed: the others know no such header, and their secret is the address or a key.
        let signing = form == .json ? values.map { Array($0.utf8) } : []
        let reply = await post.post(
            notice.body(form, key: values.first ?? "").bytes(), to: address, secrets: signing,
            headers: [(GenericOutbound.keyHeader, notice.id)], deadline: patience)
        switch reply {
        case .answer(let status, _, _):
            let failure = SendFailure(status: status, message: "the target refused the notice")
            switch status {
            case 200...299: return .delivered(providerID: "")
            case 408, 425, 429, 500...: return again(attempt, failure)
            default: return .failed(failure)
            }
        case .none:
            // Not the error's own words: they may hold the address, which may be a secret.
            return again(attempt, SendFailure(status: 0, message: "the target did not answer"))
        }
    }

    private func answer(to end: MailEnd, _ attempt: Int) -> SendAnswer {
        switch end {
        case .accepted: .delivered(providerID: "")
        case .refused(let code, let words): .failed(SendFailure(status: code, message: words))
        case .later(let code, let words): again(attempt, SendFailure(status: code, message: words))
        case .unclear(let words): .ambiguous(SendFailure(status: 0, message: words))
        }
    }

    /// The codes of sysexits.h: what says that trying again is of no use ends the notice, everything else does not.
    private func answer(to end: CommandEnd, _ attempt: Int) -> SendAnswer {
        func failure(_ words: String) -> SendFailure {
            SendFailure(status: 0, message: end.output.isEmpty ? words : "\(words): \(end.output)")
        }
        switch end.how {
        case .exited(0): return .delivered(providerID: "")
        case .exited(let code) where CommandEnd.finalCodes.contains(code):
            return .failed(failure("the command refused the notice (\(code))"))
        case .exited(let code): return again(attempt, failure("the command failed (\(code))"))
        case .killed(let signal): return again(attempt, failure("the command was ended by signal \(signal)"))
        case .timedOut: return again(attempt, failure("the command was too slow and was ended"))
        case .notStarted(let reason): return again(attempt, failure("the command did not start: \(reason)"))
        }
    }

    private func again(_ attempt: Int, _ failure: SendFailure) -> SendAnswer {
        .again(after: MetaErrorTable.delay(.seconds(5), attempt), failure)
    }
}
