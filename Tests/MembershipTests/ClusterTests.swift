import Contracts
import Coordination
import Instants
import Lanes
import Membership
import TestSupport
import Testing

@Suite("A cluster", .serialized)
struct ClusterTests {
    @Test("a second worker gets its half by hand-over: each lane released before it is taken, idle for a moment")
    func handOver() throws {
        let cluster = try Cluster()
        try cluster.coordinate("c1")
        let first = try cluster.join("w1")
        #expect(try cluster.comes { cluster.counts() == [first.member.id: 16] })
        let start = cluster.chronicle.all.count
        let second = try cluster.join("w2")
        #expect(try cluster.comes { cluster.isEven(2) })
        var idle: [Duration] = []
        var released: [LaneName: ContinuousClock.Instant] = [:]
        // Who releases notes it after Redis did: the next owner's note may come first.
        for entry in cluster.chronicle.all[start...] {
            if case .released(let lane) = entry.report { released[lane] = entry.at }
        }
        for entry in cluster.chronicle.all[start...] {
            switch entry.report {
            case .released: break
            case .taken(let lane):
                #expect(entry.member == second.member.id)
                let since = try #require(released[lane], "taken by force: \(lane)")
                idle.append(max(.zero, since.duration(to: entry.at)))
            case .lost, .refused: Issue.record("expected only releases and takings, got \(entry.report)")
            }
        }
        idle.sort()
        #expect(idle.count == 8)
        print("hand-over idle: median \(idle[idle.count / 2]), longest \(idle.last ?? .zero)")
    }

