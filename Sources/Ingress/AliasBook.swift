package import Contracts
internal import Synchronization

/// The originals of ads' media as one ingress process knows them: what Redis holds and what its own webhooks taught it.
/// In memory only, so that no webhook waits for it; whoever owns the connection exchanges it with Redis.
///
/// Problem: ads come and go for years, and a book with a bound would be full of those that have ended. Choice: Redis holds
/// them by periods of a month, two of them are read, and one of the older period that is named again is new in this one. What
/// nobody named for a whole period is forgotten. How it fails: an account with more ads in use than the bound; those beyond
/// it are their own posts, and are counted.
package final class AliasBook: Sendable {
    /// Account -> ad's media -> original post.
    package typealias Originals = [String: [String: String]]

    private struct State {
        /// Named in this period.
        var recent: Originals = [:]
        /// Named in the period before.
        var older: Originals = [:]
        /// Named here for the first time in this period, and not in Redis yet.
        var fresh: Originals = [:]
        var refused = 0
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
        guard let original = original(event.account, comment.post) else { return event }
        var event = event
        event.comment.originalPost = original
        return event
    }

    /// What Redis does not have yet, in a fixed order, at most so many.
    package func fresh(atMost most: Int) -> Originals {
        let fresh = state.withLock { $0.fresh }
        var chosen: Originals = [:]
        var left = most
        for (account, pairs) in fresh.sorted(by: { $0.key < $1.key }) where left > 0 {
            let some = pairs.sorted { $0.key < $1.key }.prefix(left)
            left -= some.count
            chosen[account] = Dictionary(some.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        return chosen
    }

    /// These are in Redis now.
    package func written(_ originals: Originals) {
        state.withLock { state in
            for (account, pairs) in originals {
                let left = state.fresh[account]?.filter { pairs[$0.key] == nil } ?? [:]
                state.fresh[account] = left.isEmpty ? nil : left
            }
        }
    }

    /// What Redis holds of this period and of the one before; what was learned here meanwhile is kept beside it.
    package func use(recent: Originals, older: Originals) {
        state.withLock { state in
            state.recent = recent.merging(state.fresh) { kept, new in kept.merging(new) { old, _ in old } }
            state.older = older
        }
    }

    /// How many originals the bound has refused since this was asked last.
    package func takeRefused() -> Int {
        state.withLock { state in
            defer { state.refused = 0 }
            return state.refused
        }
    }

    private func learn(_ account: String, _ media: String, _ original: String) {
        state.withLock { state in
            guard state.recent[account]?[media] == nil else { return }
            note(account, media, state.older[account]?[media] ?? original, in: &state)
        }
    }

    private func original(_ account: String, _ media: String) -> String? {
        state.withLock { state in
            if let known = state.recent[account]?[media] { return known }
            guard let known = state.older[account]?[media] else { return nil }
            note(account, media, known, in: &state)
            return known
        }
    }

    private func note(_ account: String, _ media: String, _ original: String, in state: inout State) {
        guard state.recent[account]?.count ?? 0 < mostPerAccount else {
            state.refused += 1
            return
        }
        state.recent[account, default: [:]][media] = original
        state.fresh[account, default: [:]][media] = original
    }
}
