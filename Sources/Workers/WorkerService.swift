package import Contracts
package import Conversations
package import Delivery
package import Lanes
package import Membership
internal import Synchronization

/// What a worker process consists of.
package struct WorkerSetting: Sendable {
    package var connector: LaneConnector
    /// Names this run of this process; see `RunnerSetting.owner`.
    package var owner: String
    package var runners: Int
    package var decider: Decider
    package var policy: Policy
    package var signals: Signals
    package var carriers: Carriers
    package var bounds: RunnerBounds
    /// See `RunnerSetting.clocks`.
    package var clocks: ServerClocks
    package var limits: ScheduleLimits
    package var patience: Duration
    /// How long a message of which nobody can tell waits for its echo; nil takes each account's channel.
    package var echoPatience: Duration?
    /// See `CourierSetting.orderPatience`.
    package var orderPatience = Duration.seconds(5)
    /// See `CourierSetting.firstRest`.
    package var firstRest = Duration.seconds(5)
    /// Nil: as the policy says.
    package var siblings: (@Sendable (_ account: String) -> [String])?
    /// See `CourierSetting.tokens`; nil: as the policy says.
    package var tokens: (@Sendable (_ account: String) -> [TokenLimit])?
    /// See `CourierSetting.threadSpacing`; nil: as the policy says.
    package var threadSpacing: (@Sendable (_ account: String) -> Duration?)?
    /// See `RunnerSetting.committed`.
    package var committed: (@Sendable (LaneName, [CommittedEvent]) -> Void)?

    package init(
        connector: LaneConnector, owner: String, runners: Int = 2, decider: Decider = .conversations, policy: Policy,
        signals: Signals = .none, carriers: Carriers, bounds: RunnerBounds = RunnerBounds(),
        clocks: ServerClocks = ServerClocks(), limits: ScheduleLimits = ScheduleLimits(),
        patience: Duration = .seconds(30),
        tokens: (@Sendable (_ account: String) -> [TokenLimit])? = nil,
        committed: (@Sendable (LaneName, [CommittedEvent]) -> Void)? = nil
    ) {
        self.connector = connector
        self.owner = owner
        self.runners = max(1, runners)
        self.decider = decider
        self.policy = policy
        self.signals = signals
        self.carriers = carriers
        self.bounds = bounds
        self.clocks = clocks
        self.limits = limits
        self.patience = patience
        self.tokens = tokens
        self.committed = committed
    }
}

