package import Contracts
internal import Synchronization

/// The originals of ads' media as one ingress process knows them: what Redis holds and what its own webhooks taught it.
/// In memory only, so that no webhook waits for it; whoever owns the connection exchanges it with Redis.
package final class AliasBook: Sendable {
    /// Account -> ad's media -> original post.
    package typealias Originals = [String: [String: String]]

    private struct State {
        var known: Originals = [:]
        /// Learned here and not in Redis yet.
        var fresh: Originals = [:]
    }

    private let mostPerAccount: Int
    private let state = Mutex(State())

    package init(mostPerAccount: Int) {
        self.mostPerAccount = mostPerAccount
    }

    /// Learns from a comment that names both posts; gives one that names its ad's media only the original. A comment's
    /// first original stays, so that its conversation does not move twice.
    package func complete(_ event: Event) -> Event {
        guard case .comment(let comment) = event.kind else { return event }
        if !comment.originalPost.isEmpty {
            if comment.originalPost != comment.post { learn(event.account, comment.post, comment.originalPost) }
            return event
        }
        guard let original = state.withLock({ $0.known[event.account]?[comment.post] }) else { return event }
        var event = event
        event.comment.originalPost = original
        return event
    }

    /// What Redis does not have yet.
    package var fresh: Originals { state.withLock { $0.fresh } }

    /// These are in Redis now.
    package func written(_ originals: Originals) {
        state.withLock { state in
            for (account, pairs) in originals {
                let left = state.fresh[account]?.filter { pairs[$0.key] == nil } ?? [:]
                state.fresh[account] = left.isEmpty ? nil : left
            }
        }
    }

    /// What Redis holds; what was learned here meanwhile is kept beside it.
    package func use(_ originals: Originals) {
        state.withLock { state in
            state.known = originals.merging(state.fresh) { kept, new in kept.merging(new) { old, _ in old } }
        }
    }

    private func learn(_ account: String, _ media: String, _ original: String) {
        state.withLock { state in
            let known = state.known[account]
            guard known?[media] == nil, known?.count ?? 0 < mostPerAccount else { return }
            state.known[account, default: [:]][media] = original
            state.fresh[account, default: [:]][media] = original
        }
    }
}
