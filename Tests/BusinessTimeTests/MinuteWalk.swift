import BusinessTime
import Contracts
import Instants

/// Hours worked out the slow way, minute by minute, straight from the rules as they are written: what the look-ups of
/// BusinessTime are compared with. It shares with them only what a zone's clocks show.
struct MinuteWalk {
    let start: Instant
    private(set) var isOpen: [Bool]

    /// - Parameter start: on a full minute.
    init(_ calendars: [BusinessCalendar], from start: Instant, minutes: Int) {
        self.start = start
        self.isOpen = [Bool](repeating: false, count: minutes)
        for calendar in calendars {
            let first = calendar.zone.localTime(of: start).date
            for day in -3...(minutes / 1_440 + 3) {
                mark(calendar, startingOn: first.adding(days: day))
            }
        }
    }

    func instant(_ minute: Int) -> Instant {
        start + .seconds(minute * 60)
    }

    private mutating func mark(_ calendar: BusinessCalendar, startingOn date: CivilDate) {
        let isCut = calendar.exceptions.contains {
            let next = date.adding(days: 1)
            switch $0.change {
            case .open, .closedDuring: return false
            case .closed, .replace: break
            }
            return $0.reach == .clock && $0.first <= next && next <= $0.last
        }
        for interval in Self.intervals(calendar, startingOn: date) {
            let end = isCut ? min(interval.end, 86_400) : interval.end
            // In quarters of an hour, of which the hours of the tests are made.
            let quarters = stride(from: interval.start, to: end, by: 900).filter { !Self.isClosed(calendar, date, $0) }
            var run: (first: Int, end: Int)?
            for quarter in quarters {
                if let last = run, last.end == quarter {
                    run?.end = quarter + 900
                } else {
                    open(calendar, date, run)
                    run = (quarter, quarter + 900)
                }
            }
            open(calendar, date, run)
        }
    }

    private mutating func open(_ calendar: BusinessCalendar, _ date: CivilDate, _ run: (first: Int, end: Int)?) {
        guard let run else { return }
        let opening = calendar.zone.instants(for: date, secondOfDay: run.first).opening
        let closing = calendar.zone.instants(for: date, secondOfDay: run.end).closing
        let from = max(0, Int(opening.seconds - start.seconds) / 60)
        let to = min(isOpen.count, Int(closing.seconds - start.seconds) / 60)
        for minute in from..<max(from, to) { isOpen[minute] = true }
    }

    private static func isClosed(_ calendar: BusinessCalendar, _ date: CivilDate, _ second: Int) -> Bool {
        calendar.exceptions.contains { exception in
            guard case .closedDuring(let intervals) = exception.change else { return false }
            return (-1...1).contains { days in
                let day = date.adding(days: days)
                return exception.first <= day && day <= exception.last
                    && intervals.contains { $0.start + days * 86_400 <= second && second < $0.end + days * 86_400 }
            }
        }
    }

    private static func intervals(_ calendar: BusinessCalendar, startingOn date: CivilDate) -> [LocalInterval] {
        if let validity = calendar.validity, !validity.contains(date) { return [] }
        let period = calendar.periods.last { $0.dates.contains(date) }
        var intervals = (period?.weekly ?? calendar.weekly)[Weekday(of: date)]
        for exception in calendar.exceptions where exception.first <= date && date <= exception.last {
            switch exception.change {
            case .closed: intervals.removeAll()
            case .open(let more): intervals += more
            case .replace(let others): intervals = others
            case .closedDuring: break
            }
        }
        return intervals
    }
}

/// Calendars made up from a seed: odd hours, nights, exceptions, zones that change their clocks in the weeks around.
struct MadeUpCalendars {
    var random: SeededGenerator
    let zones: [ZoneRules]
    let firstDay: CivilDate

    mutating func next() -> BusinessCalendar {
        let weekly = week()
        let periods = (0..<random.number(below: 3)).map { _ in
            let first = firstDay.adding(days: Int(random.number(below: 35)))
            return HoursPeriod(first...first.adding(days: Int(random.number(below: 9))), week())
        }
        let exceptions = (0..<random.number(below: 6)).map { _ in exception() }
        let validity = firstDay.adding(days: 8)...firstDay.adding(days: 30)
        return BusinessCalendar(
            name: CalendarName("made-up"), zone: random.pick(zones) ?? .utc, weekly: weekly, periods: periods,
            exceptions: exceptions, validity: random.chance(0.2) ? validity : nil)
    }

    private mutating func week() -> WeeklyHours {
        WeeklyHours(Dictionary(uniqueKeysWithValues: Weekday.allCases.map { ($0, hours()) }))
    }

    private mutating func hours() -> [LocalInterval] {
        (0..<random.number(below: 4)).compactMap { _ in
            if random.chance(0.05) { return .wholeDay }
            let start = Int(random.number(below: 96)) * 900
            let length = Int(1 + random.number(below: random.chance(0.8) ? 20 : 96)) * 900
            let end = start + length
            return LocalInterval(startSecond: start, endSecond: end > 86_400 ? end - 86_400 : end)
        }
    }

    private mutating func exception() -> HoursException {
        let first = firstDay.adding(days: Int(random.number(below: 40)))
        let last = first.adding(days: random.chance(0.5) ? 0 : Int(random.number(below: 5)))
        let hours = hours()
        let change =
            random.pick([HoursException.Change.closed, .open(hours), .replace(hours), .closedDuring(hours)]) ?? .closed
        let reach = random.chance(0.3) ? HoursException.Reach.clock : .startDay
        return HoursException(from: first, to: last, change, reach: reach)
            ?? HoursException(on: first, change, reach: reach)
    }
}
