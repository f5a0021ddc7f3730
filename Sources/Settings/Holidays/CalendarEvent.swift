internal import BusinessTime
internal import Instants

/// What of an iCalendar file was not understood: it is left out and never guessed.
package struct LeftOut: Error, Sendable, Equatable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    package let expected: String
    package let got: String
    /// The event's summary; empty if it has none or none was read.
    package var summary = ""

    package var description: String {
        "line \(line): expected \(expected), got \(got)" + (summary.isEmpty ? "" : " (\(summary))")
    }
}

/// When something starts or ends, as an iCalendar file writes it.
enum EventTime: Hashable {
    case date(CivilDate)
    case local(CivilDate, secondOfDay: Int, zone: EventZone)

    enum EventZone: Hashable {
        /// The wall clock of whoever looks: the calendar's.
        case floating
        case utc
        case named(ZoneName)
    }

    var date: CivilDate {
        switch self {
        case .date(let date), .local(let date, _, _): date
        }
    }

    func moved(to date: CivilDate) -> EventTime {
        switch self {
        case .date: .date(date)
        case .local(_, let second, let zone): .local(date, secondOfDay: second, zone: zone)
        }
    }

    /// Reads the value of `DTSTART`, `DTEND`, `EXDATE` or `RECURRENCE-ID`.
    init(_ property: ContentProperty, value: String) throws(LeftOut) {
        let bytes = Array(value.utf8)
        guard let date = Self.date(bytes.prefix(8)) else {
            throw LeftOut(
                line: property.line, expected: "a date such as 20261224 that exists, of 1900 to 2200",
                got: "\(value.prefix(40))")
        }
        if bytes.count == 8, property.parameters["VALUE"] ?? "DATE" == "DATE" {
            self = .date(date)
            return
        }
        let isUTC = bytes.count == 16 && bytes[15] == UInt8(ascii: "Z")
        guard bytes.count == 15 || isUTC, bytes[8] == UInt8(ascii: "T"),
            property.parameters["VALUE"] ?? "DATE-TIME" == "DATE-TIME",
            let hour = Self.number(bytes[9..<11]), let minute = Self.number(bytes[11..<13]),
            let second = Self.number(bytes[13..<15]), hour < 24, minute < 60, second <= 60
        else {
            throw LeftOut(
                line: property.line, expected: "a date, or a time such as 20261224T140000", got: "\(value.prefix(40))")
        }
        let ofDay = hour * 3_600 + minute * 60 + min(second, 59)
        self = .local(date, secondOfDay: ofDay, zone: isUTC ? .utc : try Self.zone(property))
    }

    private static func zone(_ property: ContentProperty) throws(LeftOut) -> EventZone {
        guard let name = property.parameters["TZID"] else { return .floating }
        guard let zone = try? ZoneName(name) else {
            throw LeftOut(
                line: property.line, expected: "an IANA zone such as Europe/Berlin", got: "\(name.prefix(60))")
        }
        return .named(zone)
    }

    static func date(_ bytes: ArraySlice<UInt8>) -> CivilDate? {
        guard bytes.count == 8, let number = number(bytes) else { return nil }
        let year = number / 10_000
        return (1_900...2_200).contains(year)
            ? CivilDate(year: year, month: number / 100 % 100, day: number % 100) : nil
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in bytes {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte) - 48
        }
        return value
    }
}

/// One VEVENT that could be read.
struct CalendarEvent {
    let line: Int
    let uid: String?
    let sequence: Int
    let summary: String
    let isCancelled: Bool
    let start: EventTime
    let length: Length
    let rule: YearlyRule?
    let excluded: Set<EventTime>
    /// The occurrence of a series that this event stands in for.
    let standsFor: EventTime?

    enum Length: Hashable {
        case days(Int)
        /// Between local times as written: days between the dates, and the second of the last day.
        case until(days: Int, secondOfDay: Int, zone: EventTime.EventZone)
        /// Days of the wall clock, then seconds as they pass.
        case lasting(days: Int, seconds: Int)
    }

    /// Longest event: longer ones are no holiday.
    private static let mostDays = 366
    private static let mostExclusions = 1_000

    /// - Parameter properties: those between BEGIN:VEVENT and END:VEVENT, nested components left out.
    init(_ properties: [ContentProperty], line: Int) throws(LeftOut) {
        let byName = Dictionary(grouping: properties, by: \.name)
        let summary = byName["SUMMARY"]?.first?.text ?? ""
        do throws(LeftOut) {
            try self.init(byName, line: line, summary: summary)
        } catch {
            throw LeftOut(line: error.line, expected: error.expected, got: error.got, summary: summary)
        }
    }

