package import Contracts
import Foundation
package import Lanes
import Membership
import Redis
import Synchronization

/// Many workers as a coordinator and the control slot see them, in one process.
///
/// Each beats once a second at its own place in the second, and what is assigned is taken in its name, through the same
/// functions that workers call. No lane is read or decided: a hundredth of them is counted on each second as if it were,
/// and one of these events stays undecided, so that something always is. Real workers each read what was assigned; here
/// one reader does for all.
package final class MemberCrowd: Sendable {
    private struct State {
        /// By place; false for one that has died.
        var lives: [Bool]
        var owners: [LaneName: Int] = [:]
        var takes = 0
        var fault: String?
        var ends = false
    }

    private let connector: LaneConnector
    private let ids: [MemberID]
    private let lanes: [LaneName]
    private let state: Mutex<State>
    private let runners: Int

    private static let beatsPerSecond = 20
    private static let slice = 1_000

    /// - Parameter lanes: those that there are.
    package init(_ connector: LaneConnector, members: Int, lanes: [LaneName], runners: Int = 2) throws {
        self.connector = connector
        self.lanes = lanes
        self.runners = runners
        ids = try (0..<members).map { try MemberID(name: "crowd-\($0)", incarnation: UInt64($0) + 1) }
        state = Mutex(State(lives: [Bool](repeating: true, count: members)))
    }

    /// Lanes that somebody alive has taken.
    package var owned: Int { state.withLock { state in state.owners.values.count { state.lives[$0] } } }

    /// How many times a lane was taken.
    package var takes: Int { state.withLock { $0.takes } }

    /// Why a thread of it ended; nil while all goes well.
    package var fault: String? { state.withLock { $0.fault } }

    /// Starts its threads; they end with `stop`.
    package func start() {
        for body in [beats, takesWhatIsAssigned, works] {
            Thread.detachNewThread { [self] in
                do {
                    try body()
                } catch {
                    state.withLock { $0.fault = $0.fault ?? "\(error)" }
                }
            }
        }
    }

    package func stop() { state.withLock { $0.ends = true } }

    /// The member with the most lanes dies; how many it had.
    package func loseOne() -> Int {
        state.withLock { state in
            var counts = [Int](repeating: 0, count: ids.count)
            for place in state.owners.values { counts[place] += 1 }
            guard let place = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return 0 }
            state.lives[place] = false
            return counts[place]
        }
    }

    private var isOver: Bool { state.withLock { $0.ends } }

    private func beats() throws {
        let control = try ControlStore(connector, clientName: "crowd-beats")
        let times = LeaseTimes()
        var due = ContinuousClock.now
        var turn = 0
        while !isOver {
            let held = state.withLock { state in
                state.owners.values.reduce(into: [Int](repeating: 0, count: ids.count)) { $0[$1] += 1 }
            }
            let lives = state.withLock { $0.lives }
            for place in ids.indices where place % Self.beatsPerSecond == turn && lives[place] {
                _ = try control.beat(
                    Heartbeat(
                        id: ids[place], version: "bench", featureLevel: FeatureLevel.offered,
                        load: MemberLoad(runners: runners, busy: 300 + place % 7 * 100), held: held[place]),
                    lease: times.lease, gap: times.gap)
            }
            turn = (turn + 1) % Self.beatsPerSecond
            due += .seconds(1) / Self.beatsPerSecond
            pause(max(.zero, due - .now))
        }
    }

    private func takesWhatIsAssigned() throws {
        let control = try ControlStore(connector, clientName: "crowd-takes")
        let places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        var random = SystemRandomNumberGenerator()
        var number: UInt64 = 0
        while !isOver {
            let newest = try control.state().numbers.assignment
            if newest != number {
                let changes = try control.changes(since: number)
                number = newest
                for start in stride(from: 0, to: changes.count, by: Self.slice) {
                    let slice = changes[start..<min(start + Self.slice, changes.count)]
                    // A store keeps the keys of lanes that it took.
                    let store = LaneStore(connection: control.connection, keyspace: connector.keyspace)
                    let requests = slice.compactMap { lane, target in
                        target.member.map {
                            TakeRequest(
                                lane: lane, owner: $0.text, assignment: target.number, token: .random(using: &random))
                        }
                    }
                    let replies = try store.take(requests)
                    state.withLock { state in
                        for (request, reply) in zip(requests, replies) {
                            guard case .taken = reply, let id = try? MemberID(request.owner) else { continue }
                            state.owners[request.lane] = places[id]
                            state.takes += 1
                        }
                    }
                }
            }
            pause(.milliseconds(100))
        }
    }

    private func works() throws {
        let connection = try RedisConnection(connector.endpoint, clientName: "crowd-works")
        var first = 0
        var due = ContinuousClock.now
        while !isOver, !lanes.isEmpty {
            let most = max(1, lanes.count / 100)
            let commands = (first..<first + most).flatMap { place in
                let key = "\(connector.keyspace.namespace):{\(lanes[place % lanes.count].text)}:lane"
                return [RedisCommand("HINCRBY", key, "appended", "21"), RedisCommand("HINCRBY", key, "decided", "20")]
            }
            _ = try connection.pipeline(commands)
            first = (first + most) % lanes.count
            due += .seconds(1)
            pause(max(.zero, due - .now))
        }
    }
}
