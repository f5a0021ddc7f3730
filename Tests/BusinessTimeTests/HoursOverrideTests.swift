import BusinessTime
import Contracts
import Instants
import Testing

@Suite("Overrides")
struct HoursOverrideTests {
    private static let minutes = 40 * 1_440

    @Test("change a slow walk's minutes between their ends and no others", arguments: 301...340 as ClosedRange<UInt64>)
    func walk(seed: UInt64) throws {
        let zones = try ["Europe/Berlin", "America/Havana", "Asia/Kathmandu"].map(Zoneinfo.rules)
        let first = try date("2026-02-25")
        var source = MadeUpCalendars(random: SeededGenerator(seed: seed), zones: zones, firstDay: first)
        let calendars = (0...1).map { _ in source.next() }
        let start = Instant(seconds: Int64(first.daysSince1970) * 86_400)
        let walk = MinuteWalk(calendars, from: start, minutes: Self.minutes)
        var open = walk.isOpen
        var overrides: [HoursOverride] = []
        for _ in 0..<(1 + source.random.number(below: 4)) {
            let from = Int(source.random.number(below: UInt64(Self.minutes - 6_000)))
            let to = from + 1 + Int(source.random.number(below: 5_000))
            let isOpen = source.random.chance(0.5)
            for minute in from..<to { open[minute] = isOpen }
            overrides.append(
                try #require(HoursOverride(isOpen: isOpen, from: walk.instant(from), until: walk.instant(to))))
        }
        let coverage = Coverage(calendars).overridden(by: overrides)
        for _ in 0..<120 {
            let minute = Int(source.random.number(below: UInt64(Self.minutes)))
            let instant = walk.instant(minute)
            let place: Testing.Comment = "seed \(seed), \(instant)"
            let state = coverage.state(at: instant)
            #expect(state.isOpen == open[minute], place)
            if let change = open[minute...].firstIndex(where: { $0 != open[minute] }) {
                #expect((open[minute] ? state.until : state.nextOpen) == walk.instant(change), place)
            }
            if !open[minute], let last = open[..<minute].lastIndex(of: true) {
                #expect(coverage.closedPeriod(containing: instant)?.start == walk.instant(last + 1), place)
            }
        }
    }

    @Test("must end after they begin, and within a month")
    func bounds() {
        let now = Instant(seconds: 1_000_000_000)
        #expect(HoursOverride(isOpen: true, from: now, until: now) == nil)
        #expect(HoursOverride(isOpen: true, from: now, until: now - .seconds(1)) == nil)
        #expect(HoursOverride(isOpen: true, from: now, until: now + HoursOverride.longest + .seconds(1)) == nil)
        #expect(HoursOverride(isOpen: true, from: .distantPast, until: .distantFuture) == nil)
        #expect(HoursOverride(isOpen: true, from: now, until: now + HoursOverride.longest) != nil)
    }
}
