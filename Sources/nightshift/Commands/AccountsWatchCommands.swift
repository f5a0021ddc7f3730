import ArgumentParser
import Channels
import Contracts
import Conversations
import Delivery
import Foundation
import Instants
import Lanes
import Settings

/// What webhooks of an account left out, and how they come again.
extension AccountsCommand {
    struct Gaps: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What only a sweep brought of each account, and until when everything was swept.",
            discussion:
                "What was written before `swept until` was looked for; `accounts sweep` takes it a day back until that sweep has ended."
        )

        @OptionGroup var redis: RedisOptions
        @Flag(help: "Print JSON lines.") var json = false

        func run() async throws {
            let session = try Session(redis)
            let policy = try session.policy()
            let accounts = policy.accounts.keys.sorted()
            var table = TextTable("account", "sweep every", "messages", "swept until", "missed by webhooks", "last")
            let reaches = try session.store.sweepReaches(of: SweptAccount.all(policy), in: session.topology())
            for ((account, reading), reach) in zip(zip(accounts, try session.store.gaps(of: accounts)), reaches) {
                var gaps: AccountGaps?
                if case .known(let known) = reading { gaps = known }
                let channel = policy.accounts[account].flatMap { policy.channels[$0.channel] }
                let every = channel?.sweep
                let asksMessages = channel?.sweepsMessages == true
                if json {
                    var line: [String: JSONValue] = [
                        "account": .string(account),
                        "missed": gaps.map { .integer(Int64(clamping: $0.missed)) } ?? .null,
                        "sweeps_messages": .bool(asksMessages),
                        "sweep_every_ms": every.map { .integer($0.wholeMilliseconds) } ?? .null,
                    ]
                    line["swept_until"] = Self.known(reach).map { .string($0.until.description) } ?? .null
                    line["last_missed_at"] = gaps?.lastAt.map { .string($0.description) } ?? .null
                    Output.line(JSONValue.object(line).text())
                }
                table.add(
                    account, every.map { "\($0.wholeMilliseconds / 1_000) s" } ?? "never",
                    asksMessages ? "too" : "no",
                    reach == .away ? "unknown" : Self.known(reach)?.until.description ?? "-",
                    gaps.map { "\($0.missed)" } ?? "unknown",
                    gaps?.lastAt?.description ?? "-")
            }
            if !json { Output.line(table.text) }
        }

        private static func known(_ reach: AccountFact<SweepReach>) -> SweepReach? {
            if case .known(let reach) = reach { reach } else { nil }
        }
    }

    struct Sweep: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask the platform now for what webhooks left out, under every post and for a day at the least.",
            discussion:
                "A worker carries it out like any other action; without `sweep` in the channel's file this is done once. Everything since the last completed sweep is looked for, seven days back at the most; of an account that was never swept those seven days."
        )

        @OptionGroup var redis: RedisOptions
        @Argument(help: "Accounts; without one all of Meta's channels.") var accounts: [String] = []

        func run() async throws {
            let session = try Session(redis)
            let policy = try session.policy()
            let chosen = try AccountsCommand.chosen(accounts, policy)
            let now = try session.now()
            let appender = LaneAppender(connector: session.connector)
            defer { appender.stop() }
            let topology = try session.topology()
            let events = try chosen.map {
                try WatchStart.event(
                    $0.id, "sweep.\($0.id).\(now.milliseconds)", topology, now: now, isAtOnce: true)
            }
            let swept = chosen.map { SweptAccount($0, policy.channels[$0.channel]) }
            let reaches = try session.store.sweepReaches(of: swept, in: topology)
            for ((account, reach), result) in zip(zip(chosen, reaches), await appender.append(events)) {
                guard case .held = result else {
                    throw Failure("\(account.id): expected the command held, got \(result)")
                }
                // Older gaps stay, which nobody would suspect behind a sweep of everything.
                let bound =
                    reach == .known(nil) ? "  never swept: back to \(SweepReach.farthest(at: now)), no further" : ""
                Output.line("\(account.id)  asked\(bound)")
            }
        }
    }

    struct Subscribe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Subscribe our app to all webhook fields of accounts; exit 0 only if the platform took all.")

        @OptionGroup var source: PolicySource
        @Option(help: "Folder with secrets; `token-<page or account>` holds an access token.") var secrets: String?
        @OptionGroup var graph: GraphOptions
        @Argument(help: "Accounts; without one all of Meta's channels.") var accounts: [String] = []

        func run() async throws {
            let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
            let policy = try source.policy()
            let usage = UsageNotes()
            let client = usage.hearing(graph.client(policy, store))
            var faults = 0
            for account in try AccountsCommand.chosen(accounts, policy) {
                let channel: MetaChannel = account.channel == "instagram" ? .instagram : .facebook
                let needed = AccountInspection.neededFields(
                    channel, account.login, receipts: policy.takesReceipts(account.id))
                // A new list takes the place of the old one: what a shop, or another account of the page, has there stays.
                let have = await AccountInspection(client: client).subscribedFields(
                    account: account.id, app: account.app)
                if have == nil, case .linkedPage = account.login {
                    faults += 1
                    Output.line(
                        "\(account.id)  unknown  what our app gets of its page; `app` in accounts.yaml names it")
                    continue
                }
                let fields = needed + (have ?? []).filter { !needed.contains($0) }
                let made = await client.carryOut(
                    .subscribe(client.node(of: account.id), fields: fields), account: account.id, kind: .fetch,
                    attempt: 1,
                    deadline: .seconds(20))
                if case .delivered = made.answer {
                    Output.line("\(account.id)  subscribed  \(fields.joined(separator: " "))")
                } else {
                    faults += 1
                    Output.line("\(account.id)  refused  \(made.answer)")
                }
            }
            try source.share(usage)
            guard faults == 0 else { throw Failure("\(faults) accounts were refused") }
        }
    }

    /// The named accounts, or all of the platform that can be asked.
    static func chosen(_ names: [String], _ policy: Policy) throws -> [AccountPolicy] {
        for name in names where policy.accounts[name] == nil {
            throw Failure(expected: "an account of the policy", came: "\"\(name)\"", at: "ACCOUNT")
        }
        return policy.accounts.values.sorted { $0.id < $1.id }.filter { account in
            names.contains(account.id) || names.isEmpty && ["facebook", "instagram"].contains(account.channel)
        }
    }
}
