import BusinessTime
import Testing

@Suite("Written hours")
struct LocalIntervalTests {
    struct Written: Sendable {
        let text: String
        let start: Int
        let end: Int
    }

    @Test(
        "are read to the minute, an end at or before the start on the next day",
        arguments: [
            Written(text: "09:00-17:30", start: 540, end: 1_050), Written(text: "00:00-24:00", start: 0, end: 1_440),
            Written(text: "22:00-06:00", start: 1_320, end: 1_800),
            Written(text: "22:00-24:00", start: 1_320, end: 1_440),
            Written(text: "09:00-09:00", start: 540, end: 1_980), Written(text: "00:00-00:00", start: 0, end: 1_440),
            Written(text: "23:59-00:00", start: 1_439, end: 1_440),
        ])
    func read(_ written: Written) throws {
        let interval = try LocalInterval(written.text)
        #expect(interval.start == written.start * 60)
        #expect(interval.end == written.end * 60)
        #expect(try LocalInterval(interval.description) == interval)
    }

    @Test(
        "that are anything else are refused with what was expected",
        arguments: [
            "", "09:00", "9:00-17:00", "09:00-25:00", "24:00-06:00", "09:60-10:00", "09:00-24:01", "09:00–17:00",
            "09:00 -17:00", "09.00-17.00", "-9:00-17:00", "09:00-17:00 ", "aa:bb-cc:dd", "０９:00-17:00",
        ])
    func refused(text: String) {
        let error = #expect(throws: LocalInterval.FormatError.self) { _ = try LocalInterval(text) }
        #expect(error?.description.contains("\"22:00-06:00\"") == true)
    }

    @Test("from seconds are within a day")
    func seconds() throws {
        #expect(LocalInterval(startSecond: 86_400, endSecond: 5) == nil)
        #expect(LocalInterval(startSecond: 0, endSecond: 86_401) == nil)
        #expect(LocalInterval(startSecond: -1, endSecond: 5) == nil)
        #expect(LocalInterval(startSecond: 79_200, endSecond: 21_600) == (try LocalInterval("22:00-06:00")))
    }
}

@Suite("Weekly hours")
struct WeeklyHoursTests {
    @Test("name their first overlap, over the night and over the end of the week too, but not a touch")
    func overlaps() throws {
        let touching = try WeeklyHours([.monday: intervals(["12:00-17:00", "09:00-12:00"])])
        #expect(touching.overlaps.isEmpty)
        let sameDay = try WeeklyHours([.friday: intervals(["09:00-12:00", "14:00-18:00", "11:00-13:00"])])
        let overlap = try #require(sameDay.overlaps.first)
        #expect(overlap.weekday == .friday)
        #expect([overlap.first, overlap.second].map(\.description) == ["09:00-12:00", "11:00-13:00"])
        let night = try WeeklyHours([.sunday: intervals(["22:00-06:00"]), .monday: intervals(["05:00-07:00"])])
        #expect(night.overlaps.first?.weekday == .sunday)
        #expect(WeeklyHours.always.overlaps.isEmpty)
    }
}

@Suite("The name of a zone")
struct ZoneNameTests {
    @Test(
        "is letters, digits and signs in parts",
        arguments: ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"])
    func accepted(text: String) throws {
        #expect(try ZoneName(text).text == text)
    }

    @Test(
        "cannot leave a folder",
        arguments: [
            "", "/etc/passwd", "../x", "Europe/../x", "Europe//Berlin", "Europe/", "Europe/Bérlin", "a b", "a\0",
            String(repeating: "a", count: 65),
        ])
    func refused(text: String) {
        #expect(throws: ZoneName.FormatError.self) { _ = try ZoneName(text) }
    }
}
