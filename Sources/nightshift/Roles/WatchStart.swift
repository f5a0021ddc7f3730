import Contracts
import Conversations
import Instants
import Lanes
import Logging
import SwiftProtobuf
import Telemetry

/// Puts the sweeps of all accounts in motion: the coordinator that leads says so once a day and with each new policy, to an
/// account's own entity, whose timer then goes on by itself, with or without a coordinator.
struct WatchStart {
    private static let day: Int64 = 86_400

    let connector: LaneConnector
    let log: Logger
    private var appender: LaneAppender?
    /// For which day and policy `held` counts.
    private var telling: (day: Int64, policy: UInt64) = (0, 0)
    /// Accounts that know; nil: not asked yet for this day and policy.
    private var held: Set<String>?
    private var isDone = false
    private var failures = 0
    private var notBefore = Instant.distantPast

    init(connector: LaneConnector, log: Logger) {
        self.connector = connector
        self.log = log
    }

    /// Says it, if it was not said today under this policy. Accounts whose lanes refuse are told again, after a second at first
    /// and five minutes at last; the others are not.
    mutating func start(policy number: UInt64, now: Instant) async {
        let today = now.seconds / Self.day
        if telling != (today, number) || held == nil {
            telling = (today, number)
            held = []
            (isDone, failures, notBefore) = (false, 0, .distantPast)
        }
        guard !isDone, now >= notBefore else { return }
        let known = held ?? []
        let connector = connector
        do {
            let (found, topology) = try await offPool {
                let session = try Session(connector)
                return (try session.policyIfAny(), try session.topology())
            }
            guard let policy = found else { return }
            let events = try policy.accounts.values.sorted { $0.id < $1.id }.filter { account in
                policy.channels[account.channel]?.sweep != nil && !known.contains(account.id)
            }.map { (account: $0.id, event: try Self.event($0.id, "watch.\(today).\(number)", topology, now: now)) }
            let appender = appender ?? LaneAppender(connector: connector)
            self.appender = appender
            isDone = true
            for (told, result) in zip(events, await appender.append(events.map(\.event))) {
                if case .held = result { held?.insert(told.account) } else { isDone = false }
            }
            if !isDone { rest(now) }
        } catch {
            rest(now)
            log.info("Sweeps could not be started; tried again", metadata: .of((.cause, "\(error)")))
        }
    }

    private mutating func rest(_ now: Instant) {
        failures += 1
        notBefore = now + min(.seconds(300), .seconds(1 << min(failures - 1, 9)))
    }

    mutating func stop() {
        appender?.stop()
        appender = nil
    }

    /// The command to an account's own entity.
    ///
    /// - Parameter isAtOnce: asks the platform now, beside the timer.
    static func event(
        _ account: String, _ id: String, _ topology: Topology, now: Instant, isAtOnce: Bool = false
    ) throws -> LaneEvent {
        var event = Event()
        event.id = id
        event.account = account
        event.conversation = EntityID.watch(of: account).text
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.command.verb = .sweep
        event.command.subject = isAtOnce ? "now" : ""
        return try topology.laneEvent(event)
    }
}
