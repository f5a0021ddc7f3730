import BusinessTime
import Contracts
import Instants
import Testing

@Suite("Zone rules")
struct ZoneRulesTests {
    /// Changes of many kinds: forwards and back, over midnight, half an hour, two hours, a whole day.
    static let around: [(zone: String, day: String)] = [
        ("America/New_York", "2026-03-08"), ("America/New_York", "2026-11-01"), ("Asia/Beirut", "2027-03-28"),
        ("Asia/Beirut", "2026-10-25"), ("Australia/Lord_Howe", "2027-04-04"), ("Australia/Lord_Howe", "2026-10-04"),
        ("Antarctica/Troll", "2027-03-28"), ("Antarctica/Troll", "2026-10-25"), ("Pacific/Apia", "2011-12-30"),
        ("America/Havana", "2024-11-03"), ("America/St_Johns", "2006-10-29"), ("America/St_Johns", "2006-10-28"),
        ("Africa/Casablanca", "2026-02-15"), ("Asia/Kathmandu", "2026-11-22"),
        ("Pacific/Kwajalein", "1993-08-21"), ("Asia/Pyongyang", "2018-05-04"), ("Asia/Gaza", "2026-10-24"),
    ]

    @Test("find for each minute of a local day the instants at which the clocks show it", arguments: around)
    func occurrences(zone: String, day: String) throws {
        let rules = try Zoneinfo.rules(zone)
        let date = try date(day)
        let noon = Instant(seconds: Int64(date.daysSince1970) * 86_400 + 43_200)
        var shown: [LocalTime: [Instant]] = [:]
        for minute in -3_600..<3_600 {
            let instant = noon + .seconds(minute * 60)
            shown[rules.localTime(of: instant), default: []].append(instant)
        }
        for second in stride(from: 0, through: 86_340, by: 60) {
            let found = rules.instants(for: date, secondOfDay: second)
            switch shown[LocalTime(date: date, secondOfDay: second)] ?? [] {
            case []:
                guard case .gap(let jump) = found else {
                    Issue.record("expected a gap at second \(second), got \(found)")
                    continue
                }
                let wanted = LocalTime(date: date, secondOfDay: second)
                #expect(rules.localTime(of: jump - .milliseconds(1)) < wanted)
                #expect(rules.localTime(of: jump) > wanted)
            case let all where all.count == 1:
                #expect(found == .unique(all[0]))
            case let all:
                #expect(found == .overlap(first: all[0], last: all[all.count - 1]))
            }
        }
    }

    @Test("answer for any instant, however far away")
    func absurdInstants() throws {
        for zone in ["Europe/Berlin", "Asia/Kolkata", "America/Santiago"] {
            let rules = try Zoneinfo.rules(zone)
            for instant in [Instant.distantPast, .distantFuture] {
                #expect(abs(rules.offset(at: instant)) < 90_000)
                #expect(rules.abbreviation(at: instant).count >= 3)
                let time = rules.localTime(of: instant)
                #expect((0..<86_400).contains(time.secondOfDay))
                _ = rules.instants(for: time.date, secondOfDay: .max)
                _ = rules.instants(for: time.date, secondOfDay: .min)
                _ = rules.nextTransition(after: instant)
            }
        }
    }

    @Test("repeat after a Gregorian cycle of 400 years, far beyond their table")
    func cycle() throws {
        let rules = try Zoneinfo.rules("Europe/Berlin")
        for month in 0..<240 {
            let instant = Instant(seconds: 4_200_000_000 + Int64(month) * 2_629_746)
            let later = Instant(seconds: instant.seconds + 146_097 * 86_400 * 20_000)
            #expect(rules.offset(at: instant) == rules.offset(at: later))
        }
    }

