import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import SwiftProtobuf
import Testing

@testable import Workers

@Suite("The merge of events and timers")
struct LaneBatchTests {
    private var cache = StateCache(capacity: 100)
    private let ann = EntityID.messages(account: "shop", contact: "ann")
    private let bob = EntityID.messages(account: "shop", contact: "bob")

    private func entry(_ ms: UInt64, _ messages: [(String, String)]) throws -> LogEntry {
        var body: [UInt8] = []
        for (index, (contact, text)) in messages.enumerated() {
            var event = Event()
            event.id = "\(ms).\(index)"
            event.account = "shop"
            event.contact = contact
            event.message.text = text
            EventFraming.append(try event.serializedBytes(), to: &body)
        }
        return LogEntry(id: EntryID(milliseconds: ms, sequence: 0), body: body)
    }

    private func state(_ timers: [(String, Int64)]) throws -> [UInt8] {
        var state = EntityState()
        state.timers = timers.map { subject, due in
            var timer = ArmedTimer()
            timer.subject = subject
            timer.dueAt = due
            return timer
        }
        return try state.serializedBytes()
    }

    private mutating func run(
        _ entries: [LogEntry], due: [EntityID] = [], now: Int64 = 10_000, horizon: Int64 = 10_000,
        bounds: LaneBatch.Bounds = LaneBatch.Bounds(), loading states: [EntityID: [UInt8]] = [:]
    ) throws -> LaneBatch {
        let events = entries.flatMap { LoggedEvent.read($0, from: .start) }
        let needs = LaneBatch.needs(events, due: due)
        for id in cache.lacking(needs) { cache.load(id, states[id]) }
        cache.begin()
        var batch = LaneBatch(
            cursor: .start, sequence: 7, events: events, due: due, now: Instant(milliseconds: now),
            horizon: Instant(milliseconds: horizon), bounds: bounds)
        batch.begin(needs, cache)
        let policy = try WorkerKit.policy()
        while let step = batch.next(cache) { batch.perform(step, &cache, FakeDecider.decider, policy, .none) }
        return batch
    }

    @Test("a timer fires before an event that entered at its instant, and after one that entered before")
    mutating func merge() throws {
        let batch = try run(
            [try entry(100, [("ann", "one")]), try entry(200, [("ann", "two")]), try entry(201, [("ann", "three")])],
            due: [ann], loading: [ann: try state([("t", 200)])])
        #expect(batch.plan.results.map(\.rule) == ["ann:one#1", "timer t#2", "ann:two#3", "ann:three#4"])
    }

