import Contracts
import Instants

/// Until when something may be said to a customer (DOMAIN 4.6), from the channel's row. Comments have no window; there an
/// answer is merely not worth sending after the same time.
extension Turn {
    /// Until when an automatic text may be sent; nil: always.
    var windowCloses: Instant? { platformCloses.map { $0 - rules.channel.windowMargin } }

    /// Until when the platform takes any text without a tag; nil: always.
    var platformCloses: Instant? {
        guard !isPublic else { return nil }
        guard let window = rules.channel.window else { return nil }
        return Instant(milliseconds: talk.lastCustomerAt) + window
    }

    /// Until when a person's text may be sent; nil: always.
    var personWindowCloses: Instant? {
        guard let window = platformCloses else { return nil }
        guard rules.account.personsMayWriteLate, let longer = rules.channel.personWindow else { return window }
        return max(window, Instant(milliseconds: talk.lastCustomerAt) + longer)
    }

    /// From when on a person's text needs the tag for people; nil where it never gets one: the thread has no window, the
    /// account was not allowed to, or nothing that the customer did is known.
    var tagNeededFrom: Instant? {
        guard talk.lastCustomerAt > 0, let window = platformCloses, let late = personWindowCloses, late > window else {
            return nil
        }
        return window
    }

    var windowIsOpen: Bool { windowCloses.map { now < $0 } ?? true }

    /// After this a public answer to something that happened then is stale.
    func staleAfter(_ happened: Instant) -> Instant {
        happened + (rules.channel.window ?? .seconds(86_400))
    }

    /// The platform takes private answers to comments under a broadcast while that is live (DOMAIN 4.6), and does not say when
    /// it ends; who watches is answered at once or by people.
    private static let liveHolds = Duration.seconds(300)

    /// Until when words are answered automatically: those under a live broadcast for minutes.
    func answered(_ words: Words, until end: Instant, _ arrival: Arrival) -> Instant {
        words.isLive ? min(end, arrival.happened + Self.liveHolds) : end
    }
}
