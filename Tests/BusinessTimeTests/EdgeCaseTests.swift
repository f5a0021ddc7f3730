import BusinessTime
import Instants
import Testing

/// DOMAIN.md, 5.7, items 1 to 11; the later ones are in `LaterEdgeCaseTests`.
@Suite("Hours, DOMAIN 5.7")
struct EdgeCaseTests {
    /// Opening and closing of the first covered period that ends after an instant.
    private func period(_ calendar: BusinessCalendar, after instant: String) throws -> [String] {
        let coverage = Coverage([calendar])
        let opening = try #require(coverage.nextOpening(atOrAfter: try at(instant)))
        let closing = try #require(coverage.state(at: opening).until)
        return [opening, closing].map { String($0.description.prefix(16)) }
    }

    @Test("edge case 1: what opens in a gap opens at the first instant after it")
    func openInGap() throws {
        let calendar = try calendar("America/New_York", .on("sun", "02:30-17:00"))
        #expect(try period(calendar, after: "2026-03-08T00:00") == ["2026-03-08T07:00", "2026-03-08T21:00"])
    }

    @Test("edge case 2: what closes in a gap closes at the transition, and hours inside a gap are none")
    func closeInGap() throws {
        let night = try calendar("America/New_York", .on("sun", "00:00-02:30"))
        #expect(try period(night, after: "2026-03-08T00:00") == ["2026-03-08T05:00", "2026-03-08T07:00"])
        let lost = try calendar("America/New_York", .on("sun", "02:10-02:50"))
        #expect(try period(lost, after: "2026-03-08T00:00") == ["2026-03-15T06:10", "2026-03-15T06:50"])
    }

    @Test("edge case 3: in an overlap the first occurrence opens, the last one closes, an hour longer")
    func overlap() throws {
        let opens = try calendar("America/New_York", .on("sun", "01:30-09:00"))
        #expect(try period(opens, after: "2026-11-01T00:00") == ["2026-11-01T05:30", "2026-11-01T14:00"])
        let closes = try calendar("America/New_York", .on("sun", "00:00-01:30"))
        #expect(try period(closes, after: "2026-11-01T00:00") == ["2026-11-01T04:00", "2026-11-01T06:30"])
        let both = try calendar("America/New_York", .on("sun", "01:10-01:20"))
        #expect(try period(both, after: "2026-11-01T00:00") == ["2026-11-01T05:10", "2026-11-01T06:20"])
    }

    @Test(
        "edge case 3: hours that end or begin at a midnight shown twice are open in between, whatever date the clocks show"
    )
    func overlapAtMidnight() throws {
        // Havana goes from 01:00 back to 00:00 on 3 November 2024: Saturday's 24:00 comes twice.
        let saturday = try calendar("America/Havana", .on("sat", "20:00-24:00"))
        #expect(try period(saturday, after: "2024-11-02T12:00") == ["2024-11-03T00:00", "2024-11-03T05:00"])
        #expect(try period(saturday, after: "2024-11-03T04:30") == ["2024-11-03T04:30", "2024-11-03T05:00"])
        let closed = Coverage([saturday]).closedPeriod(containing: try at("2024-11-03T05:00"))
        #expect(closed?.start == (try at("2024-11-03T05:00")))
        // St. John's went from 00:01 back to 23:01 on 29 October 2006: Sunday began, and Saturday came again.
        let sunday = try calendar("America/St_Johns", .on("sun", "00:00-09:00"))
        #expect(try period(sunday, after: "2006-10-28T12:00") == ["2006-10-29T02:30", "2006-10-29T12:30"])
        #expect(try period(sunday, after: "2006-10-29T03:00") == ["2006-10-29T03:00", "2006-10-29T12:30"])
        let again = try at("2006-10-29T03:00")
        #expect(Coverage([sunday]).retreat(from: again, by: .seconds(60)) == (try at("2006-10-29T02:59")))
    }

    struct Spanning: Sendable {
        let zone: String
        let day: String
        let minutes: Int
    }

    @Test(
        "edge case 4: an interval across a transition keeps its local ends and differs in length",
        arguments: [
            Spanning(zone: "Europe/Berlin", day: "2026-03-29", minutes: 7 * 60),
            Spanning(zone: "Europe/Berlin", day: "2026-10-25", minutes: 9 * 60),
            Spanning(zone: "Australia/Lord_Howe", day: "2027-04-04", minutes: 8 * 60 + 30),
            Spanning(zone: "Australia/Lord_Howe", day: "2026-10-04", minutes: 7 * 60 + 30),
            Spanning(zone: "Antarctica/Troll", day: "2027-03-28", minutes: 6 * 60),
            Spanning(zone: "Antarctica/Troll", day: "2026-10-25", minutes: 10 * 60),
            Spanning(zone: "Asia/Tokyo", day: "2026-10-25", minutes: 8 * 60),
        ])
    func spanning(_ spanning: Spanning) throws {
        let calendar = try calendar(
            spanning.zone, .never,
            [HoursException(on: date(spanning.day), .replace(intervals(["00:00-08:00"])))])
        let day = try date(spanning.day)
        let start = calendar.zone.instants(for: day, secondOfDay: 0).opening
        let end = start + .seconds(spanning.minutes * 60)
        #expect(calendar.state(at: start) == HoursState(isOpen: true, until: end, nextOpen: start))
        #expect(!calendar.isOpen(at: start - .milliseconds(1)))
        #expect(calendar.zone.localTime(of: start) == LocalTime(date: day, secondOfDay: 0))
        #expect(calendar.zone.localTime(of: end) == LocalTime(date: day, secondOfDay: 8 * 3_600))
    }

