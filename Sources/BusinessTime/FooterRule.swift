import Instants

/// The rule in a TZif file's footer: what holds from the last written transition on, for ever.
///
/// A POSIX TZ string such as `CET-1CEST,M3.5.0,M10.5.0/3`, with the extensions of RFC 9636: hours of a change from
/// -167 to 167. `FooterRule.init` (in `FooterParser.swift`) reads it.
struct FooterRule: Hashable, Sendable {
    let standard: LocalType
    /// Nil for a zone that never changes its clocks.
    let daylight: Daylight?

    struct Daylight: Hashable, Sendable {
        let type: LocalType
        /// By the clock of standard time.
        let start: YearlyChange
        /// By the clock of daylight time.
        let end: YearlyChange
    }

    struct YearlyChange: Hashable, Sendable {
        let date: YearlyDate
        /// Seconds after local midnight of the date, from -167 to 167 hours.
        let time: Int
    }

    enum YearlyDate: Hashable, Sendable {
        /// `Jn`, 1 to 365: February 29 is never counted.
        case dayWithoutLeapDay(Int)
        /// `n`, 0 to 365.
        case zeroBasedDay(Int)
        /// `Mm.w.d`: weekday d (0 for Sunday) of week w of month m; week 5 is the last one.
        case weekday(month: Int, week: Int, day: Int)
    }

    /// One change of the clocks.
    struct Change: Hashable, Sendable {
        let at: Int
        let startsDaylight: Bool
    }

    /// The changes of the clocks next to `seconds`: the last one at or before it, the first one after it.
    ///
    /// Both nil if the clocks never change.
    func changes(around seconds: Int) -> (last: Change?, next: Change?) {
        let shift = seconds.dividedDown(by: Self.cycle) * Self.cycle
        let reduced = seconds - shift
        let year = CivilDate(daysSince1970: reduced / 86_400).year
        let changes = changes(inYears: year - 1...year + 1)
        return (
            changes.last { $0.at <= reduced }.map { Change(at: $0.at + shift, startsDaylight: $0.startsDaylight) },
            changes.first { $0.at > reduced }.map { Change(at: $0.at + shift, startsDaylight: $0.startsDaylight) }
        )
    }

    /// The changes in these years of UTC, ascending, daylight time and standard time in turn.
    ///
    /// A rule for daylight time all the year ends it at the instant at which it starts again; that is no change.
    func changes(inYears years: ClosedRange<Int>) -> [Change] {
        guard let daylight else { return [] }
        // A change may lie a week outside its year, and what lies at one instant must be seen together.
        let written = (years.lowerBound - 1...years.upperBound + 1)
            .flatMap { Self.changes(inYear: $0, standard, daylight) }
            .sorted { ($0.at, $0.startsDaylight ? 1 : 0) < ($1.at, $1.startsDaylight ? 1 : 0) }
        var changes: [Change] = []
        for change in written {
            if changes.last?.at == change.at { changes.removeLast() }
            if changes.last?.startsDaylight != change.startsDaylight { changes.append(change) }
        }
        let start = Self.firstDay(ofMonth: 1, years.lowerBound) * 86_400
        let end = Self.firstDay(ofMonth: 1, years.upperBound + 1) * 86_400
        return changes.filter { start <= $0.at && $0.at < end }
    }

    /// What holds from `change`, one of this rule's, until the next; nil stands for a rule without changes.
    func type(after change: Change?) -> LocalType {
        guard let daylight, let change else { return daylight.map(\.type) ?? standard }
        return change.startsDaylight ? daylight.type : standard
    }

    /// 400 years in seconds. Dates and weekdays repeat after them, so no instant is too far away.
    private static let cycle = 146_097 * 86_400

    private static func changes(inYear year: Int, _ standard: LocalType, _ daylight: Daylight) -> [Change] {
        let start = day(daylight.start.date, inYear: year) * 86_400 + daylight.start.time - standard.offset
        let end = day(daylight.end.date, inYear: year) * 86_400 + daylight.end.time - daylight.type.offset
        return [Change(at: start, startsDaylight: true), Change(at: end, startsDaylight: false)]
    }

    /// Days since 1970.
    private static func day(_ date: YearlyDate, inYear year: Int) -> Int {
        switch date {
        case .dayWithoutLeapDay(let day):
            firstDay(ofMonth: 1, year) + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
        case .zeroBasedDay(let day):
            firstDay(ofMonth: 1, year) + day
        case .weekday(let month, let week, let weekday):
            day(weekday: weekday, week: week, month: month, year)
        }
    }

    private static func day(weekday: Int, week: Int, month: Int, _ year: Int) -> Int {
        let first = firstDay(ofMonth: month, year)
        let next = month == 12 ? firstDay(ofMonth: 1, year + 1) : firstDay(ofMonth: month + 1, year)
        let weekdayOfFirst = CivilDate(daysSince1970: first).weekday
        let day = first + (weekday - weekdayOfFirst + 7) % 7 + (week - 1) * 7
        return day < next ? day : day - 7
    }

    private static func firstDay(ofMonth month: Int, _ year: Int) -> Int {
        CivilDate(year: year, month: month, day: 1)?.daysSince1970 ?? 0
    }
}
