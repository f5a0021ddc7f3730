import Contracts
import Conversations
import Delivery
import Instants
import Lanes
import Membership
import Synchronization
import TestSupport
import Testing
import Workers

@Suite("A runner on a real Redis")
struct RunnerTests {
    @Test("decides every event of a lane exactly once, in order, also across entries")
    func order() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        for round in 0..<20 { try kit.append([("ann", "\(round)"), ("bob", "\(round)"), ("ann", "\(round)b")]) }
        try kit.decided(60)
        #expect(worker.stop(atMost: WorkerKit.patience))
        let ann = try kit.rules().filter { $0.hasPrefix("ann") }
        #expect(ann == (0..<20).flatMap { ["ann:\($0)#\(2 * $0 + 1)", "ann:\($0)b#\(2 * $0 + 2)"] })
        let bob = try kit.rules().filter { $0.hasPrefix("bob") }
        #expect(bob == (0..<20).map { "bob:\($0)#\($0 + 1)" })
    }

    @Test("is woken by an append to a lane that it had read to its end")
    func wakes() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        #expect(try kit.reports.wait { $0.contains(.taken(kit.lane)) })
        for round in 1...3 {
            try kit.append([("ann", "hello")])
            try kit.decided(UInt64(round))
        }
        // The counters follow the commit's reply; Redis shows what was decided before that.
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.counters.acceptedToCommitted.count == 3)
    }

    @Test("splits what is more than one commit, within an entry, and loses nothing")
    func split() throws {
        let kit = try WorkerKit()
        for _ in 0..<5 { try kit.append((0..<250).map { ("c\($0)", "note") }) }
        let worker = try kit.worker()
        try kit.decided(1_250)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.counters.committedBatches >= 3)
        #expect(Set(try kit.results().map(\.event)).count == 1_250)
        #expect(try kit.store.allStates(kit.lane).count == 250)
    }

    @Test("halves a run whose states do not fit into one commit until it fits")
    func large() throws {
        let kit = try WorkerKit()
        try kit.append((0..<100).map { ("c\($0)", "grow 30000") })
        let worker = try kit.worker()
        try kit.decided(100)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(Set(try kit.results().map(\.event)).count == 100)
        #expect(try kit.results().allSatisfy { $0.verdict == .decided })
    }

    @Test("sets what throws and what cannot be decoded aside by itself")
    func poison() throws {
        let kit = try WorkerKit()
        try kit.append([("ann", "one"), ("ann", "boom"), ("ann", "x"), ("ann", "two")], undecodable: [2])
        _ = try kit.append([9, 9, 9], count: 1)
        try kit.append([("ann", "three")])
        let worker = try kit.worker()
        try kit.decided(6)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules() == ["ann:one#1", "", "", "ann:two#2", "", "ann:three#3"])
        #expect(try kit.store.deadLetters(kit.lane).map(\.letter.index) == [1, 2, 0])
        #expect(worker.counters.deadLetters == 3)
    }

    @Test("sets a decision aside that failed after it took the state, and decides its neighbours once")
    func spoilt() throws {
        let kit = try WorkerKit()
        try kit.append([("ann", "one"), ("ann", "late-boom"), ("ann", "two"), ("bob", "three")])
        let worker = try kit.worker()
        try kit.decided(4)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules() == ["ann:one#1", "", "ann:two#2", "bob:three#1"])
        #expect(worker.counters.deadLetters == 1)
    }

    @Test("fires timers in the order of the lane clock when it is stepped, between the events")
    func virtualClock() throws {
        let kit = try WorkerKit(virtual: true)
        let worker = try kit.worker()
        try kit.append([("ann", "timer 60000 minute"), ("bob", "timer 30000 half"), ("cem", "timer 90000 late")])
        try kit.decided(3)
        try kit.step(.seconds(61))
        #expect(try kit.events.wait { _ in try kit.results().count == 5 })
        try kit.append([("dan", "timer 29000 early")])
        try kit.decided(4)
        try kit.step(.seconds(40))
        #expect(try kit.events.wait { _ in try kit.results().count == 8 })
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.results().map(\.timer).filter { !$0.isEmpty } == ["half", "minute", "late", "early"])
        #expect(try kit.look().nextDue == nil)
    }

    @Test("a lane that another took commits nothing more, and says so")
    func fenced() throws {
        let kit = try WorkerKit()
        let gate = Gate()
        let slow = Decider { id, own, parent, input, now, policy, signals in
            gate.pass()
            return try FakeDecider.decider.decide(id, &own, &parent, input, now, policy, signals)
        }
        let worker = try kit.worker(decider: slow)
        #expect(try kit.reports.wait { $0.contains(.taken(kit.lane)) })
        try kit.append([("ann", "one")])
        gate.waitUntilReached()
        let token = LaneToken(high: 1, low: 1)
        let taken = try kit.store.take([TakeRequest(lane: kit.lane, owner: "thief", assignment: 1, token: token)])[0]
        guard case .taken = taken else { throw WorkerKit.Unexpected(came: "\(taken)") }
        gate.open()
        #expect(try kit.reports.wait { $0.contains(.lost(kit.lane)) })
        #expect(try kit.results().isEmpty)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.counters.refusedCommits == 1)
        #expect(try kit.look().owner == "thief")
    }

    @Test("what an owner left when it died is decided once by the next, in order, one by one")
    func death() throws {
        let kit = try WorkerKit()
        try kit.append((0..<40).map { ("ann", "\($0)") })
        let token = LaneToken(high: 1, low: 1)
        _ = try kit.store.take([TakeRequest(lane: kit.lane, owner: "dead", assignment: 1, token: token)])
        _ = try kit.store.read([ReadRequest(lane: kit.lane, token: token, from: .start)])
        let worker = try kit.worker()
        try kit.decided(40)
        try kit.append([("ann", "last")])
        try kit.decided(41)
        #expect(try kit.rules() == (0..<40).map { "ann:\($0)#\($0 + 1)" } + ["ann:last#41"])
        #expect(try kit.look().suspect == nil)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.counters.committedBatches == 41)
    }

    @Test("a suspect lane sets aside a decision that fails late, and goes on")
    func spoiltSuspect() throws {
        let kit = try WorkerKit()
        try kit.append([("ann", "one"), ("ann", "late-boom"), ("ann", "two")])
        let token = LaneToken(high: 1, low: 1)
        _ = try kit.store.take([TakeRequest(lane: kit.lane, owner: "dead", assignment: 1, token: token)])
        _ = try kit.store.read([ReadRequest(lane: kit.lane, token: token, from: .start)])
        let worker = try kit.worker()
        try kit.decided(3)
        #expect(try kit.rules() == ["ann:one#1", "", "ann:two#2"])
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.counters.deadLetters == 1)
    }

    @Test("an event that three owners died of is set aside, its neighbours are decided")
    func strikes() throws {
        let kit = try WorkerKit()
        let entry = try kit.append([("ann", "one"), ("ann", "killer"), ("ann", "two")])
        let mark = LaneMark.event(Position(entry: entry, index: 1))
        for death in 0..<3 {
            let token = LaneToken(high: 1, low: UInt64(death))
            let request = TakeRequest(lane: kit.lane, owner: "dead-\(death)", assignment: 1, token: token)
            _ = try kit.store.take([request])
            _ = try kit.store.read([ReadRequest(lane: kit.lane, token: token, from: .start)])
            _ = try kit.store.control(.mark(mark, token), kit.lane)
        }
        let worker = try kit.worker()
        try kit.decided(3)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.results().map(\.verdict) == [.decided, .dead, .decided])
        #expect(try kit.store.deadLetters(kit.lane).map(\.letter.strikes) == [3])
    }

    @Test("a cut connection costs nothing and doubles nothing", arguments: 1...3)
    func cutConnection(round: Int) throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        for batch in 0..<30 {
            try kit.append((0..<20).map { ("c\($0)", "\(batch)") })
            if batch % 7 == round { try kit.killConnections() }
        }
        try kit.decided(600)
        #expect(worker.stop(atMost: WorkerKit.patience))
        let events = try kit.results().map(\.event)
        #expect(events.count == 600 && Set(events).count == 600)
        for contact in 0..<20 {
            let rules = try kit.rules().filter { $0.hasPrefix("c\(contact):") }
            #expect(rules == (0..<30).map { "c\(contact):\($0)#\($0 + 1)" })
        }
    }

    @Test("gives a revoked lane back between two rounds; the next owner goes on where it stood")
    func handOver() throws {
        let kit = try WorkerKit()
        let first = try kit.worker("worker-a")
        try kit.append([("ann", "one")])
        try kit.decided(1)
        first.revoke(kit.lane)
        #expect(try kit.reports.wait { $0.contains(.released(kit.lane)) })
        #expect(try kit.look().owner == nil)
        let second = try kit.worker("worker-b", assignment: 2)
        try kit.append([("ann", "two")])
        try kit.decided(2)
        #expect(try kit.rules() == ["ann:one#1", "ann:two#2"])
        #expect(try kit.look().suspect == nil)
        #expect(first.stop(atMost: WorkerKit.patience) && second.stop(atMost: WorkerKit.patience))
    }

    @Test("releases a lane that another asks for")
    func wanted() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        #expect(try kit.reports.wait { $0.contains(.taken(kit.lane)) })
        _ = try kit.store.control(.want(owner: "worker-b"), kit.lane)
        #expect(try kit.reports.wait { $0.contains(.released(kit.lane)) })
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test("refuses a lane whose assignment is newer than its own")
    func olderAssignment() throws {
        let kit = try WorkerKit()
        _ = try kit.store.take([
            TakeRequest(lane: kit.lane, owner: "other", assignment: 9, token: LaneToken(high: 1, low: 1))
        ])
        let worker = try kit.worker(assignment: 8)
        #expect(try kit.reports.wait { $0.contains(.refused(kit.lane)) })
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test("decides nothing in a paused lane, and all of it once it goes on")
    func paused() throws {
        let kit = try WorkerKit()
        _ = try kit.store.control(.pause, kit.lane)
        let worker = try kit.worker()
        try kit.append([("ann", "one")])
        #expect(try kit.reports.wait { $0.contains(.taken(kit.lane)) })
        _ = try kit.store.control(.resume, kit.lane)
        try kit.decided(1)
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test("goes on after Redis died and came back empty-handed of replies")
    func redisRestarts() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try kit.append([("ann", "one")])
        try kit.decided(1)
        kit.redis.kill()
        try kit.redis.restart()
        // However long Redis took to come back: then it is ready again.
        #expect(try kit.reports.wait { _ in worker.counters.reconnects > 0 && worker.isReady() })
        #expect(worker.stop(atMost: WorkerKit.patience))
    }
}

/// Holds a decision until a test lets it go on.
final class Gate: Sendable {
    private let reached = Mailbox<Bool>(empty: false)
    private let opened = Mailbox<Bool>(empty: false)
    private let isOpen = Mutex(false)

    func pass() {
        if isOpen.withLock({ $0 }) { return }
        reached.post { $0 = true }
        _ = opened.take(waiting: WorkerKit.patience)
        isOpen.withLock { $0 = true }
    }

    func waitUntilReached() { _ = reached.take(waiting: WorkerKit.patience) }

    func open() { opened.post { $0 = true } }
}
