import Contracts
import Instants
import Lanes
import Redis
import TestSupport
import Testing

@Suite("Appending, taking, reading, releasing")
struct OwningTests {
    @Test("a batch is held once, and the same batch offered again is answered with the same entry")
    func offeredAgain() throws {
        let kit = try LaneKit()
        let batch = kit.batch([[1], [2]])
        guard case .held(let entry, _) = try kit.store.append([batch])[0] else {
            Issue.record("expected held")
            return
        }
        guard case .alreadyHeld(entry, _) = try kit.store.append([batch])[0] else {
            Issue.record("expected already held at \(entry)")
            return
        }
        #expect(try kit.store.log(kit.lane).count == 1)
        #expect(try kit.look().appended == 2)
    }

    @Test("a lower number is held without a place, a gap is refused with the expected number")
    func numbers() throws {
        let kit = try LaneKit()
        for number: UInt64 in 5...7 {
            guard case .held = try kit.store.append([kit.batch([[1]], number: number)])[0] else {
                Issue.record("expected number \(number) to be held")
                return
            }
        }
        guard case .alreadyHeld(nil, _) = try kit.store.append([kit.batch([[1]], number: 5)])[0] else {
            Issue.record("expected an older number to be held without a place")
            return
        }
        #expect(try kit.store.append([kit.batch([[1]], number: 9)])[0] == .gap(expected: 8))
        #expect(try kit.look().appended == 3)
    }

    @Test("the 64 latest producers are remembered, and the one least recently heard goes first")
    func producers() throws {
        let kit = try LaneKit()
        for producer in UInt64(1)...64 {
            _ = try kit.store.append([kit.batch([[1]], number: 1, producer: ProducerID(producer))])
        }
        _ = try kit.store.append([kit.batch([[1]], number: 2, producer: ProducerID(1))])
        _ = try kit.store.append([kit.batch([[1]], number: 1, producer: ProducerID(65))])
        let first = try kit.store.append([kit.batch([[1]], number: 2, producer: ProducerID(1))])[0]
        guard case .alreadyHeld = first else {
            Issue.record("expected producer 1 to be known, got \(first)")
            return
        }
        let second = try kit.store.append([kit.batch([[1]], number: 1, producer: ProducerID(2))])[0]
        guard case .held = second else {
            Issue.record("expected producer 2 to be forgotten, got \(second)")
            return
        }
        let fields = try kit.call("HKEYS", "ns:{de-berlin.0}:lane").array?.compactMap(\.string) ?? []
        #expect(fields.filter { $0.hasPrefix("p:") }.count == 64)
    }

    @Test("a closed lane refuses appends, but answers for a batch that it holds")
    func closed() throws {
        let kit = try LaneKit()
        let batch = kit.batch([[1]])
        _ = try kit.store.append([batch])
        _ = try kit.store.control(.close, kit.lane)
        guard case .alreadyHeld = try kit.store.append([batch])[0] else {
            Issue.record("expected already held")
            return
        }
        #expect(try kit.store.append([kit.batch([[2]])])[0] == .closed)
        _ = try kit.store.control(.open(generation: 4), kit.lane)
        #expect(try kit.store.append([kit.batch([[2]], number: 2, generation: 1)])[0] == .wrongGeneration(current: 4))
        // One that names no generation was placed by the first topology.
        #expect(try kit.store.append([kit.batch([[2]], number: 2)])[0] == .wrongGeneration(current: 4))
        guard case .held = try kit.store.append([kit.batch([[2]], number: 2, generation: 4)])[0] else {
            Issue.record("expected held")
            return
        }
    }

