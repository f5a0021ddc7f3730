import Instants
import Testing

@Suite("A civil date")
struct CivilDateTests {
    @Test("goes to days and back for every day of 800 years, weekdays in turn")
    func everyDay() throws {
        var expected = try #require(CivilDate(year: 1_700, month: 1, day: 1))
        #expect(expected.weekday == 5)
        let first = expected.daysSince1970
        var weekday = expected.weekday
        for day in first..<first + 2 * 146_097 {
            let date = CivilDate(daysSince1970: day)
            guard date == expected, date.daysSince1970 == day, date.weekday == weekday else {
                Issue.record("day \(day) is \(date), expected \(expected), weekday \(date.weekday)")
                return
            }
            weekday = (weekday + 1) % 7
            expected = try #require(
                CivilDate(year: date.year, month: date.month, day: date.day + 1)
                    ?? CivilDate(year: date.year, month: date.month + 1, day: 1)
                    ?? CivilDate(year: date.year + 1, month: 1, day: 1))
        }
    }

    @Test("exists or is nil")
    func existence() {
        #expect(CivilDate(year: 2_028, month: 2, day: 29) != nil)
        #expect(CivilDate(year: 2_000, month: 2, day: 29) != nil)
        for (year, month, day) in [
            (2_026, 2, 29), (1_900, 2, 29), (2_026, 0, 1), (2_026, 13, 1), (2_026, 4, 31), (2_026, 1, 0),
            (10_000, 1, 1), (-10_000, 1, 1),
        ] {
            #expect(CivilDate(year: year, month: month, day: day) == nil)
        }
    }

    @Test("is clamped to the years -9999 to 9999")
    func clamped() throws {
        let first = try #require(CivilDate(year: -9_999, month: 1, day: 1))
        let last = try #require(CivilDate(year: 9_999, month: 12, day: 31))
        #expect(CivilDate(daysSince1970: .min) == first)
        #expect(CivilDate(daysSince1970: .max) == last)
        #expect(CivilDate(daysSince1970: first.daysSince1970) == first)
        #expect(CivilDate(daysSince1970: last.daysSince1970) == last)
        #expect(last.adding(days: .max) == last)
        #expect(first.adding(days: .min) == first)
        #expect(first.adding(days: 1).daysSince1970 == first.daysSince1970 + 1)
    }
}
