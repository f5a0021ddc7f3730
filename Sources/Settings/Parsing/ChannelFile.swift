internal import Contracts
internal import Conversations

/// What `channels/NAME.yaml` says: what the platform allows, as values.
struct ChannelSettings: Sendable {
    let policy: ChannelPolicy

    private static let known = [
        "window", "person_window", "window_margin", "inbox_hold", "foreign_hold", "platform_replies_within",
        "echo_within", "text_limit",
        "thread_rate", "limits", "cards", "quick_replies", "address", "sweep", "sweep_messages", "subscriptions",
        "profiles", "mentions", "receipts", "mark_seen", "inbox_apps",
    ]
    /// The platforms that keep posts and subscriptions, which webhooks are best effort of.
    private static let swept: Set<String> = ["facebook", "instagram"]
    private static let usualSweep = Duration.seconds(900)

    init?(name: String, _ value: ConfigValue) {
        guard let fields = value.fields("a channel", Self.known) else { return nil }
        let limit = fields.required("text_limit").flatMap(Self.textLimit)
        let margin = fields["window_margin"].map(Self.margin) ?? .zero
        let inboxHold = fields["inbox_hold"].map { $0.duration() } ?? .seconds(86_400)
        let foreignHold = fields["foreign_hold"].map { $0.duration() } ?? .seconds(3_600)
        let platformReplies = fields["platform_replies_within"].map(Self.platformReplies) ?? .seconds(10)
        let echo = fields["echo_within"].map(Self.echo) ?? ChannelPolicy.usualEcho
        let threadRate = fields["thread_rate"].map(Self.rate)
        let address = fields["address"].map { $0.webAddress() }
        let isSwept = Self.swept.contains(name)
        let sweep = fields["sweep"].map(Self.interval) ?? .some(isSwept ? Self.usualSweep : nil)
        let subscriptions = fields["subscriptions"].map { $0.flag() } ?? (isSwept || sweep.flatMap(\.self) != nil)
        let sweepsMessages = fields["sweep_messages"].map { $0.flag() } ?? false
        let profiles = fields["profiles"].map { $0.flag() } ?? false
        let mentions = fields["mentions"].map { $0.flag() } ?? isSwept
        let receipts = fields["receipts"].map { $0.flag() } ?? false
        let seen = fields["mark_seen"].map { $0.flag() } ?? false
        let inboxApps = fields["inbox_apps"].map(Self.apps) ?? MetaInbox.usualApps
        let limits = fields["limits"].map(Self.limits) ?? []
        let cards = fields["cards"].map(Self.cards)
        let quickReplies = fields["quick_replies"].map(Self.quickReplies)
        guard cards != .some(nil), threadRate.map({ $0 != nil }) ?? true, quickReplies != .some(nil) else { return nil }
        guard let sweep, let subscriptions, let profiles, let mentions, let receipts, let seen, let limits,
            let sweepsMessages, let inboxApps
        else {
            return nil
        }
        guard let limit, let margin, let inboxHold, let foreignHold, let platformReplies, let echo,
            address != .some(nil)
        else {
            return nil
        }
        policy = ChannelPolicy(
            name: name, window: fields["window"]?.duration(), personWindow: fields["person_window"]?.duration(),
            windowMargin: margin, inboxHold: inboxHold, foreignHold: foreignHold,
            platformRepliesWithin: platformReplies, echoWithin: echo,
            threadSpacing: threadRate.flatMap(\.self).map { $0.per / $0.most }, textLimit: limit, limits: limits,
            cards: cards ?? nil, quickReplies: quickReplies ?? nil,
            address: address ?? nil,
            sweep: sweep, watchesSubscriptions: subscriptions, sweepsMessages: sweepsMessages, asksProfiles: profiles,
            asksMentions: mentions, takesReceipts: receipts, marksSeen: seen, inboxApps: inboxApps)
    }

