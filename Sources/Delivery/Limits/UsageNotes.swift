internal import Channels
internal import Contracts
package import Lanes
internal import Synchronization

/// What answers to a command's own calls say of the platform's limits: workers have not seen them, and are told.
package final class UsageNotes: Sendable {
    private let found = Mutex<[String: UsageBrake]>([:])

    package init() {}

    /// What is to be spared, by account. What only halves an account's tokens is left to the workers' own answers, since it must
    /// not lengthen a brake that stops more.
    package var brakes: [(account: String, brake: UsageBrake)] {
        found.withLock { $0 }.filter { $0.value.lets < Urgency.least.rank }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    /// The same client, whose answers are noted.
    package func hearing(_ client: MetaClient) -> MetaClient {
        client.telling { account, usage in
            guard let asked = UsageBrake(usage) else { return }
            self.found.withLock { found in
                guard let before = found[account], before.lets < asked.lets else { return found[account] = asked }
            }
        }
    }

    /// Brakes the accounts for all workers.
    package func share(_ store: LaneStore, by: String) throws(LaneError) {
        for (account, brake) in brakes {
            _ = try store.brake(.account(account), for: brake.time, lets: brake.lets, reason: brake.reason, by: by)
        }
    }
}
