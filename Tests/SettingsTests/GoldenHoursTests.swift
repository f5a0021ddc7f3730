import BusinessTime
import Foundation
import Instants
import Testing

@testable import Settings

/// DOMAIN.md, table 5.8, through a calendar file and the JSON that `hours` prints.
@Suite("Golden schedule, DOMAIN 5.8, by the JSON of hours")
struct GoldenHoursTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let zone: String
        let days: String
        let hours: String
        let exceptions: String
        let message: String
        let isOpen: Bool
        let nextOpen: String
        let local: String
        let customer: String
        let customerClock: String

        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "Vancouver, no clock change any more, 09-17 daily", zone: "America/Vancouver", days: "mon-sun",
            hours: "09:00-17:00",
            exceptions: "", message: "2026-12-01T06:00", isOpen: false, nextOpen: "2026-12-01T16:00",
            local: "09:00", customer: "America/Mexico_City", customerClock: "2026-12-01T10:00"),
        Row(
            name: "DST spring, Warsaw 09-17 daily", zone: "Europe/Warsaw", days: "mon-sun", hours: "09:00-17:00",
            exceptions: "", message: "2026-03-28T20:00", isOpen: false, nextOpen: "2026-03-29T07:00",
            local: "09:00", customer: "America/Lima", customerClock: "2026-03-29T02:00"),
        Row(
            name: "DST autumn, Warsaw 09-17 daily", zone: "Europe/Warsaw", days: "mon-sun", hours: "09:00-17:00",
            exceptions: "", message: "2026-10-24T20:00", isOpen: false, nextOpen: "2026-10-25T08:00",
            local: "09:00", customer: "America/Lima", customerClock: "2026-10-25T03:00"),
        Row(
            name: "Open time inside the gap: New York opens 02:30", zone: "America/New_York", days: "mon-sun",
            hours: "02:30-17:00",
            exceptions: "", message: "2026-03-08T06:00", isOpen: false, nextOpen: "2026-03-08T07:00",
            local: "03:00", customer: "America/New_York", customerClock: "2026-03-08T03:00"),
        Row(
            name: "Overlap: New York opens 01:30 on 1 Nov", zone: "America/New_York", days: "mon-sun",
            hours: "01:30-17:00",
            exceptions: "", message: "2026-11-01T04:00", isOpen: false, nextOpen: "2026-11-01T05:30",
            local: "01:30", customer: "America/New_York", customerClock: "2026-11-01T01:30"),
        Row(
            name: "Overnight 22-06 Sunday night, message Monday 05:59", zone: "Asia/Manila", days: "mon-sun",
            hours: "22:00-06:00",
            exceptions: "", message: "2026-11-22T21:59", isOpen: true, nextOpen: "2026-11-22T21:59",
            local: "05:59", customer: "America/New_York", customerClock: "2026-11-22T16:59"),
        Row(
            name: "Overnight 22-06, message exactly at close 06:00", zone: "Asia/Manila", days: "mon-sun",
            hours: "22:00-06:00",
            exceptions: "", message: "2026-11-22T22:00", isOpen: false, nextOpen: "2026-11-23T14:00",
            local: "22:00", customer: "America/New_York", customerClock: "2026-11-23T09:00"),
        Row(
            name: "Friday evening to Monday", zone: "Europe/Helsinki", days: "mon-fri", hours: "09:00-17:00",
            exceptions: "", message: "2026-11-20T16:00", isOpen: false, nextOpen: "2026-11-23T07:00",
            local: "09:00", customer: "Asia/Kathmandu", customerClock: "2026-11-23T12:45"),
        Row(
            name: "Holiday Monday: 6 Dec 2027, Finnish independence", zone: "Europe/Helsinki", days: "mon-fri",
            hours: "09:00-17:00",
            exceptions: "{date: 2027-12-06, mode: closed}", message: "2027-12-03T16:00", isOpen: false,
            nextOpen: "2027-12-07T07:00",
            local: "09:00", customer: "Europe/Helsinki", customerClock: "2027-12-07T09:00"),
        Row(
            name: "Half day 24 Dec 09-12, message 13:00", zone: "Europe/Berlin", days: "mon-fri", hours: "09:00-17:00",
            exceptions:
                "{date: 2026-12-24, mode: replace, hours: [\"09:00-12:00\"]}, {from: 2026-12-25, to: 2026-12-26, mode: closed}",
            message: "2026-12-24T12:00", isOpen: false, nextOpen: "2026-12-28T08:00",
            local: "09:00", customer: "Europe/Berlin", customerClock: "2026-12-28T09:00"),
        Row(
            name: "Half-hour zone Kolkata", zone: "Asia/Kolkata", days: "mon-fri", hours: "09:00-18:00",
            exceptions: "", message: "2026-11-21T15:00", isOpen: false, nextOpen: "2026-11-23T03:30",
            local: "09:00", customer: "Australia/Adelaide", customerClock: "2026-11-23T14:00"),
        Row(
            name: "Quarter-hour zone Chatham customer", zone: "Europe/London", days: "mon-fri", hours: "09:00-17:00",
            exceptions: "", message: "2026-11-20T18:00", isOpen: false, nextOpen: "2026-11-23T09:00",
            local: "09:00", customer: "Pacific/Chatham", customerClock: "2026-11-23T22:45"),
        Row(
            name: "Lord Howe 30-minute DST end 2027-04-04", zone: "Australia/Lord_Howe", days: "mon-sun",
            hours: "09:00-17:00",
            exceptions: "", message: "2027-04-03T10:00", isOpen: false, nextOpen: "2027-04-03T22:30",
            local: "09:00", customer: "Australia/Lord_Howe", customerClock: "2027-04-04T09:00"),
        Row(
            name: "Midnight does not exist: Beirut opens 00:00 on 28 Mar 2027", zone: "Asia/Beirut", days: "mon-sun",
            hours: "00:00-20:00",
            exceptions: "", message: "2027-03-27T20:00", isOpen: false, nextOpen: "2027-03-27T22:00",
            local: "01:00", customer: "Asia/Beirut", customerClock: "2027-03-28T01:00"),
        Row(
            name: "Week wrap, Sunday to Thursday, Riyadh, message Thursday 18:00", zone: "Asia/Riyadh", days: "sun-thu",
            hours: "09:00-17:00",
            exceptions: "", message: "2026-11-19T15:00", isOpen: false, nextOpen: "2026-11-22T06:00",
            local: "09:00", customer: "Asia/Riyadh", customerClock: "2026-11-22T09:00"),
        Row(
            name: "Tet shutdown of ten days", zone: "Asia/Ho_Chi_Minh", days: "mon-fri", hours: "08:00-17:00",
            exceptions: "{from: 2027-02-04, to: 2027-02-13, mode: closed}", message: "2027-02-03T12:00", isOpen: false,
            nextOpen: "2027-02-15T01:00",
            local: "08:00", customer: "Asia/Ho_Chi_Minh", customerClock: "2027-02-15T08:00"),
    ]

    @Test("answers row by row", arguments: rows)
    func row(_ row: Row) throws {
        let hours = WrittenHours.week(row.days, row.hours)
        let json = try WrittenHours.json(
            "zone: \(row.zone)\nhours: {\(hours)}\nexceptions: [\(row.exceptions)]\n", at: row.message + ":00Z",
            zone: row.customer)
        #expect(json["at"] as? String == row.message + ":00.000Z")
        #expect(json["open"] as? Bool == row.isOpen)
        #expect(json["next_open"] as? String == row.nextOpen + ":00.000Z")
        #expect((json["until"] is NSNull) == !row.isOpen)
        let own = try #require(json["calendar_zone"] as? [String: Any])
        #expect(own["zone"] as? String == row.zone)
        #expect((own["next_open"] as? String)?.dropFirst(11).prefix(5) ?? "" == row.local)
        let asked = try #require(json["asked_zone"] as? [String: Any])
        #expect((asked["next_open"] as? String)?.prefix(16) ?? "" == row.customerClock)
    }
}

