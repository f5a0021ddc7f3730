package import Sandbox

/// What a drill plays and breaks, in figures: the two forms that are run, and nothing that is read from a clock.
///
/// The input is `senders` senders, each with `groups` groups of `perBody` conversations, each conversation of `rounds`
/// messages; one webhook body carries the next message of one group.
package struct DrillPlan: Sendable {
    package var senders: Int
    package var groups: Int
    package var rounds: Int
    package var perBody = 8
    /// Each so many messages of a conversation there is a frequent question, which is answered: at least 3.
    package var askEvery = 5
    /// The first question comes in one of so many rounds, another one for each conversation: automation answers only the first
    /// few, so that otherwise the later part of a drill had next to nothing to send. At least 1.
    package var asksFrom = 1
    /// Events a second over all senders.
    package var rate: Double
    package var workers: Int
    package var killEvery: Duration
    package var stops: [Duration]
    /// How long a stopped worker stays stopped: longer than a lease (3 s).
    package var stopFor: Duration = .milliseconds(4_500)
    package var coordinatorKills: [Duration]
    package var redisKills: [Duration]
    /// Of a cluster, one after the other: the first after this time, the next one so long after its pair was whole again.
    package var primaryKills = 0
    package var primaryEvery: Duration = .seconds(4)
    /// Slots of a cluster that are moved, half way first, and how long they lie there.
    package var reshards = 0
    package var reshardFor: Duration = .seconds(3)
    /// Whether the slot of leases, topology and switches is moved so too, before everything else.
    package var reshardsControl = false
    /// Between processes in network namespaces, each so long after all was whole again.
    package var cuts: [NetworkCut] = []
    /// Before each answer of the channel.
    package var latencyMs = 100
    /// After which an attempt without an answer counts as ambiguous.
    package var patienceMs: Int
    /// Within which another owner commits after a kill. 5 s on a quiet machine with two cores.
    package var recoveryLimit: Duration = .seconds(5)
    /// How long the drill waits, after the last event, until everything is decided and settled.
    package var settleWithin: Duration
    /// Faults that must have met work in hand, and those that must have met undecided events.
    package var fewestWithWork: Int
    package var fewestWithEvents: Int
    package var seed: UInt64 = 1
    /// What the platform does to us besides; nil: its double takes everything and loses nothing.
    package var platform: PlatformTrouble?
    /// Limits that the platform's double has in place of its own, besides those of its trouble.
    package var limits: [SandboxLimit] = []

    package var conversations: Int { senders * groups * perBody }
    package var events: Int { conversations * rounds }
    /// How long the events take at the stated pace.
    package var duration: Duration { .milliseconds(Int64(Double(events) / rate * 1_000)) }

    /// 200,000 events of 5,000 conversations at 1,500/s; 44 kills, 5 stops, 5 kills of the coordinator, 4 of Redis.
    package static let full = DrillPlan(
        senders: 25, groups: 25, rounds: 40, askEvery: 3, asksFrom: 36, rate: 1_500, workers: 6, killEvery: .seconds(3),
        stops: [13, 38, 63, 88, 113].map { .seconds($0) },
        coordinatorKills: [7, 34, 58, 82, 106].map { .milliseconds($0 * 1_000 + 500) },
        redisKills: [26, 56, 86, 116].map { .milliseconds($0 * 1_000 + 500) }, patienceMs: 30_000,
        settleWithin: .seconds(180), fewestWithWork: 40, fewestWithEvents: 10)

    /// The same on a small scale: 10,000 events of 400 conversations at 500/s; 6 kills and one of each other fault. At this
    /// pace a quiet machine has seldom something in hand, so only the three aimed kills are sure to meet work.
    package static let short = DrillPlan(
        senders: 10, groups: 5, rounds: 25, rate: 500, workers: 3, killEvery: .seconds(3),
        stops: [.milliseconds(4_500)],
        coordinatorKills: [.milliseconds(9_500)], redisKills: [.milliseconds(13_300)], patienceMs: 6_000,
        settleWithin: .seconds(30), fewestWithWork: 3, fewestWithEvents: 1)

    /// No fault and no input of its own: the ground of a measurement.
    static func undisturbed(workers: Int) -> DrillPlan {
        DrillPlan(
            senders: 1, groups: 1, rounds: 1, rate: 1, workers: workers, killEvery: .seconds(1_000_000), stops: [],
            coordinatorKills: [], redisKills: [], patienceMs: 30_000, settleWithin: .seconds(120), fewestWithWork: 0,
            fewestWithEvents: 0)
    }

    /// On a Redis Cluster with replicas, `replicated(1)`: primaries killed one after the other under 120 events/s.
    package static let failover = failover(kills: 20)
    package static let failoverShort = failover(kills: 2)

    /// A kill takes about eight seconds: the others notice it after two, the pair is whole again some seconds later.
    package static func failover(kills: Int) -> DrillPlan {
        var plan = DrillPlan(
            senders: 6, groups: max(1, (kills + 1) * 10 / 6), rounds: 15, rate: 120, workers: 2,
            killEvery: .seconds(1_000_000),
            stops: [], coordinatorKills: [], redisKills: [], patienceMs: 10_000, settleWithin: .seconds(60),
            fewestWithWork: 0, fewestWithEvents: kills / 2)
        plan.primaryKills = kills
        plan.reshards = kills > 0 ? max(1, kills / 4) : 0
        plan.reshardsControl = kills > 0
        return plan
    }

    /// On the same cluster, three workers: everybody is kept from Redis in turn, and servers from each other. Each cut outlasts
    /// a lease (3 s) and what a failover takes (2 s until a server is missed).
    package static let partitions: DrillPlan = {
        var plan = DrillPlan.failover(kills: 0)
        plan.groups = 30
        plan.workers = 3
        plan.cuts = [
            NetworkCut(from: .workers([1]), to: .redis, lasts: .seconds(7)),
            NetworkCut(from: .coordinator, to: .redis, lasts: .seconds(7)),
            NetworkCut(from: .primary(0), to: .everybodyBut(primary: 0), lasts: .seconds(9)),
            NetworkCut(from: .primary(1), to: .besides(primary: 1), lasts: .seconds(9)),
            NetworkCut(from: .ingress, to: .redis, lasts: .seconds(6)),
            NetworkCut(from: .redis, to: .workers([2]), isOneWay: true, lasts: .seconds(7)),
            NetworkCut(from: .primary(2), to: .replica(2), lasts: .seconds(9)),
            NetworkCut(from: .workers([1, 2, 3]), to: .pairs([1]), lasts: .seconds(6)),
        ]
        return plan
    }()

    /// Ten minutes against a platform that misbehaves: 150,000 messages and 18,750 comments, kills of workers and one restart of Redis.
    package static let platformLong = DrillPlan(
        senders: 25, groups: 25, rounds: 30, rate: 250, workers: 4, killEvery: .seconds(20), stops: [],
        coordinatorKills: [], redisKills: [.seconds(300)], patienceMs: 10_000, recoveryLimit: .seconds(30),
        settleWithin: .seconds(300), fewestWithWork: 10, fewestWithEvents: 0, platform: PlatformTrouble())

    /// The same in some seconds.
    package static let platformShort = DrillPlan(
        senders: 8, groups: 4, rounds: 12, rate: 250, workers: 3, killEvery: .milliseconds(2_500), stops: [],
        coordinatorKills: [], redisKills: [.milliseconds(6_300)], patienceMs: 5_000, recoveryLimit: .seconds(30),
        settleWithin: .seconds(120), fewestWithWork: 1, fewestWithEvents: 0,
        platform: PlatformTrouble(throttle: ThrottlePlan(every: .seconds(7), last: .seconds(3))))

    /// Every fault in the order of time; every second kill is aimed, and every stop.
    package var faults: [PlannedFault] {
        var faults: [PlannedFault] = []
        var at = killEvery
        while at < duration - .seconds(1) {
            faults.append(PlannedFault(at: at, kind: .kill(isAimed: faults.count % 2 == 1)))
            at += killEvery
        }
        faults += stops.map { PlannedFault(at: $0, kind: .stop) }
        faults += coordinatorKills.map { PlannedFault(at: $0, kind: .coordinator) }
        faults += redisKills.map { PlannedFault(at: $0, kind: .redis) }
        faults += (0..<primaryKills).map { PlannedFault(at: primaryEvery * ($0 + 1), kind: .primary) }
        // Between two kills, each with a pair to itself.
        faults += (0..<reshards).map { PlannedFault(at: primaryEvery * (4 * $0 + 1) + .seconds(1), kind: .reshard) }
        if reshardsControl { faults.append(PlannedFault(at: primaryEvery / 2, kind: .reshardControl)) }
        faults += cuts.enumerated().map { PlannedFault(at: primaryEvery * ($0 + 1), kind: .cut($1)) }
        return faults.sorted { $0.at < $1.at }
    }
}

/// One fault of the schedule.
package struct PlannedFault: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// SIGKILL to a worker, which is started again at once.
        case kill(isAimed: Bool)
        /// SIGSTOP to a worker past its lease, then SIGCONT.
        case stop
        case coordinator
        case redis
        /// SIGKILL to a primary of a cluster, which is started again as replica once its own was promoted.
        case primary
        case cut(NetworkCut)
        /// The slot of a lane on its way to another primary, left half moved for a while.
        case reshard
        /// The same of the slot in which leases, topology and switches lie.
        case reshardControl

        package var name: String {
            switch self {
            case .kill(let isAimed): isAimed ? "kill -9, aimed" : "kill -9"
            case .stop: "stop, continue"
            case .coordinator: "coordinator kill -9"
            case .redis: "redis kill -9"
            case .primary: "primary kill -9"
            case .cut: "cut"
            case .reshard: "slot half moved"
            case .reshardControl: "control slot half moved"
            }
        }
    }

    package let at: Duration
    package let kind: Kind
}
