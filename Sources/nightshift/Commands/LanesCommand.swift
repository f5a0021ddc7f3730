import ArgumentParser
import Channels
import Contracts
import Instants
import Lanes
import Membership

/// Lanes at a glance, and the few things an operator may do to them.
struct LanesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lanes",
        abstract: "Show lanes; pause, resume, close, drain, open, move or step them; resize a partition.",
        subcommands: [
            List.self, Hot.self, Pause.self, Resume.self, Close.self, LanesDrainCommand.self, Open.self, Step.self,
            LanesMoveCommand.self, LanesUnpinCommand.self, LanesResizeCommand.self,
        ],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One line a lane; one whose Redis is away with the reason.")

        @OptionGroup var redis: RedisOptions
        @Flag(help: "Print JSON lines.") var json = false
        @Flag(help: "Only lanes that are away or have undecided events, an alarm, a pause or no owner.") var trouble =
            false

        func run() async throws {
            let session = try Session(redis)
            let pins = try PinnedLanes(session.store)
            if let fault = pins.fault { Output.note(fault) }
            let standings = try session.store.standings(session.lanes()).filter {
                !trouble || $0.isTroubled || pins.standing(of: $0.lane)?.reason != nil
            }
            if json {
                for standing in standings { Output.line(standing.json(pins).text()) }
                for move in try session.moves() { Output.line(move.json.text()) }
                return
            }
            var table = TextTable("lane", "owner", "epoch", "pending", "appended", "state", "next due")
            for standing in standings {
                let look = standing.look
                func number(_ value: UInt64?) -> String { value.map { String($0) } ?? "-" }
                table.add(
                    standing.lane.text, look?.owner ?? "-", number(look?.epoch), number(look?.pending),
                    number(look?.appended), standing.states(pins), look?.nextDue?.description ?? "-")
            }
            Output.line(table.text)
            for move in try session.moves() { Output.line(move.words) }
            for line in try FeatureGate(session.store).older() { Output.line(line) }
        }
    }

    struct Hot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lanes that decide far more than others, with the conversations that make them.")

        @OptionGroup var redis: RedisOptions
        @Option(help: "How long to look, in seconds.") var seconds = 5
        @Option(help: "Decisions a second below which no lane is named.") var atLeast = LaneHeat.leastRate
        @Option(help: "How many conversations to name.") var conversations = 5
        @Flag(help: "Print JSON lines.") var json = false

        func validate() throws {
            guard (1...600).contains(seconds), (1...100).contains(conversations), atLeast > 0 else {
                throw ValidationError("expected 1 to 600 seconds, 1 to 100 conversations and a rate above 0")
            }
        }

        func run() async throws {
            let before = try decided()
            try await Task.sleep(for: .seconds(seconds))
            let session = try Session(redis)
            for hot in LaneHeat.hot(
                before: before, after: try decided(), seconds: Double(seconds), leastRate: atLeast)
            {
                let talkers = LaneHeat.talkers(
                    try session.store.latestConversations(hot.lane).filter { !$0.isEmpty }, most: conversations)
                if json {
                    Output.line(Self.json(hot, talkers).text())
                    continue
                }
                Output.line("\(hot.lane)  \(Int(hot.rate)) decisions/s, \(Int(hot.timesAverage)) times the average")
                for talker in talkers { Output.line("  \(talker.decisions)  \(talker.conversation)") }
            }
        }

        private func decided() throws -> [LaneName: UInt64] {
            let session = try Session(redis)
            let looks = try session.store.glance(session.lanes())
            return Dictionary(looks.map { ($0.lane, $0.decided) }) { first, _ in first }
        }

        private static func json(_ hot: HotLane, _ talkers: [HotLane.Talker]) -> JSONValue {
            [
                "lane": .string(hot.lane.text), "decisions_per_second": .integer(Int64(hot.rate)),
                "times_average": .integer(Int64(hot.timesAverage)),
                "conversations": .array(
                    talkers.map {
                        ["conversation": .string($0.conversation), "decisions": .integer(Int64($0.decisions))]
                    }),
            ]
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
        let lanes = try session.lanes(named: names)
        let replies = try session.store.control(lanes.map { (lane: $0, verb: verb) })
        for (lane, reply) in zip(lanes, replies) {
            if case .done(let clock) = reply { Output.line("\(lane)  done  lane clock \(clock.now)") }
        }
        let refused = try session.refusals(replies, of: lanes)
        guard refused.isEmpty else { throw Failure("refused:\n" + refused.joined(separator: "\n")) }
    }
}

extension LaneStanding {
    var isTroubled: Bool { isMoving || look?.isTroubled ?? true }

    /// Words for what is unusual, or `open`.
    var states: String {
        guard let look else { return "away: \(away?.description ?? "no answer")" + (isMoving ? ", moving" : "") }
        guard isMoving else { return look.states }
        return (look.states == "open" ? "" : look.states + ", ") + "moving to another primary"
    }

    func states(_ pins: PinnedLanes) -> String {
        pins.words(lane).map { states == "open" ? $0 : "\(states), \($0)" } ?? states
    }

    func json(_ pins: PinnedLanes) -> JSONValue {
        var fields: [String: JSONValue] = ["lane": .string(lane.text), "moving": .bool(isMoving)]
        if let look {
            fields = look.fields
            if isMoving { fields["moving"] = .bool(true) }
        } else {
            fields["away"] = .string(away?.description ?? "no answer")
        }
        if let pin = pins.json(lane) { fields["pin"] = pin }
        return .object(fields)
    }
}

extension LaneLook {
    var isTroubled: Bool { pending > 0 || alarm != nil || isPaused || owner == nil || suspect != nil }

    /// Words for what is unusual, or `open`.
    var states: String {
        var words: [String] = []
        if let move { words.append(move == "retired" ? "retired" : "being moved") }
        if isPaused, move == nil { words.append("paused") }
        if isClosed, move == nil { words.append(isDraining ? "draining" : "closed") }
        if suspect != nil { words.append("suspect") }
        if let alarm { words.append("alarm: \(alarm)") }
        if isVirtual { words.append("virtual +\(offset.wholeMilliseconds / 1_000) s") }
        return words.isEmpty ? "open" : words.joined(separator: ", ")
    }

    var fields: [String: JSONValue] {
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
        return fields
    }
}
