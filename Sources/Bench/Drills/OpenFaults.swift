// Faults of a cluster that the conductor has begun and that are not over.

/// A primary that was killed, until its pair takes writes again.
struct Failover {
    let fault: Int
    let pair: Int
    let victim: Int
    let lanes: [String]
    let since: ContinuousClock.Instant
    var isVictimBack = false
}

/// A cut, until it is healed and Redis is whole again.
struct OpenCut {
    let fault: Int
    let ways: [(String, String)]
    let since: ContinuousClock.Instant
    let until: ContinuousClock.Instant
    var isHealed = false
}

/// A slot that lies half moved.
struct OpenReshard {
    let fault: Int
    let move: SlotMove
    /// Those that must go on.
    let lanes: [String]
    let since: ContinuousClock.Instant
}
