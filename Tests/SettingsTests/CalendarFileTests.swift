import BusinessTime
import Foundation
import Instants
import Testing

@testable import Settings

@Suite("A calendar file")
struct CalendarFileTests {
    private func next(_ yaml: String, _ at: String) throws -> String? {
        try WrittenHours.json(yaml, at: at)["next_open"] as? String
    }

    @Test("has other weekly hours in its periods, and none outside its validity")
    func periods() throws {
        let yaml = """
            zone: Etc/UTC
            valid_until: 2027-12-31
            hours: {mon: ["09:00-17:00"]}
            periods:
              - {valid_from: 2027-06-01, valid_until: 2027-08-31, hours: {mon: ["08:00-14:00"]}}
              - {valid_from: 2027-09-01, hours: {mon: ["10:00-18:00"]}}
            """
        #expect(try next(yaml, "2027-05-31T00:00:00Z") == "2027-05-31T09:00:00.000Z")
        #expect(try next(yaml, "2027-06-01T00:00:00Z") == "2027-06-07T08:00:00.000Z")
        #expect(try next(yaml, "2027-08-30T14:00:00Z") == "2027-09-06T10:00:00.000Z")
        #expect(try next(yaml, "2027-12-28T00:00:00Z") == nil)
    }

    @Test("closes a part of a day, and comes back every year, over its end too")
    func partsAndYears() throws {
        let yaml = """
            zone: Etc/UTC
            hours: {\(WrittenHours.week("mon-sun", "09:00-17:00"))}
            exceptions:
              - {date: 12-24, mode: closed, hours: ["12:00-24:00"], name: "Heiligabend"}
              - {from: 12-31, to: 01-02, mode: closed, name: "Neujahr"}
              - {date: 2027-12-24, mode: replace, hours: ["07:00-08:00"]}
            """
        let calendar = try WrittenHours.calendar(yaml)
        for year in [2026, 2031, 2099] {
            #expect(!calendar.isOpen(at: try Instant(rfc3339: "\(year)-12-24T12:00:00Z")))
            #expect(calendar.isOpen(at: try Instant(rfc3339: "\(year)-12-24T11:59:00Z")))
            #expect(try next(yaml, "\(year)-12-30T17:00:00Z") == "\(year + 1)-01-03T09:00:00.000Z")
        }
        // What has a year holds in that year.
        #expect(try next(yaml, "2027-12-24T00:00:00Z") == "2027-12-24T07:00:00.000Z")
        #expect(calendar.exceptions.first?.name == "Heiligabend")
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let exceptions: String
        let faults: [String]

        var testDescription: String { exceptions }
    }

