import ArgumentParser
import Channels
import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import Redis
import Settings
import SwiftProtobuf

/// Updates that could not be normalised: shown, and read again after an upgrade or a publication that knows them.
struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "List webhook updates that were set aside, or read them again after an upgrade.",
        subcommands: [List.self, Replay.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "One line an update, the oldest first. The raw update, which may hold a customer's text, only with --raw."
        )

        @OptionGroup var redis: RedisOptions
        @OptionGroup var chosen: QuarantineChoice
        @Flag(help: "Print the raw update too.") var raw = false
        @Flag(help: "Print JSON lines.") var json = false

        func run() async throws {
            let shelf = try QuarantineShelf(redis)
            try shelf.each(chosen) { update in
                let text = String(decoding: update.raw, as: UTF8.self)
                guard json else {
                    return Output.line(
                        "\(update.id)  \(update.received)  \(update.reason)  \(update.account)  \(update.path)  \(update.detail)"
                            + (raw ? "  \(text)" : ""))
                }
                var line: [String: JSONValue] = [
                    "id": .string(update.id), "received_at": .string(update.received.description),
                    "reason": .string(update.reason), "account": .string(update.account),
                    "path": .string(update.path), "detail": .string(update.detail),
                ]
                if raw { line["raw"] = .string(text) }
                Output.line(JSONValue.object(line).text())
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read updates again; what has become an event goes to its lane and leaves the quarantine.",
            discussion: """
                Ids follow from the update, so what the platform repeated meanwhile is a duplicate. What the account's own app \
                has not signed is taken only if its id is named. Exit 0 only if all chosen are done.
                """)

        @OptionGroup var redis: RedisOptions
        @OptionGroup var chosen: QuarantineChoice

        func run() async throws {
            let session = try Session(redis)
            let replay = try QuarantineReplaying(session, try QuarantineShelf(redis))
            defer { replay.stop() }
            var left = 0
            try await replay.run(chosen) { update, outcome in
                if !outcome.isDone { left += 1 }
                Output.line("\(update.id)  \(outcome.words)")
            }
            guard left == 0 else { throw Failure("\(left) updates stay in the quarantine") }
        }
    }
}

/// Which updates are meant.
struct QuarantineChoice: ParsableArguments {
    @Option(help: "Only those of one reason, such as unknown_kind.") var reason: String?
    @Option(help: "Only those of one account.") var account: String?
    @Argument(help: "Ids as `quarantine list` prints them; without one all are meant.") var ids: [String] = []

    func contains(_ update: QuarantinedUpdate) -> Bool {
        (ids.isEmpty || ids.contains(update.id)) && (reason ?? update.reason) == update.reason
            && (account ?? update.account) == update.account
    }
}

/// The replay of chosen updates, one after the other.
struct QuarantineReplaying {
    struct Outcome {
        let isDone: Bool
        let words: String
    }

    private let policy: Policy
    private let topology: Topology
    private let appender: LaneAppender
    private let shelf: QuarantineShelf
    private let aliases: PostAliases
    private let replay: QuarantineReplay

    init(_ session: Session, _ shelf: QuarantineShelf) throws {
        let policy = try session.policy()
        self.policy = policy
        topology = try session.topology()
        self.shelf = shelf
        let (recent, older) = try session.store.aliases(of: policy.accounts.keys.sorted(), at: try session.now())
        aliases = PostAliases(older.merging(recent) { $0.merging($1) { _, newer in newer } })
        appender = LaneAppender(connector: session.connector)
        replay = QuarantineReplay(
            normaliser: MetaNormaliser(
                inboxApps: { policy.inboxApps($0) }, app: { policy.accounts[$0]?.app },
                wantsReceipts: { policy.takesReceipts($0) }, knows: { policy.accounts[$0] != nil }),
            isInstagram: { policy.accounts[$0]?.channel == "instagram" })
    }

    func stop() { appender.stop() }

    func run(_ chosen: QuarantineChoice, _ tell: (QuarantinedUpdate, Outcome) -> Void) async throws {
        for update in try shelf.all(chosen) {
            let outcome = try await again(update, isNamed: chosen.ids.contains(update.id))
            if outcome.isDone { try shelf.remove(update.id) }
            tell(update, outcome)
        }
    }

    private func again(_ update: QuarantinedUpdate, isNamed: Bool) async throws -> Outcome {
        let updates: NormalisedUpdates
        do {
            updates = try replay.updates(
                raw: update.raw, path: update.path, account: update.account, received: update.received,
                sent: update.sent)
        } catch {
            return Outcome(isDone: false, words: error.description)
        }
        if let still = updates.quarantined.first {
            return Outcome(isDone: false, words: "\(still.reason.rawValue): \(still.detail)")
        }
        var events: [LaneEvent] = []
        for normalised in updates.events {
            var event = normalised.event
            // The body's signature was good; whose it was for this account is asked here, as at the door.
            guard isNamed || policy.accounts[event.account].map({ update.signers.contains($0.secret) }) ?? false else {
                return Outcome(
                    isDone: false,
                    words: "expected the secret of \(event.account)'s own app, got "
                        + (update.signers.isEmpty ? "none that was noted" : "another's") + "; name the id to take it")
            }
            if case .comment(let comment) = event.kind, comment.originalPost.isEmpty {
                event.comment.originalPost = aliases.original(of: comment.post, account: event.account) ?? ""
            }
            guard let placed = try? topology.laneEvent(event) else {
                return Outcome(isDone: false, words: "expected an account of the policy, got \"\(event.account)\"")
            }
            events.append(placed)
        }
        guard !events.isEmpty else { return Outcome(isDone: true, words: "asks for nothing today") }
        for case .refused(let refusal) in await appender.append(events) {
            return Outcome(isDone: false, words: "expected the event held, got \(refusal)")
        }
        return Outcome(isDone: true, words: events.map { "\($0.lane)  \($0.id)" }.joined(separator: "  "))
    }
}
