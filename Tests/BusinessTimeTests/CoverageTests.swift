import BusinessTime
import Contracts
import Instants
import Testing

@Suite("Coverage")
struct CoverageTests {
    private static let minutes = 40 * 1_440

    /// One to three calendars over forty days around the changes of clocks of a season.
    private func made(_ seed: UInt64) throws -> (
        calendars: [BusinessCalendar], walk: MinuteWalk, random: SeededGenerator
    ) {
        var random = SeededGenerator(seed: seed)
        let season =
            random.pick(["2026-02-25", "2026-10-01", "2027-03-10", "2006-10-10", "2024-10-01", "2011-12-15"]) ?? ""
        let names = [
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Antarctica/Troll",
            "America/Havana", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "Atlantic/Azores",
            "America/St_Johns",
        ]
        let first = try date(season)
        var source = MadeUpCalendars(random: random, zones: try names.map(Zoneinfo.rules), firstDay: first)
        let calendars = (0...random.number(below: 3)).map { _ in source.next() }
        let start = Instant(seconds: Int64(first.daysSince1970) * 86_400)
        return (calendars, MinuteWalk(calendars, from: start, minutes: Self.minutes), source.random)
    }

    @Test(
        "sees a day with fewer hours than usual on the way, by the calendar's own dates",
        arguments: [
            // Tokyo: from its Sunday afternoon to its Tuesday morning; the second ends before its Monday begins.
            ("2026-11-22T05:00:00Z", "2026-11-24T01:00:00Z", true),
            ("2026-11-22T05:00:00Z", "2026-11-22T14:59:58Z", false),
            ("2026-11-23T15:00:00Z", "2026-11-24T01:00:00Z", false),
            ("2026-11-23T05:00:00Z", "2026-11-22T01:00:00Z", false),
        ])
    func daysOff(from: String, to: String, expected: Bool) throws {
        let zone = try Zoneinfo.rules("Asia/Tokyo")
        let hours = WeeklyHours.daily([try LocalInterval("09:00-18:00")])
        let holiday = HoursException(on: try date("2026-11-23"), .closed)
        let fair = HoursException(on: try date("2026-11-22"), .open([try LocalInterval("19:00-20:00")]))
        let calendar = BusinessCalendar(
            name: CalendarName("tokyo"), zone: zone, weekly: hours, exceptions: [fair, holiday])
        let (start, end) = (try Instant(rfc3339: from), try Instant(rfc3339: to))
        #expect(Coverage([calendar]).hasDayOff(from: start, to: end) == expected)
        let closed = try #require(HoursOverride(isOpen: false, from: start, until: start + .seconds(60)))
        let shut = Coverage([calendar]).overridden(by: [closed])
        #expect(shut.hasDayOff(from: start, to: end) == (start < end))
    }

