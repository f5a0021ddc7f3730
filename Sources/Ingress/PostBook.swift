package import Contracts
package import Instants
internal import Synchronization

/// The posts of which one ingress process heard lately, until they are written down for sweeps. In memory only, so that no
/// webhook waits for it.
package final class PostBook: Sendable {
    /// Account -> post -> instant of the newest webhook.
    package typealias Posts = [String: [String: Instant]]

    private let mostPerAccount: Int
    private let fresh = Mutex(Posts())

    package init(mostPerAccount: Int) {
        self.mostPerAccount = mostPerAccount
    }

    /// Notes the post of a comment.
    package func note(_ event: Event) {
        guard case .comment(let comment) = event.kind, !comment.post.isEmpty else { return }
        let at = Instant(milliseconds: event.receivedAt)
        fresh.withLock { fresh in
            guard fresh[event.account]?[comment.post] != nil || (fresh[event.account]?.count ?? 0) < mostPerAccount
            else { return }
            fresh[event.account, default: [:]][comment.post] = at
        }
    }

    /// What has come since the last call.
    package func take() -> Posts {
        fresh.withLock { fresh in
            let taken = fresh
            fresh = [:]
            return taken
        }
    }

    /// Could not be written: kept for the next call, if nothing newer has come.
    package func giveBack(_ posts: Posts) {
        fresh.withLock { fresh in
            for (account, seen) in posts { fresh[account, default: [:]].merge(seen) { newer, _ in newer } }
        }
    }
}
