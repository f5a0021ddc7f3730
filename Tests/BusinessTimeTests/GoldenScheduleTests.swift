import BusinessTime
import Instants
import Testing

/// DOMAIN.md, table 5.8, row by row, recomputed there with IANA 2026f.
@Suite("Golden schedule, DOMAIN 5.8")
struct GoldenScheduleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let zone: String
        let days: String
        let hours: String
        var exceptions: [(first: String, last: String, hours: String?)] = []
        let message: String
        var isOpen = false
        let nextOpen: String
        let local: String
        let customer: String
        let customerClock: String

        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "Vancouver, no clock change any more, 09-17 daily", zone: "America/Vancouver", days: "mon-sun",
            hours: "09:00-17:00", message: "2026-12-01T06:00", nextOpen: "2026-12-01T16:00", local: "tue 09:00",
            customer: "America/Mexico_City", customerClock: "2026-12-01 tue 10:00"),
        Row(
            name: "DST spring, Warsaw 09-17 daily", zone: "Europe/Warsaw", days: "mon-sun", hours: "09:00-17:00",
            message: "2026-03-28T20:00", nextOpen: "2026-03-29T07:00", local: "sun 09:00", customer: "America/Lima",
            customerClock: "2026-03-29 sun 02:00"),
        Row(
            name: "DST autumn, Warsaw 09-17 daily", zone: "Europe/Warsaw", days: "mon-sun", hours: "09:00-17:00",
            message: "2026-10-24T20:00", nextOpen: "2026-10-25T08:00", local: "sun 09:00", customer: "America/Lima",
            customerClock: "2026-10-25 sun 03:00"),
        Row(
            name: "Open time inside the gap: New York opens 02:30", zone: "America/New_York", days: "mon-sun",
            hours: "02:30-17:00", message: "2026-03-08T06:00", nextOpen: "2026-03-08T07:00", local: "sun 03:00",
            customer: "America/New_York", customerClock: "2026-03-08 sun 03:00"),
        Row(
            name: "Overlap: New York opens 01:30 on 1 Nov", zone: "America/New_York", days: "mon-sun",
            hours: "01:30-17:00", message: "2026-11-01T04:00", nextOpen: "2026-11-01T05:30", local: "sun 01:30",
            customer: "America/New_York", customerClock: "2026-11-01 sun 01:30"),
        Row(
            name: "Overnight 22-06 Sunday night, message Monday 05:59", zone: "Asia/Manila", days: "mon-sun",
            hours: "22:00-06:00", message: "2026-11-22T21:59", isOpen: true, nextOpen: "2026-11-22T21:59",
            local: "mon 05:59", customer: "America/New_York", customerClock: "2026-11-22 sun 16:59"),
        Row(
            name: "Overnight 22-06, message exactly at close 06:00", zone: "Asia/Manila", days: "mon-sun",
            hours: "22:00-06:00", message: "2026-11-22T22:00", nextOpen: "2026-11-23T14:00", local: "mon 22:00",
            customer: "America/New_York", customerClock: "2026-11-23 mon 09:00"),
        Row(
            name: "Friday evening to Monday", zone: "Europe/Helsinki", days: "mon-fri", hours: "09:00-17:00",
            message: "2026-11-20T16:00", nextOpen: "2026-11-23T07:00", local: "mon 09:00", customer: "Asia/Kathmandu",
            customerClock: "2026-11-23 mon 12:45"),
        Row(
            name: "Holiday Monday: 6 Dec 2027, Finnish independence", zone: "Europe/Helsinki", days: "mon-fri",
            hours: "09:00-17:00", exceptions: [("2027-12-06", "2027-12-06", nil)], message: "2027-12-03T16:00",
            nextOpen: "2027-12-07T07:00", local: "tue 09:00", customer: "Europe/Helsinki",
            customerClock: "2027-12-07 tue 09:00"),
        Row(
            name: "Half day 24 Dec 09-12, message 13:00", zone: "Europe/Berlin", days: "mon-fri", hours: "09:00-17:00",
            exceptions: [("2026-12-24", "2026-12-24", "09:00-12:00"), ("2026-12-25", "2026-12-26", nil)],
            message: "2026-12-24T12:00", nextOpen: "2026-12-28T08:00", local: "mon 09:00", customer: "Europe/Berlin",
            customerClock: "2026-12-28 mon 09:00"),
        Row(
            name: "Half-hour zone Kolkata", zone: "Asia/Kolkata", days: "mon-fri", hours: "09:00-18:00",
            message: "2026-11-21T15:00", nextOpen: "2026-11-23T03:30", local: "mon 09:00",
            customer: "Australia/Adelaide", customerClock: "2026-11-23 mon 14:00"),
        Row(
            name: "Quarter-hour zone Chatham customer", zone: "Europe/London", days: "mon-fri", hours: "09:00-17:00",
            message: "2026-11-20T18:00", nextOpen: "2026-11-23T09:00", local: "mon 09:00",
            customer: "Pacific/Chatham", customerClock: "2026-11-23 mon 22:45"),
        Row(
            name: "Lord Howe 30-minute DST end 2027-04-04", zone: "Australia/Lord_Howe", days: "mon-sun",
            hours: "09:00-17:00", message: "2027-04-03T10:00", nextOpen: "2027-04-03T22:30", local: "sun 09:00",
            customer: "Australia/Lord_Howe", customerClock: "2027-04-04 sun 09:00"),
        Row(
            name: "Midnight does not exist: Beirut opens 00:00 on 28 Mar 2027", zone: "Asia/Beirut", days: "mon-sun",
            hours: "00:00-20:00", message: "2027-03-27T20:00", nextOpen: "2027-03-27T22:00", local: "sun 01:00",
            customer: "Asia/Beirut", customerClock: "2027-03-28 sun 01:00"),
        Row(
            name: "Week wrap, Sunday to Thursday, Riyadh, message Thursday 18:00", zone: "Asia/Riyadh",
            days: "sun-thu", hours: "09:00-17:00", message: "2026-11-19T15:00", nextOpen: "2026-11-22T06:00",
            local: "sun 09:00", customer: "Asia/Riyadh", customerClock: "2026-11-22 sun 09:00"),
        Row(
            name: "Tet shutdown of ten days", zone: "Asia/Ho_Chi_Minh", days: "mon-fri", hours: "08:00-17:00",
            exceptions: [("2027-02-04", "2027-02-13", nil)], message: "2027-02-03T12:00",
            nextOpen: "2027-02-15T01:00", local: "mon 08:00", customer: "Asia/Ho_Chi_Minh",
            customerClock: "2027-02-15 mon 08:00"),
    ]

    @Test("is answered row by row", arguments: rows)
    func row(_ row: Row) throws {
        let exceptions = try row.exceptions.map { exception in
            let change = try exception.hours.map { HoursException.Change.replace(try intervals([$0])) } ?? .closed
            return try #require(
                HoursException(from: try date(exception.first), to: try date(exception.last), change))
        }
        let calendar = try calendar(row.zone, .on(row.days, row.hours), exceptions)
        let state = calendar.state(at: try at(row.message))
        let nextOpen = try at(row.nextOpen)
        #expect(state.isOpen == row.isOpen)
        #expect(state.nextOpen == nextOpen)
        #expect((state.until != nil) == row.isOpen)
        #expect(clock(calendar.zone.localTime(of: nextOpen)).hasSuffix(row.local))
        #expect(clock(try Zoneinfo.rules(row.customer).localTime(of: nextOpen)) == row.customerClock)
        let coverage = Coverage([calendar])
        #expect(coverage.nextOpening(atOrAfter: try at(row.message)) == nextOpen)
        #expect(coverage.closedPeriod(containing: try at(row.message))?.end == (row.isOpen ? nil : nextOpen))
    }

    private func clock(_ time: LocalTime) -> String {
        let date = Instant(seconds: Int64(time.date.daysSince1970) * 86_400 + Int64(time.secondOfDay)).description
        return "\(date.prefix(10)) \(Weekday(of: time.date).rawValue) \(date.dropFirst(11).prefix(5))"
    }
}