    @Test(
        "names what cannot be and what contradicts",
        arguments: [
            Broken(
                exceptions: "{date: 2027-02-30, mode: closed}",
                faults: ["expected a date such as 2026-12-24, or 12-24 for every year, that exists, got \"2027-02-30\""]
            ),
            Broken(
                exceptions: "{date: 02-30, mode: closed}",
                faults: ["expected a date such as 2026-12-24, or 12-24 for every year, that exists, got \"02-30\""]),
            Broken(
                exceptions: "{from: 2027-03-01, to: 2027-02-01, mode: closed}",
                faults: ["expected a date not before from, got \"2027-02-01\""]),
            Broken(
                exceptions: "{from: 12-24, to: 2027-01-01, mode: closed}",
                faults: ["expected from and to both with a year or both without, got \"2027-01-01\""]),
            Broken(exceptions: "{from: 2027-03-01, mode: closed}", faults: ["expected date, or from and to, got one"]),
            Broken(
                exceptions: "{date: 2027-03-01, mode: open}",
                faults: ["expected hours beside mode: open, got no such key"]),
            Broken(
                exceptions: "{date: 2028-03-01, mode: closed}",
                faults: [
                    "expected an exception within the calendar's validity, 2027-01-01 to 2027-12-31, got 2028-03-01"
                ]),
            Broken(
                exceptions:
                    "{date: 2027-03-01, mode: closed}, {date: 2027-03-01, mode: open, hours: [\"09:00-10:00\"]}",
                faults: [
                    "expected exceptions that agree about 2027-03-01, or the more particular one later, "
                        + "got open after closed in line 4"
                ]),
            Broken(
                exceptions:
                    "{date: 2027-03-02, mode: replace, hours: [\"09:00-10:00\"]}, "
                    + "{from: 2027-03-01, to: 2027-03-05, mode: closed}",
                faults: [
                    "expected exceptions that agree about 2027-03-02, or the more particular one later, "
                        + "got closed after replace in line 4"
                ]),
            Broken(
                exceptions: "{date: 12-24, mode: closed}, {date: 12-24, mode: replace, hours: [\"09:00-10:00\"]}",
                faults: [
                    "expected exceptions that agree about 2027-12-24, or the more particular one later, "
                        + "got replace after closed in line 4"
                ]),
            Broken(
                exceptions:
                    "{from: 2027-03-01, to: 2027-03-05, mode: closed}, "
                    + "{date: 2027-03-02, mode: open, hours: [\"09:00-10:00\"]}",
                faults: []),
            Broken(
                exceptions: "{date: 2027-03-01, mode: closed}, {from: 2027-02-01, to: 2027-04-01, mode: closed}",
                faults: []),
        ])
    func broken(_ broken: Broken) {
        let yaml = """
            zone: Etc/UTC
            valid_from: 2027-01-01
            valid_until: 2027-12-31
            hours: {mon: ["09:00-17:00"]}
            exceptions: [\(broken.exceptions)]
            """
        let faults = WrittenHours.settings(yaml).1
        #expect(
            faults.map { "expected \($0.expected), got \($0.got)" }
                == broken.faults.map { $0.replacing("line 4", with: "line 5") })
        #expect(faults.allSatisfy { $0.line == 5 && $0.column > 13 })
    }

    @Test("names periods that overlap, lie outside the validity, or have no end at all, and every overlap of hours")
    func brokenPeriods() {
        let yaml = """
            zone: Etc/UTC
            valid_from: 2027-01-01
            hours: {mon: ["09:00-12:00", "11:00-17:00"], tue: ["22:00-06:00"], wed: ["05:00-07:00"]}
            periods:
              - {valid_from: 2027-06-01, valid_until: 2027-08-31, hours: {}}
              - {valid_from: 2027-08-31, valid_until: 2027-09-30, hours: {}}
              - {valid_until: 2026-06-01, hours: {}}
              - {hours: {}}
              - {valid_from: 2027-11-01, valid_until: 2027-10-01, hours: {}}
            """
        #expect(
            WrittenHours.settings(yaml).1.map { "\($0.line): \($0.got)" } == [
                "3: 09:00-12:00 and 11:00-17:00 from mon on", "3: 22:00-06:00 and 05:00-07:00 from tue on",
                "6: one that overlaps 2027-06-01 to 2027-08-31", "7: to 2026-06-01", "8: neither",
                "9: \"2027-10-01\"",
            ])
    }

    @Test("of a thousand exceptions is read at once, more are refused, and a hundred years of holidays are cheap")
    func many() throws {
        let lines = (0..<1_001).map { "  - {date: \(2_000 + $0 % 100)-03-\($0 / 100 + 10), mode: closed}" }
        let yaml = "zone: Etc/UTC\nhours: {}\nexceptions:\n" + lines.joined(separator: "\n")
        #expect(WrittenHours.settings(yaml).1.map(\.got) == ["1001"])
        let yearly = (1...28).map { "  - {date: 03-\($0 < 10 ? "0" : "")\($0), mode: closed}" }
        let calendar = try WrittenHours.calendar(
            "zone: Etc/UTC\nhours: {mon: [\"09:00-17:00\"]}\nexceptions:\n" + yearly.joined(separator: "\n"))
        #expect(calendar.exceptions.count == 28 * 101)
        #expect(calendar.state(at: try Instant(rfc3339: "2099-02-28T18:00:00Z")).nextOpen != nil)
    }
}
