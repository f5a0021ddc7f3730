package import BusinessTime
package import Contracts
package import Replies
package import TextRules

/// One published bundle, compiled: everything that a decision may know besides states, event, `now` and signals.
///
/// Built by Settings from `config/` or from the stored bundle. It is a value whose parts were checked against each
/// other once, so a decision never meets an account without a market.
package struct Policy: Sendable {
    /// Rises with every publication.
    package let number: UInt64
    /// SHA-256 of the bundle, 32 bytes.
    package let hash: [UInt8]
    /// The same in lower-case hex.
    package let hashText: String
    package let partitions: [PartitionName: PartitionPolicy]
    package let accounts: [String: AccountPolicy]
    package let markets: [String: MarketPolicy]
    package let channels: [String: ChannelPolicy]
    /// Teams by name; a market's team that is missing here is called by its own name, once.
    package let teams: [String: TeamPolicy]
    /// The zone rules in force, which travel in the bundle so that all workers agree.
    package let zones: [ZoneName: ZoneRules]
    package let languages: [String: LanguagePack]
    /// What texts say, and what moderation may do with them.
    package let texts: Classifier
    /// What of lanes is kept how long; no decision reads it.
    package var keep = KeepPolicy()
    private let rules: [String: AccountRules]

    /// - Throws: `PolicyError` for the first reference, in the order of the names, that leads nowhere.
    package init(
        number: UInt64, hash: [UInt8], partitions: [PartitionPolicy], accounts: [AccountPolicy],
        markets: [MarketPolicy], channels: [ChannelPolicy], teams: [TeamPolicy] = [], zones: [ZoneRules],
        languages: [LanguagePack], texts: Classifier
    ) throws(PolicyError) {
        self.number = number
        self.hash = hash
        self.hashText = Self.hex(hash)
        self.partitions = try Self.table(partitions, "partition", \.name, \.name.text)
        self.accounts = try Self.table(accounts, "account", \.id, \.id)
        self.markets = try Self.table(markets, "market", \.name, \.name)
        self.channels = try Self.table(channels, "channel", \.name, \.name)
        self.teams = try Self.table(teams, "team", \.name, \.name)
        self.zones = try Self.table(zones, "zone", \.name, \.name.text)
        self.languages = try Self.table(languages, "language", \.tag, \.tag)
        self.texts = texts
        var rules: [String: AccountRules] = [:]
        for account in accounts.sorted(by: { $0.id < $1.id }) {
            rules[account.id] = try AccountRules(
                account, partitions: self.partitions, markets: self.markets, channels: self.channels,
                zones: self.zones, languages: self.languages, texts: texts)
        }
        self.rules = rules
    }

    /// The same policy under the number it got by publication.
    package func numbered(_ number: UInt64) -> Policy { Policy(self, number: number) }

    private init(_ other: Policy, number: UInt64) {
        self.number = number
        hash = other.hash
        hashText = other.hashText
        partitions = other.partitions
        accounts = other.accounts
        markets = other.markets
        channels = other.channels
        teams = other.teams
        zones = other.zones
        languages = other.languages
        texts = other.texts
        keep = other.keep
        rules = other.rules
    }

    /// What holds for an account; nil for one that the policy does not know.
    func rules(of account: String) -> AccountRules? { rules[account] }

    /// Whether the platform's word of deliveries and reads is wanted of an account.
    package func takesReceipts(_ account: String) -> Bool { rules[account]?.channel.takesReceipts ?? false }

    /// The apps in which people answer an account's customers at the platform.
    package func inboxApps(_ account: String) -> Set<String> {
        rules[account]?.channel.inboxApps ?? MetaInbox.usualApps
    }

    private static func table<Key: Hashable, Value>(
        _ values: [Value], _ kind: String, _ key: KeyPath<Value, Key>, _ name: KeyPath<Value, String>
    ) throws(PolicyError) -> [Key: Value] {
        var table: [Key: Value] = [:]
        for value in values where table.updateValue(value, forKey: value[keyPath: key]) != nil {
            throw PolicyError(expected: "one \(kind) of each name", came: value[keyPath: name], place: kind)
        }
        return table
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A part of a policy that names another part which does not exist, or exists twice.
package struct PolicyError: Error, Equatable, CustomStringConvertible {
    package let expected: String
    package let came: String
    /// `account de-shop`, `market de`, …
    package let place: String

    package init(expected: String, came: String, place: String) {
        self.expected = expected
        self.came = came
        self.place = place
    }

    package var description: String { "expected \(expected), got \"\(came.prefix(80))\", in \(place)" }
}

/// What holds for one account, resolved once: a decision finds it with one look-up.
final class AccountRules: Sendable {
    let account: AccountPolicy
    let partition: PartitionPolicy
    let market: MarketPolicy
    let channel: ChannelPolicy
    let zone: ZoneRules
    let language: LanguagePack
    let zones: [ZoneName: ZoneRules]
    let languages: [String: LanguagePack]
    let texts: Classifier

    init(
        _ account: AccountPolicy, partitions: [PartitionName: PartitionPolicy], markets: [String: MarketPolicy],
        channels: [String: ChannelPolicy], zones: [ZoneName: ZoneRules], languages: [String: LanguagePack],
        texts: Classifier
    ) throws(PolicyError) {
        let place = "account \(account.id)"
        guard let partition = partitions[account.partition] else {
            throw PolicyError(expected: "the name of a partition", came: account.partition.text, place: place)
        }
        guard let market = markets[partition.market] else {
            throw PolicyError(
                expected: "the name of a market", came: partition.market, place: "partition \(partition.name)")
        }
        guard let channel = channels[account.channel] else {
            throw PolicyError(expected: "the name of a channel", came: account.channel, place: place)
        }
        guard let zone = zones[market.zone] else {
            throw PolicyError(
                expected: "a zone of the bundle", came: market.zone.text, place: "market \(market.name)")
        }
        guard let language = languages[market.language] else {
            throw PolicyError(
                expected: "the tag of a language pack", came: market.language, place: "market \(market.name)")
        }
        self.account = account
        self.partition = partition
        self.market = market
        self.channel = channel
        self.zone = zone
        self.language = language
        self.zones = zones
        self.languages = languages
        self.texts = texts
    }
}