    @Test("opens and closes at the minutes of a slow walk", arguments: 1...60 as ClosedRange<UInt64>)
    func states(seed: UInt64) throws {
        var (calendars, walk, random) = try made(seed)
        let coverage = Coverage(calendars)
        for _ in 0..<60 {
            let minute = Int(random.number(below: UInt64(Self.minutes)))
            let instant = walk.instant(minute) + .milliseconds(Int(random.number(below: 60_000)))
            let state = coverage.state(at: instant)
            let place: Testing.Comment = "seed \(seed), \(instant)"
            #expect(state.isOpen == walk.isOpen[minute], place)
            #expect(state.isOpen == coverage.isOpen(at: instant), place)
            #expect(state.nextOpen == coverage.nextOpening(atOrAfter: instant), place)
            let change = walk.isOpen[minute...].firstIndex { $0 != walk.isOpen[minute] }.map(walk.instant)
            let closed = coverage.closedPeriod(containing: instant)
            if walk.isOpen[minute] {
                #expect(state.nextOpen == instant, place)
                #expect(closed == nil, place)
                if let change { #expect(state.until == change, place) }
            } else {
                #expect(state.until == nil, place)
                #expect(closed?.contains(instant) == true, place)
                if let change {
                    #expect(state.nextOpen == change, place)
                    #expect(closed?.end == change, place)
                }
                if let last = walk.isOpen[..<minute].lastIndex(of: true) {
                    #expect(closed?.start == walk.instant(last + 1), place)
                }
            }
        }
    }

    @Test("adds, subtracts and counts business time like a slow walk", arguments: 101...160 as ClosedRange<UInt64>)
    func arithmetic(seed: UInt64) throws {
        var (calendars, walk, random) = try made(seed)
        let coverage = Coverage(calendars)
        for _ in 0..<20 {
            let ends = [random.number(below: UInt64(Self.minutes)), random.number(below: UInt64(Self.minutes))]
                .map { Int($0) }.sorted()
            let (start, end) = (walk.instant(ends[0]), walk.instant(ends[1]))
            let place: Testing.Comment = "seed \(seed), from \(start) to \(end)"
            let open = walk.isOpen[ends[0]..<ends[1]].indices.filter { walk.isOpen[$0] }
            let time = Duration.seconds(open.count * 60)
            #expect(coverage.businessTime(from: start, to: end) == time, place)
            #expect(coverage.businessTime(from: end, to: start) == .zero, place)
            guard let first = open.first, let last = open.last else { continue }
            #expect(coverage.advance(from: start, by: time) == walk.instant(last + 1), place)
            #expect(coverage.retreat(from: end, by: time) == walk.instant(first), place)
            let part = Int(random.number(below: UInt64(open.count)))
            let inside = walk.instant(open[part]) + .milliseconds(7)
            #expect(coverage.advance(from: start, by: .seconds(part * 60) + .milliseconds(7)) == inside, place)
            let rest = Duration.seconds((open.count - part) * 60) - .milliseconds(7)
            #expect(coverage.retreat(from: end, by: rest) == inside, place)
        }
    }

    @Test("does not depend on the order of the calendars", arguments: 201...230 as ClosedRange<UInt64>)
    func order(seed: UInt64) throws {
        var (calendars, walk, random) = try made(seed)
        calendars.append(calendars[0])
        let (one, other) = (Coverage(calendars), Coverage(calendars.reversed()))
        for _ in 0..<40 {
            let instant = walk.instant(Int(random.number(below: UInt64(Self.minutes))))
            let place: Testing.Comment = "seed \(seed), \(instant)"
            #expect(one.state(at: instant) == other.state(at: instant), place)
            #expect(one.closedPeriod(containing: instant) == other.closedPeriod(containing: instant), place)
            let time = Duration.seconds(Int(random.number(below: 500_000)))
            #expect(one.advance(from: instant, by: time) == other.advance(from: instant, by: time), place)
            #expect(one.retreat(from: instant, by: time) == other.retreat(from: instant, by: time), place)
        }
    }

    @Test("round the clock has no closed instant, however the hours are written and the clocks change")
    func roundTheClock() throws {
        let written = try [
            WeeklyHours.always, .on("mon-sun", "06:00-06:00"), .on("mon-sun", "00:00-12:00", "12:00-24:00"),
        ]
        for zone in ["Asia/Beirut", "Pacific/Apia", "Antarctica/Troll", "America/Havana", "Atlantic/Azores"] {
            for weekly in written {
                let coverage = Coverage([try calendar(zone, weekly)])
                for step in 0..<4_000 {
                    let instant = Instant(seconds: 1_325_000_000 + Int64(step) * 112_500)
                    guard coverage.closedPeriod(containing: instant) != nil else { continue }
                    Issue.record("\(zone) is closed at \(instant)")
                }
                let state = coverage.state(at: .epoch)
                #expect(state == HoursState(isOpen: true, until: nil, nextOpen: .epoch))
                #expect(coverage.advance(from: .epoch, by: .seconds(3_600_000)) == Instant(seconds: 3_600_000))
                #expect(coverage.retreat(from: .epoch, by: .seconds(3_600_000)) == Instant(seconds: -3_600_000))
            }
        }
    }

    @Test("with empty hours, or no calendars, has no open instant")
    func neverOpen() throws {
        for coverage in [Coverage([]), Coverage([try calendar("Europe/Berlin", .never)])] {
            for instant in [Instant.distantPast, .epoch, try at("2026-11-22T18:00"), .distantFuture] {
                #expect(coverage.state(at: instant) == HoursState(isOpen: false, until: nil, nextOpen: nil))
                #expect(coverage.nextOpening(atOrAfter: instant) == nil)
                #expect(coverage.closedPeriod(containing: instant) == ClosedPeriod(start: .distantPast, end: nil))
                #expect(coverage.advance(from: instant, by: .seconds(1)) == nil)
                #expect(coverage.retreat(from: instant, by: .seconds(1)) == nil)
                #expect(coverage.advance(from: instant, by: .zero) == instant)
            }
            #expect(coverage.businessTime(from: .distantPast, to: .distantFuture) == .zero)
        }
    }

    @Test("finds an opening 400 days ahead and none further away")
    func horizon() throws {
        let open = try HoursException(on: date("2027-12-27"), .open(intervals(["00:00-01:00"])))
        let coverage = Coverage([try calendar("Etc/UTC", .never, [open])])
        let opening = try at("2027-12-27T00:00")
        let earliest = try at("2026-11-22T00:00")
        #expect(coverage.nextOpening(atOrAfter: earliest) == opening)
        #expect(coverage.state(at: earliest).nextOpen == opening)
        #expect(coverage.closedPeriod(containing: earliest)?.end == opening)
        let tooEarly = earliest - .seconds(1)
        #expect(coverage.nextOpening(atOrAfter: tooEarly) == nil)
        #expect(coverage.state(at: tooEarly).nextOpen == nil)
        #expect(coverage.closedPeriod(containing: tooEarly)?.end == nil)
        let closing = try at("2027-12-27T01:00")
        let latest = closing + .seconds(400 * 86_400)
        #expect(coverage.closedPeriod(containing: latest)?.start == closing)
        #expect(coverage.closedPeriod(containing: latest + .seconds(1))?.start == .distantPast)
    }

    @Test("answers absurd questions within bounds")
    func absurd() throws {
        let seldom = try calendar("Europe/Berlin", .on("mon", "09:00-09:01"))
        for calendar in [seldom, try calendar("Europe/Berlin", .on("mon-fri", "09:00-17:00"))] {
            let coverage = Coverage([calendar, calendar])
            for instant in [Instant.distantPast, .distantFuture, .epoch] {
                _ = coverage.state(at: instant)
                _ = coverage.closedPeriod(containing: instant)
                #expect(coverage.advance(from: instant, by: .seconds(Int64.max)) == nil)
                #expect(coverage.retreat(from: instant, by: .seconds(Int64.max)) == nil)
                #expect(coverage.advance(from: instant, by: .seconds(Int64.min)) == instant)
            }
            let all = coverage.businessTime(from: .distantPast, to: .distantFuture)
            #expect(all > .zero && all < .seconds(4_001 * 86_400))
        }
    }
}
