import Conversations
import Instants
import Lanes
import Logging
import Telemetry

/// By how much the account whose sweeps are furthest behind is late, looked up once a minute by the coordinator that leads.
///
/// Where it cannot be read, since a primary is away, what was read last counts on and grows. A paused account is left out: that
/// nothing of it is asked for is what somebody wants. One of which no sweep was ever begun is left out too, there being no
/// instant to count from; `accounts gaps` shows none for it.
struct SweepLag {
    private static let every = Duration.seconds(60)

    private let connector: LaneConnector
    private let log: Logger
    private var accounts: [SweptAccount] = []
    private var reaches: [String: SweepReach] = [:]
    private var pauses: Set<String> = []
    /// The lane clock at the last look.
    private var clock: (now: Instant, at: ContinuousClock.Instant)?
    private var next: ContinuousClock.Instant?

    init(connector: LaneConnector, log: Logger) {
        self.connector = connector
        self.log = log
    }

    /// The accounts of the policy in force.
    mutating func use(_ accounts: [SweptAccount]) {
        self.accounts = accounts.filter { $0.every != nil }
        next = nil
    }

    /// Looks, if it is time. Nothing is known any more where somebody else leads.
    mutating func look(leads: Bool) async {
        guard leads, !accounts.isEmpty else {
            (reaches, pauses, clock, next) = ([:], [], nil, nil)
            return
        }
        guard next.map({ ContinuousClock.now >= $0 }) ?? true else { return }
        next = .now + Self.every
        let (connector, accounts) = (connector, accounts)
        do {
            let (facts, paused, now) = try await offPool {
                let store = try connector.open(clientName: "sweeps")
                let topology = try TopologyStore(connection: store.connection, keyspace: store.keyspace).read()
                let facts = try store.sweepReaches(of: accounts, in: topology)
                return (facts, try store.accountPauses(), try store.serverTime() + topology.offset)
            }
            clock = (now, .now)
            pauses = Set(paused.keys)
            let known = reaches
            reaches = [:]
            for (account, fact) in zip(accounts, facts) {
                switch fact {
                case .known(let reach): reaches[account.id] = reach
                case .away: reaches[account.id] = known[account.id]
                }
            }
        } catch {
            log.info("How far sweeps have come could not be read", metadata: .of((.cause, "\(error)")))
        }
    }

    /// Nil where nothing is swept, and before the first look.
    func behind() -> Duration? {
        guard let clock else { return nil }
        let now = clock.now + (.now - clock.at)
        return accounts.compactMap { account in
            guard let every = account.every, !pauses.contains(account.id) else { return nil }
            return reaches[account.id]?.behind(at: now, every: every)
        }.max()
    }
}
