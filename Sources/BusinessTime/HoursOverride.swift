package import Instants

/// A person's word that a team is there or is not, whatever its calendars say, from one instant until another.
///
/// Only whole seconds count, as everywhere in hours: both ends are rounded to the past.
package struct HoursOverride: Sendable, Hashable {
    package let isOpen: Bool
    package let from: Instant
    /// After `from`; not included.
    package let until: Instant

    /// Longest override. Whoever knows more than this ahead writes an exception.
    package static let longest = Duration.seconds(31 * 86_400)

    /// Nil unless `until` lies after `from`, at most `longest` after it.
    package init?(isOpen: Bool, from: Instant, until: Instant) {
        guard from < until, until - from <= Self.longest else { return nil }
        self.isOpen = isOpen
        self.from = from
        self.until = until
    }

    fileprivate var span: CoveredSeconds {
        CoveredSeconds(opening: Int(from.seconds), closing: Int(until.seconds))
    }
}

extension Coverage {
    /// This coverage under overrides, of which a later one holds where two say different things.
    package func overridden(by overrides: [HoursOverride]) -> Coverage {
        Coverage(
            overrides.reduce(calendars) { calendars, override in
                override.isOpen
                    ? calendars + [BusinessCalendar(openDuring: override.span)]
                    : calendars.map { $0.closed(during: override.span) }
            })
    }
}

extension BusinessCalendar {
    /// Open during one span and never else: on the clock of UTC, which skips and repeats nothing.
    fileprivate init(openDuring span: CoveredSeconds) {
        let (first, last) = (span.opening.dividedDown(by: 86_400), span.closing.dividedDown(by: 86_400))
        let exceptions = (first...max(first, last)).compactMap { day -> HoursException? in
            let start = max(span.opening - day * 86_400, 0)
            let end = min(span.closing - day * 86_400, 86_400)
            guard start < end, let hours = LocalInterval(startSecond: start, endSecond: end) else { return nil }
            return HoursException(on: CivilDate(daysSince1970: day), .open([hours]))
        }
        self.init(name: .override, zone: .utc, weekly: .never, exceptions: exceptions)
    }
}
