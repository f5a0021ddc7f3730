internal import BusinessTime
internal import Instants

/// One language's words and patterns for days and times, from a pinned CLDR extract (`languages/<tag>/cldr.yaml`).
///
/// Choice: the extract is data of the configuration and travels in the policy bundle, so the same decision gives the same
/// text on every machine. Rejected: the toolchain's ICU, whose words change with its version. Digits are Latin and dates
/// Gregorian in all languages; years are never written.
package struct LocaleWords: Sendable {
    package enum Direction: String, Sendable, CaseIterable {
        case leftToRight = "ltr"
        case rightToLeft = "rtl"
    }

    /// What an extract says, before its patterns are read.
    package struct Extract: Sendable {
        package var direction: Direction
        package var today: String
        package var tomorrow: String
        /// Day words begin with a small letter unless they begin a sentence (Vietnamese).
        package var isSmallInsideSentence: Bool
        /// Sunday first, as they stand beside a time.
        package var weekdays: [String]
        /// Sunday first, as they stand beside a date.
        package var datedWeekdays: [String]
        package var months: [String]
        /// Of `{weekday}`, `{day}`, `{month}`.
        package var weekdayDate: String
        package var date: String
        /// Of `{hour}`, `{minute}`, `{period}`.
        package var time: String
        /// The text of each hour from 0 to 23.
        package var hours: [String]
        /// The word for the part of the day of each hour; empty if the pattern has none.
        package var periods: [String]
        /// Cities of zones that are not called like the last part of the zone's name.
        package var cities: [String: String]

        package init(
            direction: Direction, today: String, tomorrow: String, isSmallInsideSentence: Bool = false,
            weekdays: [String], datedWeekdays: [String]? = nil, months: [String], weekdayDate: String, date: String,
            time: String, hours: [String], periods: [String] = [], cities: [String: String] = [:]
        ) {
            self.direction = direction
            self.today = today
            self.tomorrow = tomorrow
            self.isSmallInsideSentence = isSmallInsideSentence
            self.weekdays = weekdays
            self.datedWeekdays = datedWeekdays ?? weekdays
            self.months = months
            self.weekdayDate = weekdayDate
            self.date = date
            self.time = time
            self.hours = hours
            self.periods = periods
            self.cities = cities
        }
    }

    /// A part of an extract that cannot be used; `field` is its key in `cldr.yaml`.
    package struct Fault: Error, Equatable {
        package let field: String
        package let expected: String
        package let came: String
    }

    let direction: Direction
    private let extract: Extract
    private let weekdayDate: FieldPattern
    private let date: FieldPattern
    private let time: FieldPattern

    /// - Throws: `Fault` for the first list of a wrong length or pattern with an unknown field.
    package init(_ extract: Extract) throws(Fault) {
        let lists = [
            ("weekdays", extract.weekdays, 7), ("dated_weekdays", extract.datedWeekdays, 7),
            ("months", extract.months, 12), ("hours", extract.hours, 24),
        ]
        for (field, list, count) in lists where list.count != count {
            throw Fault(field: field, expected: "\(count) texts", came: "\(list.count)")
        }
        if !extract.periods.isEmpty, extract.periods.count != 24 {
            throw Fault(field: "periods", expected: "24 texts", came: "\(extract.periods.count)")
        }
        weekdayDate = try FieldPattern(extract.weekdayDate, "weekday_date", of: ["weekday", "day", "month"])
        date = try FieldPattern(extract.date, "date", of: ["day", "month"])
        time = try FieldPattern(
            extract.time, "time", of: extract.periods.isEmpty ? ["hour", "minute"] : ["hour", "minute", "period"])
        direction = extract.direction
        self.extract = extract
    }

    /// The word for the day `due` seen from `today`, both in the customer's calendar (DOMAIN 6.2): today, tomorrow, the
    /// weekday up to three days ahead, the weekday with its date up to six or across a holiday, the date beyond. With
    /// `namesDate` a near day has its weekday and date too.
    func day(
        _ due: CivilDate, from today: CivilDate, crossesHoliday: Bool, namesDate: Bool, startsSentence: Bool
    ) -> String {
        let word =
            switch due.daysSince1970 - today.daysSince1970 {
            case 0 where !namesDate: extract.today
            case 1 where !namesDate: extract.tomorrow
            case 2...3 where !crossesHoliday && !namesDate: extract.weekdays[due.weekday]
            case 0...6: dated(due, weekdayDate)
            default: dated(due, date)
            }
        if startsSentence { return word.prefix(1).uppercased() + word.dropFirst() }
        return extract.isSmallInsideSentence ? word.prefix(1).lowercased() + word.dropFirst() : word
    }

    /// The clock time at a second of the day; seconds are not written.
    func time(_ secondOfDay: Int) -> String {
        let hour = min(max(secondOfDay / 3_600, 0), 23)
        let minute = secondOfDay / 60 % 60
        return time.filled { field in
            switch field {
            case "hour": extract.hours[hour]
            case "minute": minute < 10 ? "0\(minute)" : String(minute)
            default: extract.periods[hour]
            }
        }
    }

    /// The city that names a zone to a customer.
    func city(of zone: ZoneName) -> String {
        if let city = extract.cities[zone.text] { return city }
        let last = zone.text.split(separator: "/").last ?? Substring(zone.text)
        return String(last.map { $0 == "_" ? " " : $0 })
    }

    private func dated(_ due: CivilDate, _ pattern: FieldPattern) -> String {
        pattern.filled { field in
            switch field {
            case "weekday": extract.datedWeekdays[due.weekday]
            case "month": extract.months[due.month - 1]
            default: String(due.day)
            }
        }
    }
}
