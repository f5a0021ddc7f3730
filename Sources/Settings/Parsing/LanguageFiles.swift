internal import Replies

/// `languages/TAG/cldr.yaml` and `languages/TAG/templates.yaml`.
struct LanguageSettings {
    let tag: String
    let words: LocaleWords
    /// Nil where the extract was made before amounts of money were part of it.
    let money: MoneyFormat?
    let disclosure: [String]
    let regret: [String]
    let texts: [ReplyKind: [ConfigPhrase]]
    /// Where a fault of a kind as a whole is reported.
    let kinds: [ReplyKind: ConfigValue]

    init?(tag: String, cldr: ConfigValue, templates: ConfigValue) {
        let words = Self.words(cldr)
        guard let fields = templates.fields("templates", ["disclosure", "regret", "texts"]) else { return nil }
        disclosure = (fields.required("disclosure")?.list("words that disclose automation") ?? []).compactMap {
            $0.text("a word")
        }
        regret = (fields["regret"]?.list("words of regret") ?? []).compactMap { $0.text("a word") }
        var texts: [ReplyKind: [ConfigPhrase]] = [:]
        var kinds: [ReplyKind: ConfigValue] = [:]
        for (key, value) in fields.required("texts")?.entries("texts by kind") ?? [] {
            guard let kind = key.text("a kind of text") else { continue }
            guard Self.known.contains(kind) else {
                key.fault(
                    "a kind of text: \(Self.known.joined(separator: ", "))",
                    nearest: NearestWord.to(kind, among: Self.known))
                continue
            }
            kinds[ReplyKind(kind)] = key
            texts[ReplyKind(kind)] = (value.list("a list of variants") ?? []).compactMap { item in
                item.text("a text").map { ConfigPhrase(text: $0, value: item) }
            }
        }
        for kind in Self.required where kinds[ReplyKind(kind)] == nil && !tag.contains("-") {
            templates.fault("texts for \(kind)", got: "none")
        }
        guard let words else { return nil }
        self.tag = tag
        self.words = words
        money = Self.money(cldr)
        self.texts = texts
        self.kinds = kinds
    }

    private static let known = KindRule.all.map(\.kind.name)
    /// A regional pack has the rest from its language.
    private static let required = [
        ReplyKind.afterHoursPromise, .afterHoursNoTime, .acknowledgement, .apologyLate, .disclosure,
    ].map(\.name)

    private static let cldrKeys = [
        "cldr_version", "direction", "today", "tomorrow", "small_inside_sentence", "weekdays", "dated_weekdays",
        "months", "weekday_date", "date", "time", "hours", "periods", "cities",
        "money", "money_decimal", "money_group", "money_groups", "money_grouped_from", "currencies",
    ]

    private static func words(_ value: ConfigValue) -> LocaleWords? {
        guard let fields = value.fields("a CLDR extract", cldrKeys) else { return nil }
        func text(_ key: String) -> String? { fields.required(key)?.text("a text") }
        func texts(_ key: String) -> [String]? {
            fields.required(key)?.list("a list of texts")?.compactMap { $0.text("a text") }
        }
        let direction = fields.required("direction")?.word(LocaleWords.Direction.self)
        let version = text("cldr_version")
        guard version != nil, let direction, let today = text("today"), let tomorrow = text("tomorrow"),
            let small = fields.required("small_inside_sentence")?.flag(), let weekdays = texts("weekdays"),
            let dated = texts("dated_weekdays"), let months = texts("months"),
            let weekdayDate = text("weekday_date"), let date = text("date"), let time = text("time"),
            let hours = texts("hours")
        else { return nil }
        do throws(LocaleWords.Fault) {
            return try LocaleWords(
                LocaleWords.Extract(
                    direction: direction, today: today, tomorrow: tomorrow, isSmallInsideSentence: small,
                    weekdays: weekdays, datedWeekdays: dated, months: months, weekdayDate: weekdayDate, date: date,
                    time: time, hours: hours, periods: fields["periods"] == nil ? [] : texts("periods") ?? [],
                    cities: pairs(fields["cities"], "Europe/Vienna = Wien")))
        } catch {
            (fields[error.field] ?? value).fault(error.expected, got: error.came)
            return nil
        }
    }

    private static func money(_ value: ConfigValue) -> MoneyFormat? {
        guard let pattern = value.entry("money"), let text = pattern.text("a pattern"),
            let decimal = value.entry("money_decimal")?.text("a sign"),
            let group = value.entry("money_group")?.text("a sign")
        else { return nil }
        let sizes = value.entry("money_groups")?.list("two sizes")?.compactMap { $0.number(1...9, "digits") } ?? [3, 3]
        do throws(LocaleWords.Fault) {
            return try MoneyFormat(
                pattern: text, decimal: decimal, group: group, sizes: sizes,
                groupedFrom: value.entry("money_grouped_from")?.number(1...20, "digits") ?? 4,
                symbols: pairs(value.entry("currencies"), "EUR = €"))
        } catch {
            (value.entry(error.field) ?? value).fault(error.expected, got: error.came)
            return nil
        }
    }

    /// One text of lines such as `Zone/Name = City`: thousands of nodes would take longer to read than all else together.
    private static func pairs(_ value: ConfigValue?, _ example: String) -> [String: String] {
        guard let text = value?.optionalText() else { return [:] }
        var pairs: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let sign = line.firstRange(of: " = ") else {
                value?.fault("lines such as \(example)", got: "\"\(line.prefix(40))\"")
                continue
            }
            pairs[String(line[..<sign.lowerBound])] = String(line[sign.upperBound...])
        }
        return pairs
    }
}
