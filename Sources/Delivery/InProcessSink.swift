internal import Channels
internal import Contracts
internal import Synchronization

/// A carrier that delivers at once and keeps count: the benchmark's far side, and a stand-in where no channel is.
package final class InProcessSink: ActionCarrier {
    /// What arrived, by kind's number.
    package struct Ledger: Sendable {
        package fileprivate(set) var total: UInt64 = 0
        package fileprivate(set) var byKind: [Int: UInt64] = [:]
        /// Ids that came more than once; exact, if the sink was told to remember.
        package fileprivate(set) var repeated: UInt64 = 0
        fileprivate var seen: Set<ActionID> = []
    }

    private let ledger = Mutex(Ledger())
    private let remembersIDs: Bool

    /// - Parameter remembersIDs: keeps every action's id, so that a repetition is counted; memory grows with it.
    package init(remembersIDs: Bool = false) {
        self.remembersIDs = remembersIDs
    }

    package var counts: Ledger { ledger.withLock { $0 } }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        ledger.withLock { ledger in
            for attempt in attempts {
                ledger.total += 1
                ledger.byKind[attempt.action.kind.rawValue, default: 0] += 1
                if remembersIDs, !ledger.seen.insert(attempt.id).inserted { ledger.repeated += 1 }
            }
        }
        answers.post(
            attempts.map { Answered(id: $0.id, attempt: $0.number, answer: .delivered(providerID: "sink")) })
    }
}
