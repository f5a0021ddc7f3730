import Contracts
import Coordination
import Membership
import Testing

@Suite("A cluster placed by load", .serialized)
struct LoadClusterTests {
    private let placement: Placement = { LoadPlacement().plan($0) }

    @Test("a second worker is filled before any load is known, and a dead one's lanes are all that move")
    func joinAndLoss() throws {
        let cluster = try Cluster()
        try cluster.coordinate("c1", placement: placement)
        let first = try cluster.join("w1")
        #expect(cluster.chronicle.wait { cluster.counts()?[first.member.id] == 16 })
        let second = try cluster.join("w2")
        #expect(cluster.chronicle.wait { (6...8).contains(cluster.counts()?[second.member.id] ?? 0) })
        let before = cluster.chronicle.holders
        second.kill()
        #expect(cluster.chronicle.wait { cluster.counts()?[first.member.id] == 16 })
        let kept = before.filter { $0.value == first.member.id }.map(\.key)
        #expect(kept.allSatisfy { cluster.chronicle.holders[$0] == first.member.id })
    }
}
