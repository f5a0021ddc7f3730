import BusinessTime
import Instants
import Testing

@Suite("A calendar")
struct BusinessCalendarTests {
    @Test("follows its exceptions in the order in which they are written")
    func order() throws {
        let day = try date("2026-11-23")
        let closed = HoursException(on: day, .closed)
        let replace = HoursException(on: day, .replace(try intervals(["10:00-11:00"])))
        let open = HoursException(on: day, .open(try intervals(["12:00-13:00"])))
        let nine = try at("2026-11-23T00:00")
        func opening(_ exceptions: [HoursException]) throws -> Instant? {
            try calendar("Etc/UTC", .on("mon", "09:00-10:00"), exceptions).state(at: nine).nextOpen
        }
        #expect(try opening([]) == (try at("2026-11-23T09:00")))
        #expect(try opening([closed, replace]) == (try at("2026-11-23T10:00")))
        #expect(try opening([replace, closed]) == (try at("2026-11-30T09:00")))
        #expect(try opening([replace, closed, open]) == (try at("2026-11-23T12:00")))
        #expect(try opening([open]) == (try at("2026-11-23T09:00")))
    }

    @Test("is open on February 29 if an exception says so")
    func leapDay() throws {
        let open = HoursException(on: try date("2028-02-29"), .open(try intervals(["09:00-10:00"])))
        let calendar = try calendar("Europe/Berlin", .never, [open])
        #expect(calendar.state(at: try at("2028-02-01T00:00")).nextOpen == (try at("2028-02-29T08:00")))
    }

    @Test("has no hours that start outside its validity, but a night that started within goes on")
    func validity() throws {
        let calendar = try calendar(
            "Etc/UTC", .on("mon-sun", "22:00-06:00"), validity: date("2026-11-23")...date("2026-11-24"))
        let first = try at("2026-11-23T22:00")
        #expect(calendar.state(at: try at("2026-11-20T23:00")).nextOpen == first)
        #expect(calendar.isOpen(at: try at("2026-11-25T05:59")))
        #expect(calendar.state(at: try at("2026-11-25T06:00")).nextOpen == nil)
    }

    @Test("refuses an exception that ends before it starts")
    func reversed() throws {
        #expect(HoursException(from: try date("2026-11-23"), to: try date("2026-11-22"), .closed) == nil)
    }

    @Test("merges hours that overlap: an instant is open if any of them covers it")
    func overlapping() throws {
        let calendar = try calendar("Etc/UTC", .on("mon", "09:00-12:00", "11:00-17:00", "10:00-10:30"))
        let state = calendar.state(at: try at("2026-11-23T09:30"))
        #expect(state.until == (try at("2026-11-23T17:00")))
    }

    @Test("that is open round the clock in one week closes where the next week's hours say so")
    func runOfOpenDays() throws {
        let open = try #require(
            HoursException(
                from: try date("2026-11-16"), to: try date("2026-11-29"), .replace([.wholeDay])))
        let calendar = try calendar("Europe/Berlin", .on("mon-fri", "09:00-17:00"), [open])
        let middle = try at("2026-11-20T12:00")
        #expect(calendar.state(at: middle).until == (try at("2026-11-29T23:00")))
        #expect(Coverage([calendar]).retreat(from: middle, by: .seconds(5 * 86_400)) == (try at("2026-11-12T13:00")))
    }
}
