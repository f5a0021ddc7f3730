import Contracts
import Instants
import Lanes
import Redis
import TestSupport
import Testing

@Suite("Claiming and settling")
struct DeliveringTests {
    let action = ActionID(high: 0xAB, low: 0xCD)

    func claim(
        _ kit: LaneKit, _ tenure: Tenure, attempt: UInt32 = 1, patience: Duration = .seconds(60)
    ) throws -> ClaimReply {
        let item = ClaimRequest.Item(action: action, attempt: attempt, patience: patience)
        return try kit.store.claim([ClaimRequest(lane: kit.lane, token: tenure.token, items: [item])])[0]
    }

    func settle(
        _ kit: LaneKit, attempt: UInt32 = 1, _ verdict: SettleRequest.Verdict = .close, outcome: [UInt8] = [1, 2]
    ) throws -> (Settled, EntryID?) {
        let item = SettleRequest.Item(action: action, attempt: attempt, verdict: verdict, outcome: outcome)
        let reply = try kit.store.settle([SettleRequest(lane: kit.lane, items: [item])])[0]
        guard case .answered(let settled, let entry) = reply else { throw LaneKit.Unexpected(came: "\(reply)") }
        return (try kit.only(settled), entry)
    }

    func isClaimed(_ reply: ClaimReply) -> Bool {
        guard case .answered(let claims) = reply, case .claimed? = claims.first else { return false }
        return claims.count == 1
    }

    func lane() throws -> (LaneKit, Tenure) {
        let kit = try LaneKit()
        var tenure = try kit.take()
        _ = try kit.committed(&tenure) { $0.actions = [.init(id: action, bytes: [5, 6, 7])] }
        return (kit, tenure)
    }

    @Test("an attempt and its deadline are on record before anything is sent; a second claim waits for it")
    func claimed() throws {
        let (kit, tenure) = try lane()
        guard case .answered(let claims) = try claim(kit, tenure), case .claimed(let until)? = claims.first else {
            Issue.record("expected a claim")
            return
        }
        let stored = try kit.store.recover(kit.lane)[0]
        #expect(stored.isOpen && stored.attempts == 1 && stored.deadline == until && stored.bytes == [5, 6, 7])
        #expect(stored.nextAttempt == until)
        #expect(try claim(kit, tenure, attempt: 2) == .answered([.attemptOpen(until: until)]))
    }

    @Test("a new owner leaves an open attempt alone until its deadline, then counts on from it")
    func takenOver() throws {
        let (kit, tenure) = try lane()
        guard isClaimed(try claim(kit, tenure, patience: .zero)) else {
            Issue.record("expected a claim")
            return
        }
        let heir = try kit.take(as: "heir")
        #expect(try claim(kit, tenure, attempt: 2) == .fenced)
        #expect(try claim(kit, heir, attempt: 1) == .answered([.stale(attempts: 1)]))
        guard isClaimed(try claim(kit, heir, attempt: 2)) else {
            Issue.record("expected the second attempt")
            return
        }
        #expect(try settle(kit, attempt: 1).0 == .stale)
        #expect(try settle(kit, attempt: 2).0 == .closed)
    }

    @Test("whoever saw the outcome settles, in one step: the action goes, the outcome enters the log and wakes")
    func settled() throws {
        let (kit, tenure) = try lane()
        _ = try claim(kit, tenure)
        #expect(try kit.read(tenure).isDrained)
        _ = try kit.take(as: "heir")
        let waker = try Waker(kit)
        _ = try kit.store.control(.close, kit.lane)
        let (settlement, entry) = try settle(kit)
        #expect(settlement == .closed)
        #expect(try waker.messages(2) == ["close", "settle"])
        let logged = try kit.store.log(kit.lane)[0]
        #expect(logged.id == entry && logged.body == [0x0A, 2, 1, 2])
        #expect(try kit.look().appended == 1)
        #expect(try kit.store.recover(kit.lane).isEmpty)
        #expect(try settle(kit).0 == .gone)
        #expect(try kit.look().appended == 1)
        #expect(try claim(kit, tenure, attempt: 2) == .fenced)
    }

