import Contracts
import Coordination
import Instants
import Testing

@Suite("HourProfile")
struct HourProfileTests {
    @Test("an hour seen again counts three tenths, the weeks before it the rest")
    func evensOut() {
        var profile = HourProfile()
        profile.learn(30, rate: 10, wasOpen: true)
        profile.learn(30 + 168, rate: 20, wasOpen: false)
        #expect(profile[30].rate == 13 && abs(profile[30].openness - 0.7) < 1e-6)
        profile.learn(31, rate: .nan, wasOpen: true)
        profile.learn(31, rate: -1, wasOpen: true)
        #expect(profile[31].rate == nil)
    }

    @Test("an hour that is closed against its habit is expected as the same hour of days on which it is")
    func holiday() {
        var profile = HourProfile()
        for hour in 0..<168 {
            let isOpen = hour < 120 && (9..<17).contains(hour % 24)
            profile.learn(hour, rate: isOpen ? 1 : hour >= 120 ? 5 : 3, wasOpen: isOpen)
        }
        #expect(profile.expected(10, isOpen: true) == 1)
        #expect(profile.expected(10, isOpen: false) == 5)
        #expect(profile.expected(130, isOpen: true) == 1)
        #expect(profile.expected(-168 + 10, isOpen: true) == 1)
        #expect(HourProfile().expected(10, isOpen: true) == nil)
    }

    @Test("it is kept as 1,008 characters and read back to a thousandth; anything else is none")
    func text() throws {
        var random = SeededGenerator(seed: 3)
        var profile = HourProfile()
        for hour in 0..<168 where random.fraction() < 0.8 {
            profile.learn(hour, rate: random.fraction() * 10_000 * random.fraction(), wasOpen: random.fraction() < 0.5)
        }
        let text = profile.text
        #expect(text.utf8.count == 1_008)
        let read = try #require(HourProfile(text: text))
        for hour in 0..<168 {
            #expect((read[hour].rate == nil) == (profile[hour].rate == nil))
            if let rate = profile[hour].rate { #expect(abs((read[hour].rate ?? 0) - rate) <= rate * 0.001 + 0.001) }
            #expect(read[hour].openness == profile[hour].openness)
        }
        #expect(read.text == text)
        for bad in ["", "00", text + "0", text.replacing("0", with: "x", maxReplacements: 1)] {
            #expect(HourProfile(text: bad) == nil)
        }
    }

    @Test(
        "the hour of the week is told by the partition's own clock, from Monday 0:00",
        arguments: [
            ("1970-01-05T00:00:00Z", 0, 0), ("1970-01-05T00:00:00Z", -3_600, 167), ("2026-11-22T23:30:00Z", 3_600, 0),
            ("2026-11-22T23:30:00Z", 0, 167), ("1969-12-31T23:00:00Z", 0, 71),
        ])
    func hours(text: String, offset: Int, hour: Int) throws {
        let hours = PartitionHours(offset: { _ in offset }, isOpen: { _ in false })
        #expect(try hours.hour(at: Instant(rfc3339: text)) == hour)
    }
}