    @Test("are equal by name and content")
    func equality() throws {
        let berlin = try Zoneinfo.rules("Europe/Berlin")
        #expect(berlin == (try Zoneinfo.rules("Europe/Berlin")))
        #expect(berlin != (try Zoneinfo.rules("Asia/Tokyo")))
        let renamed = try ZoneRules(name: ZoneName("Europe/Bonn"), tzif: Zoneinfo.bytes("Europe/Berlin"))
        #expect(berlin != renamed)
        let other = try ZoneRules(name: ZoneName("Europe/Berlin"), tzif: Zoneinfo.bytes("Asia/Tokyo"))
        #expect(berlin != other)
    }

    @Test("for UTC need no file")
    func utc() throws {
        #expect(ZoneRules.utc.offset(at: .distantFuture) == 0)
        #expect(ZoneRules.utc.abbreviation(at: .epoch) == "UTC")
        #expect(ZoneRules.utc.localTime(of: try at("1969-12-31T23:59:59Z")).secondOfDay == 86_399)
    }
}

@Suite("Rounding up")
struct RoundingUpTests {
    struct Row: Sendable {
        let zone: String
        let instant: String
        let mark: ClockMark
        let rounded: String
    }

    @Test(
        "gives the next mark of the local clock",
        arguments: [
            Row(zone: "Europe/Berlin", instant: "2026-11-23T08:01", mark: .quarterHour, rounded: "2026-11-23T08:15"),
            Row(zone: "Europe/Berlin", instant: "2026-11-23T08:00", mark: .hour, rounded: "2026-11-23T08:00"),
            Row(zone: "Europe/Berlin", instant: "2026-11-23T08:00:00.001Z", mark: .hour, rounded: "2026-11-23T09:00"),
            Row(zone: "Asia/Kathmandu", instant: "2026-11-23T08:00", mark: .hour, rounded: "2026-11-23T08:15"),
            Row(zone: "Asia/Kathmandu", instant: "2026-11-23T08:16", mark: .halfHour, rounded: "2026-11-23T08:45"),
            Row(zone: "Pacific/Chatham", instant: "2026-11-23T08:16", mark: .hour, rounded: "2026-11-23T09:15"),
            Row(zone: "America/New_York", instant: "2026-03-08T06:50", mark: .hour, rounded: "2026-03-08T07:00"),
            Row(zone: "America/New_York", instant: "2026-11-01T05:50", mark: .hour, rounded: "2026-11-01T06:00"),
            Row(zone: "Australia/Lord_Howe", instant: "2026-10-03T15:10", mark: .hour, rounded: "2026-10-03T16:00"),
            Row(zone: "Australia/Lord_Howe", instant: "2027-04-03T14:40", mark: .hour, rounded: "2027-04-03T15:30"),
        ])
    func rows(_ row: Row) throws {
        let rules = try Zoneinfo.rules(row.zone)
        #expect(try at(row.instant).roundedUp(in: rules, to: row.mark) == (try at(row.rounded)))
    }

    @Test(
        "is the first instant on a mark, found by walking, around changes of clocks", arguments: ZoneRulesTests.around)
    func firstOnMark(zone: String, day: String) throws {
        let rules = try Zoneinfo.rules(zone)
        let start = Instant(seconds: Int64(try date(day).daysSince1970) * 86_400 - 43_200)
        for mark in ClockMark.allCases {
            for minute in stride(from: 0, to: 2_880, by: 7) {
                let instant = start + .seconds(minute * 60)
                var walked = instant
                while rules.localTime(of: walked).secondOfDay % (mark.rawValue * 60) != 0 {
                    walked = walked + .seconds(60)
                }
                #expect(instant.roundedUp(in: rules, to: mark) == walked)
            }
        }
    }

    @Test("never comes before the instant, at the ends of the range either")
    func ends() throws {
        let rules = try Zoneinfo.rules("Europe/Berlin")
        for instant in [Instant.distantPast, .distantFuture] {
            #expect(instant.roundedUp(in: rules, to: .hour) >= instant)
        }
    }
}
