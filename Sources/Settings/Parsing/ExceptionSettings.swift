internal import BusinessTime
internal import Instants

/// One entry of a calendar's `exceptions`.
///
/// Dates are `2026-12-24`, or `12-24` for every year. What has a year is more particular than what comes back every
/// year and takes effect after it; otherwise the order of the file decides. Two exceptions that say different things of
/// one date contradict each other, unless the later one lies within the dates of the earlier, or only adds hours. Only
/// `check` minds, since the order still gives them a meaning.
struct ExceptionSettings {
    let value: ConfigValue
    let dates: Dates
    let change: HoursException.Change
    let name: String?

    /// The years for which what comes back every year is written out.
    private static let years = 2_000...2_100

    /// Of one calendar; checking for contradictions compares each with each.
    static let most = 1_000

    enum Dates: Equatable {
        case once(ClosedRange<CivilDate>)
        /// From a day of one year until a day of the same or of the next one.
        case yearly(from: MonthDay, to: MonthDay)
    }

    /// A day that comes back; 29 February in leap years only.
    struct MonthDay: Comparable {
        let month: Int
        let day: Int

        static func < (left: MonthDay, right: MonthDay) -> Bool { (left.month, left.day) < (right.month, right.day) }
    }

    private enum Mode: String, CaseIterable {
        case closed
        case open
        case replace
    }

    /// All exceptions of a calendar that can be read.
    static func read(_ value: ConfigValue?, within validity: ClosedRange<CivilDate>?) -> [ExceptionSettings] {
        let items = value?.list("a list of exceptions") ?? []
        if items.count > most { value?.fault("at most \(most) exceptions", got: "\(items.count)") }
        let all = items.prefix(most).compactMap(Self.init)
        for exception in all {
            if case .once(let dates) = exception.dates, let validity, !validity.overlaps(dates) {
                exception.value.fault(
                    "an exception within the calendar's validity, \(validity.text)", got: dates.text)
            }
        }
        return all.filter(\.isYearly) + all.filter { !$0.isYearly }
    }

    var isYearly: Bool {
        if case .yearly = dates { true } else { false }
    }

    /// What takes effect: one exception, or one for each year that has the day.
    var exceptions: [HoursException] {
        spans(inYears: Self.years).compactMap {
            HoursException(from: $0.lowerBound, to: $0.upperBound, change, name: name)
        }
    }

    private init?(_ value: ConfigValue) {
        guard let fields = value.fields("an exception", ["date", "from", "to", "mode", "hours", "name"]) else {
            return nil
        }
        let mode = fields.required("mode")?.word(Mode.self)
        let dates = Self.dates(fields, value)
        let hours = fields["hours"].map { (value: $0, intervals: $0.intervals().sorted()) }
        name = fields["name"]?.text("what the exception is called")
        if let hours, let pair = zip(hours.intervals, hours.intervals.dropFirst()).first(where: { $0.overlaps($1) }) {
            hours.value.fault("hours that do not overlap", got: "\(pair.0) and \(pair.1)")
        }
        guard let mode, let dates else { return nil }
        switch (mode, hours?.intervals) {
        case (.closed, nil): change = .closed
        case (.closed, let during?): change = .closedDuring(during)
        case (.open, let more?): change = .open(more)
        case (.replace, let others?): change = .replace(others)
        case (.open, nil), (.replace, nil):
            value.fault("hours beside mode: \(mode.rawValue)", got: "no such key")
            return nil
        }
        self.value = value
        self.dates = dates
    }

    private static let expectedDay = "a date such as 2026-12-24, or 12-24 for every year,"

