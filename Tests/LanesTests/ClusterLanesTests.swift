import Contracts
import Instants
import Lanes
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@Suite("Lanes on a Redis Cluster", .serialized, .timeLimit(.minutes(5)))
struct ClusterLanesTests {
    /// Comes up in seconds and is harmed by none that share it; each has a partition of its own.
    private static let shared = Result { try PrivateCluster() }

    /// A lane on each of the three primaries.
    private func lanes(_ cluster: PrivateCluster, _ partition: String) throws -> [LaneName] {
        try (0..<3).map { place in
            let number = try #require((0..<1_000).first { cluster.place(ofKey: "\(partition).\($0)") == place })
            return try LaneName("\(partition).\(number)")
        }
    }

    private func store(_ cluster: PrivateCluster) throws -> LaneStore {
        try LaneConnector(endpoint: cluster.endpoint).open(clientName: "tests")
    }

    @Test("a lane's whole way, on all primaries at once: append, take, read, commit, claim, settle")
    func wholeWay() throws {
        let cluster = try Self.shared.get()
        let lanes = try lanes(cluster, "way")
        let store = try store(cluster)
        let appended = try store.append(
            lanes.enumerated().map { place, lane in
                var body: [UInt8] = []
                EventFraming.append(Array("event \(place)".utf8), to: &body)
                return AppendBatch(lane: lane, producer: ProducerID(1), number: 1, count: 1, body: body)
            })
        #expect(appended.allSatisfy { if case .held = $0 { true } else { false } })
        let owner = ClusterOwner(store, lanes)
        let action = try ActionID(conversation: EntityID("m/a/c"), cause: "event", kind: .reply, n: 0)
        try owner.turn { commit in
            commit.states = [.init(entity: EntityID.messages(account: "a", contact: "c"), bytes: [1])]
            commit.actions = [.init(id: action, bytes: [1, 2, 3])]
        }
        #expect(try lanes.map { try owner.decided($0) } == [["event 0"], ["event 1"], ["event 2"]])
        let states = try store.states(lanes.map { (lane: $0, entities: [.messages(account: "a", contact: "c")]) })
        #expect(states == [[[1]], [[1]], [[1]]])
        let claims = try store.claim(
            lanes.map { lane in
                ClaimRequest(
                    lane: lane, token: try #require(owner.tenures[lane]).token,
                    items: [.init(action: action, attempt: 1, patience: .seconds(30))])
            })
        for claim in claims {
            guard case .answered(let answers) = claim, case .claimed = answers.first else {
                Issue.record("expected a claim, got \(claim)")
                continue
            }
        }
        let settled = try store.settle(
            lanes.map {
                SettleRequest(lane: $0, items: [.init(action: action, attempt: 1, verdict: .close, outcome: [9])])
            })
        for reply in settled {
            guard case .answered(let answers, _) = reply, case .closed = answers.first else {
                Issue.record("expected a settlement, got \(reply)")
                continue
            }
        }
        #expect(try store.look(lanes).map(\.pending) == [1, 1, 1])
        #expect(try store.glance(lanes).map(\.lane) == lanes)
        #expect(try store.trim(lanes, retention: Retention()).count == 3)
        #expect(
            try store.release(lanes.map { ($0, try #require(owner.tenures[$0]).token) }) == [
                .released, .released, .released,
            ])
    }

    @Test("unsafe settings are refused on each primary, by its address, and one node's URL for a cluster")
    func durability() throws {
        let cluster = try Self.shared.get()
        let check = try store(cluster).checkDurability()
        #expect(check.refusals.count == 3)
        for primary in cluster.primaries {
            #expect(check.refusals.contains { $0.contains("\(primary.node)") && $0.contains("appendonly") })
        }
        let single = try LaneConnector(endpoint: cluster.primaries[0].endpoint).open().checkDurability()
        #expect(single.refusals.contains { $0.contains("redis+cluster://") })
    }

    @Test("a lane whose slot moves in the middle of the traffic waits; nothing is lost, nothing decided twice")
    func moves() async throws {
        let cluster = try Self.shared.get()
        let lanes = try lanes(cluster, "moving")
        let appender = LaneAppender(
            connector: LaneConnector(endpoint: cluster.endpoint), limits: AppenderLimits(patience: .seconds(60)))
        defer { appender.stop() }
        let owner = ClusterOwner(try store(cluster), lanes)
        @Sendable func areHeld(_ range: Range<Int>) async -> Bool {
            let events = range.map { LaneEvent(lane: lanes[$0 % 3], id: "\($0)", bytes: Array("\($0)".utf8)) }
            return await appender.append(events).allSatisfy { if case .held = $0 { true } else { false } }
        }
        #expect(await areHeld(0..<30))
        try owner.turn()
        let tag = lanes[0].text
        try cluster.beginMoving(slotOf: tag, from: 0, to: 1)
        try cluster.moveKeys(slotOf: tag, from: 0, to: 1, most: 1)
        // Half here, half there: the lane waits, the others go on.
        try owner.turn()
        #expect(owner.faults.contains { $0.isPassing })
        async let held = areHeld(30..<60)
        try await PrivateCluster.pollUntil("the other lanes are decided") {
            try owner.turn()
            return try lanes.dropFirst().allSatisfy { try owner.decided($0).count == 20 }
        }
        #expect(try owner.store.glance(lanes).count == 3)
        #expect(try owner.store.standings(lanes).map(\.isMoving) == [true, false, false])
        try cluster.moveKeys(slotOf: tag, from: 0, to: 1, most: 1_000)
        try cluster.endMoving(slotOf: tag, from: 0, to: 1)
        #expect(await held)
        #expect(await areHeld(60..<90))
        try await PrivateCluster.pollUntil("everything is decided") {
            try owner.turn()
            return try lanes.allSatisfy { try owner.decided($0).count == 30 }
        }
        for (place, lane) in lanes.enumerated() {
            #expect(try owner.decided(lane) == stride(from: place, to: 90, by: 3).map { "\($0)" })
        }
    }

    @Test("a primary is killed: the other lanes go on, its own go on with its replica, and no accepted event is lost")
    func failsOver() async throws {
        let cluster = try PrivateCluster(withReplicas: true)
        let lanes = try lanes(cluster, "failing")
        let appender = LaneAppender(
            connector: LaneConnector(endpoint: cluster.endpoint), limits: AppenderLimits(patience: .seconds(60)))
        defer { appender.stop() }
        let owner = ClusterOwner(try store(cluster), lanes)
        func events(_ range: Range<Int>) -> [LaneEvent] {
            range.map { LaneEvent(lane: lanes[$0 % 3], id: "\($0)", bytes: Array("\($0)".utf8)) }
        }
        func areHeld(_ results: [AppendResult]) -> Bool {
            results.allSatisfy { if case .held = $0 { true } else { false } }
        }
        #expect(areHeld(await appender.append(events(0..<300))))
        try owner.turn()
        #expect(areHeld(await appender.append(events(300..<600))))
        let view = try store(cluster)
        #expect(try view.standings(lanes).allSatisfy { $0.look != nil && $0.away == nil && !$0.isMoving })
        cluster.primaries[0].kill()
        // The lane without a primary is told, with a reason, in its place among the others.
        let standings = try view.standings(lanes)
        #expect(standings.map(\.lane) == lanes && standings.map { $0.look == nil } == [true, false, false])
        #expect(standings[0].away?.isAway == true)
        // Some of these wait for the replica; those of the other lanes do not.
        async let waiting = appender.append(events(600..<900).filter { $0.lane == lanes[0] })
        let others = events(600..<900).filter { $0.lane != lanes[0] }
        #expect(areHeld(await appender.append(others)))
        try await PrivateCluster.pollUntil("the other lanes are decided") {
            try owner.turn()
            return try lanes.dropFirst().allSatisfy { Set(try owner.decided($0)).count == 300 }
        }
        let killed = ContinuousClock.now
        #expect(areHeld(await waiting))
        try await PrivateCluster.pollUntil("everything is decided") {
            try owner.turn()
            return Set(try owner.decided(lanes[0])).count == 300
        }
        print("decided again \(killed.duration(to: .now)) after the other lanes")
        for (place, lane) in lanes.enumerated() {
            let decided = try owner.decided(lane)
            #expect(Set(decided) == Set(stride(from: place, to: 900, by: 3).map { "\($0)" }))
            // Offered again, an event may be in the log twice; no position is decided twice.
            #expect(Set(try owner.positions(lane)).count == decided.count)
        }
    }

    @Test("a primary dies with events that its replica never had, and longer than their age: they are offered again")
    func lateFailOver() async throws {
        let cluster = try PrivateCluster(withReplicas: true)
        let lanes = try lanes(cluster, "late")
        var limits = AppenderLimits(patience: .seconds(60))
        limits.tailAge = .milliseconds(500)
        let appender = LaneAppender(connector: LaneConnector(endpoint: cluster.endpoint), limits: limits)
        defer { appender.stop() }
        func areHeld(_ range: Range<Int>, _ lane: LaneName) async -> Bool {
            let events = range.map { LaneEvent(lane: lane, id: "\($0)", bytes: Array("\($0)".utf8)) }
            return await appender.append(events).allSatisfy { if case .held = $0 { true } else { false } }
        }
        for lane in lanes { #expect(await areHeld(0..<10, lane)) }
        try cluster.cutOff(replicaAt: 0)
        for number in 10..<20 { #expect(await areHeld(number..<(number + 1), lanes[0])) }
        let last = ContinuousClock.now
        cluster.primaries[0].kill()
        var others = 10
        try await PrivateCluster.pollUntil("the replica stands in") {
            for lane in lanes.dropFirst() { #expect(await areHeld(others..<(others + 1), lane)) }
            others += 1
            return try cluster.isServed(at: 0, by: cluster.replicas[0])
        }
        #expect(last.duration(to: .now) > limits.tailAge)
        let store = try store(cluster)
        func events(_ lane: LaneName) throws -> [String] {
            try LaneAppenderTests.events(store, lane).map { String(decoding: $0.bytes, as: UTF8.self) }
        }
        try await PrivateCluster.pollUntil("the replica is given what it never had") {
            for lane in lanes.dropFirst() { #expect(await areHeld(others..<(others + 1), lane)) }
            others += 1
            return try events(lanes[0]).count >= 20
        }
        #expect(try events(lanes[0]) == (0..<20).map { "\($0)" })
        #expect(try events(lanes[1]) == (0..<others).map { "\($0)" })
    }

    @Test(
        "an event for a primary that is gone is refused in time though nothing else comes, and none is forgotten at the end"
    )
    func quietIngress() async throws {
        let cluster = try PrivateCluster()
        let lane = try lanes(cluster, "quiet")[0]
        let limits = AppenderLimits(patience: .milliseconds(300))
        let appender = LaneAppender(connector: LaneConnector(endpoint: cluster.endpoint), limits: limits)
        func result(_ number: Int) async -> AppendResult {
            await appender.append([LaneEvent(lane: lane, id: "\(number)", bytes: [1])])[0]
        }
        guard case .held = await result(0) else {
            Issue.record("expected it to be held")
            return
        }
        cluster.primaries[0].kill()
        for number in 1..<4 {
            switch await result(number) {
            case .refused(.unreachable), .refused(.inDoubt): break
            case let other: Issue.record("expected a refusal, got \(other)")
            }
        }
        let patient = LaneAppender(connector: LaneConnector(endpoint: cluster.endpoint))
        let waiting = Task { await patient.append([LaneEvent(lane: lane, id: "4", bytes: [1])])[0] }
        // Behind it, so that it has been offered.
        let other = try lanes(cluster, "quiet")[1]
        _ = await patient.append([LaneEvent(lane: other, id: "5", bytes: [1])])
        patient.stop()
        #expect(await waiting.value == .refused(.stopped))
        appender.stop()
    }
}

/// The least that an owner is: takes, reads, commits one result an event; what it is refused it takes again.
private final class ClusterOwner {
    let store: LaneStore
    let lanes: [LaneName]
    private(set) var tenures: [LaneName: Tenure] = [:]
    private(set) var faults: [LaneFault] = []
    private var tokens: UInt64 = 0

    init(_ store: LaneStore, _ lanes: [LaneName]) {
        self.store = store
        self.lanes = lanes
    }

    /// Takes what is not taken, and commits everything that is read of it.
    func turn(_ change: (inout LaneCommit) throws -> Void = { _ in }) throws {
        let missing = lanes.filter { tenures[$0] == nil }
        for reply in try store.take(missing.map(request)) {
            switch reply {
            case .taken(let tenure): tenures[tenure.lane] = tenure
            case .failed(let fault): faults.append(fault)
            case .olderAssignment: break
            }
        }
        let held = lanes.compactMap { tenures[$0] }
        let readings = try store.read(held.map { ReadRequest(lane: $0.lane, token: $0.token, from: $0.cursor.entry) })
        var commits: [LaneCommit] = []
        for (tenure, reply) in zip(held, readings) {
            switch reply {
            case .reading(let reading):
                guard let last = reading.entries.last else { continue }
                var commit = LaneCommit(
                    lane: tenure.lane, token: tenure.token, sequence: tenure.sequence, cursor: .following(last.id),
                    decided: 0, policy: 1, now: reading.clock.now)
                try decide(reading, &commit)
                try change(&commit)
                commits.append(commit)
            case .fenced: tenures[tenure.lane] = nil
            case .failed(let fault): refuse(tenure.lane, fault)
            }
        }
        for (commit, reply) in zip(commits, try store.commit(commits)) {
            switch reply {
            case .committed:
                tenures[commit.lane]?.sequence += 1
                tenures[commit.lane]?.cursor = commit.cursor
            case .failed(let fault): refuse(commit.lane, fault)
            case .fenced, .wrongSequence, .deadFull: tenures[commit.lane] = nil
            }
        }
    }

    /// The events that the lane's results name, in order; those of a server that is away are none.
    func decided(_ lane: LaneName) throws -> [String] { try results(lane).map(\.event) }

    func positions(_ lane: LaneName) throws -> [String] {
        try results(lane).map { "\($0.entryMs)-\($0.entrySequence).\($0.index)" }
    }

    private func results(_ lane: LaneName) throws -> [DecisionResult] {
        do throws(LaneError) {
            return try store.results(lane, most: 1_000).flatMap(\.batch.results)
        } catch {
            guard error.isAway else { throw error }
            return []
        }
    }

    private func decide(_ reading: Reading, _ commit: inout LaneCommit) throws {
        var batch = ResultBatch()
        for entry in reading.entries {
            for (index, range) in try EventFraming.ranges(of: entry.body).enumerated() {
                var result = DecisionResult()
                result.event = String(decoding: entry.body[range], as: UTF8.self)
                result.entryMs = entry.id.milliseconds
                result.entrySequence = UInt32(clamping: entry.id.sequence)
                result.index = UInt32(clamping: index)
                batch.results.append(result)
            }
        }
        commit.decided = batch.results.count
        commit.results = try batch.serializedBytes()
    }

    private func refuse(_ lane: LaneName, _ fault: LaneFault) {
        faults.append(fault)
        if fault.wantsTaking || fault.isInDoubt { tenures[lane] = nil }
    }

    private func request(_ lane: LaneName) -> TakeRequest {
        tokens += 1
        return TakeRequest(lane: lane, owner: "owner", assignment: 1, token: LaneToken(high: 9, low: tokens))
    }
}
