internal import Contracts
internal import Synchronization

/// Which access tokens the platform refused lately, so that not every call is made twice.
///
/// Problem: of an account's tokens the newest is tried first; one that is refused doubled each call, and nobody was told.
/// Choice: a refusal is remembered for minutes and such a token goes last, so that it is still tried where no other is
/// accepted; whoever reads the log hears of it once. Tokens are kept as SHA-256. Rejected: never trying it again, since what is
/// refused now may be accepted once the platform, or an app's settings, have changed. How it fails: a token that is accepted
/// again is noticed after those minutes.
final class RefusedTokens: Sendable {
    /// For so long a refused token goes last.
    static let lasts = Duration.seconds(300)
    /// Of all holders; one more takes the place of all.
    private static let most = 4_096

    private struct Key: Hashable {
        let holder: String
        let digest: [UInt8]

        init(_ holder: String, _ token: String) {
            self.holder = holder
            digest = Digest.sha256(Array(token.utf8))
        }
    }

    private let until = Mutex<[Key: ContinuousClock.Instant]>([:])

    /// The order in which tokens are to be tried: those refused lately last.
    func ordered(_ tokens: [String], of holder: String, at now: ContinuousClock.Instant) -> [String] {
        until.withLock { until in
            guard !until.isEmpty else { return tokens }
            let isRefused = tokens.map { (until[Key(holder, $0)] ?? now) > now }
            let tried = zip(tokens, isRefused)
            return tried.filter { !$0.1 }.map(\.0) + tried.filter(\.1).map(\.0)
        }
    }

    /// True if nobody was told of it yet.
    func refused(_ token: String, of holder: String, at now: ContinuousClock.Instant) -> Bool {
        until.withLock { until in
            if until.count >= Self.most { until = [:] }
            return until.updateValue(now + Self.lasts, forKey: Key(holder, token)) == nil
        }
    }

    /// It is accepted: a later refusal is news again.
    func accepted(_ token: String, of holder: String) {
        until.withLock { until in
            if !until.isEmpty { until[Key(holder, token)] = nil }
        }
    }
}
