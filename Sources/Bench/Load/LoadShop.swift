import BusinessTime
import Contracts
package import Conversations
package import Instants
package import Lanes
package import Settings

/// The shop that the benchmark plays: the shipped configuration with partitions, accounts and a channel of its own.
///
/// 125 partitions of 8 lanes are 1,000 lanes. The markets are those of the shipped ones whose nights overlap, so that
/// one closed period of all lanes can be played at once; their hours, texts, questions and promises are as shipped. The
/// channel is the sandbox's, except that a thread that a person answered in the platform's inbox is free again before
/// the next night.
package struct LoadShop: Sendable {
    package static let markets = ["br", "de", "fi", "mx", "us"]
    package static let partitions = 125

    package let policy: Policy
    /// The accounts, one a partition, in the order of the partitions.
    package let accounts: [AccountPolicy]

    /// - Parameter folder: the shipped configuration.
    /// - Throws: `ConfigFaults` if the folder is not, or no longer, what the benchmark expects.
    package init(folder: String) throws {
        let files = try Self.files(folder: folder)
        let bundle = try PolicyBundle(files, zones: ZoneFolder())
        policy = try Policy.build(bundle, number: 1)
        accounts = policy.accounts.values.sorted { $0.id < $1.id }
    }

    /// The configuration: the shipped folder's files with what is the shop's own.
    ///
    /// - Parameter partitions: each of 8 lanes and with an account of its own, up to 9,000.
    package static func files(folder: String, partitions: Int = partitions) throws(ConfigFault) -> ConfigFiles {
        let shipped = try ConfigFiles(folder: folder).files.filter {
            !["accounts.yaml", "partitions.yaml"].contains($0.path)
        }
        return ConfigFiles(shipped + own(partitions))
    }

    /// What is to be created in Redis before the run.
    package func wish(offset: Duration) -> TopologyWish {
        TopologyWish(
            partitions: policy.partitions.mapValues {
                Topology.Partition(market: $0.market, zone: $0.zone, lanes: $0.lanes)
            },
            accounts: policy.accounts.mapValues(\.partition),
            teams: Set(Self.markets.compactMap { policy.markets[$0]?.team }).sorted(), isVirtual: true,
            offset: offset)
    }

    /// The market of an account.
    package func market(of account: AccountPolicy) -> MarketPolicy? {
        policy.partitions[account.partition].flatMap { policy.markets[$0.market] }
    }

    /// The next night after `instant` in which every market is closed and opens again within 14 hours: then a promise
    /// lies within the channel's window of 24 hours. 02:30 UTC of a day is night in all of them.
    package func night(after instant: Instant) -> Instant? {
        let day = instant.seconds / 86_400
        return (day...day + 60).lazy.map { Instant(seconds: $0 * 86_400 + 9_000) }
            .first { $0 > instant && isNight($0) }
    }

    private func isNight(_ instant: Instant) -> Bool {
        Self.markets.allSatisfy { name in
            guard let end = policy.markets[name]?.coverage.closedPeriod(containing: instant)?.end else { return false }
            return end - instant < .seconds(14 * 3_600) && end - instant > .seconds(4 * 3_600)
        }
    }

    private static func own(_ count: Int) -> [ConfigFiles.File] {
        let zones = [
            "br": "America/Sao_Paulo", "de": "Europe/Berlin", "fi": "Europe/Helsinki", "mx": "America/Mexico_City",
            "us": "America/New_York",
        ]
        var partitions = ""
        var accounts = ""
        for index in 0..<count {
            let market = markets[index % markets.count]
            let number = String((count > 1_000 ? 10_000 : 1_000) + index).dropFirst()
            partitions += "load-\(market)-\(number): {market: \(market), zone: \(zones[market] ?? ""), lanes: 8}\n"
            accounts += "load-\(number): {channel: load, partition: load-\(market)-\(number), secret: load}\n"
        }
        let channel = """
            window: 24h
            person_window: 7d
            inbox_hold: 8h
            foreign_hold: 1h
            text_limit: {unit: utf16, most: 2000}

            """
        return [
            ConfigFiles.File(path: "partitions.yaml", bytes: Array(partitions.utf8)),
            ConfigFiles.File(path: "accounts.yaml", bytes: Array(accounts.utf8)),
            ConfigFiles.File(path: "channels/load.yaml", bytes: Array(channel.utf8)),
        ]
    }
}
