package import BusinessTime
internal import Instants

/// What `calendars/NAME.yaml` says: weekly hours and exceptions in a zone.
package struct CalendarSettings: Sendable {
    package let name: CalendarName
    package let zone: ZoneName
    package let weekly: WeeklyHours
    package let exceptions: [HoursException]

    /// The calendar under the rules of its zone.
    package func calendar(zone rules: ZoneRules) -> BusinessCalendar {
        BusinessCalendar(name: name, zone: rules, weekly: weekly, exceptions: exceptions)
    }

    /// Nil if the file cannot be read as a calendar at all; faults are in the list of `value`.
    init?(name: String, _ value: ConfigValue) {
        guard let fields = value.fields("a calendar", ["zone", "hours", "exceptions"]) else { return nil }
        let zone = fields.required("zone")?.zoneName()
        let weekly = fields.required("hours").flatMap(Self.weekly)
        exceptions = (fields["exceptions"]?.list("a list of exceptions") ?? []).compactMap(Self.exception)
        guard let zone, let weekly else { return nil }
        self.name = CalendarName(name)
        self.zone = zone
        self.weekly = weekly
    }

    private static func weekly(_ value: ConfigValue) -> WeeklyHours? {
        guard let fields = value.fields("hours", Weekday.allCases.map(\.rawValue)) else { return nil }
        var hours: [Weekday: [LocalInterval]] = [:]
        for weekday in Weekday.allCases {
            guard let value = fields[weekday.rawValue] else { continue }
            hours[weekday] = intervals(value)
        }
        let weekly = WeeklyHours(hours)
        if let (weekday, first, second) = weekly.firstOverlap {
            (fields[weekday.rawValue] ?? value).fault(
                "hours that do not overlap", got: "\(first) and \(second) from \(weekday.rawValue) on")
        }
        return weekly
    }

    private static func intervals(_ value: ConfigValue) -> [LocalInterval] {
        (value.list("a list of hours such as [\"09:00-17:00\"]") ?? []).compactMap { item in
            guard let text = item.text("hours such as \"09:00-17:00\"") else { return nil }
            if let interval = try? LocalInterval(text) { return interval }
            item.fault("hours such as \"09:00-17:00\", \"22:00-06:00\" (until the next day) or \"00:00-24:00\"")
            return nil
        }
    }

    private enum Mode: String, CaseIterable {
        case closed
        case open
        case replace
    }

    private static func exception(_ value: ConfigValue) -> HoursException? {
        guard let fields = value.fields("an exception", ["date", "from", "to", "mode", "hours"]) else { return nil }
        let mode = fields.required("mode")?.word(Mode.self)
        let span = dates(fields, value)
        let hours = fields["hours"].map { (value: $0, intervals: intervals($0)) }
        guard let mode, let span else { return nil }
        switch mode {
        case .closed:
            hours?.value.fault("no hours beside mode: closed", got: "hours")
            return HoursException(from: span.first, to: span.last, .closed)
        case .open, .replace:
            guard let hours else {
                value.fault("hours beside mode: \(mode.rawValue)", got: "no such key")
                return nil
            }
            let sorted = hours.intervals.sorted()
            if let pair = zip(sorted, sorted.dropFirst()).first(where: { $0.overlaps($1) }) {
                hours.value.fault("hours that do not overlap", got: "\(pair.0) and \(pair.1)")
            }
            return HoursException(
                from: span.first, to: span.last, mode == .open ? .open(sorted) : .replace(sorted))
        }
    }

    private static func dates(_ fields: Fields, _ value: ConfigValue) -> (first: CivilDate, last: CivilDate)? {
        if let date = fields["date"] {
            for key in ["from", "to"] { fields[key]?.fault("date, or from and to", got: "date and \(key)") }
            return date.date().map { ($0, $0) }
        }
        guard let from = fields["from"], let to = fields["to"] else {
            value.fault("date, or from and to", got: "neither")
            return nil
        }
        guard let first = from.date(), let last = to.date() else { return nil }
        guard first <= last else {
            to.fault("a date not before from")
            return nil
        }
        return (first, last)
    }
}

extension ConfigValue {
    /// `2026-12-24`.
    func date() -> CivilDate? {
        let expected = "a date such as 2026-12-24"
        guard let text = text(expected) else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard text.utf8.count == 10, parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
            let date = CivilDate(year: year, month: month, day: day)
        else {
            fault(expected + " that exists")
            return nil
        }
        return date
    }

    func zoneName() -> ZoneName? {
        guard let text = text("an IANA zone such as Europe/Berlin") else { return nil }
        if let name = try? ZoneName(text) { return name }
        fault("an IANA zone such as Europe/Berlin")
        return nil
    }
}
