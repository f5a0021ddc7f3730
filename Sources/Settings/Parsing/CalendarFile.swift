package import BusinessTime
internal import Instants

/// What `calendars/NAME.yaml` says: weekly hours, periods with others, and exceptions, in a zone.
package struct CalendarSettings: Sendable {
    package let name: CalendarName
    package let zone: ZoneName
    package let weekly: WeeklyHours
    package let periods: [HoursPeriod]
    /// In the order in which they take effect: what comes back every year, then what has a year.
    package let exceptions: [HoursException]
    /// Exceptions that `check` does not let pass, though the hours can be told.
    let contradictions: [ConfigFault]
    let validity: ClosedRange<CivilDate>?

    private static let known = ["zone", "hours", "valid_from", "valid_until", "periods", "exceptions"]

    /// The calendar under the rules of its zone.
    package func calendar(zone rules: ZoneRules) -> BusinessCalendar {
        BusinessCalendar(
            name: name, zone: rules, weekly: weekly, periods: periods, exceptions: exceptions, validity: validity)
    }

    /// Nil if the file cannot be read as a calendar at all; faults are in the list of `value`.
    init?(name: String, _ value: ConfigValue) {
        guard let fields = value.fields("a calendar", Self.known) else { return nil }
        let zone = fields.required("zone")?.zoneName()
        let weekly = fields.required("hours").flatMap(Self.weekly)
        validity = Self.validity(fields)
        periods = Self.periods(fields["periods"], within: validity)
        let read = ExceptionSettings.read(fields["exceptions"], within: validity)
        exceptions = read.flatMap(\.exceptions)
        contradictions = read.contradictions
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
            hours[weekday] = value.intervals()
        }
        let weekly = WeeklyHours(hours)
        for (weekday, first, second) in weekly.overlaps {
            (fields[weekday.rawValue] ?? value).fault(
                "hours that do not overlap", got: "\(first) and \(second) from \(weekday.rawValue) on")
        }
        return weekly
    }

    private static func periods(_ value: ConfigValue?, within validity: ClosedRange<CivilDate>?) -> [HoursPeriod] {
        var periods: [HoursPeriod] = []
        for item in value?.list("a list of periods with hours of their own") ?? [] {
            guard let fields = item.fields("a period", ["valid_from", "valid_until", "hours"]) else { continue }
            let hours = fields.required("hours").flatMap(weekly)
            guard let dates = Self.validity(fields) else {
                if fields["valid_from"] == nil, fields["valid_until"] == nil {
                    item.fault("valid_from, valid_until or both in a period", got: "neither")
                }
                continue
            }
            if let other = periods.first(where: { $0.dates.overlaps(dates) }) {
                item.fault("a period that overlaps no other", got: "one that overlaps \(other.dates.text)")
            }
            if let validity, !validity.overlaps(dates) {
                item.fault("a period within the calendar's validity, \(validity.text)", got: dates.text)
            }
            if let hours { periods.append(HoursPeriod(dates, hours)) }
        }
        return periods
    }

    /// `valid_from` and `valid_until`, of which one may be missing; nil if both are, or one is at fault.
    private static func validity(_ fields: Fields) -> ClosedRange<CivilDate>? {
        guard fields["valid_from"] != nil || fields["valid_until"] != nil else { return nil }
        let first = fields["valid_from"].map { $0.date() } ?? CivilDate(daysSince1970: .min)
        let last = fields["valid_until"].map { $0.date() } ?? CivilDate(daysSince1970: .max)
        guard let first, let last else { return nil }
        guard first <= last else {
            fields["valid_until"]?.fault("a date not before valid_from")
            return nil
        }
        return first...last
    }
}

extension ClosedRange<CivilDate> {
    /// `2026-06-01 to 2026-08-31`; an end without a limit is left out.
    var text: String {
        let first = lowerBound.year > -9_999 ? "\(lowerBound.text) " : ""
        let last = upperBound.year < 9_999 ? "to \(upperBound.text)" : "on"
        return lowerBound == upperBound ? lowerBound.text : first + last
    }
}

extension CivilDate {
    /// `2026-12-24`.
    var text: String { String(Instant(seconds: Int64(daysSince1970) * 86_400).description.prefix(10)) }
}

extension ConfigValue {
    /// `2026-12-24`.
    func date() -> CivilDate? {
        let expected = "a date such as 2026-12-24"
        guard let text = text(expected) else { return nil }
        guard let date = CivilDate(text) else {
            fault(expected + " that exists")
            return nil
        }
        return date
    }

    /// `["09:00-12:30", "13:00-18:00"]`.
    func intervals() -> [LocalInterval] {
        (list("a list of hours such as [\"09:00-17:00\"]") ?? []).compactMap { item in
            guard let text = item.text("hours such as \"09:00-17:00\"") else { return nil }
            if let interval = try? LocalInterval(text) { return interval }
            item.fault("hours such as \"09:00-17:00\", \"22:00-06:00\" (until the next day) or \"00:00-24:00\"")
            return nil
        }
    }

    func zoneName() -> ZoneName? {
        guard let text = text("an IANA zone such as Europe/Berlin") else { return nil }
        if let name = try? ZoneName(text) { return name }
        fault("an IANA zone such as Europe/Berlin")
        return nil
    }
}

extension CivilDate {
    /// Reads `YYYY-MM-DD`; nil for anything else and for dates that do not exist.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard text.utf8.count == 10, parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2]
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}