/// Calendars as files, and what `hours` prints of them.
enum WrittenHours {
    static func calendar(_ yaml: String) throws -> BusinessCalendar {
        let (settings, faults) = settings(yaml)
        guard let settings, faults.isEmpty, let rules = ZoneFolder().rules(of: settings.zone) else {
            throw ConfigFaults(faults)
        }
        return settings.calendar(zone: rules)
    }

    /// What can be read, and every fault, contradictions included.
    static func settings(_ yaml: String) -> (CalendarSettings?, [ConfigFault]) {
        let list = FaultList()
        let file = ConfigFiles.File(path: "calendars/test.yaml", bytes: Array(yaml.utf8))
        let settings = ConfigValue(file, faults: list).flatMap { CalendarSettings(name: "test", $0) }
        return (settings, list.sorted + (settings?.contradictions ?? []))
    }

    static func json(_ yaml: String, at instant: String, zone: String? = nil) throws -> [String: Any] {
        let asked = try zone.map { try #require(ZoneFolder().rules(of: try ZoneName($0))) }
        let report = HoursReport(
            calendar: try calendar(yaml), at: try Instant(rfc3339: instant), askedZone: asked, tzdata: "2026f")
        let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(report))
        return try #require(object as? [String: Any])
    }

    /// `mon: ["09:00-17:00"], tue: …` for days such as `mon-fri` or `sun-thu`.
    static func week(_ days: String, _ hours: String) -> String {
        let ends = days.split(separator: "-").map(String.init)
        let all = Weekday.allCases.map(\.rawValue) + Weekday.allCases.map(\.rawValue)
        let first = all.firstIndex(of: ends[0]) ?? 0
        let last = all[first...].firstIndex(of: ends[ends.count - 1]) ?? first
        return all[first...last].map { "\($0): [\"\(hours)\"]" }.joined(separator: ", ")
    }
}
