import BusinessTime
import Instants
import Testing

@Suite("A zone's footer")
struct FooterRuleTests {
    private func rules(_ footer: String) throws -> ZoneRules {
        var file = TZifBuilder()
        file.footer = footer
        return try file.rules()
    }

    struct Change: Sendable, CustomTestStringConvertible {
        let footer: String
        let from: String
        let at: String
        let offset: Int
        let abbreviation: String

        var testDescription: String { footer }
    }

    @Test(
        "is followed to its next change",
        arguments: [
            Change(
                footer: "EST5EDT,M3.2.0,M11.1.0", from: "2026-01-01T00:00", at: "2026-03-08T07:00", offset: -14_400,
                abbreviation: "EDT"),
            Change(
                footer: "EST5EDT,M3.2.0,M11.1.0", from: "2026-03-08T07:00", at: "2026-11-01T06:00", offset: -18_000,
                abbreviation: "EST"),
            Change(
                footer: "AEST-10AEDT,M10.1.0,M4.1.0/3", from: "2026-01-01T00:00", at: "2026-04-04T16:00",
                offset: 36_000, abbreviation: "AEST"),
            Change(
                footer: "IST-1GMT0,M10.5.0,M3.5.0/1", from: "2026-01-01T00:00", at: "2026-03-29T01:00", offset: 3_600,
                abbreviation: "IST"),
            Change(
                footer: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", from: "2026-01-01T00:00", at: "2026-03-29T01:00",
                offset: -3_600, abbreviation: "-01"),
            Change(
                footer: "EET-2EEST,M3.4.4/50,M10.4.4/50", from: "2026-01-01T00:00", at: "2026-03-28T00:00",
                offset: 10_800, abbreviation: "EEST"),
            Change(
                footer: "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", from: "2026-01-01T00:00", at: "2026-04-04T15:00",
                offset: 37_800, abbreviation: "+1030"),
            Change(
                footer: "AAA0BBB,J60/0,J300/0", from: "2028-01-01T00:00", at: "2028-03-01T00:00", offset: 3_600,
                abbreviation: "BBB"),
            Change(
                footer: "AAA0BBB,59/0,300/0", from: "2028-01-01T00:00", at: "2028-02-29T00:00", offset: 3_600,
                abbreviation: "BBB"),
            Change(
                footer: "AAA0BBB,M1.1.0/-167,M7.1.0", from: "2026-12-01T00:00", at: "2026-12-27T01:00", offset: 3_600,
                abbreviation: "BBB"),
            Change(
                footer: "AAA3:04:05BBB,M6.1.0/1:02:03,M7.1.0", from: "2026-01-01T00:00", at: "2026-06-07T04:06:08Z",
                offset: -7_445, abbreviation: "BBB"),
        ])
    func change(_ change: Change) throws {
        let rules = try rules(change.footer)
        let instant = try at(change.at)
        #expect(rules.nextTransition(after: try at(change.from)) == instant)
        #expect(rules.offset(at: instant) == change.offset)
        #expect(rules.abbreviation(at: instant) == change.abbreviation)
    }

    @Test("for daylight time all the year has no change", arguments: ["EST5EDT,0/0,J365/25", "XXX3EDT4,0/0,J365/23"])
    func daylightAllYear(footer: String) throws {
        let rules = try rules(footer)
        for year in [1_970, 2_026, 2_027, 2_028, 2_500] {
            for day in ["01-01", "07-01", "12-31"] {
                #expect(rules.abbreviation(at: try at("\(year)-\(day)T23:59")) == "EDT")
            }
        }
        #expect(rules.nextTransition(after: .epoch) == nil)
    }

    @Test("whose two times have the same offset has no transition and ends")
    func sameOffset() throws {
        #expect(try rules("AAA0BBB0,M3.2.0,M11.1.0").nextTransition(after: .epoch) == nil)
    }

    @Test(
        "that is no POSIX TZ rule is refused",
        arguments: [
            "C", "CE-1", "CET-25", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
            "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
            "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,366,1", "<+01-1", "<>0", "CET1:60",
            "CET-1CEST,M3.5.0,M10.5.0,M1.1.1", "CET--1", "CET-1 CEST,M3.5.0,M10.5.0", "Ärt0", ":Europe/Berlin",
        ])
    func refused(footer: String) throws {
        #expect(throws: TZifError.self) { _ = try rules(footer) }
    }
}
