import BusinessTime
import Instants

@testable import Replies

/// Small extracts, made up for the mechanism; the shipped languages are tested with the configuration.
enum SampleWords {
    static func extract(
        _ direction: LocaleWords.Direction = .leftToRight, small: Bool = false, time: String = "{hour}:{minute}",
        periods: [String] = []
    ) -> LocaleWords.Extract {
        LocaleWords.Extract(
            direction: direction, today: small ? "Today" : "today", tomorrow: small ? "Tomorrow" : "tomorrow",
            isSmallInsideSentence: small, weekdays: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
            months: (1...12).map { "m\($0)" }, weekdayDate: "{weekday}, {month} {day}", date: "{month} {day}",
            time: time, hours: (0..<24).map(String.init), periods: periods, cities: ["Asia/Tokyo": "東京"])
    }

    static func pack(
        _ texts: [String], kind: ReplyKind = .acknowledgement, words: LocaleWords.Extract? = nil
    ) throws -> LanguagePack {
        let words = try LocaleWords(words ?? extract())
        let (pack, faults) = LanguagePack.compile(
            tag: "xx", words: words, templates: [kind: texts], disclosure: ["automatic"])
        guard faults.isEmpty else { throw Broken(faults: faults) }
        return pack
    }

    struct Broken: Error {
        let faults: [LanguagePack.Fault]
    }

    static func slots(
        due: String? = nil, now: String = "2026-11-22T18:00:00Z", weak: Bool = false, holiday: Bool = false,
        firstName: String? = nil, answer: String? = nil
    ) throws -> ReplySlots {
        ReplySlots(
            due: try due.map { try Instant(rfc3339: $0) }, now: try Instant(rfc3339: now), customerZone: .utc,
            zoneIsWeak: weak, crossesHoliday: holiday, firstName: firstName, answer: answer)
    }
}
