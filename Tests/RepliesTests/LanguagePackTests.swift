import Testing

@testable import Replies

@Suite("Filling templates")
struct LanguagePackTests {
    private static let zoned = "{{day}}, {{time}}{{#zone_city}} ({{zone_city}}){{/zone_city}}"

    @Test(
        "the day is chosen by calendar dates, not by hours",
        arguments: [
            ("2026-11-22T23:59:00Z", "today, 23:59"),
            ("2026-11-23T00:00:00Z", "tomorrow, 0:00"),
            ("2026-11-24T09:00:00Z", "Tue, 9:00"),
            ("2026-11-25T09:05:00Z", "Wed, 9:05"),
            ("2026-11-26T09:00:00Z", "Thu, m11 26, 9:00"),
            ("2026-11-28T09:00:00Z", "Sat, m11 28, 9:00"),
            ("2026-11-29T09:00:00Z", "m11 29, 9:00"),
            ("2027-02-15T09:00:00Z", "m2 15, 9:00"),
            ("2026-11-21T09:00:00Z", "m11 21, 9:00"),
        ])
    func days(due: String, text: String) throws {
        let pack = try SampleWords.pack(["by: \(Self.zoned)", "at: \(Self.zoned)"])
        let slots = try SampleWords.slots(due: due)
        #expect(pack.render(.acknowledgement, slots: slots, variant: 0) == "by: " + text)
    }

    @Test("across a holiday a near weekday comes with its date")
    func holiday() throws {
        let pack = try SampleWords.pack(["by: \(Self.zoned)", "at: \(Self.zoned)"])
        let slots = try SampleWords.slots(due: "2026-11-24T09:00:00Z", holiday: true)
        #expect(pack.render(.acknowledgement, slots: slots, variant: 0) == "by: Tue, m11 24, 9:00")
    }

    @Test("a guessed zone is named, and a known one is not")
    func weakZone() throws {
        let pack = try SampleWords.pack(["by: \(Self.zoned)", "at: \(Self.zoned)"])
        let due = "2026-11-23T09:00:00Z"
        #expect(
            pack.render(.acknowledgement, slots: try SampleWords.slots(due: due, weak: true), variant: 1)
                == "at: tomorrow, 9:00 (UTC)")
        #expect(
            pack.render(.acknowledgement, slots: try SampleWords.slots(due: due), variant: 1) == "at: tomorrow, 9:00")
    }

    @Test("variants take turns, and one that cannot be filled is passed over")
    func variants() throws {
        let pack = try SampleWords.pack(["a", "b {{answer}}", "c"])
        let plain = try SampleWords.slots()
        let full = try SampleWords.slots(answer: "x")
        #expect((0..<4).map { pack.render(.acknowledgement, slots: plain, variant: $0) } == ["a", "c", "c", "a"])
        #expect((0..<4).map { pack.render(.acknowledgement, slots: full, variant: $0) } == ["a", "b x", "c", "a"])
        #expect(pack.variantCount(of: .acknowledgement) == 3)
        #expect(pack.render(.acknowledgement, slots: full, variant: .max) != nil)
    }

    @Test("a text that needs what is not known is not given")
    func unfilled() throws {
        let pack = try SampleWords.pack(["by: \(Self.zoned)", "at: \(Self.zoned)"])
        #expect(pack.render(.acknowledgement, slots: try SampleWords.slots(), variant: 0) == nil)
        #expect(pack.render(.apologyLate, slots: try SampleWords.slots(), variant: 0) == nil)
        #expect(pack.variantCount(of: .apologyLate) == 0)
    }

    @Test("a section stands only where its slot is known, and an inverted one only where it is not")
    func sections() throws {
        let pack = try SampleWords.pack([
            "Hi{{#first_name}} {{first_name}}{{/first_name}}{{^first_name}} you{{/first_name}}!", "-",
        ])
        #expect(
            pack.render(.acknowledgement, slots: try SampleWords.slots(firstName: "Ann <3"), variant: 0) == "Hi Ann <3!"
        )
        #expect(pack.render(.acknowledgement, slots: try SampleWords.slots(firstName: ""), variant: 0) == "Hi you!")
    }

    @Test(
        "edge case 29: in a language written from the right every slot is isolated; elsewhere only a value from the right is"
    )
    func isolates() throws {
        let words = SampleWords.extract(.rightToLeft)
        let pack = try SampleWords.pack(["عند \(Self.zoned)", "قبل \(Self.zoned)"], words: words)
        #expect(
            pack.render(
                .acknowledgement, slots: try SampleWords.slots(due: "2026-11-22T19:00:00Z", weak: true), variant: 0)
                == "عند \u{2068}today\u{2069}, \u{2068}19:00\u{2069} (\u{2068}UTC\u{2069})")
        let english = try SampleWords.pack(["Hi {{first_name}}!", "Yo {{first_name}}!"])
        #expect(
            english.render(.acknowledgement, slots: try SampleWords.slots(firstName: "دانا"), variant: 0)
                == "Hi \u{2068}دانا\u{2069}!")
    }

    @Test("edge case 29: a value from outside brings no direction override, no line of its own and no endless length")
    func values() throws {
        let pack = try SampleWords.pack(["Hi {{first_name}}!", "Yo {{first_name}}!"])
        let slots = try SampleWords.slots(firstName: "A\u{202E}n\u{2069}n\t\u{F8E1}")
        #expect(pack.render(.acknowledgement, slots: slots, variant: 0) == "Hi Ann !")
        let long = try SampleWords.slots(firstName: String(repeating: "é", count: 100_000))
        #expect((pack.render(.acknowledgement, slots: long, variant: 0)?.count ?? 0) < 700)
    }

    @Test("day words begin with a small letter inside a sentence and with a capital at its start")
    func casing() throws {
        let due = try SampleWords.slots(due: "2026-11-23T09:00:00Z")
        let section = "{{#zone_city}}{{zone_city}}{{/zone_city}}"
        let texts = ["So: {{day}}. {{day}}, {{time}}\(section)", "{{day}} {{time}}\(section)"]
        let vietnamese = try SampleWords.pack(texts, words: SampleWords.extract(small: true))
        #expect(vietnamese.render(.acknowledgement, slots: due, variant: 0) == "So: tomorrow. Tomorrow, 9:00")
        let other = try SampleWords.pack(texts)
        #expect(other.render(.acknowledgement, slots: due, variant: 1) == "Tomorrow 9:00")
    }

    @Test("a pattern with parts of the day uses the word of the hour")
    func periods() throws {
        let periods = (0..<24).map { $0 < 12 ? "early" : "late" }
        let words = SampleWords.extract(time: "{period} {hour}:{minute}", periods: periods)
        let pack = try SampleWords.pack(["by: \(Self.zoned)", "at: \(Self.zoned)"], words: words)
        let slots = try SampleWords.slots(due: "2026-11-22T21:30:00Z")
        #expect(pack.render(.acknowledgement, slots: slots, variant: 0) == "by: today, late 21:30")
    }
}
