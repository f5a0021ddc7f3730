import Contracts
import Coordination
import Membership
import Testing

@Suite("A cluster placed by load", .serialized)
struct LoadClusterTests {
    private let placement: Placement = { LoadPlacement().plan($0) }

    @Test("a second worker is filled before any load is known, and a dead one's lanes are all that move")
    func joinAndLoss() throws {
        let cluster = try Cluster(lease: .seconds(4))
        try cluster.coordinate("c1", placement: placement)
        let first = try cluster.join("w1")
        #expect(cluster.chronicle.wait { cluster.counts()?[first.member.id] == 16 })
        let second = try cluster.join("w2")
        #expect(cluster.chronicle.wait { (6...8).contains(cluster.counts()?[second.member.id] ?? 0) })
        let orphans = cluster.chronicle.holders.filter { $0.value == second.member.id }.keys.sorted()
        let start = cluster.chronicle.all.count
        second.kill()
        #expect(cluster.chronicle.wait { cluster.counts()?[first.member.id] == 16 })
        let taken = cluster.chronicle.all[start...].compactMap { entry in
            if case .taken(let lane) = entry.report { lane } else { nil }
        }
        #expect(taken.sorted() == orphans)
    }
}