    @Test("a lane is full by undecided events or by bytes, and takes again what fits")
    func full() throws {
        let kit = try LaneKit()
        let bounds = LaneBounds(mostPending: 3, mostLogBytes: 1_000)
        try kit.append(3)
        guard case .full = try kit.store.append([kit.batch([[1]], number: 2, bounds: bounds)])[0] else {
            Issue.record("expected full")
            return
        }
        var tenure = try kit.take()
        let entry = try kit.read(tenure).entries[0].id
        _ = try kit.committed(&tenure, cursor: .following(entry), decided: 3)
        let large = [UInt8](repeating: 7, count: 990)
        guard case .held = try kit.store.append([kit.batch([large], number: 2, bounds: bounds)])[0],
            case .full = try kit.store.append([kit.batch([[1]], number: 3, bounds: bounds)])[0]
        else {
            Issue.record("expected one to be held and the next to be refused")
            return
        }
    }

    @Test("entry ids never go back, even if the lane's now is ahead of the server's clock")
    func entryIDs() throws {
        let kit = try LaneKit(virtual: true)
        let first = try kit.append()
        _ = try kit.store.control(.step(.seconds(3_600)), kit.lane)
        let second = try kit.append()
        #expect(second.milliseconds >= first.milliseconds + 3_600_000)
        try kit.call("HSET", "ns:{de-berlin.0}:lane", "now", "\(second.milliseconds + 1_000_000)")
        #expect(try kit.append().milliseconds == second.milliseconds + 1_000_000)
    }

    @Test("reading to the end sets drained; the next append clears it and wakes, the one after does not")
    func drained() throws {
        let kit = try LaneKit()
        let tenure = try kit.take()
        let entry = try kit.append()
        let reading = try kit.read(tenure)
        #expect(reading.isDrained && reading.entries.map(\.id) == [entry])
        let waker = try Waker(kit)
        try kit.append()
        try kit.append()
        #expect(try kit.look().isDrained == false)
        _ = try kit.store.control(.pause, kit.lane)
        #expect(try waker.messages(2) == ["append", "pause"])
    }

    @Test("an older assignment is refused, an equal or newer one takes, and each taking voids the token before")
    func assignments() throws {
        let kit = try LaneKit()
        let first = try kit.take(as: "a", assignment: 5)
        let request = TakeRequest(lane: kit.lane, owner: "b", assignment: 4, token: LaneToken(high: 1, low: 1))
        #expect(try kit.store.take([request])[0] == .olderAssignment(current: 5))
        let second = try kit.take(as: "b", assignment: 5)
        #expect(second.epoch > first.epoch)
        #expect(try kit.store.release([(lane: kit.lane, token: first.token)])[0] == .fenced)
        let stale = ReadRequest(lane: kit.lane, token: first.token, from: .start)
        #expect(try kit.store.read([stale])[0] == .fenced)
    }

    @Test("a release wakes the heir, and afterwards the old token reads and commits nothing")
    func release() throws {
        let kit = try LaneKit()
        let tenure = try kit.take()
        try kit.append()
        _ = try kit.read(tenure)
        let waker = try Waker(kit)
        #expect(try kit.store.release([(lane: kit.lane, token: tenure.token)])[0] == .released)
        #expect(try waker.messages(1) == ["released"])
        #expect(try kit.commit(tenure) == .fenced)
        #expect(try kit.take(as: "heir").suspect == nil)
    }

    @Test("a read gives what fits count and bytes, at least one entry, and goes on where it ended")
    func bounds() throws {
        let kit = try LaneKit()
        let tenure = try kit.take()
        let large = [UInt8](repeating: 1, count: 40_000)
        var ids: [EntryID] = []
        for _ in 0..<9 {
            guard case .held(let entry, _) = try kit.store.append([kit.batch([large])])[0] else { continue }
            ids.append(entry)
        }
        let first = try kit.read(tenure, mostBytes: 100_000)
        #expect(first.entries.map(\.id) == Array(ids[..<2]) && !first.isDrained)
        #expect(first.horizon.milliseconds == Int64(ids[1].milliseconds))
        let second = try kit.read(tenure, from: Position.following(ids[1]).entry, mostBytes: 1)
        #expect(second.entries.map(\.id) == [ids[2]])
        let third = try kit.read(tenure, from: Position.following(ids[2]).entry, mostEntries: 6)
        #expect(third.entries.map(\.id) == Array(ids[3...]) && third.isDrained)
        #expect(third.horizon == third.clock.now)
    }

