internal import Channels
package import Contracts

/// Calls people: each notice is given to a closure that logs it, shows it, or writes it into the sandbox's ledger.
///
/// The closure runs on the courier's thread and must return at once.
package struct NoticeCarrier: ActionCarrier {
    private let sink: @Sendable (_ notice: Action, _ lane: LaneName) -> Void

    package init(sink: @escaping @Sendable (_ notice: Action, _ lane: LaneName) -> Void) {
        self.sink = sink
    }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        // That a matter is over calls nobody.
        for attempt in attempts where attempt.action.stage == .call { sink(attempt.action, attempt.lane) }
        answers.post(
            attempts.map { Answered(id: $0.id, attempt: $0.number, answer: .delivered(providerID: "")) })
    }
}
