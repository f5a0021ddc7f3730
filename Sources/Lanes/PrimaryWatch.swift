package import Instants
internal import Redis

// Whether the primaries that a process talks to are still those that it was started on.
//
// Problem: settings are judged when a role starts, but a primary may be replaced by a replica with weaker ones, restarted
// with another file, or set otherwise while it runs; and one that is away at the start has not been judged at all. Choice:
// a watch with a connection of its own, which meets a new primary soon after everybody else does, judges each server that
// it has not met, and all of them again once a minute. Rejected: to judge on every connection, since INFO costs a server
// about 0.1 ms and a process has a dozen connections. How it fails: for some seconds a weaker heir is not told of, and it is
// served before and afterwards: to stop all lanes at once would harm more than its weakness. People are told, and mend it.
//
// It also tells of slots that stay on their way: of one that a mover left half moved, lanes with work wait, but an idle lane looks
// sound from outside, since its hash is found on either side, until events for it pile up in a spool.

/// The watch of one thread over the primaries behind a connector's lanes.
package final class PrimaryWatch {
    /// Each server is judged again after this time: settings change without a new connection.
    package static let judgedEvery: Duration = .seconds(60)

    private let connector: LaneConnector
    private let clientName: String
    private var store: LaneStore?
    /// By name.
    private var known: [String: Known] = [:]

    private struct Known {
        let sight: PrimarySight
        /// Over which connection it was judged.
        let link: UInt64
        let judgedAt: ContinuousClock.Instant
    }

    /// Which slots are on their way is asked so often: CLUSTER NODES is long where there are many nodes.
    private static let slotsEvery: Duration = .seconds(10)
    /// Slots on their way, and since when they were seen so.
    private var moving: [KeySlot: ContinuousClock.Instant] = [:]
    private var slotsAskedAt: ContinuousClock.Instant?

    /// Connects with the first look.
    package init(_ connector: LaneConnector, clientName: String = "watch") {
        self.connector = connector
        self.clientName = clientName
    }

    /// Looks at every primary that answers: one round trip each, two where it is judged.
    ///
    /// - Throws: if no server answers. What was known stays.
    package func look(at now: ContinuousClock.Instant = .now) throws(LaneError) -> PrimaryReport {
        if store?.isBroken != false { store = nil }
        let isNew = store == nil
        let store = try opened()
        var report = PrimaryReport()
        store.connection.doubtSlots()
        for shard in store.connection.reachableShards() {
            let name = shard.connection.endpoint.name
            do throws(LaneError) {
                let before = known[name]
                var after = before
                if isNew || before?.link != shard.link || now - (before?.judgedAt ?? now) >= Self.judgedEvery {
                    after = Known(sight: try judge(shard.connection, name), link: shard.link, judgedAt: now)
                }
                // Finds out that a server is gone, and by that where its lanes are now.
                let asked = ContinuousClock.now
                let time = try LaneStore(connection: shard.connection, keyspace: connector.keyspace).serverTime()
                report.times.append((name: name, time: time, read: asked + (.now - asked) / 2))
                guard let after else { continue }
                known[name] = after
                report.primaries.append(after.sight)
                if before?.sight != after.sight { report.news.append(after.sight) }
            } catch {
                guard store.connection.isCluster else { throw error }
            }
        }
        report.away = store.connection.awayServers
        report.moving = try slotsUnderWay(store, now)
        let named = Set(report.primaries.map(\.name)).union(report.away)
        known = known.filter { named.contains($0.key) }
        return report
    }

    /// In the order in which they were seen first.
    private func slotsUnderWay(
        _ store: LaneStore, _ now: ContinuousClock.Instant
    ) throws(LaneError) -> [MovingSlot] {
        if slotsAskedAt.map({ now - $0 >= Self.slotsEvery }) ?? true {
            slotsAskedAt = now
            let seen = try store.movingSlots()
            moving = Dictionary(uniqueKeysWithValues: seen.map { ($0, moving[$0] ?? now) })
        }
        let control = KeySlot(of: Array(connector.keyspace.control("slot").utf8))
        return moving.map { MovingSlot(number: $0.key.number, isControl: $0.key == control, age: now - $0.value) }
            .sorted { ($1.age, $0.number) < ($0.age, $1.number) }
    }

    private func opened() throws(LaneError) -> LaneStore {
        if let store { return store }
        let opened = try connector.open(clientName: clientName)
        store = opened
        return opened
    }

    private func judge(_ connection: RedisConnection, _ name: String) throws(LaneError) -> PrimarySight {
        do throws(RedisError) {
            let facts = try ServerFacts(reading: connection)
            let check = DurabilityCheck(
                facts, durability: connector.durability, isCluster: store?.connection.isCluster ?? false)
            return PrimarySight(name: name, runID: facts.runID, check: check)
        } catch {
            throw .redis(error)
        }
    }
}

/// A primary as it was judged last.
package struct PrimarySight: Sendable, Equatable {
    /// Its address; of a server that is not reached by one, its URL.
    package let name: String
    /// Of the server's process; another one means a restart.
    package let runID: String
    package let check: DurabilityCheck
}

/// A slot of a cluster on its way.
package struct MovingSlot: Sendable, Equatable {
    package let number: Int
    /// Whether leases, topology and switches lie in it.
    package let isControl: Bool
    /// How long it has been seen so.
    package let age: Duration

    /// Whether whoever moves it has most likely died: a slot takes seconds.
    package var isLeft: Bool { age >= .seconds(60) }
}

/// What one look found.
package struct PrimaryReport: Sendable {
    /// All that answered.
    package internal(set) var primaries: [PrimarySight] = []
    /// Of these, those that were met for the first time, restarted, or are judged otherwise than before.
    package internal(set) var news: [PrimarySight] = []
    /// Names of the primaries of a cluster that cannot be reached.
    package internal(set) var away: [String] = []

    /// Slots of a cluster that are on their way from one primary to another, the longest first.
    package internal(set) var moving: [MovingSlot] = []

    /// The clock of each that answered, and when it was read.
    package internal(set) var times: [(name: String, time: Instant, read: ContinuousClock.Instant)] = []

    /// Those that keep less than the named durability promises.
    package var weaker: [PrimarySight] { primaries.filter(\.check.isRefused) }
}

@available(*, unavailable, message: "a watch belongs to the thread of its connection")
extension PrimaryWatch: Sendable {}

extension RedisEndpoint {
    /// How people and metrics name a server: by its address alone, where it has one.
    var name: String {
        if case .tcp(let host, let port) = address { "\(NodeAddress(host: host, port: port))" } else { "\(self)" }
    }
}
