internal import Instants
private import Synchronization

/// How long after a customer's last action the double takes texts (DOMAIN.md 4.6), as a row that drills scale.
package struct WindowPlan: Sendable, Equatable {
    /// Without a tag.
    package let standard: Duration
    /// With the tag for people.
    package let person: Duration

    package init(standard: Duration, person: Duration) {
        self.standard = standard
        self.person = max(standard, person)
    }

    /// What the platform documents.
    package static let platform = WindowPlan(standard: .seconds(86_400), person: .seconds(7 * 86_400))
}

/// The windows of the double: what its customers last did, and whether a text may still be written to them.
///
/// Somebody who never did anything here is written to at any time: drills post most webhooks themselves. Bounded: 100,000
/// people; of those who come later nothing is known.
final class SandboxWindows: Sendable {
    enum Verdict: Sendable, Equatable {
        /// With what is left of the window; nil where nothing is known of it.
        case open(left: Duration?)
        /// So long after the window that the tag would have needed, or the text with it.
        case closed(since: Duration)
        /// A tag that the platform does not take any more.
        case retiredTag
    }

    static let tagForPeople = "HUMAN_AGENT"
    private static let mostPeople = 100_000
    private let plan: WindowPlan?
    private let last = Mutex<[SandboxThreads.Person: Instant]>([:])

    init(_ plan: WindowPlan?) {
        self.plan = plan
    }

    /// The customer did something that opens the window.
    func note(_ person: SandboxThreads.Person, at instant: Instant) {
        last.withLock { last in
            guard last[person] != nil || last.count < Self.mostPeople else { return }
            last[person] = max(last[person] ?? instant, instant)
        }
    }

    /// - Parameter tag: the message's; nil without one.
    func verdict(on person: SandboxThreads.Person, tag: String?, now: Instant) -> Verdict {
        if let tag, tag != Self.tagForPeople { return .retiredTag }
        guard let plan, let last = last.withLock({ $0[person] }) else { return .open(left: nil) }
        let end = last + (tag == nil ? plan.standard : plan.person)
        return now < end ? .open(left: end - now) : .closed(since: now - end)
    }
}
