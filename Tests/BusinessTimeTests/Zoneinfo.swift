import BusinessTime
import Foundation
import Instants
import Testing

/// The system's zoneinfo folder, and short ways to write what the tests of this target need.
enum Zoneinfo {
    static let folder = "/usr/share/zoneinfo"

    static func bytes(_ name: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
            throw Missing(what: "the zone \(name)")
        }
        return [UInt8](data)
    }

    static func rules(_ name: String) throws -> ZoneRules {
        try ZoneRules(name: ZoneName(name), tzif: bytes(name))
    }

    /// The 312 zones of `zone1970.tab`: one for each region whose clocks have agreed since 1970.
    static func names() throws -> [String] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/zone1970.tab") else {
            throw Missing(what: "zone1970.tab")
        }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap {
            let columns = $0.split(separator: "\t")
            return columns.count > 2 ? String(columns[2]) : nil
        }.sorted()
    }

    struct Missing: Error, CustomStringConvertible {
        let what: String

        var description: String {
            "expected \(what) in \(Zoneinfo.folder), got nothing: install the package tzdata"
        }
    }
}

/// An instant from its RFC 3339 text; seconds and `Z` may be left out.
func at(_ text: String) throws -> Instant {
    let short = text.utf8.count == 16
    return try Instant(rfc3339: short ? text + ":00Z" : text)
}

func date(_ text: String) throws -> CivilDate {
    let numbers = text.split(separator: "-").compactMap { Int($0) }
    return try #require(CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]))
}

func intervals(_ texts: [String]) throws -> [LocalInterval] {
    try texts.map { try LocalInterval($0) }
}

extension WeeklyHours {
    /// From days such as `mon-fri` or `sun` and their hours.
    static func on(_ days: String, _ hours: String...) throws -> WeeklyHours {
        let ends = try days.split(separator: "-").map { try #require(Weekday(rawValue: String($0))) }
        let all = Weekday.allCases + Weekday.allCases
        let first = try #require(all.firstIndex(of: ends[0]))
        let last = try #require(all[first...].firstIndex(of: ends[ends.count - 1]))
        let open = try intervals(hours)
        return WeeklyHours(Dictionary(uniqueKeysWithValues: all[first...last].map { ($0, open) }))
    }
}

/// A calendar called `test`.
func calendar(
    _ zone: String, _ weekly: WeeklyHours, _ exceptions: [HoursException] = [], periods: [HoursPeriod] = [],
    validity: ClosedRange<CivilDate>? = nil
) throws -> BusinessCalendar {
    BusinessCalendar(
        name: CalendarName("test"), zone: try Zoneinfo.rules(zone), weekly: weekly, periods: periods,
        exceptions: exceptions, validity: validity)
}
