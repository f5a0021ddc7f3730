import ArgumentParser
import Contracts
import Lanes
import Settings

/// Closes lanes and waits until nothing is left to do in them: before a move, an upgrade of Redis, an archive.
struct LanesDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Close lanes and wait until everything in them is decided and settled.",
        discussion: """
            Appends are refused (ingress spools them), what is in the log is decided, open actions are settled. Timers stay and \
            fire when they are due. `lanes open` ends it.
            """)

    @OptionGroup var redis: RedisOptions
    @Argument(help: "Lanes or whole partitions.") var names: [String]
    @Option(help: "Seconds after which it gives up; the lanes stay closed.") var within = 60

    func validate() throws {
        guard (0...86_400).contains(within) else {
            throw ValidationError("expected 0 to 86,400 seconds, got \(within)")
        }
    }

    func run() async throws {
        let lanes = try drain()
        let deadline = ContinuousClock.now + .seconds(within)
        while true {
            let left = try rest(lanes)
            if left.isEmpty { break }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    "expected everything decided and settled within \(within) s, left is:\n"
                        + left.joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        for lane in lanes { Output.line("\(lane)  drained") }
    }

    private func drain() throws -> [LaneName] {
        let session = try Session(redis)
        let lanes = try session.lanes(named: names)
        let replies = try session.store.control(lanes.map { (lane: $0, verb: .drain) })
        let refused = try session.refusals(replies, of: lanes)
        guard refused.isEmpty else { throw Failure("refused:\n" + refused.joined(separator: "\n")) }
        return lanes
    }

    /// What is left to do, a line a lane.
    private func rest(_ lanes: [LaneName]) throws -> [String] {
        let store = try Session(redis).store
        let actions = try store.openActions(lanes)
        return zip(try store.standings(lanes), actions).compactMap { (standing, open) -> String? in
            guard let look = standing.look else { return "\(standing.lane)  \(standing.states)" }
            guard look.pending > 0 || open > 0 else { return nil }
            return "\(standing.lane)  \(look.pending) undecided, \(open) open actions"
        }
    }
}

extension Session {
    /// Why lanes did not do what they were told, a line each.
    func refusals(_ replies: [ControlReply], of lanes: [LaneName]) throws -> [String] {
        let refused = zip(lanes, replies).filter { if case .done = $0.1 { false } else { true } }
        let looks = try store.look(refused.map(\.0))
        let moves = Dictionary(looks.map { ($0.lane, $0.move) }) { first, _ in first }
        return refused.map { lane, reply in "\(lane): \(reply.words(move: moves[lane] ?? nil))" }
    }

    /// Lanes named one by one or by their partition.
    func lanes(named names: [String]) throws -> [LaneName] {
        try NamedLanes.lanes(names, of: try topology())
    }
}

extension ControlReply {
    /// What came instead of `done`, for people.
    ///
    /// - Parameter move: see `LaneLook.move`.
    fileprivate func words(move: String?) -> String {
        switch self {
        case .done: "done"
        case .differs where move == "retired": "a resize took it out of use; its log and results stay readable"
        case .differs where move != nil:
            "it is being moved; `nightshift lanes` says by which command, and it keeps to it until that is done"
        case .differs: "its clock cannot be stepped: the namespace was not created so"
        case .missing: "there is no such lane in Redis; `nightshift publish` creates those that the configuration has"
        case .fenced: "its owner has changed meanwhile"
        case .failed(let fault): "\(fault)"
        }
    }
}
