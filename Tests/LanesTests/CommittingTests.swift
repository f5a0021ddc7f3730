import Contracts
import Instants
import Lanes
import Redis
import TestSupport
import Testing

@Suite("Committing")
struct CommittingTests {
    let entity = EntityID.messages(account: "a", contact: "b")
    let action = ActionID(high: 1, low: 2)

    /// A commit with something in every list.
    func everything(_ commit: inout LaneCommit) {
        commit.states = [.init(entity: entity, bytes: [1])]
        commit.timers = [.init(entity: entity, due: Instant(milliseconds: 5_000))]
        commit.actions = [.init(id: action, bytes: [9, 9])]
        commit.results = [8]
        commit.deadLetters = [[7]]
        commit.openItems = [.init(entity: entity, bytes: [6])]
    }

    @Test("cursor, states, timers, actions, results, dead letters and open items move together")
    func together() throws {
        let kit = try LaneKit()
        let entry = try kit.append(2)
        var tenure = try kit.take()
        let position = Position(entry: entry, index: 1)
        let committed = try kit.committed(&tenure, cursor: position, decided: 1) {
            everything(&$0)
            $0.oldestPending = Instant(milliseconds: 77)
        }
        #expect(committed.nextDue == Instant(milliseconds: 5_000))
        let look = try kit.look()
        #expect(look.cursor == position && look.sequence == 1 && look.policy == 3 && look.decided == 1)
        #expect(look.oldestPending == Instant(milliseconds: 77) && look.nextDue == Instant(milliseconds: 5_000))
        let stored = try #require(try kit.store.recover(kit.lane).first)
        #expect(stored.id == action && stored.bytes == [9, 9] && stored.attempts == 0 && !stored.isOpen)
        for (key, length) in [("results", 1), ("dead", 1)] {
            #expect(try kit.call("XLEN", "ns:{de-berlin.0}:\(key)").int == Int64(length))
        }
        #expect(try kit.call("HLEN", "ns:{de-berlin.0}:open").int == 1)
        _ = try kit.committed(&tenure, cursor: .following(entry), decided: 1) {
            $0.removedTimers = [entity]
            $0.removedOpenItems = [entity]
            $0.removedStates = [entity]
        }
        #expect(try kit.look().nextDue == nil && kit.look().oldestPending == nil && kit.look().pending == 0)
        #expect(try kit.call("EXISTS", "ns:{de-berlin.0}:open", "ns:{de-berlin.0}:timers").int == 0)
    }

    @Test("a runner that lost its lane commits nothing")
    func fenced() throws {
        let kit = try LaneKit()
        let entry = try kit.append()
        let first = try kit.take(as: "a")
        let second = try kit.take(as: "b")
        let before = try kit.dump()
        #expect(try kit.commit(first, cursor: .following(entry), decided: 1, everything) == .fenced)
        #expect(try kit.dump() == before)
        var owner = second
        _ = try kit.committed(&owner, cursor: .following(entry), decided: 1, everything)
    }