    private static func limits(_ value: ConfigValue) -> [SendLimit]? {
        let counted = SendLimit.Counted.allCases
        guard let fields = value.fields("limits", counted.map(\.rawValue)) else { return nil }
        var limits: [SendLimit] = []
        for one in counted {
            guard let written = fields[one.rawValue] else { continue }
            guard let rate = rate(written) else { return nil }
            guard rate.most >= 2, rate.per >= .seconds(1), rate.per <= .seconds(86_400) else {
                written.fault("at least 2 calls within 1s to 24h")
                return nil
            }
            limits.append(SendLimit(one, most: rate.most, per: rate.per))
        }
        return limits
    }

    /// Ids of apps; an empty list says that nobody answers in an inbox of the platform.
    private static func apps(_ value: ConfigValue) -> Set<String>? {
        guard let items = value.list("a list of the ids of apps") else { return nil }
        guard items.count <= 20 else {
            value.fault("at most 20 ids of apps")
            return nil
        }
        var ids: Set<String> = []
        for item in items {
            guard let id = item.text("an app's id") else { return nil }
            guard id.utf8.count <= 32, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                item.fault("an app's id, at most 32 digits")
                return nil
            }
            ids.insert(id)
        }
        return ids
    }

    private static func cards(_ value: ConfigValue) -> CardLimit? {
        guard let fields = value.fields("cards", ["most", "catalogue"]) else { return nil }
        let most = fields.required("most")?.number(1...10, "cards in one message")
        let catalogue = fields["catalogue"].map { $0.flag() } ?? false
        guard let most, let catalogue else { return nil }
        return CardLimit(most: most, showsCatalogue: catalogue)
    }

    private static func quickReplies(_ value: ConfigValue) -> QuickReplyLimit? {
        guard let fields = value.fields("quick replies", ["most", "title"]) else { return nil }
        let most = fields.required("most")?.number(1...13, "buttons under one message")
        let title = fields.required("title")?.number(1...80, "characters of a button")
        guard let most, let title else { return nil }
        return QuickReplyLimit(most: most, longestTitle: title)
    }

    /// Nil is a fault, `.some(nil)` is off.
    private static func interval(_ value: ConfigValue) -> Duration?? {
        if value.isWord("off") { return .some(nil) }
        guard let interval = value.duration() else { return nil }
        guard interval >= .seconds(60), interval <= .seconds(86_400) else {
            value.fault("a length of time from 1m to 24h, or off")
            return nil
        }
        return .some(interval)
    }

    private static func margin(_ value: ConfigValue) -> Duration? {
        guard let margin = value.duration() else { return nil }
        guard margin <= .seconds(600) else {
            value.fault("a length of time up to 10m")
            return nil
        }
        return margin
    }

    private static func platformReplies(_ value: ConfigValue) -> Duration? {
        guard let bound = value.duration() else { return nil }
        guard bound <= .seconds(60) else {
            value.fault("a length of time up to 60s")
            return nil
        }
        return bound
    }

    private static func echo(_ value: ConfigValue) -> Duration? {
        guard let time = value.duration() else { return nil }
        guard time >= .seconds(1), time <= .seconds(600) else {
            value.fault("a length of time from 1s to 10m")
            return nil
        }
        return time
    }

    private static func textLimit(_ value: ConfigValue) -> TextLimit? {
        guard let fields = value.fields("a text limit", ["unit", "most"]) else { return nil }
        let unit = fields.required("unit")?.word(TextLimit.Unit.self)
        let most = fields.required("most")?.number(1...100_000, "the longest text")
        guard let unit, let most else { return nil }
        return TextLimit(unit: unit, most: most)
    }

    private static func rate(_ value: ConfigValue) -> (most: Int, per: Duration)? {
        guard let fields = value.fields("a rate", ["most", "per"]) else { return nil }
        let most = fields.required("most")?.number(1...100_000, "calls")
        let per = fields.required("per")?.duration()
        guard let most, let per else { return nil }
        guard per > .zero else {
            fields["per"]?.fault("a length of time above 0")
            return nil
        }
        return (most, per)
    }
}
