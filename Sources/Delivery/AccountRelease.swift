package import Lanes

/// Lets accounts go on that a person has seen to.
///
/// The word that ends what their desks were told is in its lane before the brake goes: a desk that nobody could tell would keep its
/// matter, and people would be held to a stop that is none. The other way about is only a desk that hears a moment too early; where
/// the brake cannot be lifted then, the command fails, and says both again when it is given again.
package enum AccountRelease {
    /// An account that still stands as it stood, since its lane took no word.
    package struct Refused: Sendable, Equatable {
        package let account: String
        package let reason: String
    }

    /// - Parameter tell: appends each account's word, and says what became of it, in order.
    /// - Returns: those whose brakes are lifted, and the others.
    package static func carryOut(
        _ accounts: [String], in store: LaneStore, tell: ([String]) async throws -> [AppendResult]
    ) async throws -> (released: [String], refused: [Refused]) {
        guard !accounts.isEmpty else { return ([], []) }
        var released: [String] = []
        var refused: [Refused] = []
        for (account, result) in zip(accounts, try await tell(accounts)) {
            if case .refused(let refusal) = result {
                refused.append(Refused(account: account, reason: "\(refusal)"))
            } else {
                try store.release(.account(account))
                released.append(account)
            }
        }
        return (released, refused)
    }
}
