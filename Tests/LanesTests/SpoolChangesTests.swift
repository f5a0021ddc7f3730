import Contracts
import Foundation
import Lanes
import Redis
import TestSupport
import Testing

/// What changes around a spool: topology, callers who may not use it, disks that fill up, its own format.
@Suite("A spool through changes")
struct SpoolChangesTests {
    let folder: String

    init() throws { folder = try makeTemporaryFolder("spool") }

    private func holder(
        _ redis: PrivateRedis, patience: Duration = .milliseconds(200), waitsForRoute: Bool = false,
        path: String? = nil
    ) throws -> SpoolingHolder {
        var endpoint = redis.endpoint
        endpoint.timeouts = .init(connect: .milliseconds(200), reply: .seconds(2))
        return SpoolingHolder(
            connector: LaneConnector(endpoint: endpoint), limits: AppenderLimits(patience: patience),
            spool: try Spool(path: path ?? "\(folder)/spool.sqlite"), waitsForRoute: waitsForRoute)
    }

    /// Event `number` of the key `c<number mod 4>`.
    private static func events(_ numbers: Range<Int>, _ lanes: Int) throws -> [LaneEvent] {
        try numbers.map { number in
            let key = "shop\u{1F}c\(number % 4)"
            return LaneEvent(
                lane: try #require(lane(of: key, lanes)), id: "\(number)", bytes: Array("\(number)".utf8), key: key)
        }
    }

    /// With two lanes c0 and c2 share one; with three others do.
    private static func lane(of key: String, _ lanes: Int) -> LaneName? {
        guard let number = key.last?.wholeNumberValue else { return nil }
        return try? LaneName("de-berlin.\(number % lanes)")
    }

    private static func routes(_ number: UInt64, _ lanes: Int) -> LaneRoutes {
        LaneRoutes(number: number) { key in
            lane(of: key, lanes).map { LanePlace(lane: $0, generation: number) }
        }
    }

    private static func isHeld(_ result: AppendResult) -> Bool {
        if case .held = result { true } else { false }
    }

    private static func numbers(_ redis: PrivateRedis, _ lane: String) throws -> [Int] {
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        return try LaneAppenderTests.events(store, try LaneName(lane))
            .map { Int(String(decoding: $0.bytes, as: UTF8.self)) ?? -1 }
    }

    @Test("spooled events find the lanes that their keys have when they drain, each key in order")
    func topologyChanges() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        redis.kill()
        let before = try holder(redis)
        #expect(await before.append(try Self.events(0..<400, 2)).allSatisfy(Self.isHeld))
        before.stop()
        // The next process comes up under another topology, and Redis comes back.
        let holder = try holder(redis, waitsForRoute: true)
        #expect(await holder.append(try Self.events(400..<500, 2)).allSatisfy(Self.isHeld))
        try redis.restart()
        #expect(holder.spooledEvents == 500)
        holder.reroute(Self.routes(1, 3))
        #expect(await holder.append(try Self.events(500..<600, 3)).allSatisfy(Self.isHeld))
        for start in stride(from: 600, to: 1_000, by: 20) {
            #expect(await holder.append(try Self.events(start..<start + 20, 3)).allSatisfy(Self.isHeld))
        }
        try SpoolingHolderTests.drained(holder)
        holder.stop()
        #expect(try Self.numbers(redis, "de-berlin.1") == stride(from: 1, to: 1_000, by: 4).map { $0 })
        #expect(try Self.numbers(redis, "de-berlin.2") == stride(from: 2, to: 1_000, by: 4).map { $0 })
        let shared = try Self.numbers(redis, "de-berlin.0")
        #expect(shared.filter { $0 % 4 == 0 } == stride(from: 0, to: 1_000, by: 4).map { $0 })
        #expect(shared.filter { $0 % 4 == 3 } == stride(from: 3, to: 1_000, by: 4).map { $0 })
        #expect(shared.count == 500)
    }