    @Test("an attempt that failed is tried again later; a stale settlement changes nothing")
    func again() throws {
        let (kit, tenure) = try lane()
        _ = try claim(kit, tenure)
        guard case (.rescheduled(let at), nil) = try settle(kit, .again(after: .seconds(30))) else {
            Issue.record("expected to be re-scheduled")
            return
        }
        let stored = try kit.store.recover(kit.lane)[0]
        #expect(!stored.isOpen && stored.attempts == 1 && stored.nextAttempt == at)
        let before = try kit.dump()
        #expect(try settle(kit).0 == .stale)
        #expect(try settle(kit, attempt: 2).0 == .stale)
        #expect(try kit.dump() == before)
        guard isClaimed(try claim(kit, tenure, attempt: 2)) else {
            Issue.record("expected the second attempt")
            return
        }
    }

    @Test("cancel removes an action that is not under way")
    func cancelled() throws {
        var (kit, tenure) = try lane()
        #expect(try kit.committed(&tenure) { $0.cancels = [action] }.cancelled == [action])
        #expect(try kit.store.recover(kit.lane).isEmpty)
        #expect(try claim(kit, tenure) == .answered([.gone]))
    }

    @Test("cancel of an action under way forbids another attempt: `again` closes it with the outcome given")
    func cancelledUnderWay() throws {
        var (kit, tenure) = try lane()
        _ = try claim(kit, tenure)
        #expect(try kit.committed(&tenure) { $0.cancels = [action] }.cancelled == [])
        let stored = try kit.store.recover(kit.lane)[0]
        #expect(stored.isOpen && stored.mayNotRetry)
        #expect(try settle(kit, .again(after: .seconds(1))).0 == .closed)
        #expect(try kit.look().appended == 1)
    }

    @Test(
        "cancel of an action whose last attempt is unclear leaves it to be settled: nobody claims it, and nothing is lost"
    )
    func cancelledUnclear() throws {
        var (kit, tenure) = try lane()
        _ = try claim(kit, tenure)
        guard case (.rescheduled, nil) = try settle(kit, .again(after: .seconds(300), isUnclear: true)) else {
            Issue.record("expected to be re-scheduled")
            return
        }
        let waiting = try kit.store.recover(kit.lane)[0]
        #expect(waiting.isUnclear && !waiting.isOpen && !waiting.mayNotRetry && waiting.attempts == 1)
        let committed = try kit.committed(&tenure) { $0.cancels = [action] }
        #expect(committed.cancelled == [] && committed.stopped == [action])
        let stopped = try kit.store.recover(kit.lane)[0]
        #expect(stopped.isOpen && stopped.mayNotRetry && !stopped.isUnclear)
        #expect(stopped.deadline <= (try kit.store.serverTime()) && stopped.nextAttempt == stopped.deadline)
        #expect(try claim(kit, tenure, attempt: 2) == .answered([.noRetry]))
        #expect(try settle(kit).0 == .closed)
        #expect(try kit.look().appended == 1)
    }

    @Test(
        "an attempt that was unclear is no longer so to a cancel once a later one is under way, which forbids another")
    func unclearThenOpen() throws {
        var (kit, tenure) = try lane()
        _ = try claim(kit, tenure)
        _ = try settle(kit, .again(after: .zero, isUnclear: true))
        guard isClaimed(try claim(kit, tenure, attempt: 2)) else {
            Issue.record("expected the second attempt")
            return
        }
        #expect(try kit.committed(&tenure) { $0.cancels = [action] }.stopped == [])
        #expect(try settle(kit, attempt: 2, .again(after: .zero)).0 == .closed)
    }

    @Test("cancelled under way and past its deadline, it is claimed by nobody")
    func noRetry() throws {
        var (kit, tenure) = try lane()
        _ = try claim(kit, tenure, patience: .zero)
        _ = try kit.committed(&tenure) { $0.cancels = [action] }
        #expect(try claim(kit, tenure, attempt: 2) == .answered([.noRetry]))
        #expect(try settle(kit).0 == .closed)
    }

    @Test("an action made and cancelled by one commit is gone")
    func madeAndCancelled() throws {
        let kit = try LaneKit()
        var tenure = try kit.take()
        _ = try kit.committed(&tenure) { commit in
            commit.actions = [.init(id: action, bytes: [1])]
            commit.cancels = [action]
        }
        #expect(try kit.store.recover(kit.lane).isEmpty)
    }

    @Test("a paused lane claims nothing and settles what is under way")
    func paused() throws {
        let (kit, tenure) = try lane()
        _ = try claim(kit, tenure)
        _ = try kit.store.control(.pause, kit.lane)
        #expect(try claim(kit, tenure, attempt: 2) == .paused)
        #expect(try settle(kit).0 == .closed)
    }
}
