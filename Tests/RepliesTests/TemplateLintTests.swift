import Testing

@testable import Replies

@Suite("Rules for templates")
struct TemplateLintTests {
    private static func fault(_ text: String, _ kind: ReplyKind = .acknowledgement) throws -> LanguagePack.Fault? {
        do {
            _ = try SampleWords.pack([text, "another one, automatic"], kind: kind)
            return nil
        } catch let broken as SampleWords.Broken {
            return broken.faults.first
        }
    }

    private static let city = "{{#zone_city}} ({{zone_city}}){{/zone_city}}"

    @Test(
        "a broken template is refused",
        arguments: [
            "Hi {{nme}}", "Hi {{> partial}}", "Hi {{! comment}}", "{{=<% %>=}}", "Hi {{first_name", "{{#brand}}open",
            "{{/brand}}", "by {{time}}", "Hi {{first_name}}{{#first_name}}!{{/first_name}}", "\u{F8E0}",
            "call 0301234567", "see www.example.org", "mail a@b.example", "http://x",
        ])
    func broken(text: String) throws {
        #expect(try Self.fault(text) != nil)
    }

    @Test(
        "a day or a time takes no suffix, unless the script glues words by nature",
        arguments: [
            ("{{time}}-ig", true), ("{{time}}'a", true), ("klo {{time}}ään", true), ("{{day}}s", true),
            ("{{time}}:ään", true), ("{{time}} uur", false), ("{{time}}.", false), ("{{time}}までに", false),
            ("{{time}}까지", false), ("{{time}} – ok", false), ("{{time}}", false),
        ])
    func suffix(text: String, isFault: Bool) throws {
        #expect((try Self.fault(text + " " + Self.city) != nil) == isFault)
    }

    @Test("a text that only automation writes must say so")
    func disclosure() throws {
        #expect(try Self.fault("We are closed.", .afterHoursNoTime) != nil)
        #expect(try Self.fault("This is an Automatic reply.", .afterHoursNoTime) == nil)
        #expect(try Self.fault("We are reading it.", .acknowledgement) == nil)
    }

    @Test("one variant, or the same text twice, is a fault of the kind")
    func variants() throws {
        let words = try LocaleWords(SampleWords.extract())
        for texts in [["a"], ["a", "a"], []] {
            let faults = LanguagePack.compile(
                tag: "xx", words: words, templates: [.acknowledgement: texts], disclosure: []
            ).faults
            #expect(faults.map(\.variant) == [nil])
        }
    }

    @Test(
        "an extract with a wrong list or pattern names its field",
        arguments: ["weekdays", "months", "hours", "periods", "time", "date", "weekday_date"])
    func extract(field: String) throws {
        var extract = SampleWords.extract()
        switch field {
        case "weekdays": extract.weekdays = ["one"]
        case "months": extract.months = []
        case "hours": extract.hours = ["0"]
        case "periods": extract.periods = ["am", "pm"]
        case "time": extract.time = "{hour}.{minutes}"
        case "date": extract.date = "{day} {day}"
        default: extract.weekdayDate = "{weekday"
        }
        #expect(throws: LocaleWords.Fault.self) { try LocaleWords(extract) }
        do {
            _ = try LocaleWords(extract)
        } catch {
            #expect(error.field == field)
        }
    }
}
