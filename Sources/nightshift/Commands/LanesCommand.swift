import ArgumentParser
import Channels
import Contracts
import Instants
import Lanes

/// Lanes at a glance, and the few things an operator may do to them.
struct LanesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lanes", abstract: "Show lanes; pause, resume, close, open or step them.",
        subcommands: [List.self, Pause.self, Resume.self, Close.self, Open.self, Step.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line a lane.")

        @OptionGroup var redis: RedisOptions
        @Flag(help: "Print JSON lines.") var json = false
        @Flag(help: "Only lanes with undecided events, an alarm, a pause or no owner.") var trouble = false

        func run() async throws {
            let session = try Session(redis)
            let looks = try session.store.look(session.lanes()).filter { !trouble || $0.isTroubled }
            if json {
                for look in looks { Output.line(look.json.text()) }
                return
            }
            var table = TextTable("lane", "owner", "epoch", "pending", "appended", "state", "next due")
            for look in looks {
                table.add(
                    look.lane.text, look.owner ?? "-", "\(look.epoch)", "\(look.pending)", "\(look.appended)",
                    look.states,
                    look.nextDue?.description ?? "-")
            }
            Output.line(table.text)
        }
    }

    struct Pause: LaneVerbCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decide and send nothing; appends are taken, timers wait.")
        @OptionGroup var redis: RedisOptions
        @Argument(help: "Lanes or whole partitions.") var names: [String]
        var verb: ControlVerb { .pause }
    }

    struct Resume: LaneVerbCommand {
        static let configuration = CommandConfiguration(abstract: "End a pause and lift an alarm.")
        @OptionGroup var redis: RedisOptions
        @Argument(help: "Lanes or whole partitions.") var names: [String]
        var verb: ControlVerb { .resume }
    }

    struct Close: LaneVerbCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuse appends; what is in the log is still decided and settled.")
        @OptionGroup var redis: RedisOptions
        @Argument(help: "Lanes or whole partitions.") var names: [String]
        var verb: ControlVerb { .close }
    }

    struct Open: LaneVerbCommand {
        static let configuration = CommandConfiguration(abstract: "Take appends again.")
        @OptionGroup var redis: RedisOptions
        @Argument(help: "Lanes or whole partitions.") var names: [String]
        var verb: ControlVerb { .open(generation: nil) }
    }

    struct Step: LaneVerbCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move the lane clock forwards, in a namespace that was created virtual.")
        @OptionGroup var redis: RedisOptions
        @Option(help: "How far, in seconds.") var seconds: Int64
        @Argument(help: "Lanes or whole partitions.") var names: [String]
        var verb: ControlVerb { .step(.seconds(seconds)) }
    }
}

/// A verb for some lanes: they are named one by one or by their partition.
protocol LaneVerbCommand: AsyncParsableCommand {
    var redis: RedisOptions { get }
    var names: [String] { get }
    var verb: ControlVerb { get }
}

extension LaneVerbCommand {
    func run() async throws {
        let session = try Session(redis)
        let known = try session.lanes()
        var lanes: [LaneName] = []
        for name in names {
            let found = known.filter { $0.text == name || $0.partition == name }
            guard !found.isEmpty else {
                throw Failure(expected: "a lane or partition of this namespace", came: "\"\(name)\"", at: "names")
            }
            lanes += found
        }
        let replies = try session.store.control(lanes.map { (lane: $0, verb: verb) })
        var refused: [String] = []
        for (lane, reply) in zip(lanes, replies) {
            if case .done(let clock) = reply {
                Output.line("\(lane)  done  lane clock \(clock.now)")
            } else {
                refused.append("\(lane): \(reply)")
            }
        }
        guard refused.isEmpty else { throw Failure("refused:\n" + refused.joined(separator: "\n")) }
    }
}

extension LaneLook {
    var isTroubled: Bool { pending > 0 || alarm != nil || isPaused || owner == nil || suspect != nil }

    /// Words for what is unusual, or `open`.
    var states: String {
        var words: [String] = []
        if isPaused { words.append("paused") }
        if isClosed { words.append(isDraining ? "draining" : "closed") }
        if suspect != nil { words.append("suspect") }
        if let alarm { words.append("alarm: \(alarm)") }
        if isVirtual { words.append("virtual +\(offset.wholeMilliseconds / 1_000) s") }
        return words.isEmpty ? "open" : words.joined(separator: ", ")
    }

    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "lane": .string(lane.text), "epoch": .integer(Int64(clamping: epoch)),
            "pending": .integer(Int64(clamping: pending)), "appended": .integer(Int64(clamping: appended)),
            "decided": .integer(Int64(clamping: decided)), "log_bytes": .integer(Int64(clamping: logBytes)),
            "cursor": .string(cursor.description), "last_entry": .string(lastEntry.description),
            "generation": .integer(Int64(clamping: generation)), "policy": .integer(Int64(clamping: policy)),
            "paused": .bool(isPaused), "closed": .bool(isClosed), "virtual": .bool(isVirtual),
            "suspect": .bool(suspect != nil), "now": .string((serverTime + offset).description),
        ]
        if let owner { fields["owner"] = .string(owner) }
        if let alarm { fields["alarm"] = .string(alarm) }
        if let nextDue { fields["next_due"] = .string(nextDue.description) }
        return .object(fields)
    }
}
