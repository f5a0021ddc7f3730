import ArgumentParser
import Channels
import Contracts
import Conversations
import Delivery
import Foundation
import Instants
import Lanes
import Settings

/// The accounts of a policy, and whether each is set up so that nothing is missed. Prints names of secrets, never values.
struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts",
        abstract:
            "List, add, check, move, pause and drain accounts; subscribe their webhooks; see and fill what these left out.",
        subcommands: [
            List.self, Add.self, Check.self, Subscribe.self, Sync.self, AccountsMoveCommand.self, Sweep.self, Gaps.self,
            AccountsPauseCommand.self, AccountsResumeCommand.self, AccountsDrainCommand.self,
        ],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The accounts of the policy in force, or of a folder.")

        @OptionGroup var source: PolicySource
        @Option(help: "Folder with secrets, a file each.") var secrets: String?
        @Flag(help: "Print JSON lines.") var json = false

        func run() async throws {
            let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
            let policy = try source.policy()
            let (pauses, brakes) = (try source.pauses(), try source.brakes(of: policy))
            var table = TextTable(
                "account", "channel", "partition", "secret", "token", "automation", "sending", "brake")
            for account in policy.accounts.values.sorted(by: { $0.id < $1.id }) {
                let hasSecret = !store.values(of: account.secret).isEmpty
                let hasToken = !store.values(of: account.tokenName).isEmpty
                let isGeneric = policy.channels[account.channel]?.address != nil
                let pause = pauses[account.id]
                if json {
                    var line: [String: JSONValue] = [
                        "account": .string(account.id), "channel": .string(account.channel),
                        "partition": .string(account.partition.text), "secret": .string(account.secret),
                        "secret_present": .bool(hasSecret), "token_present": .bool(hasToken),
                        "automation": .bool(account.automation), "paused": pause?.json ?? .null,
                    ]
                    switch brakes?[account.id] {
                    case .known(let brake): line["brake"] = brake?.json(of: account.id) ?? .null
                    case .away: line["brake"] = "unknown"
                    case nil: break
                    }
                    Output.line(JSONValue.object(line).text())
                }
                table.add(
                    account.id, account.channel, account.partition.text,
                    account.secret + (hasSecret ? "" : " (missing)"),
                    isGeneric ? "-" : hasToken ? "present" : "missing",
                    account.automation ? "on" : "off", pause?.words ?? "on",
                    brakes?[account.id]?.words ?? "-")
            }
            if !json { Output.line(table.text) }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask the platform about accounts; exit 0 only if nothing is at fault.")

        @OptionGroup var source: PolicySource
        @Option(help: "Folder with secrets; `token-<page or account>` holds an access token.") var secrets: String?
        @OptionGroup var graph: GraphOptions
        @Flag(help: "Print JSON lines.") var json = false
        @Argument(help: "Accounts; without one all are checked.") var accounts: [String] = []

        func run() async throws {
            let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
            let policy = try source.policy()
            for id in accounts where policy.accounts[id] == nil {
                throw Failure(expected: "an account of the policy", came: "\"\(id)\"", at: "ACCOUNT")
            }
            let marks = try platformReplies(policy)
            let usage = UsageNotes()
            let inspection = AccountInspection(client: usage.hearing(graph.client(policy, store)))
            let brakes = try source.brakes(of: policy)
            var faults = 0
            for account in policy.accounts.values.sorted(by: { $0.id < $1.id })
            where accounts.isEmpty || accounts.contains(account.id) {
                let braked = brakes?[account.id].map { [AccountInspection.Finding(brake: $0)] } ?? []
                for finding in await braked + Self.findings(account, policy, store, inspection) {
                    if finding.standing == .fault { faults += 1 }
                    show(account.id, finding)
                }
                guard policy.channels[account.channel]?.address == nil else { continue }
                let finding = AccountInspection.autoReplies(
                    last: marks?.last[account.id] ?? .known(nil), now: marks?.now)
                if finding.standing == .fault { faults += 1 }
                show(account.id, finding)
            }
            try source.share(usage)
            guard faults == 0 else { throw Failure("\(faults) findings are at fault") }
        }

        /// What workers saw of the platform's own replies; nil if Redis is not asked.
        private func platformReplies(
            _ policy: Policy
        ) throws -> (last: [String: AccountFact<Instant>], now: Instant)? {
            guard source.config == nil else { return nil }
            let session = try Session(source.redis)
            let accounts = policy.accounts.keys.sorted()
            let seen = try session.store.platformReplies(of: accounts)
            return (Dictionary(uniqueKeysWithValues: zip(accounts, seen)), try session.now())
        }

        private static func findings(
            _ account: AccountPolicy, _ policy: Policy, _ store: Secrets, _ inspection: AccountInspection
        ) async -> [AccountInspection.Finding] {
            let count = store.values(of: account.secret).count
            let secret = AccountInspection.Finding(
                "secret", count > 0 ? .ok : .fault,
                count > 0
                    ? "\(account.secret), \(count) in use" : "expected a secret named \(account.secret), found none")
            if let address = policy.channels[account.channel]?.address {
                return [secret, .init("address", .ok, address)]
            }
            guard !store.values(of: account.tokenName).isEmpty else {
                return [secret, .init("token", .fault, "expected a secret named \(account.tokenName), found none")]
            }
            let channel: MetaChannel = account.channel == "instagram" ? .instagram : .facebook
            return [secret]
                + (await inspection.findings(
                    account: account.id, channel: channel, app: account.app,
                    receipts: policy.takesReceipts(account.id),
                    iceBreakers: policy.iceBreakers(of: account.id)))
        }

        private func show(_ account: String, _ finding: AccountInspection.Finding) {
            guard json else {
                return Output.line("\(account)  \(finding.name)  \(finding.standing.rawValue)  \(finding.detail)")
            }
            let line: JSONValue = [
                "account": .string(account), "check": .string(finding.name),
                "standing": .string(finding.standing.rawValue), "detail": .string(finding.detail),
            ]
            Output.line(line.text())
        }
    }
}

extension AccountPolicy {
    /// Name of the secret that holds its access token: that of the linked page where calls go by way of it.
    var tokenName: String { "token-\(login.node(of: id))" }
}

/// A policy from a folder, or the one in force.
struct PolicySource: ParsableArguments {
    @OptionGroup var redis: RedisOptions
    @Option(help: "Read this configuration folder instead of the policy in force.") var config: String?

    func policy() throws -> Policy {
        if let config { return try Policy.read(folder: config) }
        return try Session(redis).policy()
    }

    /// Tells workers of limits that a command met; a folder has none.
    func share(_ usage: UsageNotes) throws {
        guard config == nil, !usage.brakes.isEmpty else { return }
        try usage.share(Session(redis).store, by: "accounts")
    }

    /// By account; a folder knows none.
    func pauses() throws -> [String: AccountPause] {
        config == nil ? try Session(redis).store.accountPauses() : [:]
    }

    /// What holds accounts back now; nil for a folder, which does not know.
    func brakes(of policy: Policy) throws -> [String: AccountFact<AccountBrake>]? {
        guard config == nil else { return nil }
        let accounts = policy.accounts.keys.sorted()
        let found = try Session(redis).store.brakesWhereReached([.everybody] + accounts.map(BrakedScope.account))
        let everybody = found.first ?? .away
        return Dictionary(
            zip(accounts, found.dropFirst()).map { ($0, AccountBrake.inForce($1, everybody)) },
            uniquingKeysWith: { first, _ in first })
    }
}
