package import Channels
internal import Contracts

/// Carries actions to the Graph API, or to its double, over HTTP. Runs as a service of the worker process.
package struct GraphCarrier: ActionCarrier {
    private let tasks: TaskCarrier

    /// - Parameters:
    ///   - channel: how calls of an account are written; nil for an account that is not configured.
    ///   - fetches: where fetches put what they find; nil: they fail.
    package init(
        client: MetaClient, fetches: FetchDoors? = nil,
        channel: @escaping @Sendable (_ account: String) -> MetaOutbound?
    ) {
        tasks = TaskCarrier { attempt in
            guard attempt.action.kind == .fetch, let fetches, let outbound = channel(attempt.action.account) else {
                return await Self.carryOut(attempt, client, channel)
            }
            return await GraphFetch(attempt: attempt, client: client, channel: outbound.channel, doors: fetches)
                .carryOut()
        }
    }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        tasks.start(attempts, answers: answers)
    }

    /// Lets `run` return once everything that was started has its answer.
    package func finish() {
        tasks.finish()
    }

    /// Carries out what is started, until `finish` or cancellation.
    package func run() async {
        await tasks.run()
    }

    private static func carryOut(
        _ attempt: Attempt, _ client: MetaClient, _ channel: (_ account: String) -> MetaOutbound?
    ) async -> Answered {
        let action = attempt.action
        guard let outbound = channel(action.account) else {
            return Answered(refused: attempt, "expected an account of the policy, got another")
        }
        do {
            let call = try outbound.request(for: action, lane: attempt.lane, at: attempt.laneNow)
            let deadline = max(.milliseconds(1), attempt.deadline - .now - .milliseconds(200))
            let made = await client.carryOut(
                call, account: action.account, kind: action.kind, attempt: Int(attempt.number), deadline: deadline)
            return Answered(id: attempt.id, attempt: attempt.number, answer: made.answer, usage: made.usage)
        } catch {
            return Answered(refused: attempt, error.description)
        }
    }
}
