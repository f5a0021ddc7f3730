import Contracts
import Instants
import Lanes
import Membership
import Redis
import TestSupport
import Testing

@Suite("ControlStore")
struct ControlStoreTests {
    /// Ends the leader's lease, as if its time had passed.
    private func endLease(_ store: ControlStore) throws {
        _ = try store.connection.call(RedisCommand("HSET", store.keyspace.control("leader"), "until", "1"))
    }

    @Test("what weeks look like is kept by the leader alone, and read by whoever comes next")
    func profiles() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let term = try store.lead("a").state.term
        #expect(try store.profiles { $0 }.isEmpty)
        let weeks = [(partition: "de-berlin", text: "abc"), (partition: "fr-paris", text: "")]
        #expect(try store.keep(weeks, by: member("a"), term: term) == .written(number: 2))
        #expect(try store.profiles { $0 } == ["de-berlin": "abc", "fr-paris": ""])
        #expect(try store.profiles { $0.isEmpty ? nil : $0.utf8.count } == ["de-berlin": 3])
        #expect(try store.keep(weeks, by: member("b"), term: term) == .fenced(term: term))
        #expect(throws: LaneError.self) { try store.keep([], by: member("a"), term: term) }
    }

    @Test("a heartbeat gives a lease by Redis' clock and is read back as it was said")
    func heartbeat() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let state = try store.beat("a")
        let record = try #require(try store.members().first)
        #expect(try record.id == member("a"))
        #expect(record.beatAt == state.now)
        #expect(record.until == state.now + .seconds(3) && record.held == 7 && record.version == "1.0")
        #expect(record.load == MemberLoad(runners: 2, busy: 30, backlog: 4) && !record.isLeaving)
        #expect(state.leader == nil && !state.isLed && state.numbers == .init())
        #expect(try store.state().reachableSince == state.reachableSince)
    }

    @Test("one leads at a time, and a new leader's term is greater than the last")
    func leading() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let first = try store.lead("a")
        #expect(first.leads && first.state.isLed)
        #expect(try first.state.leader == member("a"))
        let second = try store.lead("b")
        #expect(!second.leads)
        #expect(try second.state.leader == member("a"))
        let renewed = try store.lead("a")
        #expect(renewed.leads && renewed.state.term == first.state.term)
        try endLease(store)
        let third = try store.lead("b")
        #expect(third.leads && third.state.term > first.state.term)
        try store.resign(try member("b"), gap: ControlStore.times.gap)
        #expect(try !store.state().isLed)
        #expect(try store.lead("a").state.term > third.state.term)
    }

    @Test("a coordinator of the leader's name leads once the leader was silent for half a lease, others after a whole")
    func succession() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let first = try store.lead("a")
        let heir = try MemberID(name: "a", incarnation: 7)
        #expect(try !store.lead(heir, lease: ControlStore.times.lease, gap: ControlStore.times.gap).leads)
        let renewedEarlier = RedisCommand("HINCRBY", store.keyspace.control("leader"), "until", "-1500")
        _ = try store.connection.call(renewedEarlier)
        #expect(try !store.lead("b").leads)
        let second = try store.lead(heir, lease: ControlStore.times.lease, gap: ControlStore.times.gap)
        #expect(second.leads && second.state.leader == heir && second.state.term > first.state.term)
        // The old one lives after all: it follows, and what it writes is refused.
        #expect(try !store.lead("a").leads)
        let late = try store.assign(
            [(lane: try lane(0), member: heir)], by: try member("a"), term: first.state.term, expected: 0)
        #expect(late == .fenced(term: second.state.term))
    }

    @Test("two leaders never both write: whoever was replaced is fenced, in assignment, signals and expulsions")
    func fences() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let (a, b) = (try member("a"), try member("b"))
        let old = try store.lead("a").state
        _ = try store.beat("w")
        let moves: [(lane: LaneName, member: MemberID?)] = [(try lane(1), a)]
        guard case .written(let number) = try store.assign(moves, by: a, term: old.term, expected: 0) else {
            Issue.record("expected the leader's write to be taken")
            return
        }
        try endLease(store)
        #expect(try store.assign(moves, by: a, term: old.term, expected: number) == .fenced(term: old.term))
        let new = try store.lead("b").state
        #expect(try store.assign(moves, by: a, term: old.term, expected: number) == .fenced(term: new.term))
        #expect(try store.assign(moves, by: a, term: new.term, expected: number) == .fenced(term: new.term))
        #expect(try store.number(SignalsContent([]), by: a, term: old.term) == .fenced(term: new.term))
        #expect(try store.expel([try member("w")], by: a, term: old.term) == .fenced(term: new.term))
        #expect(try store.changes(since: number).isEmpty)
        guard case .written(let next) = try store.assign([(try lane(1), b)], by: b, term: new.term, expected: number)
        else {
            Issue.record("expected the new leader's write to be taken")
            return
        }
        #expect(next > number)
    }

    @Test(
        "assignment numbers only rise, a writer that has not read the last one is refused, and changes are read by number"
    )
    func assignment() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let a = try member("a")
        let term = try store.lead("a").state.term
        var number: UInt64 = 0
        for index in 0..<20 {
            guard
                case .written(let next) = try store.assign(
                    [(try lane(index), a), (try lane(index + 1), nil)], by: a, term: term, expected: number)
            else {
                Issue.record("expected write \(index) to be taken")
                return
            }
            #expect(next > number)
            #expect(try store.assign([(try lane(1), a)], by: a, term: term, expected: number) == .stale(current: next))
            let changes = try store.changes(since: number)
            #expect(Set(changes.map(\.lane)) == [try lane(index), try lane(index + 1)])
            #expect(changes.allSatisfy { $0.target.number == next })
            number = next
        }
        let all = Dictionary(uniqueKeysWithValues: try store.changes(since: 0).map { ($0.lane, $0.target.member) })
        #expect(all.count == 21)
        #expect(try all[lane(19)] == .some(a))
        #expect(try all[lane(20)] == .some(nil))
    }

    @Test(
        "many changes are read in pieces, those of one number together, whoever wrote them", arguments: [1_000, 6_000])
    func pieces(sameNumber: Int) throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let a = try member("a")
        let names = try (0..<12_000).map { try LaneName("p\($0).0") }
        for start in stride(from: 0, to: names.count, by: sameNumber) {
            var moved = RedisCommand("ZADD")
            var assignment = RedisCommand("HSET")
            moved.add(store.keyspace.control("moved"))
            assignment.add(store.keyspace.control("assignment"))
            for lane in names[start..<start + sameNumber] {
                moved.add("\(1_000_000 + start)")
                moved.add(lane.text)
                assignment.add(lane.text)
                assignment.add(a.text)
            }
            _ = try store.connection.pipeline([moved, assignment])
        }
        var (sizes, lanes, numbers): ([Int], [LaneName], [UInt64]) = ([], [], [])
        try store.changes(since: 0) { changes in
            sizes.append(changes.count)
            lanes += changes.map(\.lane)
            numbers += changes.map(\.target.number)
        }
        #expect(lanes.count == names.count && Set(lanes) == Set(names) && numbers == numbers.sorted())
        #expect(sizes.count >= 2 && sizes.max() ?? 0 <= max(5_000, sameNumber))
        #expect(try store.changes(since: 1_000_000).count == names.count - sameNumber)
    }

    @Test("after Redis lost its tail, the next term and the next assignment are still greater than the lost ones")
    func rolledBack() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let a = try member("a")
        let lost = try store.lead("a").state.term
        guard case .written(let lostNumber) = try store.assign([(try lane(1), a)], by: a, term: lost, expected: 0)
        else {
            Issue.record("expected a write")
            return
        }
        _ = try store.connection.call(RedisCommand("FLUSHALL"))
        // Numbers rise with the server's milliseconds; a tail lost within one is not told apart.
        while try store.state().now.milliseconds <= max(Int64(lost), Int64(lostNumber)) {}
        let term = try store.lead("a").state.term
        #expect(term > lost)
        guard case .written(let number) = try store.assign([(try lane(1), a)], by: a, term: term, expected: 0) else {
            Issue.record("expected a write")
            return
        }
        #expect(number > lostNumber)
    }

    @Test("reachable since: kept while somebody comes, begun anew by a restart, a silence and a clock set back")
    func reachable() throws {
        let server = try PrivateRedis(["appendonly yes", "appendfsync always"])
        var store = try ControlStore(server)
        let first = try store.beat("a").reachableSince
        #expect(try store.lead("b").state.reachableSince == first)
        let slot = store.keyspace.control("slot")
        func set(_ field: String, _ value: Int64) throws {
            _ = try store.connection.call(RedisCommand("HSET", slot, field, String(value)))
        }
        // As if the slot had been reachable for ten seconds.
        let past = try store.state().now.milliseconds - 10_000
        try set("since", past)
        #expect(try store.beat("a").reachableSince == at(past))
        try set("seen", past)
        let afterSilence = try store.beat("a")
        #expect(afterSilence.reachableSince == afterSilence.now)
        try set("since", past)
        try set("seen", afterSilence.now.milliseconds + 3_600_000)
        let afterStep = try store.beat("a")
        #expect(afterStep.reachableSince == afterStep.now)
        try set("since", past)
        server.kill()
        try server.restart()
        store = try ControlStore(server)
        let afterRestart = try store.beat("b")
        #expect(afterRestart.reachableSince == afterRestart.now)
        #expect(!Census(try store.members(), at: afterRestart, lease: .seconds(3)).isDead(try member("a")))
    }

    @Test("a leader's lease from before the clock was set back is worth nothing")
    func leaseFromTheFuture() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let old = try store.lead("a").state
        let later = String((old.now + .seconds(3_600)).milliseconds)
        _ = try store.connection.call(RedisCommand("HSET", store.keyspace.control("leader"), "until", later))
        #expect(try !store.state().isLed)
        #expect(try !store.beat("w").isLed)
        #expect(try store.lead("b").leads)
    }

    @Test("an expulsion removes the dead and spares who beat again; a member that leaves is gone at once")
    func leaving() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        _ = try store.beat("alive")
        _ = try store.beat("dead")
        _ = try store.connection.call(
            RedisCommand("HSET", store.keyspace.control("members"), try member("dead").text, "1|2|1|1|0|0|0|0|v"))
        let term = try store.lead("a").state.term
        let both = try [member("alive"), member("dead")]
        #expect(try store.expel(both, by: try member("a"), term: term) == .written(number: 1))
        #expect(try store.members().map(\.id) == [try member("alive")])
        try store.leave(try member("alive"))
        #expect(try store.members().isEmpty)
    }

    @Test("two processes of one name have each its own record and lease")
    func twins() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        for incarnation in 1...2 as ClosedRange<UInt64> {
            _ = try store.beat(
                Heartbeat(
                    id: try MemberID(name: "w", incarnation: incarnation), load: MemberLoad(runners: 1), held: 0),
                lease: ControlStore.times.lease, gap: ControlStore.times.gap)
        }
        #expect(try store.members().map(\.id.name) == ["w", "w"])
    }

    @Test("signals are numbered, read whole and in order, and bounded")
    func signals() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let a = try member("a")
        let term = try store.lead("a").state.term
        #expect(try store.signals() == nil)
        let two = ["b", "a"].map { Signal(name: $0, value: "1", at: at(5), writer: "desk") }
        guard case .written(let number) = try store.number(SignalsContent(two), by: a, term: term) else {
            Issue.record("expected a write")
            return
        }
        let snapshot = try #require(try store.signals())
        #expect(snapshot.number == number && snapshot.signals == two.reversed() && snapshot.writer == a.text)
        let many = (0..<5_000).map { Signal(name: "n\($0)", value: "a long value", at: at(5), writer: "desk") }
        #expect(try store.number(SignalsContent(many), by: a, term: term) != .written(number: number))
        #expect(try store.signals()?.signals.isEmpty == false)
    }

    @Test("a key of another type is refused by name before anything is written")
    func wrongType() throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        _ = try store.connection.call(RedisCommand("SET", store.keyspace.control("members"), "x"))
        let error = #expect(throws: LaneError.self) { try store.beat("a") }
        #expect(error?.description.contains("expected ns:{ctl}:members to be a hash, it is a string") == true)
        #expect(try store.connection.call(RedisCommand("EXISTS", store.keyspace.control("slot"))) == .integer(0))
    }

    @Test(
        "an assignment number that somebody edited counts as none, and the next write puts it right",
        arguments: ["x", "-5", "007", "", "1e3", "99999999999999999999"])
    func editedNumber(text: String) throws {
        let server = try PrivateRedis()
        let store = try ControlStore(server)
        let term = try store.lead("a").state.term
        _ = try store.connection.call(RedisCommand("HSET", store.keyspace.control("slot"), "assignment", text))
        let read = try store.state().numbers.assignment
        let answer = try store.assign([(lane(1), member("w"))], by: member("a"), term: term, expected: read)
        guard case .written(let number) = answer else {
            Issue.record("expected it written, got \(answer)")
            return
        }
        #expect(try store.state().numbers.assignment == number && number > 1_000_000_000_000)
    }
}
