import Channels
import Contracts
import Instants
import Lanes
import Redis
import Synchronization
import Telemetry

/// Updates that could not be normalised: the bounded stream `ns:{ctl}:quarantine`, and while Redis is away the spool's
/// file before it. Order between the two ways is not kept: updates in the quarantine are looked at one by one.
struct Quarantine: Sendable {
    /// What pushes older ones out is counted.
    private static let mostEntries = 50_000
    /// 50,000 updates as they usually are take 50 MB of Redis' memory; as long as they may be they would take 3 GB.
    static let mostBytes = 256 << 20
    /// A process asks for the memory again once it has added this much. Redis goes through all nodes of the stream for it:
    /// 2.7 ms for 200 MB in entries of 4 KB, measured, so a thousandth of the time that adding takes.
    private static let lookedAtEvery = 8 << 20
    private static let mostDrained = 256
    /// A platform waits five seconds in all.
    private static let patience = Duration.seconds(1)
    private static let labels = ["reason", "detail", "account", "path", "received_at", "signer", "sent_at"]

    let redis: RedisThread
    let keyspace: Keyspace
    let spool: Spool?
    let metrics: MetricRegistry
    /// Added since the memory was asked for.
    private let unlooked = Unlooked()

    init(redis: RedisThread, keyspace: Keyspace, spool: Spool?, metrics: MetricRegistry) {
        self.redis = redis
        self.keyspace = keyspace
        self.spool = spool
        self.metrics = metrics
    }

    /// Holds each; false if one could not be held.
    func add(_ updates: [Quarantined]) async -> Bool {
        let aside = updates.map { update in
            SetAside(
                labels: [
                    update.reason.rawValue, update.detail, update.account, update.path, update.received.description,
                    update.signers.joined(separator: " "), update.sent?.description ?? "",
                ].map { $0.filter { $0 != "\u{1F}" } }, raw: update.raw)
        }
        if await write(aside) { return true }
        guard let spool, let evicted = try? await offPool({ try spool.setAside(aside) }) else { return false }
        if evicted > 0 { metrics.add(.quarantineEvicted, by: Double(evicted)) }
        return true
    }

    /// Brings back to Redis what lies in the file.
    func drain() async {
        guard let spool else { return }
        while let page = try? await offPool({ try spool.asides(most: Self.mostDrained) }), let last = page.last {
            guard await write(page.map(\.update)),
                (try? await offPool { try spool.removeAsides(upTo: last.number) }) != nil
            else { return }
        }
    }

    private func write(_ updates: [SetAside]) async -> Bool {
        // First, since what is added once more with each try pushes others out.
        guard await brakeWhereEnforced(updates) else { return false }
        let key = keyspace.control("quarantine")
        let commands = updates.map { update in
            var command = RedisCommand("XADD", key, "*")
            for (name, value) in zip(Self.labels, update.labels) {
                command.add(name)
                command.add(value)
            }
            command.add("raw")
            command.add(update.raw)
            return command
        }
        let trim = RedisCommand("XTRIM", key, "MAXLEN", "~", String(Self.mostEntries))
        guard let replies = try? await redis.run(within: Self.patience, { try $0.pipeline(commands + [trim]) }),
            let trimmed = replies.last
        else { return false }
        if let evicted = trimmed.int, evicted > 0 { metrics.add(.quarantineEvicted, by: Double(evicted)) }
        await bound(key, added: updates.reduce(0) { $0 + $1.raw.count })
        return replies.dropLast().allSatisfy { $0.error == nil }
    }

    /// Older ones leave until the rest fits. What fails here is tried again with the next updates.
    private func bound(_ key: String, added: Int) async {
        guard unlooked.add(added, before: Self.lookedAtEvery) else { return }
        let most = Self.mostBytes
        let evicted = try? await redis.run(within: Self.patience) { connection -> Int in
            let replies = try connection.pipeline([
                RedisCommand("MEMORY", "USAGE", key, "SAMPLES", "0"), RedisCommand("XLEN", key),
            ])
            guard let bytes = replies.first?.int, bytes > most, let count = replies.last?.int else { return 0 }
            // Entries differ, and the older ones may be the shorter: what is still too much goes with the next look.
            let kept = Int(Double(count) * Double(most) / Double(bytes) * 0.9)
            return Int(try connection.call(RedisCommand("XTRIM", key, "MAXLEN", "~", "\(kept)")).int ?? 0)
        }
        if let evicted, evicted > 0 { metrics.add(.quarantineEvicted, by: Double(evicted)) }
        if evicted == nil { unlooked.isDue() }
    }

    /// A platform that blocks an account takes nothing from it any more: whatever calls would only lengthen that, until a
    /// person releases the account (`actions release`), or the platform says that it is over. A warning stops nothing.
    private func brakeWhereEnforced(_ updates: [SetAside]) async -> Bool {
        let enforced = updates.compactMap { update -> (account: String, told: MetaEnforcement)? in
            guard update.labels.first == QuarantineReason.policyEnforcement.rawValue, update.labels.count > 2,
                let told = MetaEnforcement(update.raw), told.measure != .warning
            else { return nil }
            return (update.labels[2], told)
        }
        guard !enforced.isEmpty else { return true }
        let keyspace = keyspace
        let done: Void? = try? await redis.run(within: Self.patience) { connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            for (account, told) in enforced {
                try store.enforce(told.measure == .block, on: account, reason: told.reason)
            }
        }
        return done != nil
    }
}

/// Bytes that were added since somebody looked; the first look is due at once.
private final class Unlooked: Sendable {
    private let bytes = Mutex(Int.max)

    /// Whether it is time to look; then the count begins anew.
    func add(_ added: Int, before most: Int) -> Bool {
        bytes.withLock { bytes in
            let (sum, isOver) = bytes.addingReportingOverflow(added)
            bytes = isOver || sum >= most ? 0 : sum
            return bytes == 0 && (isOver || sum >= most)
        }
    }

    func isDue() { bytes.withLock { $0 = .max } }
}
