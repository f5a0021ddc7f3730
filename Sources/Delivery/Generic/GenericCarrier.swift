internal import Channels
internal import Contracts
internal import Instants

/// Where the actions of an account go that lives on a generic channel, and the secrets that sign them, newest first.
package struct GenericAddress: Sendable {
    package let url: String
    package let secrets: [[UInt8]]

    package init(url: String, secrets: [[UInt8]]) {
        self.url = url
        self.secrets = secrets
    }
}

/// Carries actions to any platform that speaks the generic channel (CHANNELS.md).
package enum GenericCarrier {
    /// - Parameter address: nil for an account that is not on such a channel.
    package static func carrier(
        post: SignedPost, stops: StopTelling? = nil,
        address: @escaping @Sendable (_ account: String) -> GenericAddress?
    ) -> TaskCarrier {
        TaskCarrier(stops: stops) { attempt in
            let action = attempt.action
            guard let address = address(action.account) else {
                return Answered(refused: attempt, "expected an account of a generic channel, got another")
            }
            guard !address.secrets.isEmpty else {
                // Unsigned it would be refused; the account waits for its secret.
                let failure = SendFailure(status: 0, message: "the account's secret is not there", isOurs: true)
                return Answered(id: attempt.id, attempt: attempt.number, answer: .stopAccount(failure))
            }
            do throws(Unsendable) {
                let body = try GenericOutbound.body(of: action, lane: attempt.lane, attempt: attempt.number)
                let deadline = max(.milliseconds(1), attempt.deadline - .now - .milliseconds(200))
                let reply = await post.post(
                    body.bytes(), to: address.url, secrets: address.secrets,
                    headers: [(GenericOutbound.keyHeader, attempt.id.description)], deadline: deadline)
                return Answered(
                    id: attempt.id, attempt: attempt.number, answer: outcome(reply, attempt.tries))
            } catch {
                return Answered(refused: attempt, error.description)
            }
        }
    }

    /// What a reply means for an action.
    static func outcome(_ reply: SignedPost.Reply, _ attempt: Int) -> SendAnswer {
        switch reply {
        case .answer(let status, let headers, let body):
            GenericOutbound.outcome(status: status, headers: headers, body: body, attempt: attempt)
        case .none(_, let reason, let isOurs):
            GenericOutbound.outcomeWithoutAnswer(attempt: attempt, reason: reason, isOurs: isOurs)
        }
    }
}

/// Gives each attempt to the carrier of its account's channel.
package struct AccountCarrier: ActionCarrier {
    private let platform: any ActionCarrier
    private let generic: any ActionCarrier
    private let isGeneric: @Sendable (_ account: String) -> Bool

    package init(
        platform: any ActionCarrier, generic: any ActionCarrier,
        isGeneric: @escaping @Sendable (_ account: String) -> Bool
    ) {
        self.platform = platform
        self.generic = generic
        self.isGeneric = isGeneric
    }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        let others = attempts.filter { isGeneric($0.action.account) }
        if others.isEmpty { return platform.start(attempts, answers: answers) }
        generic.start(others, answers: answers)
        let rest = attempts.filter { !isGeneric($0.action.account) }
        if !rest.isEmpty { platform.start(rest, answers: answers) }
    }
}
