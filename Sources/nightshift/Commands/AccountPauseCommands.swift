import ArgumentParser
import Channels
import Contracts
import Delivery
import Foundation
import Instants
import Lanes
import Membership
import SwiftProtobuf

/// What the three commands share.
protocol AccountPauseVerb: AsyncParsableCommand {
    var redis: RedisOptions { get }
    var durability: DurabilityOptions { get }
    var who: PausedAccounts { get }
}

/// Which accounts, and who says so.
struct PausedAccounts: ParsableArguments {
    @Argument(help: "Accounts of the topology.") var accounts: [String]
    @Option(help: "Who says so; by default the user.") var by: String?

    func validate() throws {
        guard !accounts.isEmpty else { throw ValidationError("expected at least one account, got none") }
    }
}

extension AccountPauseVerb {
    /// - Parameter kind: nil to let them go on.
    fileprivate func set(_ kind: AccountPause.Kind?) throws -> Session {
        let session = try Session(
            LaneConnector(
                endpoint: try redis.endpoint(environment: ProcessInfo.processInfo.environment),
                keyspace: try redis.keyspace(), durability: try durability.level))
        if kind != nil {
            let known = try session.topology().accounts
            for account in who.accounts where known[account] == nil {
                throw Failure(expected: "an account of the topology", came: "\"\(account)\"", at: "ACCOUNT")
            }
            try FeatureGate(session.store).expect(.pausesAccounts, "an older one would go on sending")
        }
        try session.store.setPause(who.accounts, kind, by: who.by ?? NSUserName())
        return session
    }
}

/// Nothing of an account goes out; events come in and are decided.
struct AccountsPauseCommand: AccountPauseVerb {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Send nothing of an account until it is resumed; nothing is lost meanwhile.",
        discussion: """
            Events are recorded and decided as ever, promises run, desks call people; every call to the platform waits, people's \
            replies, hiding and sweeps too. What has a last instant, such as the platform's window, is settled as expired then, and \
            its conversation goes to the team. Workers heed it within a second; what is under way ends as it would.
            """)

    @OptionGroup var redis: RedisOptions
    @OptionGroup var durability: DurabilityOptions
    @OptionGroup var who: PausedAccounts

    func run() async throws {
        _ = try set(.pause)
        for account in who.accounts { Output.line("\(account)  paused") }
    }
}

/// What waits goes again.
struct AccountsResumeCommand: AccountPauseVerb {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused or drained account send again, what waits first.")

    @OptionGroup var redis: RedisOptions
    @OptionGroup var durability: DurabilityOptions
    @OptionGroup var who: PausedAccounts

    func run() async throws {
        _ = try set(nil)
        for account in who.accounts { Output.line("\(account)  goes on") }
    }
}

/// What was decided before goes out, what is decided afterwards waits.
struct AccountsDrainCommand: AccountPauseVerb {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Let an account send what is decided by now, and nothing more; wait for its end.",
        discussion: """
            What is decided from now on waits as in a paused account. Exit code 0 once nothing of before is open any more: then \
            nothing of the account is under way, and `accounts resume` lets go what waits.
            """)

    @OptionGroup var redis: RedisOptions
    @OptionGroup var durability: DurabilityOptions
    @OptionGroup var who: PausedAccounts
    @Option(help: "Seconds after which it gives up waiting; the drain stands.") var within = 600

    private static let betweenLooks = Duration.seconds(1)

    func validate() throws {
        guard (0...86_400).contains(within) else {
            throw ValidationError("expected 0 to 86,400 seconds, got \(within)")
        }
    }

    func run() async throws {
        let session = try set(.drain)
        let deadline = ContinuousClock.now + .seconds(within)
        // Couriers read of it within half a second, and a decision that was made just before may still be on its way to Redis:
        // only what two looks a second apart find empty is drained.
        var empty = 0
        while true {
            try await Task.sleep(for: Self.betweenLooks)
            let open = try session.openBeforePause(of: who.accounts)
            empty = open.isEmpty ? empty + 1 : 0
            if empty == 2 { break }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    "expected what was decided before to be settled within \(within) s; the drain stands, open are: "
                        + open.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
            }
        }
        for account in who.accounts { Output.line("\(account)  drained: what is decided from now on waits") }
    }
}

extension AccountPause {
    var words: String { "\(kind == .pause ? "paused" : "draining") since \(since) by \(by)" }

    var json: JSONValue {
        ["kind": .string(kind.rawValue), "since": .string(since.description), "by": .string(by)]
    }
}

extension Session {
    /// How many calls of each account are open that its pause lets go, those under way among them, and how many lanes that may
    /// hold such are away, by `lanes away`.
    ///
    /// - Throws: if an account is not paused any more.
    fileprivate func openBeforePause(of accounts: [String]) throws -> [String: Int] {
        let pauses = try store.accountPauses()
        if let freed = accounts.first(where: { pauses[$0] == nil }) {
            throw Failure("expected \(freed) to be draining, somebody has let it go on")
        }
        var open: [String: Int] = [:]
        let topology = try topology()
        // A moved account may have actions wherever its conversations are.
        let names = Set(accounts.compactMap { topology.accounts[$0]?.partition.text })
        let lanes = topology.lanes.filter { names.contains($0.partition) }
        let looks = try store.look(lanes)
        if looks.count < lanes.count { open["lanes away"] = lanes.count - looks.count }
        for look in looks {
            for stored in try store.recover(look.lane) {
                guard let action = try? Action(serializedBytes: stored.bytes), accounts.contains(action.account),
                    action.kind.isOutward, let pause = pauses[action.account],
                    stored.isOpen
                        || !pause.holds(decidedAt: Instant(milliseconds: action.decidedAt) - look.offset)
                else { continue }
                open[action.account, default: 0] += 1
            }
        }
        return open
    }
}