    @Test("a killed worker's lanes, and only they, move soon after its lease")
    func death() throws {
        // Long enough that those who live miss none.
        let cluster = try Cluster(lease: .seconds(4))
        try cluster.coordinate("c1")
        let holders = try ["w1", "w2", "w3"].map { try cluster.join($0) }
        #expect(try cluster.comes { cluster.isEven(3) })
        #expect(
            try cluster.comes {
                let state = try cluster.control.state()
                return state.reachableSince + cluster.times.lease <= state.now
            })
        let before = cluster.chronicle.holders
        let start = cluster.chronicle.all.count
        holders[1].kill()
        let killed = ContinuousClock.now
        let orphans = Set(before.filter { $0.value == holders[1].member.id }.map(\.key))
        #expect(
            try cluster.comes {
                let now = cluster.chronicle.holders
                return orphans.allSatisfy { now[$0] != nil && now[$0] != holders[1].member.id }
            })
        print(
            "lanes of the dead at work again after \(killed.duration(to: .now)) with a lease of \(cluster.times.lease)")
        #expect(try cluster.comes { cluster.isEven(2) })
        for entry in cluster.chronicle.all[start...] { #expect(orphans.contains(entry.report.lane)) }
    }

    @Test("a worker killed and started again under its name: its lanes are at work after half a lease, not a whole one")
    func restart() throws {
        let cluster = try Cluster(lease: .seconds(18))
        try cluster.coordinate("c1")
        let holders = try ["w1", "w2"].map { try cluster.join($0) }
        #expect(try cluster.comes { cluster.isEven(2) })
        let dead = holders[1].member.id
        let orphans = Set(cluster.chronicle.holders.filter { $0.value == dead }.map(\.key))
        holders[1].kill()
        let killed = ContinuousClock.now
        let until = try #require(try cluster.control.members().first { $0.id == dead }?.until)
        try cluster.join("w2", incarnation: 2)
        #expect(
            try cluster.comes {
                let now = cluster.chronicle.holders
                return orphans.allSatisfy { now[$0] != nil && now[$0] != dead }
            })
        // By the lease alone nothing moves before its end.
        let now = try cluster.control.state().now
        #expect(now < until, "took \(killed.duration(to: .now)), \(now - until) after the end of the lease")
    }

    @Test("the leader killed, another leads soon after its lease, with a greater term; a death meanwhile is seen by it")
    func leaderDeath() throws {
        let cluster = try Cluster(lease: .seconds(4))
        let first = try cluster.coordinate("c1")
        #expect(try cluster.comes { first.standing.isLeading(at: .now) })
        let second = try cluster.coordinate("c2")
        let holders = try ["w1", "w2"].map { try cluster.join($0) }
        #expect(try cluster.comes { cluster.isEven(2) && second.standing.control != nil })
        #expect(
            try cluster.comes { first.standing.isLeading(at: .now) && !second.standing.isLeading(at: .now) })
        let term = try #require(first.standing.window?.term)
        first.stop()
        let killed = ContinuousClock.now
        holders[0].kill()
        #expect(try cluster.comes { second.standing.isLeading(at: .now) })
        print("another leads after \(killed.duration(to: .now)) with a lease of \(cluster.times.lease)")
        #expect(second.standing.window?.term ?? 0 > term)
        #expect(try cluster.comes { cluster.counts()?[holders[1].member.id] == 16 })
    }

    @Test("a new leader repeats what the one before it said of workers, with that one's instant, until it has measured")
    func word() throws {
        let cluster = try Cluster()
        let before = try member("before")
        let led = try cluster.control.lead(before, lease: .seconds(60), gap: .seconds(60))
        #expect(led.leads)
        let word = DemandWord(demand: WorkerDemand([Outlook(flat: 3)], capacities: [2, 2]), at: at(1_234_567))
        let signals = word.demand.facts.map {
            Signal(name: "workers.\($0.name)", value: "\($0.value)", at: word.at, writer: before.text)
        }
        _ = try cluster.control.number(SignalsContent(signals), by: before, term: led.state.term)
        let number = try #require(try cluster.control.signals()).number
        try cluster.control.resign(before, gap: .seconds(60))
        let leader = try cluster.coordinate("c1")
        #expect(try cluster.comes { try cluster.control.signals()?.number ?? 0 > number })
        let read = try #require(try cluster.control.signals())
        #expect(DemandWord(read.signals) == word && read.writer == leader.id.text)
        #expect(try cluster.comes { leader.standing.demand == word })
    }

    @Test("with no coordinator the lanes of the dead are adopted, and a leader that comes leaves them where they are")
    func adoption() throws {
        let cluster = try Cluster(lease: .seconds(4))
        let leader = try cluster.coordinate("c1")
        let holders = try ["w1", "w2", "w3"].map { try cluster.join($0) }
        #expect(try cluster.comes { cluster.isEven(3) })
        leader.stop()
        holders[0].kill()
        let killed = ContinuousClock.now
        let dead = holders[0].member.id
        #expect(
            try cluster.comes {
                cluster.counts().map { $0[dead] == nil } ?? false
            })
        print("adopted after \(killed.duration(to: .now)) with a lease of \(cluster.times.lease)")
        let adopted = cluster.chronicle.holders
        let start = cluster.chronicle.all.count
        try cluster.coordinate("c2")
        #expect(try cluster.comes { cluster.isEven(2) })
        let uneven = abs((adopted.values.filter { $0 == holders[1].member.id }.count) - 8)
        let moved = cluster.chronicle.all[start...].filter { if case .taken = $0.report { true } else { false } }
        #expect(moved.count == uneven)
        #expect(
            try cluster.comes {
                let targets = Dictionary(
                    uniqueKeysWithValues: try cluster.control.changes(since: 0).map { ($0.lane, $0.target.member) })
                return cluster.chronicle.holders.allSatisfy { targets[$0.key] == .some($0.value) }
            })
    }

    @Test("a cluster that never had a coordinator adopts every lane once the slot was reachable for a lease")
    func coldWithoutLeader() throws {
        let cluster = try Cluster()
        for name in ["w1", "w2"] { try cluster.join(name) }
        // Who comes first may take them all.
        #expect(try cluster.comes { cluster.counts() != nil })
        #expect(try cluster.control.state().term == 0)
    }

    @Test("after an outage of Redis longer than a lease nobody is declared dead: no lane is assigned anew")
    func outage() throws {
        let cluster = try Cluster(lease: .seconds(3), ["appendonly yes", "appendfsync always"])
        let leader = try cluster.coordinate("c1")
        for name in ["w1", "w2"] { try cluster.join(name) }
        #expect(try cluster.comes { cluster.isEven(2) && leader.standing.underWay == 0 })
        let before = (try cluster.control.state().numbers.assignment, cluster.chronicle.holders)
        let directory = try MemberDirectory.read(cluster.connector)
        #expect(directory.lanes.count == 16 && directory.twins.isEmpty)
        #expect(directory.lanes.allSatisfy { $0.place == .settled && $0.target == before.1[$0.look.lane] })
        cluster.server.kill()
        let down = ContinuousClock.now
        // Every lease ends while Redis is away.
        #expect(!cluster.chronicle.wait(cluster.times.lease + .milliseconds(300)) { false })
        try cluster.server.restart()
        let store = ControlStore(connection: try cluster.server.connect(), keyspace: .standard)
        #expect(
            try cluster.comes {
                let state = try store.state()
                return state.isLed && state.reachableSince + cluster.times.lease * 1.5 < state.now
            })
        print("outage of \(down.duration(to: .now)) survived")
        #expect(try store.state().numbers.assignment == before.0)
        #expect(try cluster.comes { cluster.chronicle.holders == before.1 })
    }

    @Test("a worker that leaves hands its lanes over first and is off the list")
    func leaving() throws {
        let cluster = try Cluster()
        try cluster.coordinate("c1")
        let holders = try ["w1", "w2"].map { try cluster.join($0) }
        #expect(try cluster.comes { cluster.isEven(2) })
        #expect(holders[0].leave())
        #expect(try cluster.comes { cluster.counts() == [holders[1].member.id: 16] })
        #expect(try cluster.control.members().map(\.id) == [holders[1].member.id])
        #expect(holders[1].leave())
        #expect(cluster.chronicle.holders.isEmpty)
        #expect(try cluster.lanes.look(cluster.topology.read().lanes).allSatisfy { $0.owner == nil })
    }

    @Test("a worker whose heartbeat hangs loses its lanes to others, and its tokens are worth nothing")
    func hung() throws {
        let cluster = try Cluster()
        try cluster.coordinate("c1")
        let holders = try ["w1", "w2"].map { try cluster.join($0) }
        #expect(try cluster.comes { cluster.isEven(2) })
        holders[0].stopBeating()
        #expect(try cluster.comes { cluster.counts() == [holders[1].member.id: 16] })
        holders[0].look()
        #expect(
            try cluster.comes {
                cluster.chronicle.all.count {
                    if case .lost = $0.report { $0.member == holders[0].member.id } else { false }
                } == 8
            })
        #expect(
            try cluster.lanes.look(cluster.topology.read().lanes).allSatisfy { $0.owner == holders[1].member.id.text })
    }

    @Test("two processes with one name share the lanes like any two")
    func twins() throws {
        let cluster = try Cluster()
        try cluster.coordinate("c1")
        try cluster.join("w", incarnation: 1)
        try cluster.join("w", incarnation: 2)
        #expect(try cluster.comes { cluster.isEven(2) })
        #expect(try MemberDirectory.read(cluster.connector).twins == ["w"])
    }
}
