import BusinessTime
import Contracts
import Instants
import Testing

/// I18 and I19 of DOMAIN 5.5, over zones and calendars drawn at random.
@Suite("Invariants of hours")
struct InvariantTests {
    /// Days and nights written in several ways, all of them round the clock.
    private static let roundTheClock = [
        ["00:00-24:00"], ["00:00-12:00", "12:00-24:00"], ["08:00-08:00"], ["22:00-06:00", "06:00-22:00"],
        ["00:00-23:00", "21:30-02:30"],
    ]

    @Test("I18 round the clock is never closed and no hours are never open, in any zone", arguments: UInt64(1)...60)
    func extremes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let zones = try Zoneinfo.names()
        let zone = try Zoneinfo.rules(random.pick(zones) ?? "UTC")
        let hours = random.pick(Self.roundTheClock) ?? []
        let always = BusinessCalendar(
            name: CalendarName("always"), zone: zone, weekly: .daily(try intervals(hours)), exceptions: [])
        let never = BusinessCalendar(name: CalendarName("never"), zone: zone, weekly: WeeklyHours([:]), exceptions: [])
        for _ in 0..<300 {
            // From 1990 to 2060, half of the instants beside a midnight of UTC, where many clocks change.
            var seconds = 631_152_000 + Int64(random.number(below: 70 * 365 * 86_400))
            if random.chance(0.5) { seconds = seconds / 86_400 * 86_400 + Int64(random.number(below: 8)) * 3_600 - 1 }
            let instant = Instant(seconds: seconds) + .milliseconds(Int64(random.number(below: 1_000)))
            let place: Testing.Comment = "seed \(seed): \(zone.name.text) \(hours) at \(instant)"
            for coverage in [Coverage([always]), Coverage([never, always])] {
                #expect(coverage.isOpen(at: instant), place)
                #expect(coverage.closedPeriod(containing: instant) == nil, place)
                #expect(coverage.nextOpening(atOrAfter: instant) == instant, place)
            }
            for coverage in [Coverage([never]), Coverage([]), Coverage([never, never])] {
                #expect(!coverage.isOpen(at: instant), place)
                #expect(coverage.nextOpening(atOrAfter: instant) == nil, place)
                let closed = coverage.closedPeriod(containing: instant)
                #expect(closed?.end == nil && closed?.contains(instant) == true, place)
            }
        }
    }

    @Test("I19 what is covered does not depend on the order of the teams", arguments: UInt64(1)...60)
    func order(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Asia/Kathmandu"]
        let first = try date(random.pick(["2026-02-25", "2026-10-01", "2027-03-10"]) ?? "")
        var source = MadeUpCalendars(random: random, zones: try names.map(Zoneinfo.rules), firstDay: first)
        var calendars = (0..<2 + Int(random.number(below: 4))).map { _ in source.next() }
        let (one, start) = (Coverage(calendars), Instant(seconds: Int64(first.daysSince1970) * 86_400))
        calendars.shuffle(using: &random)
        let other = Coverage(calendars)
        var isEverOpen = false
        for _ in 0..<120 {
            let instant = start + .seconds(Int(random.number(below: 40 * 86_400)))
            let work = Duration.seconds(Int(random.number(below: 20 * 3_600)))
            let place: Testing.Comment = "seed \(seed) at \(instant)"
            isEverOpen = isEverOpen || one.isOpen(at: instant)
            #expect(one.isOpen(at: instant) == other.isOpen(at: instant), place)
            #expect(one.state(at: instant) == other.state(at: instant), place)
            #expect(one.closedPeriod(containing: instant) == other.closedPeriod(containing: instant), place)
            #expect(one.advance(from: instant, by: work) == other.advance(from: instant, by: work), place)
            #expect(one.retreat(from: instant, by: work) == other.retreat(from: instant, by: work), place)
        }
        #expect(isEverOpen || calendars.isEmpty, "seed \(seed): nothing was ever open")
    }
}
