internal import Channels

// From the courier's thread to tasks and back.
//
// Problem: the courier is a thread that must never wait for the network; calls are tasks. Choice: attempts go through an
// unbounded stream (the schedule bounds what is under way) into a task group that `run` owns, one child an attempt, so
// no task outlives the service. Rejected: a Task per attempt, which nobody waits for at the end. How it fails: after the
// end attempts stay without an answer; the courier's deadline then decides, since they may have gone.

/// Carries each attempt out in a task of its own. Runs as a service of the worker process.
package struct TaskCarrier: ActionCarrier {
    private struct Job: Sendable {
        let attempt: Attempt
        let answers: AnswerBox
    }

    private let carryOut: @Sendable (Attempt) async -> Answered
    private let stops: StopTelling?
    private let jobs: AsyncStream<Job>
    private let door: AsyncStream<Job>.Continuation

    /// - Parameters:
    ///   - stops: hears of answers that stop an account; nil: nobody does.
    ///   - carryOut: one attempt; is to return by its deadline.
    package init(stops: StopTelling? = nil, carryOut: @escaping @Sendable (Attempt) async -> Answered) {
        self.stops = stops
        self.carryOut = carryOut
        (jobs, door) = AsyncStream.makeStream()
    }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        for attempt in attempts { door.yield(Job(attempt: attempt, answers: answers)) }
    }

    /// Lets `run` return once everything that was started has its answer.
    package func finish() {
        door.finish()
    }

    /// Carries out what is started, until `finish` or cancellation; then what is under way is cancelled, and has an end
    /// soon.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask {
                    let answered = await carryOut(job.attempt)
                    job.answers.post([answered])
                    await stops?.hear(answered, of: job.attempt)
                }
            }
        }
    }
}

extension Answered {
    /// An attempt that is over before anything was sent.
    init(refused attempt: Attempt, _ message: String) {
        let failure = SendFailure(status: 0, message: message, isOurs: true)
        self.init(id: attempt.id, attempt: attempt.number, answer: .failed(failure))
    }
}
