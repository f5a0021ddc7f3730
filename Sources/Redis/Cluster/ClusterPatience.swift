// How often and how long a connection tries.
//
// Problem: while a slot moves or a primary is replaced, commands of its lanes cannot be served for milliseconds to
// seconds. One thread serves the lanes of all primaries: if it waits for one of them, the others' lanes wait too.
// Choice: within a call, a few rounds and a few milliseconds; enough for a slot that has just moved. Whoever waits longer
// gets the error as that command's reply and comes again by himself. The slots are asked for again at once after the first
// error, then at intervals that double, so that the clients of a broken cluster do not bring its servers down with
// questions. A server that does not accept connections is left alone for four times as long as the attempt took, a few
// seconds at most.
// How it fails: a server that accepts bytes and answers nothing holds a call until its deadline.

/// The limits of one call.
struct CallPatience: Sendable, Equatable {
    /// Rounds in all; the first one is the normal one.
    static let mostRounds = 4

    private(set) var rounds = 1

    /// Takes the next round: how long to wait before it; nil when the error is to be given instead.
    ///
    /// A redirect that names its server is followed at once. 1, 2, 4 ms otherwise, 7 ms in all.
    mutating func next(mustWait: Bool) -> Duration? {
        guard rounds < Self.mostRounds else { return nil }
        defer { rounds += 1 }
        return mustWait ? .milliseconds(1 << (rounds - 1)) : .zero
    }
}

/// When something that failed may be tried again.
struct RetryPace: Sendable, Equatable {
    static let first: Duration = .milliseconds(20)
    static let longest: Duration = .milliseconds(500)
    /// After so long without a failure the next one counts as the first.
    static let forgottenAfter: Duration = .seconds(5)
    /// However long an attempt took, the next may be made after this.
    static let longestAfterSlow: Duration = .seconds(4)

    private var failures = 0
    private var notBefore: ContinuousClock.Instant?

    /// Whether an attempt may be made now.
    func mayTry(at now: ContinuousClock.Instant) -> Bool { notBefore.map { $0 <= now } ?? true }

    /// An attempt was made. 20 ms, doubling to 500 ms, and at least four times what the attempt took, up to 4 s.
    mutating func failed(at now: ContinuousClock.Instant, took: Duration) {
        if let notBefore, now > notBefore.advanced(by: Self.forgottenAfter) { failures = 0 }
        let pause = min(Self.first * (1 << min(failures, 6)), Self.longest)
        failures += 1
        notBefore = now.advanced(by: max(pause, min(took * 4, Self.longestAfterSlow)))
    }
}
