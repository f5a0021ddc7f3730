import Contracts
import Coordination
import Lanes
import Membership
import Redis
import Testing

@Suite("A cluster with pinned lanes", .serialized)
struct PinnedClusterTests {
    private let placement: Placement = { LoadPlacement().plan($0) }

    @Test("pinned lanes go by hand-over, stay, and go on with others when their worker dies, the pins with it")
    func pinned() throws {
        let cluster = try Cluster(lease: .seconds(4))
        try cluster.coordinate("c1", placement: placement)
        let (first, second) = (try cluster.join("w1"), try cluster.join("w2"))
        #expect(try cluster.comes { cluster.counts()?.count == 2 })
        let all = try cluster.topology.read().lanes
        let foreign = all.filter { cluster.chronicle.holders[$0] == first.member.id }
        let start = cluster.chronicle.all.count
        try cluster.control.pin(all, to: second.member.id, for: .seconds(3_600), by: "test")
        #expect(try cluster.comes { cluster.counts() == [second.member.id: 16] })
        let reports = cluster.chronicle.all[start...].map(\.report)
        for lane in foreign {
            let own = reports.filter { $0.lane == lane }
            // Who releases notes it after Redis did, so the order of the two notes says nothing.
            #expect(Set(own) == [.released(lane), .taken(lane)] && own.count == 2, "\(own)")
        }
        #expect(!reports.contains { if case .lost = $0 { true } else { false } })

        second.kill()
        #expect(try cluster.comes { cluster.counts() == [first.member.id: 16] })
        #expect(try cluster.comes { try cluster.control.pins().isEmpty })
    }

    @Test("a pin that is taken away gives the lane back to load, and a worker that leaves gives its pinned lanes up")
    func unpinned() throws {
        let cluster = try Cluster()
        try cluster.coordinate("c1", placement: placement)
        let (first, second) = (try cluster.join("w1"), try cluster.join("w2"))
        #expect(try cluster.comes { cluster.counts()?.count == 2 })
        let all = try cluster.topology.read().lanes
        try cluster.control.pin(all, to: second.member.id, for: .seconds(3_600), by: "test")
        #expect(try cluster.comes { cluster.counts() == [second.member.id: 16] })
        #expect(try cluster.control.unpin(all) == 16)
        // Who has nothing is filled again.
        #expect(try cluster.comes { cluster.counts()?[first.member.id] ?? 0 >= 6 })
        try cluster.control.pin(all, to: second.member.id, for: .seconds(3_600), by: "test")
        #expect(try cluster.comes { cluster.counts() == [second.member.id: 16] })
        #expect(second.leave())
        #expect(try cluster.comes { cluster.counts() == [first.member.id: 16] })
    }

    @Test(
        "a key of pins that somebody edited stops neither placement nor signals; once it is mended pins are heeded again"
    )
    func edited() throws {
        let cluster = try Cluster()
        let key = cluster.control.keyspace.control("pins")
        func edit() throws {
            _ = try cluster.control.connection.call(RedisCommand("DEL", key))
            _ = try cluster.control.connection.call(RedisCommand("SET", key, "x"))
        }
        try edit()
        let coordinator = try cluster.coordinate("c1", placement: placement)
        let (first, second) = (try cluster.join("w1"), try cluster.join("w2"))
        #expect(try cluster.comes { cluster.isEven(2) })
        _ = try cluster.control.connection.call(RedisCommand("DEL", key))
        let all = try cluster.topology.read().lanes
        try cluster.control.pin(all, to: second.member.id, for: .seconds(3_600), by: "test")
        #expect(try cluster.comes { cluster.counts() == [second.member.id: 16] })
        // What the leader remembers ends with the worker, and cannot be taken away.
        try edit()
        second.kill()
        #expect(try cluster.comes { cluster.counts() == [first.member.id: 16] })
        let signals = coordinator.standing.signals
        #expect(try cluster.comes { coordinator.standing.signals > signals })
    }
}
