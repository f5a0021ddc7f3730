import BusinessTime
import Contracts
import Foundation
import Instants
import Testing

@testable import Settings

@Suite("Holidays from iCalendar files")
struct HolidayProposalsTests {
    private static func proposals(
        _ text: String, from: String = "2026-11-22", to: String = "2028-11-21", calendar: String = "berlin"
    ) throws -> HolidayProposals {
        try proposals(Array(text.utf8), from: from, to: to, calendar: calendar)
    }

    private static func proposals(
        _ bytes: [UInt8], from: String = "2026-11-22", to: String = "2028-11-21", calendar: String = "berlin"
    ) throws -> HolidayProposals {
        let zones = ZoneFolder()
        return try HolidayProposals(
            ConfigFiles.File(path: "holidays.ics", bytes: bytes),
            calendar: try NamedCalendar.read(calendar, folder: ShippedConfig.folder, zones: zones),
            window: try #require(CivilDate(from))...(try #require(CivilDate(to)))
        ) { zones.rules(of: $0) }
    }

    private static func file(_ events: String...) -> String {
        let body = events.map { "BEGIN:VEVENT\n\($0)\nEND:VEVENT" }.joined(separator: "\n")
        return "BEGIN:VCALENDAR\nVERSION:2.0\n\(body)\nEND:VCALENDAR\n"
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let events: [String]
        var yaml: [String] = []
        var leftOut: [String] = []

        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "a date without an end is one day",
            events: ["DTSTART;VALUE=DATE:20271003\nSUMMARY:Tag der Einheit"],
            yaml: ["{date: 2027-10-03, mode: closed, name: \"Tag der Einheit\"}"]),
        Case(
            name: "the end of a date is not included", events: ["DTSTART:20270704\nDTEND;VALUE=DATE:20270707"],
            yaml: ["{from: 2027-07-04, to: 2027-07-06, mode: closed}"]),
        Case(
            name: "a duration in weeks, days or hours",
            events: [
                "DTSTART;VALUE=DATE:20270704\nDURATION:P1W", "DTSTART;VALUE=DATE:20270804\nDURATION:P2D",
                "DTSTART:20270904T120000\nDURATION:PT1H30M",
            ],
            yaml: [
                "{from: 2027-07-04, to: 2027-07-10, mode: closed}", "{from: 2027-08-04, to: 2027-08-05, mode: closed}",
                "{date: 2027-09-04, mode: closed, hours: [\"12:00-13:30\"]}",
            ]),
        Case(
            name: "times in UTC, in a named zone, and floating are told in the calendar's zone",
            events: [
                "DTSTART:20270105T120000Z\nDTEND:20270105T140000Z\nSUMMARY:utc",
                "DTSTART;TZID=America/New_York:20270106T090000\nDTEND;TZID=America/New_York:20270106T110000\nSUMMARY:named",
                "DTSTART:20270107T090000\nDTEND:20270107T110000\nSUMMARY:floating",
            ],
            yaml: [
                "{date: 2027-01-05, mode: closed, hours: [\"13:00-15:00\"], name: \"utc\"}",
                "{date: 2027-01-06, mode: closed, hours: [\"15:00-17:00\"], name: \"named\"}",
                "{date: 2027-01-07, mode: closed, hours: [\"09:00-11:00\"], name: \"floating\"}",
            ]),
        Case(
            name: "times over several days are parts of the first and the last and all of those between",
            events: ["DTSTART:20270105T140000\nDTEND:20270108T100000"],
            yaml: [
                "{date: 2027-01-05, mode: closed, hours: [\"14:00-24:00\"]}",
                "{from: 2027-01-06, to: 2027-01-07, mode: closed}",
                "{date: 2027-01-08, mode: closed, hours: [\"00:00-10:00\"]}",
            ]),
        Case(
            name: "a yearly series is written out, less its excluded dates, until its end",
            events: [
                "UID:1\nDTSTART;VALUE=DATE:20200606\nRRULE:FREQ=YEARLY;UNTIL=20280101\nEXDATE;VALUE=DATE:20260606\nSUMMARY:A",
                "UID:2\nDTSTART;VALUE=DATE:20260707\nRRULE:FREQ=YEARLY;COUNT=2\nSUMMARY:B",
                "UID:3\nDTSTART;VALUE=DATE:20240808\nRRULE:FREQ=YEARLY;INTERVAL=2\nSUMMARY:C",
            ],
            yaml: [
                "{date: 2027-06-06, mode: closed, name: \"A\"}", "{date: 2027-07-07, mode: closed, name: \"B\"}",
                "{date: 2028-08-08, mode: closed, name: \"C\"}",
            ]),
        Case(
            name: "the n-th and the last weekday of a month",
            events: [
                "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nSUMMARY:Thanksgiving",
                "DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO\nSUMMARY:Memorial",
            ],
            yaml: [
                "{date: 2026-11-26, mode: closed, name: \"Thanksgiving\"}",
                "{date: 2027-05-31, mode: closed, name: \"Memorial\"}",
                "{date: 2027-11-25, mode: closed, name: \"Thanksgiving\"}",
                "{date: 2028-05-29, mode: closed, name: \"Memorial\"}",
            ]),
        Case(
            name: "29 February comes in leap years",
            events: ["DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY"], yaml: ["{date: 2028-02-29, mode: closed}"]),
        Case(
            name: "a changed occurrence stands in for its own, a cancelled one takes it away",
            events: [
                "UID:1\nDTSTART;VALUE=DATE:20260606\nRRULE:FREQ=YEARLY\nSUMMARY:A",
                "UID:1\nRECURRENCE-ID;VALUE=DATE:20270606\nDTSTART;VALUE=DATE:20270609\nSUMMARY:moved",
                "UID:1\nRECURRENCE-ID;VALUE=DATE:20280606\nDTSTART;VALUE=DATE:20280606\nSTATUS:CANCELLED",
            ], yaml: ["{date: 2027-06-09, mode: closed, name: \"moved\"}"]),
        Case(
            name: "a cancelled event is none, and of two versions the newer counts",
            events: [
                "UID:1\nDTSTART;VALUE=DATE:20270606\nSTATUS:CANCELLED",
                "UID:2\nSEQUENCE:1\nDTSTART;VALUE=DATE:20270707", "UID:2\nSEQUENCE:2\nDTSTART;VALUE=DATE:20270708",
            ], yaml: ["{date: 2027-07-08, mode: closed}"]),
        Case(
            name: "folded lines, escapes and quotes in names",
            events: ["DTSTART;VALUE=DATE:20270606\nSUMMARY:Day of \\\"X\\\"\\, first\n  part\\n and\n\t rest"],
            yaml: ["{date: 2027-06-06, mode: closed, name: \"Day of \\\"X\\\", first part and rest\"}"]),
        Case(
            name: "what other components and alarms hold is no event",
            events: [
                "DTSTART;VALUE=DATE:20270606\nBEGIN:VALARM\nDTSTART:nonsense\nSUMMARY:alarm\nEND:VALARM\nSUMMARY:A"
            ], yaml: ["{date: 2027-06-06, mode: closed, name: \"A\"}"]),
        Case(
            name: "what is closed already is not proposed", events: ["DTSTART;VALUE=DATE:20261225\nSUMMARY:Weihnachten"]
        ),
        Case(
            name: "unknown zones, odd rules, impossible dates and missing ends are named and left out",
            events: [
                "DTSTART;TZID=W. Europe Standard Time:20270105T120000\nDURATION:PT1H\nSUMMARY:A",
                "DTSTART;TZID=Europe/Nowhere:20270105T120000\nDURATION:PT1H\nSUMMARY:B",
                "DTSTART;VALUE=DATE:20270230\nSUMMARY:C", "DTSTART;VALUE=DATE:20270105\nRRULE:FREQ=MONTHLY\nSUMMARY:D",
                "DTSTART:20270105T120000\nSUMMARY:E", "SUMMARY:F",
                "DTSTART;VALUE=DATE:20270105\nDTEND;VALUE=DATE:20270105\nSUMMARY:G",
                "DTSTART;VALUE=DATE:20270105\nRDATE:20270301\nSUMMARY:H",
                "DTSTART;VALUE=DATE:20270105\nRRULE:FREQ=YEARLY;BYSETPOS=1;BYDAY=MO;BYMONTH=1\nSUMMARY:I",
                "DTSTART;VALUE=DATE:20270105\nDTEND:20270106T000000Z\nSUMMARY:J",
                "DTSTART;VALUE=DATE:20270105\nDTSTART;VALUE=DATE:20270106\nSUMMARY:K",
                "DTSTART;VALUE=DATE:20270106\nRRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1MO\nSUMMARY:L",
            ],
            leftOut: [
                "4: W. Europe Standard Time (A)", "8: Europe/Nowhere (B)", "14: 20270230 (C)", "19: FREQ=MONTHLY (D)",
                "23: neither (E)", "26: none (F)", "31: 20270105 (G)", "36: RDATE:20270301 (H)",
                "41: FREQ=YEARLY;BYSETPOS=1;BYDAY=MO;BYMONTH=1 (I)", "46: 20270106T000000Z (J)", "51: a second one (K)",
                "54: 2027-01-06 (L)",
            ]),
        Case(
            name: "a series is left out if a changed occurrence cannot be read, or is none of its own",
            events: [
                "UID:1\nDTSTART;VALUE=DATE:20260606\nRRULE:FREQ=YEARLY\nSUMMARY:A",
                "UID:1\nRECURRENCE-ID;VALUE=DATE:20270606\nDTSTART:20270606T1200\nSUMMARY:A2",
                "UID:2\nDTSTART;VALUE=DATE:20260607\nRRULE:FREQ=YEARLY\nSUMMARY:B",
                "UID:2\nRECURRENCE-ID;VALUE=DATE:20270608\nDTSTART;VALUE=DATE:20270609\nSUMMARY:B2",
                "UID:3\nDTSTART;VALUE=DATE:20270611\nSUMMARY:C", "UID:3\nDTSTART;VALUE=DATE:20270612\nSUMMARY:C2",
            ],
            leftOut: [
                "3: one that cannot (A)", "12: 20270606T1200 (A2)", "21: another (B2)", "32: a second event (C2)",
            ]),
    ]

    @Test("are proposed, or left out by name", arguments: cases)
    func proposed(_ item: Case) throws {
        let text =
            "BEGIN:VCALENDAR\nVERSION:2.0\n"
            + item.events.map { "BEGIN:VEVENT\n\($0)\nEND:VEVENT\n" }.joined() + "END:VCALENDAR\n"
        for written in [text, text.replacing("\n", with: "\r\n"), "\u{FEFF}" + text] {
            let found = try Self.proposals(written)
            #expect(found.proposals.map(\.yaml) == item.yaml)
            #expect(
                found.leftOut.map { "\($0.line): \($0.got)" + ($0.summary.isEmpty ? "" : " (\($0.summary))") }
                    == item.leftOut)
        }
    }

    @Test("what is proposed can be put into a calendar as it is")
    func accepted() throws {
        let found = try Self.proposals(
            Self.file(
                "DTSTART;VALUE=DATE:20270606\nSUMMARY:# a: \\\\ \"odd\" {name}",
                "DTSTART:20270105T140000\nDTEND:20270108T100000"))
        let yaml = found.yaml(source: "holidays.ics", calendar: "berlin")
        let calendar = try WrittenHours.calendar("zone: Europe/Berlin\nhours: {}\n" + yaml)
        #expect(calendar.exceptions.map(\.name).contains("# a: \\ \"odd\" {name}"))
        #expect(calendar.exceptions.count == 4)
        let none = try Self.proposals(Self.file()).yaml(source: "x\ny.ics", calendar: "berlin")
        #expect(try WrittenHours.calendar("zone: Europe/Berlin\nhours: {}\n" + none).exceptions.isEmpty)
    }

    @Test("a file that is no calendar is refused; one that is torn gives what it has and names the rest")
    func torn() throws {
        #expect(throws: ConfigFault.self) { try Self.proposals("hello") }
        #expect(throws: ConfigFault.self) { try Self.proposals("") }
        let torn = try Self.proposals(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270606\nEND:VEVENT\nnonsense\nEND:VTODO\nBEGIN:VEVENT\nDTST")
        #expect(torn.proposals.count == 1)
        #expect(torn.leftOut.map(\.line) == [5, 6, 7, 8])
    }

    @Test("hostile files cost bounded work", .timeLimit(.minutes(2)))
    func hostile() throws {
        let head = Array("BEGIN:VCALENDAR\n".utf8)
        let endless = Array(
            "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=YEARLY;COUNT=999999999\nEND:VEVENT\n".utf8)
        let many = try Self.proposals(head + (0..<2_000).flatMap { _ in endless }, to: "2036-11-01")
        #expect(many.proposals.count + many.alreadyThere == 10)
        let fold = head + Array("X:".utf8) + Array(repeating: Array("a\n ".utf8), count: 1_000_000).flatMap(\.self)
        #expect(try Self.proposals(fold).proposals.isEmpty)
        let long =
            head + Array("BEGIN:VEVENT\nDTSTART:20270606\nSUMMARY:".utf8) + [UInt8](repeating: 0x41, count: 10 << 20)
        let named = try Self.proposals(long + Array("\nEND:VEVENT\n".utf8))
        #expect(named.proposals.first?.name.count == 80 && named.leftOut.map(\.expected) == ["END:VCALENDAR"])
        let nested = head + Array(repeating: Array("BEGIN:VEVENT\n".utf8), count: 100_000).flatMap(\.self)
        #expect(try Self.proposals(nested).leftOut.count <= 2)
        let noise = head + Array(repeating: Array(";;;\n".utf8), count: 500_000).flatMap(\.self)
        let found = try Self.proposals(noise)
        #expect(found.leftOut.count == CalendarEvents.mostLeftOut && found.furtherLeftOut > 400_000)
    }

    @Test("bytes at random never trap", arguments: 1...40 as ClosedRange<UInt64>)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let words = [
            "BEGIN:VEVENT\n", "END:VEVENT\n", "DTSTART", ";VALUE=DATE", ":", "20270606", "T120000Z", "\n", " ",
            "RRULE:FREQ=YEARLY",
            ";COUNT=-1", ";BYDAY=9MO", "UID:1\n", "RECURRENCE-ID", ";TZID=\"", "Europe/Berlin", "DURATION:P", "99999D",
            "EXDATE:",
            "\r", "\u{0}", "\\", ",", "=",
        ]
        var text = "BEGIN:VCALENDAR\nVERSION:2.0\n"
        for _ in 0..<400 { text += random.pick(words) ?? "" }
        let found = try Self.proposals(text)
        #expect(found.proposals.count <= HolidayProposals.mostProposals, "seed \(seed)")
    }
}
