package import Instants

/// Whom the leader has told today that sweeps are to go on, and when those who did not hear are told again. Pure.
///
/// Each account's own entity keeps its sweeps going by a timer; it is told once a day and with each new policy, so that
/// accounts that are new, and timers that were lost with their Redis, come in motion.
package struct AccountRound: Sendable {
    package static let firstRest = Duration.seconds(1)
    package static let longestRest = Duration.seconds(300)
    private static let day: Int64 = 86_400

    /// Which round this is: the day since 1970, and the policy.
    package private(set) var name: (day: Int64, policy: UInt64)?
    private var held: Set<String> = []
    private var isDone = false
    private var failures = 0
    private var notBefore = Instant.distantPast

    package init() {}

    /// The accounts that know already, if it is time to tell the others; else nil.
    package mutating func due(policy: UInt64, now: Instant) -> Set<String>? {
        let today = now.seconds / Self.day
        if name.map({ $0 != (today, policy) }) ?? true {
            name = (today, policy)
            held = []
            (isDone, failures, notBefore) = (false, 0, .distantPast)
        }
        return !isDone && now >= notBefore ? held : nil
    }

    /// These heard of it; `isWhole`: so did all others. If not, the next try comes after a second at first, then after
    /// twice as long each time, five minutes at last.
    package mutating func told(_ accounts: [String], isWhole: Bool, now: Instant) {
        held.formUnion(accounts)
        isDone = isWhole
        guard !isWhole else { return }
        failures += 1
        notBefore = now + min(Self.longestRest, Self.firstRest * (1 << min(failures - 1, 9)))
    }
}