    @Test("the same commit sent twice is written once")
    func sequence() throws {
        let kit = try LaneKit()
        let entry = try kit.append()
        let tenure = try kit.take()
        guard case .committed = try kit.commit(tenure, cursor: .following(entry), decided: 1, everything) else {
            Issue.record("expected committed")
            return
        }
        let before = try kit.dump()
        #expect(
            try kit.commit(tenure, cursor: .following(entry), decided: 1, everything) == .wrongSequence(expected: 1))
        #expect(try kit.dump() == before)
    }

    @Test("a commit may end inside an entry, and the next owner goes on there")
    func insideAnEntry() throws {
        let kit = try LaneKit()
        let entry = try kit.append(3)
        var tenure = try kit.take(as: "a")
        let position = Position(entry: entry, index: 2)
        _ = try kit.committed(&tenure, cursor: position, decided: 2)
        let heir = try kit.take(as: "b")
        #expect(heir.cursor == position && heir.sequence == 1)
        #expect(try kit.read(heir).entries.map(\.id) == [entry])
        #expect(try kit.look().pending == 1)
    }

    @Test(
        "a commit that is out of order is refused whole",
        arguments: ["cursor back", "cursor index back", "later now", "too many events", "too large"])
    func outOfOrder(what: String) throws {
        let kit = try LaneKit()
        let entry = try kit.append(4)
        var tenure = try kit.take()
        _ = try kit.committed(&tenure, cursor: Position(entry: entry, index: 2), decided: 2)
        let before = try kit.dump()
        let reply = try kit.commit(tenure, cursor: tenure.cursor) { commit in
            everything(&commit)
            switch what {
            case "cursor back": commit.cursor = .start
            case "cursor index back": commit.cursor = Position(entry: entry, index: 1)
            case "later now": commit.now = tenure.clock.now + .seconds(3_600)
            case "too many events": commit.decided = 513
            default: commit.results = [UInt8](repeating: 1, count: LaneCommit.mostBytes)
            }
        }
        guard case .failed(let fault) = reply, fault.code == "NSBAD" else {
            Issue.record("expected NSBAD, got \(reply)")
            return
        }
        #expect(try kit.dump() == before)
    }

    @Test(
        "a key of the wrong type refuses a commit before any write",
        arguments: ["timers", "outbox", "actions", "results", "dead", "open", "state"])
    func wrongType(key: String) throws {
        let kit = try LaneKit()
        let entry = try kit.append()
        let tenure = try kit.take()
        let name = key == "state" ? "state:\(StateHash.number(of: entity))" : key
        try kit.call("SET", "ns:{de-berlin.0}:\(name)", "x")
        let before = try kit.dump()
        let reply = try kit.commit(tenure, cursor: .following(entry), decided: 1, everything)
        guard case .failed(let fault) = reply, fault.code == "WRONGTYPE" else {
            Issue.record("expected WRONGTYPE, got \(reply)")
            return
        }
        #expect(try kit.dump() == before)
    }

    @Test("at the bound of dead letters the lane pauses itself with an alarm, and nothing else is written")
    func deadFull() throws {
        let kit = try LaneKit()
        var tenure = try kit.take()
        for _ in 0..<5 {
            _ = try kit.committed(&tenure) { $0.deadLetters = Array(repeating: [1], count: 2_000) }
        }
        #expect(try kit.commit(tenure) { $0.deadLetters = [[1]] } == .deadFull)
        let look = try kit.look()
        #expect(look.isPaused && look.alarm != nil && look.sequence == 5)
        _ = try kit.store.control(.resume, kit.lane)
        #expect(try kit.look().alarm == nil)
    }

    @Test("lists longer than a slice are written whole")
    func slices() throws {
        let kit = try LaneKit()
        var tenure = try kit.take()
        let entities = (0..<2_500).map { EntityID.messages(account: "a", contact: "\($0)") }
        let actions = (0..<2_500).map { ActionID(high: 9, low: UInt64($0)) }
        _ = try kit.committed(&tenure) { commit in
            commit.timers = entities.enumerated().map {
                .init(entity: $0.element, due: Instant(milliseconds: Int64($0.offset)))
            }
            commit.actions = actions.map { .init(id: $0, bytes: [1]) }
            commit.openItems = entities.map { .init(entity: $0, bytes: [2]) }
        }
        #expect(try kit.call("ZCARD", "ns:{de-berlin.0}:timers").int == 2_500)
        #expect(try kit.call("HLEN", "ns:{de-berlin.0}:open").int == 2_500)
        #expect(try kit.store.recover(kit.lane).map(\.id) == actions)
        let committed = try kit.committed(&tenure) { commit in
            commit.removedTimers = entities
            commit.cancels = actions
        }
        #expect(committed.cancelled == actions && committed.nextDue == nil)
        #expect(try kit.call("EXISTS", "ns:{de-berlin.0}:timers", "ns:{de-berlin.0}:outbox").int == 0)
    }

    @Test("with Redis out of memory appends are refused while commits go on")
    func outOfMemory() throws {
        let kit = try LaneKit()
        let entry = try kit.append()
        var tenure = try kit.take()
        try kit.call("CONFIG", "SET", "maxmemory", "1")
        let refused = try kit.store.append([kit.batch([[1]])])[0]
        guard case .full = refused else {
            Issue.record("expected full, got \(refused)")
            return
        }
        #expect(try kit.read(tenure).entries.count == 1)
        _ = try kit.committed(&tenure, cursor: .following(entry), decided: 1, everything)
        let claim = ClaimRequest(
            lane: kit.lane, token: tenure.token,
            items: [.init(action: action, attempt: 1, patience: .seconds(1))])
        guard case .answered = try kit.store.claim([claim])[0] else {
            Issue.record("expected a claim")
            return
        }
    }

    @Test("functions that vanish are loaded again, and the call takes effect once")
    func flushed() throws {
        let kit = try LaneKit()
        try kit.append()
        try kit.call("FUNCTION", "FLUSH")
        try kit.append()
        #expect(try kit.look().appended == 2)
    }

    @Test("replicated(1) without a replica is an error of the whole call")
    func notReplicated() throws {
        let kit = try LaneKit(durability: .replicated(1))
        #expect(throws: LaneError.notReplicated(expected: 1, got: 0)) { try kit.append() }
    }
}
