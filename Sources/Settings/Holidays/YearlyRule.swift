internal import Instants

/// A recurrence once a year, in one of two forms: on a day of a month, or on the n-th weekday of a month.
///
/// Holidays need no more. Any other rule is left out by name: weekly meetings and the like are no holidays, and half an
/// understanding of a rule would close a shop on the wrong day.
struct YearlyRule: Hashable {
    let interval: Int
    let count: Int?
    /// Included.
    let until: CivilDate?
    let month: Int?
    let day: Day?

    enum Day: Hashable {
        case ofMonth(Int)
        /// 0 for Sunday; the n-th from the start of the month, or from its end if negative.
        case weekday(Int, nth: Int)
    }

    private static let weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]

    init(_ property: ContentProperty) throws(LeftOut) {
        let fault = LeftOut(
            line: property.line,
            expected: "a yearly rule on one day: FREQ=YEARLY with INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY or BYDAY",
            got: "\(property.value.prefix(60))")
        var parts: [String: String] = [:]
        for part in property.value.uppercased().split(separator: ";") {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2, parts.updateValue(sides[1], forKey: sides[0]) == nil else { throw fault }
        }
        guard parts.removeValue(forKey: "FREQ") == "YEARLY" else { throw fault }
        parts["WKST"] = nil
        let interval = parts.removeValue(forKey: "INTERVAL").map { Int($0) } ?? 1
        let count = parts.removeValue(forKey: "COUNT").map { Int($0) }
        let until = parts.removeValue(forKey: "UNTIL").map { EventTime.date(Array($0.utf8).prefix(8)) }
        let month = parts.removeValue(forKey: "BYMONTH").map { Int($0) }
        let monthDay = parts.removeValue(forKey: "BYMONTHDAY").map { Int($0) }
        let weekday = parts.removeValue(forKey: "BYDAY").map(Self.weekday)
        guard parts.isEmpty, let interval, (1...100).contains(interval), count.map({ $0 != nil }) ?? true,
            until.map({ $0 != nil }) ?? true, month.map({ $0.map((1...12).contains) ?? false }) ?? true,
            monthDay.map({ $0.map((1...31).contains) ?? false }) ?? true, weekday.map({ $0 != nil }) ?? true,
            monthDay == nil || weekday == nil, weekday == nil || month != nil, (count ?? 1) ?? 0 > 0
        else { throw fault }
        self.interval = interval
        self.count = count ?? nil
        self.until = until ?? nil
        self.month = month ?? nil
        day = (monthDay ?? nil).map { .ofMonth($0) } ?? weekday ?? nil
    }

    /// `4TH` or `-1MO`.
    private static func weekday(_ text: String) -> Day? {
        guard let weekday = weekdays.firstIndex(of: String(text.suffix(2))), let nth = Int(text.dropLast(2)),
            (-5...5).contains(nth), nth != 0
        else { return nil }
        return .weekday(weekday, nth: nth)
    }

    /// The dates of a series that starts on `start`, up to `last`; O(years between them).
    func dates(from start: CivilDate, through last: CivilDate) -> [CivilDate] {
        let last = until.map { min($0, last) } ?? last
        var dates: [CivilDate] = []
        guard start.year <= last.year else { return [] }
        for year in stride(from: start.year, through: last.year, by: interval) {
            guard let date = date(in: year, start), date >= start else { continue }
            guard date <= last, count.map({ dates.count < $0 }) ?? true else { break }
            dates.append(date)
        }
        return dates
    }

    private func date(in year: Int, _ start: CivilDate) -> CivilDate? {
        let month = month ?? start.month
        switch day {
        case nil: return CivilDate(year: year, month: month, day: start.day)
        case .ofMonth(let day): return CivilDate(year: year, month: month, day: day)
        case .weekday(let weekday, let nth):
            guard let first = CivilDate(year: year, month: month, day: 1) else { return nil }
            let earliest = 1 + (weekday - first.weekday + 7) % 7
            if nth > 0 { return CivilDate(year: year, month: month, day: earliest + 7 * (nth - 1)) }
            let latest = earliest + (CivilDate(year: year, month: month, day: earliest + 28) == nil ? 21 : 28)
            return CivilDate(year: year, month: month, day: latest + 7 * (nth + 1))
        }
    }
}