    @Test("a timer armed within the run fires in its place")
    mutating func armedWithin() throws {
        let batch = try run([
            try entry(100, [("ann", "timer 50 t")]), try entry(140, [("bob", "before")]),
            try entry(150, [("bob", "after"), ("ann", "after")]),
        ])
        #expect(
            batch.plan.results.map(\.rule) == [
                "ann:timer 50 t#1", "bob:before#1", "timer t#2", "bob:after#2", "ann:after#3",
            ])
    }

    @Test("no timer fires behind the horizon, since events may lie unread there")
    mutating func horizon() throws {
        let batch = try run(
            [try entry(100, [("ann", "timer 50 t"), ("ann", "timer 10 u")])], now: 10_000, horizon: 120)
        #expect(batch.plan.results.map(\.rule) == ["ann:timer 50 t#1", "ann:timer 10 u#2", "timer u#3"])
        #expect(cache[ann]?.state?.timers.map(\.subject) == ["t"])
    }

    @Test("timers of one instant fire by entity and kind, whatever order they were loaded in")
    mutating func ties() throws {
        let states = [ann: try state([("b", 50), ("a", 50)]), bob: try state([("c", 50)])]
        let batch = try run([], due: [bob, ann], loading: states)
        #expect(batch.plan.results.map(\.timer) == ["a", "b", "c"])
    }

    @Test("a due member whose state has nothing due moves or goes, and decides nothing")
    mutating func staleMembers() throws {
        let batch = try run([], due: [ann, bob], loading: [ann: try state([("later", 99_000)])])
        #expect(batch.plan.results.isEmpty && !batch.plan.isEmpty)
        #expect(cache[ann]?.state?.timers.count == 1)
    }

    @Test("the run ends at its bound, with the cursor within the entry")
    mutating func bound() throws {
        let messages = (0..<10).map { ("c\($0)", "note") }
        let batch = try run([try entry(100, messages)], bounds: .init(mostDecisions: 4))
        #expect(batch.plan.decided == 4)
        #expect(batch.plan.cursor == Position(entry: EntryID(milliseconds: 100, sequence: 0), index: 4))
    }

    @Test("after the last event of an entry the cursor stands behind the entry")
    mutating func behind() throws {
        let batch = try run([try entry(100, [("ann", "one")])])
        #expect(batch.plan.cursor == .following(EntryID(milliseconds: 100, sequence: 0)))
    }

    @Test("what throws or cannot be decoded is a dead letter by itself, and its neighbours are decided")
    mutating func poison() throws {
        var broken = try entry(100, [("ann", "one"), ("ann", "boom")])
        EventFraming.append([0xFF], to: &broken.body)
        let batch = try run([
            broken, LogEntry(id: EntryID(milliseconds: 101, sequence: 0), body: [1, 2, 3]),
            try entry(102, [("ann", "two")]),
        ])
        #expect(batch.plan.results.map(\.rule) == ["ann:one#1", "", "", "", "ann:two#2"])
        #expect(batch.plan.results.map(\.verdict) == [.decided, .dead, .dead, .dead, .decided])
        #expect(batch.plan.deadLetters.map(\.index) == [1, 2, 0])
        #expect(batch.plan.deadLetters[2].event == Data([1, 2, 3]))
        #expect(batch.plan.decided == 5)
    }

    @Test("an event without an entity is a dead letter that says what is missing")
    mutating func unrouted() throws {
        let batch = try run([try entry(100, [("", "one")])])
        #expect(batch.plan.deadLetters.first?.error.contains("contact") == true)
    }

    @Test("a state that cannot be decoded makes its entity's events dead letters, not those of others")
    mutating func unreadable() throws {
        let batch = try run([try entry(100, [("ann", "one"), ("bob", "two")])], loading: [ann: [0xFF, 0xFF]])
        #expect(batch.plan.results.map(\.verdict) == [.dead, .decided])
        #expect(batch.plan.touched.map(\.id) == [bob])
    }

    @Test("an action made and cancelled in one run never comes to be")
    mutating func cancelledWithin() throws {
        let batch = try run([try entry(100, [("ann", "send"), ("ann", "cancel"), ("bob", "send")])])
        #expect(batch.plan.actions.map(\.contact) == ["bob"])
        #expect(batch.plan.cancels.isEmpty)
    }

    @Test("a timer whose decision does not disarm it spoils its run, and set aside fires no more")
    mutating func endless() throws {
        let stubborn = Decider { _, own, _, _, _, _, _ in
            Decision(
                own: own ?? EntityState(), parent: nil, actions: [], cancels: [], openItem: .unchanged,
                result: DecisionResult(), changesStates: true)
        }
        let policy = try WorkerKit.policy()
        for reason in [nil, "it did not disarm itself"] {
            cache.load(ann, try state([("t", 50)]))
            cache.begin()
            var batch = LaneBatch(
                cursor: .start, sequence: 7, events: [], due: [ann], now: Instant(milliseconds: 90),
                horizon: Instant(milliseconds: 90), bounds: .init())
            batch.begin([ann], cache)
            while let step = batch.next(cache) {
                batch.perform(step, settingAside: reason, &cache, stubborn, policy, .none)
            }
            #expect((batch.spoilt == nil) == (reason != nil))
            #expect(batch.plan.deadLetters.map(\.error) == (reason.map { [$0] } ?? []))
            if reason != nil { #expect(cache[ann]?.state?.timers.isEmpty == true) }
        }
    }

    @Test("a decision that fails after it took the state spoils its run, and nothing further is decided in it")
    mutating func spoilt() throws {
        let batch = try run([try entry(100, [("ann", "one"), ("ann", "late-boom"), ("bob", "two")])])
        #expect(batch.spoilt?.contains("Boom") == true)
        #expect(batch.plan.results.map(\.rule) == ["ann:one#1"])
    }
}
