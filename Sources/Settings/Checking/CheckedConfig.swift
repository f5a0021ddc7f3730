internal import BusinessTime
internal import Contracts
internal import Conversations
internal import Replies
internal import TextRules

/// A configuration whose references were followed: the parts of a policy.
struct CheckedConfig: Sendable {
    private(set) var partitions: [PartitionPolicy] = []
    private(set) var accounts: [AccountPolicy] = []
    private(set) var markets: [MarketPolicy] = []
    private(set) var teams: [TeamPolicy] = []
    private(set) var channels: [ChannelPolicy] = []
    private(set) var languages: [LanguagePack] = []
    /// Nil unless asked for.
    private(set) var texts: Classifier?
    private(set) var keep = KeepPolicy()
    /// Every zone that is named anywhere, by name.
    private(set) var zones: [ZoneRules] = []

    /// Reports what leads nowhere to `faults`; what is left is of use only if there are none.
    ///
    /// - Parameters:
    ///   - compilesTexts: whether the text rules are wanted too; no fault is found by that.
    ///   - demandsLogin: false for a bundle in force, which an older version published without it.
    init(
        _ parsed: ParsedConfig, zones lookup: ZoneLookup, faults: FaultList, compilesTexts: Bool,
        demandsLogin: Bool = true, threads: Int
    ) {
        let names = Names(parsed)
        let hours = HoursPlan(parsed, zones: lookup)
        for fault in parsed.calendars.flatMap(\.settings.contradictions) { faults.add(fault) }
        keep = parsed.keep ?? KeepPolicy()
        channels = parsed.channels.map(\.policy)
        (languages, texts) = TextCompilation.compile(parsed, compilesTexts: compilesTexts, threads: threads)
        for language in parsed.teams.flatMap(\.languages) { _ = language.found(in: names.languages, "language") }
        teams = parsed.teams.map { team in
            TeamPolicy(
                name: team.name,
                coverage: hours.teams.first { $0.name == team.name }?.coverage ?? Coverage([]),
                onCall: team.onCall, ladder: team.ladder.steps, rounds: team.ladder.rounds, digest: team.digest)
        }
        for campaign in parsed.rules.flatMap(\.campaigns) {
            _ = campaign.found(in: names.campaigns, "campaign of rules/campaigns.yaml")
        }
        let lists = Dictionary(
            parsed.products.map { ($0.name, ProductList($0.products)) }, uniquingKeysWith: { first, _ in first })
        markets = parsed.markets.compactMap { Self.market($0, parsed, names, hours, lists) }
        partitions = parsed.partitions.compactMap { partition in
            _ = lookup.rules(of: partition.zone, at: partition.zoneValue)
            guard let market = partition.market.found(in: names.markets, "market") else { return nil }
            return PartitionPolicy(
                name: partition.name, market: market, zone: partition.zone.text, lanes: partition.lanes)
        }
        accounts = parsed.accounts.compactMap { Self.account($0, parsed, names, demandsLogin: demandsLogin) }
        if demandsLogin { Self.refuseSharedPages(parsed.accounts) }
        zones = lookup.found.values.sorted { $0.name < $1.name }
    }

    /// The platform links one Instagram account to a page. A second one that names it would send with the first one's token, as
    /// the first one.
    private static func refuseSharedPages(_ accounts: [AccountSettings]) {
        var holders: [String: String] = [:]
        for account in accounts {
            guard case .linkedPage(let page) = account.login else { continue }
            if let holder = holders[page] {
                account.entry.fault("a page that no other account names", got: "\(page), which \(holder) names")
            } else {
                holders[page] = account.id
            }
        }
    }

    /// What can be referred to.
    struct Names {
        let markets: Set<String>
        let partitions: Set<String>
        let channels: Set<String>
        let rules: Set<String>
        let campaigns: Set<String>
        let products: Set<String>
        let languages: Set<String>

        init(_ parsed: ParsedConfig) {
            markets = parsed.declared[.market] ?? []
            partitions = Set(parsed.partitions.map(\.name.text))
            channels = parsed.declared[.channel] ?? []
            rules = Set(parsed.rules.map(\.name))
            products = parsed.declared[.products] ?? []
            campaigns = Set(parsed.campaigns.map(\.name))
            languages = parsed.declared[.templates] ?? []
        }
    }

    private static func account(
        _ account: AccountSettings, _ parsed: ParsedConfig, _ names: Names, demandsLogin: Bool
    ) -> AccountPolicy? {
        let channel = account.channel.found(in: names.channels, "channel")
        let found = account.partition.found(in: names.partitions, "partition")
        guard let channel, let found, let partition = parsed.partitions.first(where: { $0.name.text == found }) else {
            return nil
        }
        let isInstagram = channel == "instagram"
        if isInstagram, demandsLogin, account.login == nil {
            account.entry.fault(
                "page: \"<id of the linked Facebook page>\" (Facebook Login) or login: instagram in an account of "
                    + "channel instagram", got: "neither")
        }
        if !isInstagram, account.login != nil {
            account.entry.fault("page or login only in an account of channel instagram", got: "channel \(channel)")
        }
        let market = parsed.markets.first { $0.name == partition.market.text }
        return AccountPolicy(
            id: account.id, channel: channel, partition: partition.name, secret: account.secret,
            app: account.app, brand: account.brand ?? market?.brand,
            personsMayWriteLate: account.personsMayWriteLate,
            automation: account.automation, login: account.login ?? .page)
    }

    private static func market(
        _ market: MarketSettings, _ parsed: ParsedConfig, _ names: Names, _ hours: HoursPlan,
        _ lists: [String: ProductList]
    ) -> MarketPolicy? {
        let language = market.language.found(in: names.languages, "language with languages/TAG/templates.yaml")
        let answers = AnswerCheck.answers(of: market, parsed, names)
        _ = market.vipTeam?.found(in: parsed.declared[.team] ?? [], "team")
        let products = market.products?.found(in: names.products, "list of products")
        for list in parsed.products where list.name == products {
            list.refuseForeignLinks(market.name, domains: market.domains)
        }
        guard let language, let served = hours.markets.first(where: { $0.name == market.name }) else { return nil }
        if market.service.handsOver, served.coverage.teams.count < 2 {
            market.handover?.fault(
                "a market that a second team serves (markets in teams/NAME.yaml)", got: "only \(served.team)")
        }
        return MarketPolicy(
            name: market.name, language: language, zone: market.zone, zoneIsCertain: market.zoneIsCertain,
            team: served.team, coverage: served.coverage.fallback, served: served.coverage,
            afterHours: market.afterHours, escalation: market.escalation, answers: answers,
            campaigns: parsed.campaigns, products: products.flatMap { lists[$0] }, service: market.service,
            moderation: market.moderation,
            disclosure: market.disclosure, automation: market.automation)
    }
}
