internal import Channels
package import Contracts
internal import Instants

/// Tells an account's own entity that a call met what only a person can mend, so that the desk is called.
///
/// Problem: the courier brakes such an account, which a metric shows; a house without an alarm on it hears of a revoked token by
/// its customers. Choice: who carried the attempt out appends a word to the account's own lane, behind the answer, so that the
/// brake waits for nothing. Each answer that stops says so, and the entity, which remembers, calls people once. Rejected: the
/// courier's thread, which must not wait for an append. How it fails: a word that its lane refuses is lost; the account is then
/// told of with the next answer that stops it, a day later where nobody lets it go on before.
package struct StopTelling: Sendable {
    private let hold: @Sendable ([Event]) async -> Bool

    /// - Parameter hold: puts events into their lanes; false if one is not held.
    package init(hold: @escaping @Sendable ([Event]) async -> Bool) {
        self.hold = hold
    }

    func hear(_ answered: Answered, of attempt: Attempt) async {
        guard case .stopAccount(let failure) = answered.answer else { return }
        _ = await hold([
            AccountStop.stopped(
                attempt.action.account, failure.stopCause, reason: failure.description,
                id: "\(attempt.id).\(attempt.number)", at: attempt.laneNow.milliseconds)
        ])
    }
}
