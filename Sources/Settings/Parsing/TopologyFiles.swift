internal import BusinessTime
internal import Contracts

/// One entry of `partitions.yaml`.
struct PartitionSettings {
    static let mostLanes = 1_024

    let name: PartitionName
    let market: Named
    let zone: ZoneName
    let zoneValue: ConfigValue
    let lanes: Int

    static func read(_ root: ConfigValue) -> [PartitionSettings] {
        root.entries("partitions by name").compactMap { key, value in
            guard let text = key.text("the name of a partition") else { return nil }
            guard let name = try? PartitionName(text) else {
                key.fault("a partition name [a-z0-9-]{1,40} not starting with desk-")
                return nil
            }
            guard let fields = value.fields("a partition", ["market", "zone", "lanes"]) else { return nil }
            let market = fields.required("market")?.named("the name of a market")
            let zone = fields.required("zone")
            let lanes = fields["lanes"].map { $0.number(1...mostLanes, "lanes") } ?? 8
            guard let market, let zone, let zoneName = zone.zoneName(), let lanes else { return nil }
            return PartitionSettings(name: name, market: market, zone: zoneName, zoneValue: zone, lanes: lanes)
        }
    }
}

/// One entry of `accounts.yaml`.
struct AccountSettings {
    let id: String
    let channel: Named
    let partition: Named
    let secret: String
    let app: String?
    let brand: String?
    let personsMayWriteLate: Bool
    let automation: Bool
    /// Nil where neither `page` nor `login` stands.
    let login: MetaLogin?
    /// Where faults of the whole entry are reported.
    let entry: ConfigValue

    private static let known = [
        "channel", "partition", "secret", "app", "page", "login", "brand", "persons_may_write_late", "automation",
    ]

    /// What `login` may say; Facebook Login is said by `page`.
    private enum LoginWord: String, CaseIterable {
        case instagram
    }

    static func read(_ root: ConfigValue) -> [AccountSettings] {
        root.entries("accounts by id").compactMap { key, value in
            let id = key.text("the id of an account")
            guard let fields = value.fields("an account", known) else { return nil }
            let channel = fields.required("channel")?.named("the name of a channel")
            let partition = fields.required("partition")?.named("the name of a partition")
            let secret = fields.required("secret").flatMap(secretName)
            let app = fields["app"]?.text("the platform's id of our app")
            let brand = fields["brand"]?.text("the name that customers know")
            let late = fields["persons_may_write_late"].map { $0.flag() } ?? false
            let automation = fields["automation"].map { $0.flag() } ?? true
            let page = fields["page"].map(pageID)
            let word = fields["login"].map { $0.word(LoginWord.self) }
            guard let id, let channel, let partition, let secret, let late, let automation else { return nil }
            if page != nil, word != nil {
                fields["login"]?.fault("either page, for Facebook Login, or login: instagram", got: "both")
                return nil
            }
            if case .some(nil) = page { return nil }
            if case .some(nil) = word { return nil }
            let linked = page.flatMap { $0 }.map(MetaLogin.linkedPage)
            return AccountSettings(
                id: id, channel: channel, partition: partition, secret: secret, app: app, brand: brand,
                personsMayWriteLate: late, automation: automation, login: word == nil ? linked : .instagram,
                entry: value)
        }
    }

    /// Digits: a name or an address would reach no page.
    private static func pageID(_ value: ConfigValue) -> String? {
        let expected = "the id of the Facebook page that the account is linked to, digits in quotes"
        guard let text = value.text(expected) else { return nil }
        guard (1...32).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            value.fault(expected)
            return nil
        }
        return text
    }

    private static func secretName(_ value: ConfigValue) -> String? {
        let expected = "the name of a secret ([a-z0-9_-]{1,40}), never the secret"
        guard let text = value.text(expected) else { return nil }
        guard ConfigNames.isPlain(String(text.map { $0 == "_" ? "-" : $0 })) else {
            // What came may be the secret itself, so it is not repeated.
            value.fault(expected, got: "something else")
            return nil
        }
        return text
    }
}
