internal import BusinessTime
internal import Conversations

/// What `markets/NAME.yaml` says, its references not yet followed.
struct MarketSettings {
    let name: String
    let language: Named
    let zone: ZoneName
    let zoneValue: ConfigValue
    let zoneIsCertain: Bool
    let team: Named
    let calendars: [Named]
    let products: Named?
    let brand: String?
    let address: String?
    let afterHours: AfterHoursPolicy?
    let escalation: EscalationPolicy
    let answers: [AnswerSettings]
    let service: ServicePolicy
    /// Places of what `service` says of teams.
    let vipTeam: Named?
    let handover: ConfigValue?
    let moderation: ModerationPolicy
    let disclosure: DisclosurePolicy
    let automation: Bool
    /// The shop's own, which may be linked everywhere.
    let domains: [String]
    /// Names and domains of shops whose links are hidden.
    let competitors: [String]

    struct AnswerSettings {
        let rule: Named
        let facts: [(language: Named, text: String, value: ConfigValue)]
        let answersMessages: Bool
        let answersComments: Bool
        let payloads: [String]
        /// By the platform's locale.
        let iceBreaker: [String: String]
        /// `source: products`.
        let usesProducts: Bool
    }

    private static let known = [
        "language", "zone", "zone_is_certain", "team", "calendars", "brand", "address", "after_hours", "escalation",
        "faq", "products", "service", "moderation", "disclosure", "automation", "domains", "competitors",
    ]

    init?(name: String, _ value: ConfigValue) {
        guard let fields = value.fields("a market", Self.known) else { return nil }
        let language = fields.required("language")?.named("a language tag")
        let zone = fields.required("zone")
        let team = fields.required("team")?.named("the name of a team")
        let certain = fields.required("zone_is_certain")?.flag()
        calendars = (fields["calendars"]?.list("a list of calendars") ?? []).compactMap {
            $0.named("the name of a calendar")
        }
        products = fields["products"]?.named("the name of a list products/NAME")
        brand = fields["brand"]?.text("the name that customers know")
        address = fields["address"]?.text("a postal address")
        afterHours = fields["after_hours"].flatMap(Self.afterHours)
        escalation = fields["escalation"].flatMap(Self.escalation) ?? EscalationPolicy()
        domains = (fields["domains"]?.list("a list of domains") ?? []).compactMap { value in
            let text = value.text("a domain")
            if let text, !Self.isDomain(text) { value.fault("a domain such as shop.example") }
            return text
        }
        competitors = (fields["competitors"]?.list("a list of names and domains") ?? []).compactMap {
            $0.text("a name or a domain")
        }
        answers = (fields["faq"]?.list("a list of answers") ?? []).compactMap(Self.answer)
        moderation = fields["moderation"].flatMap { ModerationPolicy($0) } ?? ModerationPolicy()
        disclosure = fields["disclosure"].flatMap { DisclosurePolicy($0) } ?? DisclosurePolicy()
        service = fields["service"].flatMap { ServicePolicy($0) } ?? ServicePolicy()
        vipTeam = fields["service"]?.entry("vip")?.entry("team")?.named("the name of a team")
        handover = fields["service"]?.entry("handover")
        guard let language, let zone, let zoneName = zone.zoneName(), let team, let certain,
            let automation = fields["automation"].map({ $0.flag() }) ?? true
        else { return nil }
        self.name = name
        self.language = language
        self.zone = zoneName
        zoneValue = zone
        zoneIsCertain = certain
        self.team = team
        self.automation = automation
    }

    /// `shop.example`, without scheme and path.
    static func isDomain(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                !label.isEmpty && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
            }
    }

    private static let afterHoursKeys = [
        "target", "rounding", "quiet_after_person", "safety", "horizon", "most_backlog", "comments",
    ]

    private static func afterHours(_ value: ConfigValue) -> AfterHoursPolicy? {
        guard let fields = value.fields("after_hours", afterHoursKeys) else { return nil }
        let usual = AfterHoursPolicy()
        let rounding = fields["rounding"].map { value -> ClockMark? in
            if let minutes = value.number(15...60, "minutes"), let mark = ClockMark(rawValue: minutes) { return mark }
            value.fault("15, 30 or 60 minutes")
            return nil
        }
        return AfterHoursPolicy(
            target: fields["target"]?.duration() ?? usual.target,
            rounding: (rounding ?? usual.rounding) ?? usual.rounding,
            quietAfterPerson: fields["quiet_after_person"]?.duration() ?? usual.quietAfterPerson,
            safety: fields["safety"]?.duration() ?? usual.safety,
            horizon: fields["horizon"]?.duration() ?? usual.horizon,
            mostBacklog: fields["most_backlog"]?.duration() ?? usual.mostBacklog,
            answersComments: fields["comments"]?.flag() ?? usual.answersComments)
    }

    private static func escalation(_ value: ConfigValue) -> EscalationPolicy? {
        guard let fields = value.fields("escalation", ["business_lead", "hard_lead"]) else { return nil }
        let usual = EscalationPolicy()
        return EscalationPolicy(
            businessLead: fields["business_lead"]?.duration() ?? usual.businessLead,
            hardLead: fields["hard_lead"]?.duration() ?? usual.hardLead)
    }

    private static func answer(_ value: ConfigValue) -> AnswerSettings? {
        guard
            let fields = value.fields(
                "an answer", ["rule", "source", "facts", "messages", "comments", "payloads", "ice_breaker"])
        else {
            return nil
        }
        guard let rule = fields.required("rule")?.named("the name of a rule of rules/faq.yaml") else { return nil }
        return AnswerSettings(
            rule: rule, facts: fields["facts"]?.textsByLanguage("a fact") ?? [],
            answersMessages: fields["messages"]?.flag() ?? true, answersComments: fields["comments"]?.flag() ?? true,
            payloads: (fields["payloads"]?.list("a list of payloads") ?? []).compactMap { $0.text("a payload") },
            iceBreaker: fields["ice_breaker"].map(iceBreaker) ?? [:],
            usesProducts: fields["source"]?.word(AnswerSource.self) == .products)
    }
}

extension MarketSettings {
    /// A question of an ice breaker in the platform's locales.
    private static func iceBreaker(_ value: ConfigValue) -> [String: String] {
        var texts: [String: String] = [:]
        for (key, written) in value.entries("a question by locale, such as {default: \"…\", en_US: \"…\"}") {
            guard let locale = key.text("a locale"), let text = written.text("a question") else { continue }
            guard locale == "default" || isLocale(locale) else {
                key.fault("default or a locale of the platform such as en_US")
                continue
            }
            if text.count > longestIceBreaker {
                written.fault("a question of at most \(longestIceBreaker) characters", got: "\(text.count)")
            }
            texts[locale] = text
        }
        if texts["default"] == nil { value.fault("a question under default", got: "none") }
        return texts
    }

    private static let longestIceBreaker = 80

    /// `vi_VN`, `es_LA`.
    private static func isLocale(_ text: String) -> Bool {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        return parts.count == 2 && (2...3).contains(parts[0].count)
            && parts[0].allSatisfy { $0.isLowercase && $0.isASCII }
            && parts[1].count == 2 && parts[1].allSatisfy { $0.isUppercase && $0.isASCII }
    }
}

/// What answers a question: the facts that stand beside it, or the market's list of products first.
enum AnswerSource: String, CaseIterable {
    case facts
    case products
}
