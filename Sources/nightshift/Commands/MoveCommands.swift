import ArgumentParser
import Channels
import Contracts
import Foundation
import Instants
import Lanes
import Membership

/// Gives a partition another number of lanes.
struct LanesResizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resize", abstract: "Give a partition another number of lanes, by a short stop of it.",
        discussion: """
            Its lanes are closed, decide what they have, give away what is others' and open again; ingress answers 200 and \
            spools meanwhile. If it is ended in the middle, they stay stopped: `lanes` says so and the same command carries \
            on. Then write the \
            number into partitions.yaml: a configuration that wants another one is not published.
            """)

    @OptionGroup var redis: RedisOptions
    @OptionGroup var options: MoveOptions
    @Argument(help: "The partition.") var partition: String
    @Argument(help: "How many lanes it is to have.") var lanes: Int

    func validate() throws {
        guard (1...TopologyWish.mostLanes).contains(lanes) else {
            throw ValidationError("expected 1 to \(TopologyWish.mostLanes) lanes, got \(lanes)")
        }
    }

    func run() async throws {
        let name = try PartitionName(partition)
        let count = lanes
        try await options.move(redis, same: "\(name) has \(count) lanes already") { topologies in
            try topologies.begin(resize: name, to: count)
        }
    }
}

/// Gives an account to another partition.
struct AccountsMoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Give an account to another partition, by a short stop of both.",
        discussion: """
            The partition that it leaves is stopped as `lanes resize` stops one; the lanes of the other one stand still once \
            those have decided and settled everything, and take events meanwhile. \
            Its conversations go with their states, timers, actions and open items; logs and results stay readable where \
            they are. If it is ended in the middle, `lanes` says so and the same command carries on. Then write the \
            partition into accounts.yaml and publish: until then the account keeps its market's rules.
            """)

    @OptionGroup var redis: RedisOptions
    @OptionGroup var options: MoveOptions
    @Argument(help: "The account.") var account: String
    @Argument(help: "The partition that it is to belong to.") var partition: String

    func run() async throws {
        let name = try PartitionName(partition)
        let id = account
        try await options.move(redis, same: "\(id) belongs to \(name) already") { topologies in
            try topologies.begin(account: id, to: name)
        }
    }
}

/// How a move is carried out, whatever is moved.
struct MoveOptions: ParsableArguments {
    @OptionGroup var durability: DurabilityOptions
    @Option(help: "Seconds after which it gives up waiting; what was begun stays and can be carried on.") var within =
        600
    @Flag(help: "Take back what was begun, if the topology is still the old one.") var abandon = false

    func validate() throws {
        guard (1...86_400).contains(within) else {
            throw ValidationError("expected 1 to 86,400 seconds, got \(within)")
        }
    }

    func move(
        _ redis: RedisOptions, same: String, _ begin: @escaping @Sendable (TopologyStore) throws -> MoveReply
    ) async throws {
        let endpoint = try redis.endpoint(environment: ProcessInfo.processInfo.environment)
        let connector = LaneConnector(
            endpoint: endpoint, keyspace: try redis.keyspace(), durability: try durability.level)
        let (within, abandon) = (Duration.seconds(within), abandon)
        try await offPool {
            let store = try connector.open(clientName: "move")
            let topologies = TopologyStore(
                connection: store.connection, keyspace: store.keyspace, durability: store.durability)
            try FeatureGate(store).expect(
                .stopsForMoves, "an older one would go on sending from lanes that are stopped")
            let known = Set(try topologies.moves().map(\.number))
            switch try begin(topologies) {
            case .same: Output.line(same)
            case .missing(let name):
                throw Failure(expected: "an account or partition of the topology", came: "\"\(name)\"", at: "arguments")
            case .busy(let other):
                throw Failure("expected no other move of its partitions, there is one: \(other.words)")
            case .stands(let move) where abandon && !known.contains(move.number):
                _ = try LaneMover(store: store).abandon(move)
                throw Failure("expected a move under way, there is none")
            case .stands(let move):
                try Self.carryOut(move, LaneMover(store: store), within: within, abandons: abandon)
            }
        }
    }

    /// Seconds between two looks at what a move waits for; longer while nothing changes.
    private static let firstPause = 0.1
    private static let longestPause = 0.5

    private static func carryOut(_ move: LaneMove, _ mover: LaneMover, within: Duration, abandons: Bool) throws {
        if abandons {
            guard try mover.abandon(move) else {
                throw Failure(
                    "the topology is the new one already; if `nightshift lanes` still names the move, "
                        + "`nightshift \(move.command)` ends it")
            }
            return Output.line("\(move)  abandoned")
        }
        let started = ContinuousClock.now
        var told: [String] = []
        var pause = Self.firstPause
        while true {
            switch try mover.carryOn(move) {
            case .done(let count):
                let took = (ContinuousClock.now - started).wholeMilliseconds
                Output.line(
                    "\(move)  done after \(took) ms: \(count.states) states, \(count.timers) timers, "
                        + "\(count.actions) actions, \(count.openItems) open items moved")
                if count.unreadable > 0 {
                    Output.note("\(count.unreadable) elements that nobody can read stay where they were")
                }
                return
            case .takenBack:
                throw Failure(
                    "\(move): it was abandoned, its lanes are as they were; `nightshift \(move.command)` begins it anew"
                )
            case .waiting(let reasons):
                if reasons != told { Output.note(reasons.prefix(5).joined(separator: "\n")) }
                pause = reasons == told ? min(pause * 1.5, Self.longestPause) : Self.firstPause
                told = reasons
                guard ContinuousClock.now - started < within else {
                    throw Failure(
                        "\(move): expected it done within \(within), it waits for:\n"
                            + reasons.prefix(20).joined(separator: "\n")
                            + "\n\(stillStopped(move))")
                }
                Thread.sleep(forTimeInterval: pause)
            }
        }
    }
}

/// What stays if the command ends here.
private func stillStopped(_ move: LaneMove) -> String {
    "Until it is done the lanes of \(move.stopped) stay stopped: ingress spools, nothing is sent. "
        + "`nightshift \(move.command)` carries on, `nightshift \(move.command) --abandon` takes it back "
        + "while the topology is the old one."
}

extension LaneMove {
    /// For people, with the command that carries on.
    var words: String {
        "under way since \(begunAt): \(self), "
            + (phase == .abandoning
                ? "it is being taken back" : "the topology is the \(isSwitched ? "new" : "old") one")
            + "; `nightshift \(command)` \(phase == .abandoning ? "ends that" : "carries on")"
    }

    fileprivate var command: String {
        switch change {
        case .resize(let partition, _, let to): "lanes resize \(partition) \(to)"
        case .account(let account, _, let to): "accounts move \(account) \(to)"
        }
    }

    var json: JSONValue {
        [
            "move": .string(description), "since": .string(begunAt.description), "switched": .bool(isSwitched),
            "command": .string("nightshift " + command),
        ]
    }
}
