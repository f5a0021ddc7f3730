/// The hours of an ordinary week: for each weekday the intervals that start on it.
package struct WeeklyHours: Sendable, Hashable {
    /// Monday first, seven lists, each sorted.
    let days: [[LocalInterval]]

    /// Never open.
    package static let never = WeeklyHours([:])

    /// Open at every instant.
    package static let always = daily([.wholeDay])

    /// Weekdays that are missing have no hours. Intervals may come in any order, may touch and may overlap: an
    /// instant is open if any of them covers it. Whoever reads configuration can ask `overlaps` and refuse.
    package init(_ hours: [Weekday: [LocalInterval]]) {
        days = Weekday.allCases.map { (hours[$0] ?? []).sorted() }
    }

    /// The same hours on all seven days.
    package static func daily(_ intervals: [LocalInterval]) -> WeeklyHours {
        WeeklyHours(Dictionary(uniqueKeysWithValues: Weekday.allCases.map { ($0, intervals) }))
    }

    package subscript(weekday: Weekday) -> [LocalInterval] {
        days[weekday.index]
    }

    /// The intervals of one weekday, or of one night into the next weekday, that share an instant, two by two; none for
    /// a clean week. Intervals that only touch do not overlap.
    package var overlaps: [(weekday: Weekday, first: LocalInterval, second: LocalInterval)] {
        var found: [(weekday: Weekday, first: LocalInterval, second: LocalInterval)] = []
        for weekday in Weekday.allCases {
            let own = days[weekday.index]
            let next = days[(weekday.index + 1) % 7]
            for (position, interval) in own.enumerated() {
                for other in own.dropFirst(position + 1) where interval.overlaps(other) {
                    found.append((weekday, interval, other))
                }
                for other in next where other.start + 86_400 < interval.end {
                    found.append((weekday, interval, other))
                }
            }
        }
        return found
    }
}