    @Test("now never goes back, and a server's clock more than a minute behind holds timers")
    func now() throws {
        let kit = try LaneKit()
        var tenure = try kit.take()
        let entity = EntityID.messages(account: "a", contact: "b")
        let due = tenure.clock.now
        _ = try kit.committed(&tenure) { $0.timers = [.init(entity: entity, due: due)] }
        let ahead = tenure.clock.now + .seconds(50)
        try kit.call("HSET", "ns:{de-berlin.0}:lane", "now", "\(ahead.milliseconds)")
        let reading = try kit.read(tenure)
        #expect(reading.clock.now == ahead && !reading.holdsTimers && reading.dueTimers.count == 1)
        let far = ahead + .seconds(60)
        try kit.call("HSET", "ns:{de-berlin.0}:lane", "now", "\(far.milliseconds)")
        let held = try kit.read(tenure)
        #expect(held.clock.now == far && held.holdsTimers && held.dueTimers.isEmpty)
    }

    @Test("a timer is not given past an event that stands in the log before it was due")
    func horizon() throws {
        let kit = try LaneKit(virtual: true)
        var tenure = try kit.take()
        let entity = EntityID.messages(account: "a", contact: "b")
        let entry = try kit.append()
        let due = Instant(milliseconds: Int64(entry.milliseconds) + 500)
        _ = try kit.committed(&tenure) { $0.timers = [.init(entity: entity, due: due)] }
        _ = try kit.store.control(.step(.seconds(10)), kit.lane)
        let last = try kit.append()
        let first = try kit.read(tenure, mostEntries: 1)
        #expect(first.dueTimers.isEmpty && first.nextDue == due)
        let rest = try kit.read(tenure, from: Position.following(entry).entry)
        #expect(rest.entries.map(\.id) == [last])
        #expect(rest.dueTimers == [DueTimer(entity: entity.text, due: due)])
    }

    @Test("a paused lane takes appends and gives nothing; resuming wakes")
    func paused() throws {
        let kit = try LaneKit()
        let tenure = try kit.take()
        _ = try kit.store.control(.pause, kit.lane)
        try kit.append()
        let reading = try kit.read(tenure)
        #expect(reading.isPaused && reading.entries.isEmpty && !reading.isDrained)
        let waker = try Waker(kit)
        _ = try kit.store.control(.resume, kit.lane)
        #expect(try waker.messages(1) == ["resume"])
        #expect(try kit.read(tenure).entries.count == 1)
    }

    @Test("states come back in the order asked, nil where there is none")
    func states() throws {
        let kit = try LaneKit()
        var tenure = try kit.take()
        let entities = (0..<300).map { EntityID.messages(account: "a", contact: "c\($0)") }
        let written = entities.enumerated().filter { $0.offset % 3 != 0 }
        _ = try kit.committed(&tenure) { commit in
            commit.states = written.map { .init(entity: $0.element, bytes: Array("state \($0.offset)".utf8)) }
        }
        let found = try kit.store.states([(lane: kit.lane, entities: entities), (lane: kit.lane, entities: [])])
            .map { try #require($0) }
        #expect(found.count == 2 && found[1].isEmpty && found[0].count == 300)
        for (offset, state) in found[0].enumerated() {
            #expect(state == (offset % 3 == 0 ? nil : Array("state \(offset)".utf8)))
        }
        _ = try kit.committed(&tenure) { $0.removedStates = Array(entities[0..<150]) }
        let left = try #require(try kit.store.states([(lane: kit.lane, entities: entities)])[0])
        #expect(left.compactMap { $0 }.count == 100)
        #expect(try kit.store.allStates(kit.lane).count == 100)
    }
}
