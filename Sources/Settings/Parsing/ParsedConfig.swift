internal import BusinessTime
internal import Conversations

/// All files of a configuration, each read by itself; references are not yet followed.
struct ParsedConfig: Sendable {
    var partitions: [PartitionSettings] = []
    var accounts: [AccountSettings] = []
    var markets: [MarketSettings] = []
    var teams: [TeamSettings] = []
    var overrides: [OverrideSettings] = []
    /// Nil without `retention.yaml`.
    var keep: KeepPolicy?
    /// Each with the place of its zone.
    var calendars: [(settings: CalendarSettings, value: ConfigValue)] = []
    var channels: [ChannelSettings] = []
    var rules: [FAQSettings] = []
    var campaigns: [Campaign] = []
    var products: [ProductFile] = []
    var languages: [LanguageSettings] = []
    var detection: [DetectionSettings] = []
    var phrases: [PhraseSettings] = []
    /// Names of the files of each kind, also of those that could not be read: a fault in one file is not reported a
    /// second time where another refers to it.
    private(set) var declared: [Kind: Set<String>] = [:]

    private static let shape = [
        "partitions.yaml", "accounts.yaml", "overrides.yaml", "retention.yaml", "markets/NAME.yaml", "teams/NAME.yaml",
        "calendars/NAME.yaml", "channels/NAME.yaml", "rules/faq.yaml", "rules/campaigns.yaml",
        "products/NAME.csv", "products/NAME.json", "products/NAME.yaml",
        "languages/TAG/templates.yaml", "languages/TAG/cldr.yaml", "languages/TAG/detect.yaml",
        "languages/TAG/phrases.yaml",
    ]

    /// Languages are read apart from each other, by so many threads.
    init(_ files: ConfigFiles, faults: FaultList, threads: Int = 1) {
        for path in ["partitions.yaml", "accounts.yaml"] where files.file(path) == nil {
            faults.add(ConfigFault(file: path, expected: "the file", got: "none"))
        }
        for part in Jobs.map(Self.parts(files), threads: threads, { ParsedConfig(part: $0, faults) }) { add(part) }
    }

    private init(part: ConfigFiles, _ faults: FaultList) {
        for file in part.files { read(file, part, faults) }
    }

    /// What refers to nothing outside itself: all files of a language, and all other files, which come first.
    private static func parts(_ files: ConfigFiles) -> [ConfigFiles] {
        var others: [ConfigFiles.File] = []
        var languages: [(name: Substring, files: [ConfigFiles.File])] = []
        for file in files.files {
            let parts = file.path.split(separator: "/")
            if parts.count == 3, parts[0] == "languages" {
                if languages.last?.name != parts[1] { languages.append((parts[1], [])) }
                languages[languages.count - 1].files.append(file)
            } else {
                others.append(file)
            }
        }
        return [ConfigFiles(others)] + languages.map { ConfigFiles($0.files) }
    }

    private mutating func add(_ part: ParsedConfig) {
        partitions += part.partitions
        accounts += part.accounts
        markets += part.markets
        teams += part.teams
        overrides += part.overrides
        calendars += part.calendars
        channels += part.channels
        rules += part.rules
        campaigns += part.campaigns
        products += part.products
        languages += part.languages
        detection += part.detection
        phrases += part.phrases
        keep = keep ?? part.keep
        declared.merge(part.declared) { $0.union($1) }
    }

    private mutating func read(_ file: ConfigFiles.File, _ files: ConfigFiles, _ faults: FaultList) {
        let parts = file.path.split(separator: "/").map(String.init)
        guard let kind = Self.kind(parts) else {
            faults.add(
                ConfigFault(
                    file: file.path, expected: "one of \(Self.shape.joined(separator: ", "))", got: "this file",
                    nearest: NearestWord.to(file.path, among: Self.shape)))
            return
        }
        let name = parts.last.map(Self.stem) ?? ""
        declared[kind, default: []].insert(kind == .templates ? parts[1] : name)
        if kind == .products, products.contains(where: { $0.name == name }) {
            faults.add(ConfigFault(file: file.path, expected: "one list of this name", got: "a second one"))
        }
        if kind == .products, file.path.hasSuffix(".csv") {
            products.append(ProductFile(name: name, csv: file, faults: faults))
            return
        }
        guard let value = ConfigValue(file, faults: faults) else { return }
        switch kind {
        case .partitions: partitions = PartitionSettings.read(value)
        case .accounts: accounts = AccountSettings.read(value)
        case .overrides: overrides = OverrideSettings.read(value)
        case .retention: keep = RetentionFile.read(value)
        case .market: MarketSettings(name: name, value).map { markets.append($0) }
        case .team: TeamSettings(name: name, value).map { teams.append($0) }
        case .calendar: CalendarSettings(name: name, value).map { calendars.append(($0, value.entry("zone") ?? value)) }
        case .channel: ChannelSettings(name: name, value).map { channels.append($0) }
        case .faq: rules = FAQSettings.read(value)
        case .products: products.append(ProductFile(name: name, list: value, faults: faults))
        case .campaigns: campaigns = CampaignFile.read(value)
        case .detect: DetectionSettings(tag: parts[1], value).map { detection.append($0) }
        case .phrases: PhraseSettings(tag: parts[1], value).map { phrases.append($0) }
        case .cldr: break
        case .templates:
            guard let cldr = files.file("languages/\(parts[1])/cldr.yaml") else {
                value.fault("cldr.yaml beside it (ops/extract-cldr \(parts[1]))", got: "none")
                return
            }
            guard let words = ConfigValue(cldr, faults: faults) else { return }
            LanguageSettings(tag: parts[1], cldr: words, templates: value).map { languages.append($0) }
        }
    }

    enum Kind {
        case partitions, accounts, overrides, retention, market, team, calendar, channel, faq, campaigns, products,
            templates,
            cldr, detect,
            phrases
    }

    /// A file's name without its ending.
    private static func stem(_ name: String) -> String {
        name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }

    private static func kind(_ parts: [String]) -> Kind? {
        switch parts.count {
        case 1:
            [
                "partitions.yaml": .partitions, "accounts.yaml": .accounts, "overrides.yaml": .overrides,
                "retention.yaml": .retention,
            ][parts[0]]
        case 2 where parts[0] == "rules": ["faq.yaml": .faq, "campaigns.yaml": .campaigns][parts[1]]
        case 2 where parts[0] == "products": ConfigNames.isPlain(stem(parts[1])) ? .products : nil
        case 2 where ConfigNames.isPlain(stem(parts[1])):
            ["markets": .market, "teams": .team, "calendars": .calendar, "channels": .channel][parts[0]]
        case 3 where parts[0] == "languages":
            [
                "templates.yaml": .templates, "cldr.yaml": .cldr, "detect.yaml": .detect, "phrases.yaml": .phrases,
            ][parts[2]]
        default: nil
        }
    }
}
