import Contracts
import Lanes
import Membership
import Redis
import TestSupport
import Testing

@Suite("The list of members at its bound")
struct MemberBoundTests {
    /// Others, up to one less than the bound.
    private func fill(_ store: ControlStore, with record: (Int) -> String) throws {
        var fill = RedisCommand("HSET")
        fill.add(store.keyspace.control("members"))
        for index in 1..<ControlStore.mostMembers {
            fill.add(try member("x\(index)").text)
            fill.add(record(index))
        }
        _ = try store.connection.call(fill)
    }

    @Test("while the list is full the longest dead goes for a new member; who lives stays")
    func fullOfDead() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        _ = try store.beat("a")
        try fill(store) { "\($0)|\(($0 * 7_919) % 4_096 + 10)|1|1|0|0|0|0|v" }
        let before = try store.members()
        _ = try store.beat("b")
        let after = try store.members()
        #expect(after.count == ControlStore.mostMembers)
        let gone = Set(before.map(\.id)).subtracting(after.map(\.id))
        #expect(gone == Set(before.min { $0.until < $1.until }.map { [$0.id] } ?? []))
        _ = try store.beat("c")
        #expect(try Set(["a", "b", "c"].map(member)).isSubset(of: store.members().map(\.id)))
    }

    @Test("no more living members than the bound are let in, and those who are in go on")
    func full() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        _ = try store.beat("a")
        try fill(store) { _ in "1|9000000000000|1|1|0|0|0|0|v" }
        _ = try store.beat("a")
        #expect(throws: LaneError.self) { try store.beat("b") }
    }
}
