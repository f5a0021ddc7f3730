import ArgumentParser
import Contracts
import Foundation
import Instants
import Lanes
import Membership
import Settings

/// Lanes go to one worker and stay there for a while.
struct LanesMoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Have lanes with one worker for a while, whatever their load says.",
        discussion: """
            Each goes there by the ordinary hand-over, and stays until the time is over, `lanes unpin`, or the worker ends or dies; \
            then load decides again. While the worker is leaving, or dead, others work the lane. A pin also stands against the \
            relief of a worker that has too much to do: what is not pinned leaves it instead. Without a coordinator that leads \
            nothing moves. `lanes` shows pins, and why one is not honoured.
            """)

    @OptionGroup var redis: RedisOptions
    @Argument(help: "Lanes or whole partitions.") var names: [String]
    @Option(help: "The worker: its name, or name#incarnation where several have one name.") var to: String
    @Option(name: .customLong("for"), help: "How long, such as 90m, 12h or 3d; at most 30d.") var length = "1h"
    @Option(help: "Who says so; by default the user.") var by: String?
    @Option(help: "Seconds to wait until the lanes are there; the pin stands in any case.") var within = 30

    /// Refused lines that a failure shows.
    private static let mostShown = 20

    func validate() throws {
        guard !names.isEmpty else { throw ValidationError("expected at least one lane or partition, got none") }
        guard let span, span > .zero, span <= LanePin.longest else {
            throw ValidationError("expected a time such as 90m, 12h or 3d, at most 30d, got \"\(length)\"")
        }
        guard (0...600).contains(within) else { throw ValidationError("expected 0 to 600 seconds, got \(within)") }
    }

    private var span: Duration? { WrittenDuration.parse(length) }

    func run() async throws {
        let lanes = try pin()
        let deadline = ContinuousClock.now + .seconds(within)
        while true {
            let away = try notThere(lanes)
            if away.isEmpty { break }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    "pinned, but expected \(lanes.count) lanes at \(to) within \(within) s, not there are \(away.count):\n"
                        + away.prefix(Self.mostShown).joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        for lane in lanes { Output.line("\(lane)  at \(to)") }
    }

    private func pin() throws -> [LaneName] {
        let session = try Session(redis)
        let lanes = try session.lanes(named: names)
        let control = ControlStore(connection: session.store.connection, keyspace: session.store.keyspace)
        let member = try Self.member(to, control)
        try control.pin(lanes, to: member, for: span ?? .zero, by: by ?? NSUserName())
        return lanes
    }

    /// A line a lane that is not yet with the worker.
    private func notThere(_ lanes: [LaneName]) throws -> [String] {
        let pins = try PinnedLanes(try Session(redis).store)
        return lanes.compactMap { lane in
            guard let standing = pins.standing(of: lane) else { return "\(lane): its pin is gone" }
            return standing.reason.map { "\(lane): \($0)" }
        }
    }

    /// The one living member that is meant.
    private static func member(_ text: String, _ control: ControlStore) throws -> MemberID {
        let now = try control.state().now
        let living = try control.members().filter { $0.isCurrent(at: now) }
        let found = living.filter { $0.id.name == text || $0.id.text == text }
        guard let member = found.first else {
            let nearest = NearestWord.to(text, among: living.map(\.id.name)).map { "; did you mean \($0)?" }
            let names = living.prefix(mostShown).map(\.id.name).joined(separator: ", ")
            throw Failure(
                "--to: expected a worker that lives, got \"\(text)\""
                    + (nearest ?? (living.isEmpty ? "; none lives" : "; there are \(names)")))
        }
        guard found.count == 1 else {
            throw Failure(
                "--to: expected one worker, \(found.count) are named \(text): "
                    + found.map(\.id.text).joined(separator: ", "))
        }
        guard !member.isLeaving else { throw Failure("--to: \(member.id.name) is leaving and takes no lanes any more") }
        return member.id
    }
}

/// Load decides again where lanes are.
struct LanesUnpinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Let lanes go where their load says again; ends `lanes move`.")

    @OptionGroup var redis: RedisOptions
    @Argument(help: "Lanes or whole partitions.") var names: [String]

    func validate() throws {
        guard !names.isEmpty else { throw ValidationError("expected at least one lane or partition, got none") }
    }

    func run() async throws {
        let session = try Session(redis)
        let lanes = try session.lanes(named: names)
        let control = ControlStore(connection: session.store.connection, keyspace: session.store.keyspace)
        let pinned = Set(try control.pins().map(\.lane))
        let meant = lanes.filter(pinned.contains)
        guard !meant.isEmpty else {
            throw Failure(expected: "lanes that are pinned", came: names.joined(separator: " "), at: "names")
        }
        _ = try control.unpin(meant)
        for lane in meant { Output.line("\(lane)  no longer pinned") }
    }
}
