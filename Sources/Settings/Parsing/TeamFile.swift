internal import BusinessTime
internal import Conversations
internal import Instants

/// `teams/NAME.yaml`.
struct TeamSettings {
    let name: String
    /// At least one; the team is there while any of them is open.
    let calendars: [Named]
    let languages: [Named]
    /// Markets that it serves besides those of which it is the team.
    let markets: [Named]
    /// Nil: every channel.
    let channels: [Named]?
    /// Whom the on-call notices go to; the name of a target, resolved by the notifier.
    let onCall: String
    let ladder: LadderSettings
    let digest: DigestPolicy?

    private static let known = [
        "calendar", "calendars", "languages", "markets", "channels", "on_call", "ladder", "rounds", "digest",
    ]

    init?(name: String, _ value: ConfigValue) {
        guard let fields = value.fields("a team", Self.known) else { return nil }
        let calendars = Self.calendars(fields, value)
        let languages = fields.required("languages")?.list("a list of language tags")
        let onCall = fields.required("on_call")?.text("whom to notify out of hours")
        ladder = LadderSettings(fields)
        digest = fields["digest"].flatMap { DigestPolicy($0) }
        markets = Self.names(fields["markets"], "the name of a market") ?? []
        channels = Self.names(fields["channels"], "the name of a channel")
        guard let calendars, let languages, let onCall else { return nil }
        self.name = name
        self.calendars = calendars
        self.languages = languages.compactMap { $0.named("a language tag") }
        self.onCall = onCall
    }

    private static func calendars(_ fields: Fields, _ value: ConfigValue) -> [Named]? {
        if let one = fields["calendar"] {
            fields["calendars"]?.fault("calendar or calendars", got: "both")
            return one.named("the name of a calendar").map { [$0] }
        }
        guard let list = fields["calendars"] else {
            value.fault("calendar in a team", got: "no such key")
            return nil
        }
        guard let names = names(list, "the name of a calendar") else { return nil }
        if names.isEmpty { list.fault("at least one calendar", got: "an empty list") }
        return names
    }

    private static func names(_ value: ConfigValue?, _ expected: String) -> [Named]? {
        value?.list("a list, each \(expected)")?.compactMap { $0.named(expected) }
    }
}

/// One entry of `overrides.yaml`: what a person said of a team by `nightshift hours override`.
struct OverrideSettings {
    let team: Named
    let override: HoursOverride

    private enum Mode: String, CaseIterable {
        case closed
        case open
    }

    static func read(_ root: ConfigValue) -> [OverrideSettings] {
        root.entries("overrides by team").compactMap { key, value in
            let team = key.named("the name of a team")
            guard let fields = value.fields("an override", ["mode", "from", "until"]) else { return nil }
            let mode = fields.required("mode")?.word(Mode.self)
            let from = fields.required("from")?.instant()
            let until = fields.required("until")?.instant()
            guard let team, let mode, let from, let until else { return nil }
            guard let override = HoursOverride(isOpen: mode == .open, from: from, until: until) else {
                fields["until"]?.fault("an instant after from, at most \(HoursOverride.longest.days) days later")
                return nil
            }
            return OverrideSettings(team: team, override: override)
        }
    }
}

extension Duration {
    fileprivate var days: Int64 { wholeMilliseconds / 86_400_000 }
}

extension ConfigValue {
    /// `2026-12-24T12:00:00Z`.
    fileprivate func instant() -> Instant? {
        let expected = "an instant such as 2026-12-24T12:00:00Z"
        guard let text = text(expected) else { return nil }
        if let instant = try? Instant(rfc3339: text) { return instant }
        fault(expected)
        return nil
    }
}
