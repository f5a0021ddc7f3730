import Contracts
import Foundation
import Redis
import TestSupport
import Testing

@testable import Lanes

@Suite("Other lanes for what is spooled")
struct SpoolReroutingTests {
    let folder: String
    let path: String
    private let answered = Answered()

    init() throws {
        folder = try makeTemporaryFolder("rerouting")
        path = "\(folder)/spool.sqlite"
    }

    private final class Answered: AppendTicket {
        let deadline = ContinuousClock.now + .seconds(1)
        func complete(_ index: Int, _ result: AppendResult) {}
    }

    private static func lane(_ number: Int) throws -> LaneName { try LaneName("de-berlin.\(number)") }

    private func diverted(_ number: Int, _ key: String, _ lane: LaneName, bytes: Int = 8) -> Diverted {
        let text = "\(number)"
        let body = Array(text.utf8) + [UInt8](repeating: 0x20, count: max(0, bytes - text.utf8.count))
        return Diverted(lane: lane, key: key, bytes: body, ticket: answered, index: number)
    }

    private func pieces(
        _ file: SpoolFile, _ routes: LaneRoutes, upTo end: Int64
    ) throws -> [SpoolFile.RelabelledPiece] {
        var pieces: [SpoolFile.RelabelledPiece] = []
        while let piece = try file.relabel(after: pieces.last?.last ?? 0, upTo: end, routes) { pieces.append(piece) }
        return pieces
    }

    @Test("rows get their lanes in pieces of bounded rows and bytes, in their order, and the counts go with them")
    func inPieces() throws {
        let file = try SpoolFile(path: path, mostAsideBytes: 1 << 20)
        let (old, even, odd) = (try Self.lane(0), try Self.lane(2), try Self.lane(3))
        let routes = LaneRoutes(number: 2) { LanePlace(lane: $0 == "k0" ? even : odd) }
        try file.add((0..<3_000).map { diverted($0, "k\($0 % 2)", old) })
        let end = try file.lastNumber()
        try file.add([diverted(3_000, "k0", old)])
        let found = try pieces(file, routes, upTo: end)
        #expect(found.map(\.last) == [1_024, 2_048, 3_000])
        let moves = found.flatMap(\.moves)
        #expect(moves.allSatisfy { $0.from == old })
        let odds = moves.filter { $0.to == odd }.map(\.events)
        #expect(odds.reduce(0, +) == 1_500)
        #expect(found.allSatisfy { !$0.hasUnplaced })
        let rows = try file.next(of: even, after: 0, most: 3_000, mostBytes: 1 << 20)
        let numbers = rows.map { Int(String(decoding: $0.bytes.prefix { $0 != 0x20 }, as: UTF8.self)) }
        #expect(numbers == stride(from: 0, to: 3_000, by: 2).map { $0 })
        // What came behind the end stays as it is; nothing is left to do for the rest.
        #expect(try file.stored().map(\.events) == [1, 1_500, 1_500])
        #expect(try pieces(file, routes, upTo: end).flatMap(\.moves).isEmpty)
    }

    @Test("large rows make small pieces")
    func largeRows() throws {
        let file = try SpoolFile(path: path, mostAsideBytes: 1 << 20)
        let (old, new) = (try Self.lane(0), try Self.lane(1))
        try file.add((0..<100).map { diverted($0, "k", old, bytes: 60_000) })
        let found = try pieces(file, LaneRoutes(number: 2) { _ in LanePlace(lane: new) }, upTo: 100)
        let moved = found.flatMap(\.moves).map(\.events)
        #expect(found.count == 3 && moved.reduce(0, +) == 100)
        #expect(try file.stored().map(\.lane) == [new])
    }

    @Test("a row without a key gets that of its event; what is said to a lane stays, as does an unknown account")
    func withoutKey() throws {
        let file = try SpoolFile(path: path, mostAsideBytes: 1 << 20)
        let (old, new) = (try Self.lane(0), try Self.lane(1))
        var routes = LaneRoutes(number: 2) { $0.hasPrefix("known") ? LanePlace(lane: new) : nil }
        routes.key = { $0.first == UInt8(ascii: "7") ? nil : "known \($0.count)" }
        try file.add([diverted(5, "", old), diverted(7, "", old), diverted(6, "foreign", old)])
        let found = try pieces(file, routes, upTo: 3)
        #expect(found.map(\.moves) == [[.init(from: old, to: new, events: 1)]] && found.map(\.hasUnplaced) == [true])
        #expect(try file.next(of: new, after: 0, most: 9, mostBytes: 99).map(\.key) == ["known 8"])
        #expect(try file.next(of: old, after: 0, most: 9, mostBytes: 99).map(\.key) == ["", "foreign"])
    }