    @Test(
        "edge case 5: where midnight is missing the day starts at 01:00, and 24:00 is still the start of the next day")
    func midnightMissing() throws {
        let weekend = WeeklyHours([.saturday: [.wholeDay], .sunday: [.wholeDay]])
        let calendar = try calendar("Asia/Beirut", weekend)
        #expect(try period(calendar, after: "2027-03-26T00:00") == ["2027-03-26T22:00", "2027-03-28T21:00"])
        let saturday = try BusinessTimeTests.calendar("Asia/Beirut", .on("sat", "08:00-24:00"))
        #expect(try period(saturday, after: "2027-03-26T00:00") == ["2027-03-27T06:00", "2027-03-27T22:00"])
        let cairo = try BusinessTimeTests.calendar("Africa/Cairo", .on("fri", "00:00-12:00"))
        #expect(try period(cairo, after: "2027-04-29T00:00") == ["2027-04-29T22:00", "2027-04-30T09:00"])
    }

    @Test("edge case 6: a date that a zone skipped has no instants, and exceptions on it do nothing")
    func skippedDate() throws {
        // Samoa went from Thursday 29 December 2011 to Saturday 31 December.
        let daily = try calendar("Pacific/Apia", .on("mon-sun", "09:00-17:00"))
        #expect(try period(daily, after: "2011-12-29T19:00") == ["2011-12-29T19:00", "2011-12-30T03:00"])
        #expect(try period(daily, after: "2011-12-30T03:00") == ["2011-12-30T19:00", "2011-12-31T03:00"])
        let friday = try calendar("Pacific/Apia", .on("fri", "09:00-17:00"))
        #expect(try period(friday, after: "2011-12-29T00:00") == ["2012-01-05T19:00", "2012-01-06T03:00"])
        let open = try calendar(
            "Pacific/Apia", .never, [HoursException(on: date("2011-12-30"), .open([.wholeDay]))])
        #expect(open.state(at: try at("2011-12-29T00:00")).nextOpen == nil)
        let always = try calendar("Pacific/Apia", .always)
        #expect(always.state(at: try at("2011-12-30T10:00")).isOpen)
    }

    @Test("edge case 7: a night belongs to the day on which it starts; a holiday on Monday does not cut Sunday's")
    func overnight() throws {
        let nights = try WeeklyHours.on("mon-sun", "22:00-06:00")
        let calendar = try calendar("Asia/Manila", nights, [HoursException(on: date("2026-11-23"), .closed)])
        #expect(try period(calendar, after: "2026-11-22T14:00") == ["2026-11-22T14:00", "2026-11-22T22:00"])
        #expect(try period(calendar, after: "2026-11-22T22:00") == ["2026-11-24T14:00", "2026-11-24T22:00"])
    }

    @Test("edge case 8: a holiday in the middle of a night cuts it only if the exception counts by the clock")
    func holidayInTheNight() throws {
        let nights = try WeeklyHours.on("mon-sun", "22:00-06:00")
        let cut = try calendar(
            "Asia/Manila", nights, [HoursException(on: date("2026-11-23"), .closed, reach: .clock)])
        #expect(try period(cut, after: "2026-11-22T14:00") == ["2026-11-22T14:00", "2026-11-22T16:00"])
        let replaced = try calendar(
            "Asia/Manila", nights,
            [HoursException(on: date("2026-11-23"), .replace(intervals(["03:00-04:00"])), reach: .clock)])
        #expect(try period(replaced, after: "2026-11-22T16:00") == ["2026-11-22T19:00", "2026-11-22T20:00"])
        let uncut = try calendar(
            "Asia/Manila", nights, [HoursException(on: date("2026-11-23"), .open([]), reach: .clock)])
        #expect(try period(uncut, after: "2026-11-22T14:00") == ["2026-11-22T14:00", "2026-11-22T22:00"])
    }

    @Test("edge case 9: touching intervals are one covered period, over midnight too")
    func touching() throws {
        let day = try calendar("Europe/Berlin", .on("mon", "09:00-12:00", "12:00-17:00"))
        #expect(try period(day, after: "2026-11-23T00:00") == ["2026-11-23T08:00", "2026-11-23T16:00"])
        let night = try calendar(
            "Europe/Berlin",
            WeeklyHours([.monday: intervals(["20:00-24:00"]), .tuesday: intervals(["00:00-04:00"])]))
        #expect(try period(night, after: "2026-11-23T00:00") == ["2026-11-23T19:00", "2026-11-24T03:00"])
    }

    @Test("edge case 10: a message exactly at the opening finds it open")
    func exactlyAtOpen() throws {
        let calendar = try calendar("Europe/Berlin", .on("mon-fri", "09:00-17:00"))
        let opening = try at("2026-11-23T08:00")
        let state = calendar.state(at: opening)
        #expect(state == HoursState(isOpen: true, until: try at("2026-11-23T16:00"), nextOpen: opening))
        let before = calendar.state(at: opening - .milliseconds(1))
        #expect(before == HoursState(isOpen: false, until: nil, nextOpen: opening))
    }

    @Test("edge case 11: a message exactly at the close finds it closed")
    func exactlyAtClose() throws {
        let calendar = try calendar("Europe/Berlin", .on("mon-fri", "09:00-17:00"))
        let closing = try at("2026-11-23T16:00")
        let state = calendar.state(at: closing)
        #expect(state == HoursState(isOpen: false, until: nil, nextOpen: try at("2026-11-24T08:00")))
        let before = closing - .milliseconds(1)
        #expect(calendar.state(at: before) == HoursState(isOpen: true, until: closing, nextOpen: before))
    }
}
