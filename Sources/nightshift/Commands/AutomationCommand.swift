import ArgumentParser
import Channels
import Conversations
import Foundation
import Instants
import Lanes

/// The kill switches: what is off is decided and recorded, and nothing automatic of it is sent.
struct AutomationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "automation",
        abstract: "Switch automatic sends off and on again: for all, an account, a market or a rule.",
        discussion: "Workers heed a switch within a second, with or without a coordinator. What people write goes on.",
        subcommands: [List.self, Off.self, On.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What is switched off, since when and by whom.")

        @OptionGroup var redis: RedisOptions
        @Flag(help: "Print JSON lines.") var json = false

        func run() async throws {
            let off = try Session(redis).store.automationSwitches().off.sorted { $0.key < $1.key }
            if json {
                for (scope, switched) in off {
                    let line: JSONValue = [
                        "scope": .string(scope.description), "automation": "off",
                        "since": .string(switched.since.description), "by": .string(switched.by),
                    ]
                    Output.line(line.text())
                }
                return
            }
            guard !off.isEmpty else { return Output.line("nothing is switched off") }
            var table = TextTable("off", "since", "by")
            for (scope, switched) in off { table.add(scope.description, switched.since.description, switched.by) }
            Output.line(table.text)
        }
    }

    struct Off: AutomationVerbCommand {
        static let configuration = CommandConfiguration(abstract: "Send nothing automatic any more.")
        @OptionGroup var redis: RedisOptions
        @OptionGroup var durability: DurabilityOptions
        @OptionGroup var scopes: AutomationScopes
        var isOn: Bool { false }
    }

    struct On: AutomationVerbCommand {
        static let configuration = CommandConfiguration(abstract: "Send again what is decided from now on.")
        @OptionGroup var redis: RedisOptions
        @OptionGroup var durability: DurabilityOptions
        @OptionGroup var scopes: AutomationScopes
        var isOn: Bool { true }
    }
}

/// What a switch is thrown for.
struct AutomationScopes: ParsableArguments {
    @Option(help: "An account of the policy; may be repeated.") var account: [String] = []
    @Option(help: "A market of the policy; may be repeated.") var market: [String] = []
    @Option(help: "A rule as results name it, such as after_hours; may be repeated.") var rule: [String] = []
    @Flag(help: "Everything automatic, everywhere.") var all = false
    @Option(help: "Who throws it; by default the user.") var by: String?

    func validate() throws {
        guard all || account.count + market.count + rule.count > 0 else {
            throw ValidationError("expected --all, or at least one --account, --market or --rule, got none")
        }
    }
}

protocol AutomationVerbCommand: AsyncParsableCommand {
    var redis: RedisOptions { get }
    var durability: DurabilityOptions { get }
    var scopes: AutomationScopes { get }
    var isOn: Bool { get }
}

extension AutomationVerbCommand {
    func run() async throws {
        let session = try Session(
            LaneConnector(
                endpoint: try redis.endpoint(environment: ProcessInfo.processInfo.environment),
                keyspace: try redis.keyspace(), durability: try durability.level))
        if !isOn { try check(session) }
        let named =
            (scopes.all ? ["all"] : []) + scopes.account.map { "account/\($0)" } + scopes.market.map { "market/\($0)" }
            + scopes.rule.map { "rule/\($0)" }
        let all = try named.map { text in
            guard let scope = AutomationScope(text) else {
                throw Failure(expected: "a name of 1 to 256 bytes", came: "\"\(text)\"", at: "scope")
            }
            return scope
        }
        try session.store.setAutomation(all, isOn: isOn, by: scopes.by ?? NSUserName())
        for scope in all { Output.line("\(scope)  automation \(isOn ? "on" : "off")") }
    }

    /// A misspelt switch would stop nothing.
    private func check(_ session: Session) throws {
        let policy = try session.policy()
        for account in scopes.account where policy.accounts[account] == nil {
            throw Failure(expected: "an account of the policy", came: "\"\(account)\"", at: "--account")
        }
        for market in scopes.market where policy.markets[market] == nil {
            throw Failure(expected: "a market of the policy", came: "\"\(market)\"", at: "--market")
        }
    }
}