/// A worker process: its runners, its courier, and the one connection on which they are woken.
///
/// Membership says through `host` which lanes are this process's, and hears through `report` what became of them.
/// Order of the end: the courier starts nothing more; the runners finish the round in hand and release their lanes;
/// what is under way is settled until the deadline, since a settlement needs no lane.
package final class WorkerService: Sendable {
    private let runners: [Runner]
    private let courier: Courier
    private let wakeups: LaneWakeups
    private let spread: Spread
    private let markets: Markets

    /// Which runner has which lane, and how busy they were; shared with the threads that report.
    private final class Spread: Sendable {
        struct Books {
            var lanes: LaneSpread
            var busySince = ContinuousClock.now
            var busyBefore = Duration.zero
        }

        let books: Mutex<Books>

        init(runners: Int) { books = Mutex(Books(lanes: LaneSpread(runners: runners))) }
    }

    /// The market of each partition and the limits of each account, by the policy in force.
    private final class Markets: Sendable {
        private struct Books {
            let names: [String: String]
            /// By account.
            let limits: [String: [TokenLimit]]
            /// By account.
            let echoes: [String: Duration]
            /// By account.
            let spacings: [String: Duration]
            /// Accounts by the name of their secret, of which an app has one; and the other way round.
            let apps: [String: [String]]
            let appOf: [String: String]

            init(_ policy: Policy) {
                names = Markets.names(policy)
                let byChannel = policy.channels.mapValues { channel in
                    channel.limits.map { TokenLimit($0.counted.rawValue, most: $0.most, per: $0.per) }
                }
                limits = policy.accounts.mapValues { byChannel[$0.channel] ?? [] }
                echoes = policy.accounts.compactMapValues { policy.channels[$0.channel]?.echoWithin }
                spacings = policy.accounts.compactMapValues { policy.channels[$0.channel]?.threadSpacing }
                let secrets = policy.accounts.compactMapValues { account in
                    policy.channels[account.channel]?.address == nil ? account.secret : nil
                }
                appOf = secrets
                apps = [String: [String]](grouping: secrets.keys.sorted()) { secrets[$0] ?? "" }
            }
        }

        private let books: Mutex<Books>

        init(_ policy: Policy) { books = Mutex(Books(policy)) }

        func use(_ policy: Policy) {
            let new = Books(policy)
            books.withLock { $0 = new }
        }

        func market(of lane: LaneName) -> String? { books.withLock { $0.names[lane.partition] } }

        func echoWithin(of account: String) -> Duration {
            books.withLock { $0.echoes[account] } ?? ChannelPolicy.usualEcho
        }

        func threadSpacing(of account: String) -> Duration? { books.withLock { $0.spacings[account] } }

        func limits(of account: String) -> [TokenLimit] { books.withLock { $0.limits[account] ?? [] } }

        /// The accounts of the same app. Another platform's account has none beside it.
        func siblings(of account: String) -> [String] {
            books.withLock { books in books.appOf[account].flatMap { books.apps[$0] } ?? [account] }
        }

        private static func names(_ policy: Policy) -> [String: String] {
            [String: String](policy.partitions.map { ($0.key.text, $0.value.market) }) { first, _ in first }
        }
    }

    /// Starts the threads; no lane is taken yet.
    ///
    /// - Parameter report: what became of lanes; called on runners' threads, must return at once.
    package init(_ setting: WorkerSetting, report: @escaping @Sendable (LaneReport) -> Void) throws(LaneError) {
        let spread = Spread(runners: setting.runners)
        let connector = setting.connector
        let markets = Markets(setting.policy)
        let courier = Courier(
            name: "courier",
            setting: CourierSetting(
                connect: { try connector.open(clientName: "courier") }, carriers: setting.carriers,
                limits: setting.limits, patience: setting.patience, name: setting.owner,
                market: { markets.market(of: $0) }, tokens: setting.tokens ?? { markets.limits(of: $0) },
                echoWithin: { account in setting.echoPatience ?? markets.echoWithin(of: account) },
                threadSpacing: setting.threadSpacing ?? { markets.threadSpacing(of: $0) },
                orderPatience: setting.orderPatience, firstRest: setting.firstRest,
                siblings: setting.siblings ?? { markets.siblings(of: $0) }))
        let relay = Relay()
        let runners = (0..<setting.runners).map { index in
            Runner(
                name: "runner-\(index)",
                setting: RunnerSetting(
                    connect: { try connector.open(clientName: "runner-\(index)") }, owner: setting.owner,
                    decider: setting.decider, policy: setting.policy, signals: setting.signals,
                    bounds: setting.bounds, clocks: setting.clocks,
                    report: { told in
                        relay.tell(told)
                        report(told)
                    }, committed: setting.committed),
                courier: courier)
        }
        let wakeups = try LaneWakeups(connector: connector, clientName: "wakeups") { lane in
            guard let index = spread.books.withLock({ $0.lanes.runner(of: lane) }) else { return }
            runners[index].wake(lane)
        }
        relay.use { told in
            switch told {
            case .taken(let lane): wakeups.follow([lane])
            case .refused(let lane), .released(let lane), .lost(let lane):
                wakeups.unfollow([lane])
                _ = spread.books.withLock { $0.lanes.remove(lane) }
            }
        }
        self.spread = spread
        self.markets = markets
        self.courier = courier
        self.runners = runners
        self.wakeups = wakeups
    }

    /// Tells the subscriber what the runners report; it is made after them.
    private final class Relay: Sendable {
        private let listener = Mutex<(@Sendable (LaneReport) -> Void)?>(nil)

        func use(_ listener: @escaping @Sendable (LaneReport) -> Void) {
            self.listener.withLock { $0 = listener }
        }

        func tell(_ told: LaneReport) { listener.withLock { $0 }?(told) }
    }

    /// What membership asks of this process.
    package var host: LaneHost {
        LaneHost(
            grant: { self.grant($0, assignment: $1) }, revoke: { self.revoke($0) }, load: { self.load })
    }

    /// Take a lane; on the runner that has it, or else on the one that the spread picks.
    package func grant(_ lane: LaneName, assignment: UInt64) {
        let index = spread.books.withLock { $0.lanes.place(lane) }
        runners[index].grant(lane, assignment: assignment)
    }

    /// Finish the round in hand and release a lane.
    package func revoke(_ lane: LaneName) {
        let index = spread.books.withLock { $0.lanes.runner(of: lane) }
        runners[index ?? 0].revoke(lane)
    }

    package func use(_ policy: Policy) {
        markets.use(policy)
        for runner in runners { runner.use(policy) }
    }

    package func use(_ signals: Signals) {
        for runner in runners { runner.use(signals) }
    }

    /// Brakes an account, or with nil lets it go again.
    package func brake(_ account: String, _ brake: Brake?) { courier.brake(account, brake) }

    package var counters: RunnerCounters {
        runners.reduce(into: RunnerCounters()) { $0.add($1.counters) }
    }

    package var courierCounters: CourierCounters { courier.counters }

    /// Whether every runner can be counted on.
    package func isReady(now: ContinuousClock.Instant = .now) -> Bool {
        runners.allSatisfy { $0.isReady(now: now) }
    }

    /// How busy it was since this was asked last.
    package var load: MemberLoad {
        let busy = runners.reduce(Duration.zero) { $0 + $1.busyTime }
        let now = ContinuousClock.now
        let share = spread.books.withLock { books in
            let passed = max(.milliseconds(1), now - books.busySince)
            let share = (busy - books.busyBefore) / passed
            books.busySince = now
            books.busyBefore = busy
            return share
        }
        let backlog = runners.reduce(UInt64(0)) { $0 + $1.backlog }
        return MemberLoad(
            runners: runners.count, busy: Int((share * 1_000).rounded()), backlog: Int(clamping: backlog))
    }

    /// Ends the process's work; see above. Blocks the calling thread.
    ///
    /// - Returns: whether everything ended within `longest`.
    package func stop(atMost longest: Duration) -> Bool {
        let end = ContinuousClock.now + longest
        courier.stop(atMost: longest)
        for runner in runners { runner.stop() }
        var hasEnded = true
        for runner in runners where !runner.wait(atMost: max(.zero, end - .now)) { hasEnded = false }
        if !courier.wait(atMost: max(.milliseconds(100), end - .now)) { hasEnded = false }
        wakeups.close()
        return hasEnded
    }
}