    private static func topology(_ number: UInt64, lanes: Int = 2, generation: UInt64 = 1, accounts: [String]) throws
        -> Topology
    {
        let partition = try PartitionName("de-berlin")
        return Topology(
            number: number,
            partitions: [
                partition: .init(generation: generation, market: "de", zone: "Europe/Berlin", lanes: lanes)
            ],
            accounts: Dictionary(uniqueKeysWithValues: accounts.map { ($0, .init(partition: partition)) }))
    }

    @Test("a topology by which no key goes elsewhere changes nothing, one with other lanes does")
    func sameRoutes() throws {
        var queue = AppendQueue(bounds: LaneBounds(), generator: SystemRandomNumberGenerator(), diverts: true)
        let topologies = [
            try Self.topology(1, accounts: ["a"]), try Self.topology(2, accounts: ["a", "b"]),
            try Self.topology(3, lanes: 3, accounts: ["a", "b"]),
            try Self.topology(4, lanes: 3, generation: 2, accounts: ["a", "b"]),
            try Self.topology(5, lanes: 3, generation: 2, accounts: ["b"]),
        ]
        var changes: [Bool] = []
        for topology in topologies { changes.append(queue.use(LaneRoutes(topology))) }
        #expect(changes == [true, false, true, true, true])
        #expect(queue.routes?.number == 5)
    }

    @Test("a new account is looked for where a key had no lane, and while rows are gone through")
    func unplaced() throws {
        var queue = AppendQueue(bounds: LaneBounds(), generator: SystemRandomNumberGenerator(), diverts: true)
        let known = [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]]
        let routes = try known.enumerated().map { LaneRoutes(try Self.topology(UInt64($0 + 1), accounts: $1)) }
        var changes = [queue.use(routes[0])]
        let guess = LaneEvent(lane: try Self.lane(1), id: "", bytes: [1], key: "b\u{1F}c")
        let guessed = LanePlace(lane: guess.lane)
        #expect(queue.place(guess) == guessed)
        changes.append(queue.use(routes[1]))
        #expect(queue.place(guess).generation == 1)
        queue.rerouting = 2
        changes.append(queue.use(routes[2]))
        queue.rerouting = 3
        #expect(!queue.finishRerouting(by: 2, hasUnplaced: false) && queue.rerouting == 3)
        #expect(queue.finishRerouting(by: 3, hasUnplaced: true) && queue.rerouting == nil)
        changes.append(queue.use(routes[3]))
        #expect(changes == [true, true, true, true])
    }

    /// Event `number` of the key `c<number mod 5>`.
    private static func event(_ number: Int) throws -> LaneEvent {
        LaneEvent(lane: try lane(0), id: "\(number)", bytes: Array("\(number)".utf8), key: "a\u{1F}c\(number % 5)")
    }

    private static func routes(_ number: UInt64) -> LaneRoutes {
        LaneRoutes(number: number) { key in
            let contact = key.last?.wholeNumberValue ?? 0
            return (try? lane((contact + Int(number)) % 5)).map { LanePlace(lane: $0) }
        }
    }

    @Test("topologies that follow each other at once, webhooks between them: each key drains in order, none is lost")
    func inSuccession() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        redis.kill()
        var endpoint = redis.endpoint
        endpoint.timeouts = .init(connect: .milliseconds(200), reply: .milliseconds(200))
        let holder = SpoolingHolder(
            connector: LaneConnector(endpoint: endpoint), limits: AppenderLimits(patience: .milliseconds(50)),
            spool: try Spool(path: path), waitsForRoute: true)
        var next = 0
        func append(_ count: Int) async throws {
            let events = try (next..<next + count).map(Self.event)
            next += count
            #expect(await holder.append(events).allSatisfy { $0 == .held(nil) })
        }
        try await append(20_000)
        try redis.restart()
        for number in UInt64(1)...8 {
            holder.reroute(Self.routes(number))
            for _ in 0..<20 {
                next += 1
                let held = await holder.append([try Self.event(next - 1)])
                #expect(held.allSatisfy { if case .held = $0 { true } else { false } })
            }
        }
        try SpoolingHolderTests.drained(holder)
        #expect(!holder.isRerouting)
        holder.stop()
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        // When each entered a log first; what was under way as routes changed may stand in a second one.
        var entered: [Int: UInt64] = [:]
        for number in 0..<5 {
            for entry in try store.log(try Self.lane(number), after: .start, most: 10_000) {
                for range in try EventFraming.ranges(of: entry.body) {
                    let value = try #require(Int(String(decoding: entry.body[range], as: UTF8.self)))
                    entered[value] = min(entered[value] ?? .max, entry.id.milliseconds)
                }
            }
        }
        #expect(entered.keys.sorted() == Array(0..<next))
        for key in 0..<5 {
            let instants = stride(from: key, to: next, by: 5).compactMap { entered[$0] }
            #expect(zip(instants, instants.dropFirst()).allSatisfy { $0 <= $1 })
        }
    }
}