    private static func dates(_ fields: Fields, _ value: ConfigValue) -> Dates? {
        if let date = fields["date"] {
            for key in ["from", "to"] { fields[key]?.fault("date, or from and to", got: "date and \(key)") }
            switch day(date) {
            case .once(let dates): return .once(dates)
            case .yearly(let from, let to): return .yearly(from: from, to: to)
            case nil: return nil
            }
        }
        guard let from = fields["from"], let to = fields["to"] else {
            value.fault("date, or from and to", got: fields["from"] == nil && fields["to"] == nil ? "neither" : "one")
            return nil
        }
        switch (day(from), day(to)) {
        case (.once(let first), .once(let last)):
            guard first.lowerBound <= last.lowerBound else {
                to.fault("a date not before from")
                return nil
            }
            return .once(first.lowerBound...last.lowerBound)
        case (.yearly(let first, _), .yearly(let last, _)): return .yearly(from: first, to: last)
        case (nil, _), (_, nil): return nil
        case (.once, .yearly), (.yearly, .once):
            to.fault("from and to both with a year or both without")
            return nil
        }
    }

    /// One day, as a span of itself.
    private static func day(_ value: ConfigValue) -> Dates? {
        guard let text = value.text(expectedDay) else { return nil }
        if let date = CivilDate(text) { return .once(date...date) }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard text.utf8.count == 5, parts.count == 2, let month = parts[0], let day = parts[1],
            CivilDate(year: 2_028, month: month, day: day) != nil
        else {
            value.fault(expectedDay + " that exists")
            return nil
        }
        let yearly = MonthDay(month: month, day: day)
        return .yearly(from: yearly, to: yearly)
    }

    fileprivate func spans(inYears years: ClosedRange<Int>) -> [ClosedRange<CivilDate>] {
        switch dates {
        case .once(let dates): return [dates]
        case .yearly(let from, let to):
            return years.compactMap { year in
                let first = from.date(in: year, isEnd: false)
                let last = to.date(in: from <= to ? year : year + 1, isEnd: true)
                guard let first, let last, first <= last else { return nil }
                return first...last
            }
        }
    }
}

extension ExceptionSettings.MonthDay {
    /// This day of a year; where 29 February is missing, the day after it or, at the end of a span, the day before it. So
    /// a span of 29 February alone is empty in such a year.
    fileprivate func date(in year: Int, isEnd: Bool) -> CivilDate? {
        CivilDate(year: year, month: month, day: day)
            ?? (isEnd ? CivilDate(year: year, month: 2, day: 28) : CivilDate(year: year, month: 3, day: 1))
    }
}

extension [ExceptionSettings] {
    /// A fault for each exception that contradicts an earlier one; O(n²), n at most `most`.
    var contradictions: [ConfigFault] {
        let spans = map { $0.spans(inYears: 2_027...2_028) }
        return indices.compactMap { later in
            for earlier in indices.prefix(upTo: later) where self[earlier].isYearly == self[later].isYearly {
                for (wide, narrow) in spans[earlier].flatMap({ wide in spans[later].map { (wide, $0) } })
                where wide.overlaps(narrow) && self[later].contradicts(self[earlier], wide, narrow) {
                    let date = Swift.max(wide.lowerBound, narrow.lowerBound).text
                    return self[later].value.faulted(
                        "exceptions that agree about \(date), or the more particular one later",
                        got: "\(self[later].mode) after \(self[earlier].mode) in line \(self[earlier].value.place.line)"
                    )
                }
            }
            return nil
        }
    }
}

extension ExceptionSettings {
    fileprivate var mode: String {
        switch change {
        case .closed, .closedDuring: "closed"
        case .open: "open"
        case .replace: "replace"
        }
    }

    fileprivate func contradicts(
        _ earlier: ExceptionSettings, _ wide: ClosedRange<CivilDate>, _ narrow: ClosedRange<CivilDate>
    ) -> Bool {
        if wide != narrow, wide.contains(narrow.lowerBound), wide.contains(narrow.upperBound) { return false }
        switch (earlier.change, change) {
        case (.closedDuring, _), (_, .closedDuring): return false
        case (.open, .open), (.replace, .open): return false
        default: return earlier.change != change
        }
    }
}