    private init(_ properties: [String: [ContentProperty]], line: Int, summary: String) throws(LeftOut) {
        if let cut = properties.values.joined().first(where: { $0.isCut && $0.name != "SUMMARY" }) {
            throw LeftOut(
                line: cut.line, expected: "a line of at most \(ContentLines.mostBytes) bytes", got: "a longer one")
        }
        for name in ["RDATE", "EXRULE"] {
            if let property = properties[name]?.first {
                throw LeftOut(line: property.line, expected: "no \(name)", got: "\(name):\(property.value.prefix(40))")
            }
        }
        guard let startProperty = try Self.only("DTSTART", properties) else {
            throw LeftOut(line: line, expected: "DTSTART in an event", got: "none")
        }
        start = try EventTime(startProperty, value: startProperty.value)
        length = try Self.length(properties, start, line: startProperty.line)
        rule = try Self.only("RRULE", properties).map { property throws(LeftOut) in try YearlyRule(property) }
        standsFor = try Self.only("RECURRENCE-ID", properties).map { property throws(LeftOut) in
            guard property.parameters["RANGE"] == nil else {
                throw LeftOut(line: property.line, expected: "RECURRENCE-ID of one occurrence", got: "RANGE")
            }
            return try EventTime(property, value: property.value)
        }
        excluded = try Self.excluded(properties["EXDATE"] ?? [])
        uid = properties["UID"]?.first?.value
        sequence = properties["SEQUENCE"]?.first.flatMap { Int($0.value) } ?? 0
        isCancelled = properties["STATUS"]?.first?.value.uppercased() == "CANCELLED"
        self.line = line
        self.summary = summary
    }

    static let read: Set<String> = [
        "UID", "SEQUENCE", "SUMMARY", "STATUS", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXRULE", "EXDATE",
        "RECURRENCE-ID",
    ]

    private static func only(
        _ name: String, _ properties: [String: [ContentProperty]]
    ) throws(LeftOut) -> ContentProperty? {
        let all = properties[name] ?? []
        guard all.count <= 1 else {
            throw LeftOut(line: all[1].line, expected: "\(name) once in an event", got: "a second one")
        }
        return all.first
    }

    private static func excluded(_ properties: [ContentProperty]) throws(LeftOut) -> Set<EventTime> {
        var excluded: Set<EventTime> = []
        for property in properties {
            for value in property.value.split(separator: ",") {
                excluded.insert(try EventTime(property, value: String(value)))
                guard excluded.count <= mostExclusions else {
                    throw LeftOut(
                        line: property.line, expected: "at most \(mostExclusions) excluded dates", got: "more")
                }
            }
        }
        return excluded
    }

    private static func length(
        _ properties: [String: [ContentProperty]], _ start: EventTime, line: Int
    ) throws(LeftOut) -> Length {
        let duration = try only("DURATION", properties)
        guard let property = try only("DTEND", properties) else {
            guard let duration else {
                if case .date = start { return .days(1) }
                throw LeftOut(line: line, expected: "DTEND or DURATION beside a time", got: "neither")
            }
            return try Self.length(of: duration, start)
        }
        guard duration == nil else {
            throw LeftOut(line: property.line, expected: "DTEND or DURATION", got: "both")
        }
        let end = try EventTime(property, value: property.value)
        let days = end.date.daysSince1970 - start.date.daysSince1970
        guard (0...mostDays).contains(days) else {
            throw LeftOut(
                line: property.line, expected: "an end after the start, within \(mostDays) days",
                got: "\(property.value.prefix(40))")
        }
        switch (start, end) {
        case (.date, .date):
            // Not included, so it is the day after at the earliest (RFC 5545, 3.6.1).
            guard days > 0 else {
                throw LeftOut(
                    line: property.line, expected: "an end after the start", got: "\(property.value.prefix(40))")
            }
            return .days(days)
        case (.local, .local(_, let second, let zone)): return .until(days: days, secondOfDay: second, zone: zone)
        default:
            throw LeftOut(
                line: property.line, expected: "DTSTART and DTEND both dates or both times",
                got: "\(property.value.prefix(40))")
        }
    }

    /// `P1D`, `P2W`, `PT4H30M`, `P1DT2H`.
    private static func length(of property: ContentProperty, _ start: EventTime) throws(LeftOut) -> Length {
        var (days, seconds, digits, isTime, isRight) = (0, 0, "", false, property.value.hasPrefix("P"))
        for character in property.value.dropFirst() {
            if character.isASCII, character.isNumber, digits.count < 6 {
                digits.append(character)
                continue
            }
            let number = Int(digits)
            switch (character, isTime, number) {
            case ("T", false, nil): isTime = true
            case ("W", false, let weeks?): days += weeks * 7
            case ("D", false, let more?): days += more
            case ("H", true, let hours?): seconds += hours * 3_600
            case ("M", true, let minutes?): seconds += minutes * 60
            case ("S", true, let more?): seconds += more
            default: isRight = false
            }
            digits = ""
        }
        let total = days * 86_400 + seconds
        guard isRight, digits.isEmpty, total > 0, total <= mostDays * 86_400 else {
            throw LeftOut(
                line: property.line, expected: "a duration such as P1D or PT4H, at most \(mostDays) days",
                got: "\(property.value.prefix(40))")
        }
        if case .date = start {
            guard seconds == 0 else {
                throw LeftOut(
                    line: property.line, expected: "whole days beside a date", got: "\(property.value.prefix(40))")
            }
            return .days(days)
        }
        return .lasting(days: days, seconds: seconds)
    }
}