    @Test("events placed by the topology before a resize go to the lanes of the one after it, each key in order")
    func resizedMeanwhile() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        func create(_ number: Int, _ generation: UInt64) throws {
            let verb = ControlVerb.create(generation: generation, isVirtual: false, offset: .zero)
            _ = try store.control(verb, try LaneName("de-berlin.\(number)"))
        }
        for number in 0..<2 { try create(number, 1) }
        let holder = try holder(redis, patience: .seconds(10))
        holder.reroute(Self.routes(1, 2))
        func placed(_ numbers: Range<Int>) throws -> [LaneEvent] {
            try Self.events(numbers, 2).map { event in
                var event = event
                (event.generation, event.topology) = (1, 1)
                return event
            }
        }
        #expect(await holder.append(try placed(0..<100)).allSatisfy(Self.isHeld))
        #expect(holder.spooledEvents == 0)
        // The lanes have another generation before this process knows: what they refuse is spooled under its key.
        for number in 0..<2 { _ = try store.control(.open(generation: 2), try LaneName("de-berlin.\(number)")) }
        try create(2, 2)
        #expect(await holder.append(try placed(100..<200)).allSatisfy(Self.isHeld))
        #expect(try Self.numbers(redis, "de-berlin.0").count + Self.numbers(redis, "de-berlin.1").count == 100)
        // Some come while the routes change, placed by the old ones.
        async let meanwhile = holder.append(try placed(200..<300))
        holder.reroute(Self.routes(2, 3))
        #expect(try await meanwhile.allSatisfy(Self.isHeld))
        for start in stride(from: 300, to: 600, by: 20) {
            #expect(await holder.append(try placed(start..<start + 20)).allSatisfy(Self.isHeld))
        }
        try SpoolingHolderTests.drained(holder)
        holder.stop()
        #expect(try Self.numbers(redis, "de-berlin.2") == stride(from: 2, to: 600, by: 4).filter { $0 >= 100 })
        let first = try Self.numbers(redis, "de-berlin.0").filter { $0 >= 100 }
        #expect(first.filter { $0 % 4 == 0 } == stride(from: 100, to: 600, by: 4).map { $0 })
        #expect(first.filter { $0 % 4 == 3 } == stride(from: 103, to: 600, by: 4).map { $0 })
        let second = try Self.numbers(redis, "de-berlin.1").filter { $0 >= 100 }
        #expect(second == stride(from: 101, to: 600, by: 4).map { $0 })
    }

    @Test("who may not spool hears that a lane is closed, and then that older events wait on disk")
    func producers() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        let lane = try LaneName("de-berlin.0")
        _ = try store.control(.create(generation: 1, isVirtual: false, offset: .zero), lane)
        _ = try store.control(.close, lane)
        let holder = try holder(redis)
        let events = [LaneEvent(lane: lane, id: "1", bytes: [1])]
        #expect(await holder.offer(events) == [.refused(.closed)])
        #expect(holder.spooledEvents == 0)
        #expect(await holder.append(events) == [.held(nil)])
        #expect(await holder.offer(events) == [.refused(.behind)])
        #expect(holder.spooledEvents == 1)
        _ = try store.control(.open(generation: nil), lane)
        try SpoolingHolderTests.drained(holder)
        #expect(await holder.offer(events).allSatisfy(Self.isHeld))
        redis.kill()
        let refused = await holder.offer(events)
        #expect(!refused.contains(where: Self.isHeld) && holder.spooledEvents == 0)
        holder.stop()
    }

    @Test("updates set aside and what is kept survive the process; of those set aside the newest 10,000 stay")
    func aside() throws {
        let path = "\(folder)/aside.sqlite"
        let updates = (0..<10_050).map { SetAside(labels: ["wrong_type", "\($0)", ""], raw: [0xFF, 0x00]) }
        do {
            let spool = try Spool(path: path)
            #expect(try spool.setAside(Array(updates[..<10_000])) == 0)
            #expect(try spool.setAside(Array(updates[10_000...])) == 50)
            try spool.keep([1], as: "policy")
            try spool.keep([2, 3], as: "policy")
        }
        let spool = try Spool(path: path)
        #expect(try spool.kept("policy") == [2, 3])
        #expect(try spool.kept("nothing") == nil)
        let first = try spool.asides(most: 3)
        #expect(first.map(\.update) == Array(updates[50..<53]))
        try spool.removeAsides(upTo: try #require(first.last).number)
        #expect(try spool.asides(most: 1).map(\.update) == [updates[53]])
    }

    @Test(
        "updates set aside take so many bytes at most, whichever process set them aside; the oldest leave and are counted"
    )
    func asideBytes() throws {
        let path = "\(folder)/bytes.sqlite"
        let limits = Spool.Limits(asideBytes: 800)
        func update(_ number: Int) -> SetAside {
            SetAside(labels: ["\(number)"], raw: [UInt8](repeating: UInt8(number), count: 100))
        }
        var evicted = 0
        for numbers in [0..<5, 5..<12] {
            let spool = try Spool(path: path, limits: limits)
            for number in numbers { evicted += try spool.setAside([update(number)]) }
        }
        let spool = try Spool(path: path, limits: limits)
        let left = try spool.asides(most: 20)
        #expect(left.map(\.update) == (4..<12).map(update) && evicted == 4)
        try spool.removeAsides(upTo: left[3].number)
        #expect(try spool.setAside((12..<16).map(update)) == 0)
        #expect(try spool.setAside([update(16)]) == 2)
        // More than all of it by itself: it stays, alone.
        let long = SetAside(labels: ["long"], raw: [UInt8](repeating: 1, count: 900))
        #expect(try spool.setAside([long]) == 7)
        #expect(try spool.asides(most: 20).map(\.update) == [long])
    }

    /// Mounts a disk of its own for the test; needs root, and a system that lets it.
    private static func smallDisk(_ folder: String, megabytes: Int) -> Bool {
        run(["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder])
    }

    private static func run(_ words: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardError = nil
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test("a full disk refuses, loses nothing that was held, and takes events again when there is room")
    func fullDisk() async throws {
        let disk = "\(folder)/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard Self.smallDisk(disk, megabytes: 2) else {
            try Test.cancel("expected to mount a small disk, which needs root and the right to mount")
        }
        defer { _ = Self.run(["umount", "-l", disk]) }
        let redis = try PrivateRedis()
        defer { redis.close() }
        redis.kill()
        let holder = try holder(redis, patience: .milliseconds(50), path: "\(disk)/spool.sqlite")
        let lane = try LaneName("de-berlin.0")
        var held: [Int] = []
        var refused = 0
        for number in 0..<400 where refused < 3 {
            let bytes = Array("\(number)".utf8) + [UInt8](repeating: 0x20, count: 16_000)
            switch await holder.append([LaneEvent(lane: lane, id: "", bytes: bytes)])[0] {
            case .held: held.append(number)
            case .refused(.notSpooled(let reason)):
                #expect(reason.lowercased().contains("full"))
                refused += 1
            case .refused(let other): Issue.record("expected the disk to be full, got \(other)")
            }
        }
        #expect(refused == 3 && held.count > 20, "\(held.count) held")
        #expect(holder.spooledEvents == held.count)
        #expect(Self.run(["mount", "-o", "remount,size=16m", disk]))
        let after = await holder.append([LaneEvent(lane: lane, id: "", bytes: Array("999".utf8))])
        #expect(after.allSatisfy(Self.isHeld))
        try redis.restart()
        try SpoolingHolderTests.drained(holder)
        holder.stop()
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        let stored = try LaneAppenderTests.events(store, lane).map {
            Int(String(decoding: $0.bytes.prefix { $0 != 0x20 }, as: UTF8.self)) ?? -1
        }
        #expect(stored == held + [999])
    }
}
