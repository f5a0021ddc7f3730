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
        holder.reroute { Self.lane(of: $0, 3) }
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
            try spool.setAside(Array(updates[..<10_000]))
            try spool.setAside(Array(updates[10_000...]))
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
