import ArgumentParser
import Channels
import Contracts
import Conversations
import Delivery
import Foundation
import Instants
import Lanes
import SwiftProtobuf

/// What waits to be sent, and the little that an operator may do about it.
struct ActionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "actions",
        abstract: "Show actions that are not settled; cancel them; release an account that the platform braked.",
        subcommands: [List.self, Cancel.self, Release.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line an action, and the brakes that stand.")

        @OptionGroup var redis: RedisOptions
        @Option(help: "Only of this lane or partition; may be repeated.") var lane: [String] = []
        @Option(help: "Only of this account.") var account: String?
        @Flag(help: "Print JSON lines.") var json = false

        func run() async throws {
            let session = try Session(redis)
            var table = TextTable("action", "kind", "lane", "conversation", "rule", "attempts", "state", "next attempt")
            for open in try session.openActions(in: lane) where account == nil || open.action.account == account {
                if json {
                    Output.line(open.json.text())
                } else {
                    table.add(
                        open.stored.id.description, open.action.kind.word, open.lane.text, open.action.conversation,
                        open.action.rule, "\(open.stored.attempts)", open.state, open.stored.nextAttempt.description)
                }
            }
            let brakes = try session.brakes()
            if json {
                for (name, brake) in brakes { Output.line(brake.json(of: name).text()) }
                return
            }
            Output.line(table.rows.isEmpty ? "no action waits" : table.text)
            for (name, brake) in brakes {
                Output.line("\(name) is braked until \(brake.until) by \(brake.by): \(brake.reason)")
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask that actions be not sent; one under way ends, and is not tried again.")

        @OptionGroup var redis: RedisOptions
        @Argument(help: "Ids as `actions list` shows them.") var ids: [String]
        @Option(help: "Who asks; by default the user.") var by: String?

        func run() async throws {
            let session = try Session(redis)
            var wanted: [ActionID] = []
            for text in ids {
                guard let id = ActionID(hex: text) else {
                    throw Failure(expected: "an action's id of 32 hex digits", came: "\"\(text)\"", at: "ids")
                }
                wanted.append(id)
            }
            let found = try session.openActions(in: []).filter { wanted.contains($0.stored.id) }
            for id in wanted where !found.contains(where: { $0.stored.id == id }) {
                throw Failure(expected: "an action that is not settled", came: "\(id)", at: "ids")
            }
            let appender = LaneAppender(connector: session.connector)
            defer { appender.stop() }
            let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
            let topology = try session.topology()
            let events = try found.map { open in
                try topology.laneEvent(.cancelling(open.action, by: by ?? NSUserName(), at: now))
            }
            var refused: [String] = []
            for (open, result) in zip(found, await appender.append(events)) {
                switch result {
                case .held: Output.line("\(open.stored.id)  asked to cancel")
                case .refused(let refusal): refused.append("\(open.stored.id): \(refusal)")
                }
            }
            guard refused.isEmpty else { throw Failure("refused:\n" + refused.joined(separator: "\n")) }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lift the brake of an account, so that what waits for it goes; its desk hears that it goes on.")

        @OptionGroup var redis: RedisOptions
        @Option(help: "The account; may be repeated.") var account: [String] = []
        @Flag(help: "The brake on everybody too, which the platform's limit on the app set.") var everybody = false

        func run() async throws {
            let session = try Session(redis)
            guard !account.isEmpty || everybody else {
                throw Failure(expected: "--account or --everybody", came: "neither", at: "actions release")
            }
            let policy = try session.policy()
            for id in account where policy.accounts[id] == nil {
                throw Failure(expected: "an account of the policy", came: "\"\(id)\"", at: "--account")
            }
            let (released, refused) = try await AccountRelease.carryOut(account, in: session.store) { accounts in
                try await Self.tellDesks(of: accounts, session)
            }
            if everybody { try session.store.release(.everybody) }
            for id in released { Output.line("\(id)  released") }
            if everybody { Output.line("everybody  released") }
            guard refused.isEmpty else {
                let words = refused.map { "\($0.account) stands still as before; its lane: \($0.reason)" }
                throw Failure("expected desks told before brakes are lifted, got:\n" + words.joined(separator: "\n"))
            }
        }

        /// Ends what desks were told of the accounts' stops and blocks.
        private static func tellDesks(of accounts: [String], _ session: Session) async throws -> [AppendResult] {
            let appender = LaneAppender(connector: session.connector)
            defer { appender.stop() }
            let (now, topology) = (try session.now(), try session.topology())
            return await appender.append(
                try accounts.map {
                    try topology.laneEvent(AccountStop.released($0, by: NSUserName(), at: now.milliseconds))
                })
        }
    }
}

/// An action that is not settled, with its lane.
private struct OpenAction {
    let lane: LaneName
    let stored: StoredAction
    let action: Action

    var state: String {
        if stored.mayNotRetry { return "cancelled" }
        return stored.isOpen ? "under way" : stored.attempts > 0 ? "again" : "waiting"
    }

    /// No text of a customer, nor ours.
    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "type": "action", "id": .string(stored.id.description), "kind": .string(action.kind.word),
            "lane": .string(lane.text), "conversation": .string(action.conversation),
            "account": .string(action.account), "cause": .string(action.cause), "rule": .string(action.rule),
            "attempts": .integer(Int64(stored.attempts)), "state": .string(state),
            "next_attempt": .string(stored.nextAttempt.description),
        ]
        if action.notAfter > 0 { fields["not_after"] = .string(Session.text(action.notAfter)) }
        if !action.agent.isEmpty { fields["agent"] = .string(action.agent) }
        return .object(fields)
    }
}

extension AccountBrake {
    func json(of name: String) -> JSONValue {
        [
            "type": "brake", "account": .string(name), "until": .string(until.description),
            "lets": .integer(Int64(lets)), "reason": .string(reason), "by": .string(by),
        ]
    }
}

extension Session {
    /// Of the lanes or partitions named, or of all.
    fileprivate func openActions(in names: [String]) throws -> [OpenAction] {
        let known = try lanes()
        for name in names where !known.contains(where: { $0.text == name || $0.partition == name }) {
            throw Failure(expected: "a lane or partition of this namespace", came: "\"\(name)\"", at: "--lane")
        }
        return try known.filter { names.isEmpty || names.contains($0.text) || names.contains($0.partition) }
            .flatMap { lane in
                try store.recover(lane).compactMap { stored in
                    (try? Action(serializedBytes: stored.bytes)).map {
                        OpenAction(lane: lane, stored: stored, action: $0)
                    }
                }
            }
    }

    fileprivate func brakes() throws -> [(name: String, brake: AccountBrake)] {
        let accounts = try topology().accounts.keys.sorted()
        let found = try store.brakes([.everybody] + accounts.map(BrakedScope.account))
        return zip(["everybody"] + accounts, found).compactMap { name, brake in brake.map { (name, $0) } }
    }
}

extension Event {
    /// The operator's command to the conversation that the action belongs to.
    fileprivate static func cancelling(_ action: Action, by writer: String, at now: Instant) -> Event {
        var event = Event()
        event.id = "cancel.\(action.actionID).\(now.milliseconds)"
        event.account = action.account
        event.contact = action.contact
        event.conversation = action.conversation
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.command.verb = .cancel
        event.command.subject = action.actionID.description
        event.command.by = writer
        return event
    }
}
