package import Channels
internal import Contracts

// From the courier's thread to HTTP and back.
//
// Problem: the courier is a thread that must never wait for a platform; HTTP calls are tasks. Choice: attempts go through
// an unbounded stream (the schedule bounds what is under way) into a task group that `run` owns, one child an attempt, so
// no task outlives the service. Rejected: a Task per attempt, which nobody waits for at the end. How it fails: after the
// end attempts stay without an answer; the courier's deadline makes them ambiguous, as it must, since they may have gone.

/// Carries actions to the Graph API, or to its double, over HTTP. Runs as a service of the worker process.
package struct GraphCarrier: ActionCarrier {
    private struct Job: Sendable {
        let attempt: Attempt
        let answers: AnswerBox
    }

    private let client: MetaClient
    private let channel: @Sendable (_ account: String) -> MetaOutbound?
    private let jobs: AsyncStream<Job>
    private let door: AsyncStream<Job>.Continuation

    /// - Parameter channel: how calls of an account are written; nil for an account that is not configured.
    package init(client: MetaClient, channel: @escaping @Sendable (_ account: String) -> MetaOutbound?) {
        self.client = client
        self.channel = channel
        (jobs, door) = AsyncStream.makeStream()
    }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        for attempt in attempts { door.yield(Job(attempt: attempt, answers: answers)) }
    }

    /// Lets `run` return once everything that was started has its answer.
    package func finish() {
        door.finish()
    }

    /// Carries out what is started, until `finish` or cancellation.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { job.answers.post([await carryOut(job.attempt)]) }
            }
        }
    }

    private func carryOut(_ attempt: Attempt) async -> Answered {
        let action = attempt.action
        guard let outbound = channel(action.account) else {
            return failed(attempt, "expected an account of the policy, got another")
        }
        do {
            let call = try outbound.request(for: action, lane: attempt.lane)
            let deadline = max(.milliseconds(1), attempt.deadline - .now - .milliseconds(200))
            let made = await client.carryOut(
                call, account: action.account, kind: action.kind, attempt: Int(attempt.number), deadline: deadline)
            return Answered(id: attempt.id, attempt: attempt.number, answer: made.answer, usage: made.usage)
        } catch {
            return failed(attempt, error.description)
        }
    }

    private func failed(_ attempt: Attempt, _ message: String) -> Answered {
        Answered(
            id: attempt.id, attempt: attempt.number, answer: .failed(SendFailure(status: 0, message: message)))
    }
}
