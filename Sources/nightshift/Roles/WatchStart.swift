import Contracts
import Conversations
import Coordination
import Instants
import Lanes
import Logging
import SwiftProtobuf
import Telemetry

/// Puts the sweeps of all accounts in motion: the coordinator that leads says so once a day and with each new policy, to an
/// account's own entity, whose timer then goes on by itself, with or without a coordinator.
struct WatchStart {
    let connector: LaneConnector
    let log: Logger
    private var appender: LaneAppender?
    private var round = AccountRound()

    init(connector: LaneConnector, log: Logger) {
        self.connector = connector
        self.log = log
    }

    /// Says it, if the round wants it; accounts whose lanes refuse are told again, the others are not.
    mutating func start(policy number: UInt64, now: Instant) async {
        guard let known = round.due(policy: number, now: now), let name = round.name else { return }
        let connector = connector
        do {
            let (found, topology) = try await offPool {
                let session = try Session(connector)
                return (try session.policyIfAny(), try session.topology())
            }
            guard let policy = found else { return }
            // A stepped clock is stepped through days in minutes; who steps it asks when it wants to.
            guard !topology.isVirtual else { return round.told([], isWhole: true, now: now) }
            let events = try policy.accounts.values.sorted { $0.id < $1.id }.filter { account in
                policy.channels[account.channel]?.isWatched == true && !known.contains(account.id)
            }.map { (account: $0.id, event: try Self.event($0.id, "watch.\(name.day).\(number)", topology, now: now)) }
            let appender = appender ?? LaneAppender(connector: connector)
            self.appender = appender
            var held: [String] = []
            for (told, result) in zip(events, await appender.append(events.map(\.event))) {
                if case .held = result { held.append(told.account) }
            }
            round.told(held, isWhole: held.count == events.count, now: now)
        } catch {
            round.told([], isWhole: false, now: now)
            log.info("Sweeps could not be started; tried again", metadata: .of((.cause, "\(error)")))
        }
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
