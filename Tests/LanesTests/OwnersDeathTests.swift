import Contracts
import Instants
import Lanes
import Redis
import TestSupport
import Testing

@Suite("An owner's death")
struct OwnersDeathTests {
    @Test("an owner that dies with a batch in hand makes the lane suspect up to the end of it")
    func suspect() throws {
        let kit = try LaneKit()
        try kit.append()
        let last = try kit.append()
        _ = try kit.read(try kit.take(as: "a"))
        let heir = try kit.take(as: "b")
        #expect(heir.suspect == Suspect(until: last, mark: nil, strikes: 0))
    }

    @Test("an owner that committed all it had in hand, or takes its own lane again, is no death")
    func noDeath() throws {
        let kit = try LaneKit()
        let entry = try kit.append()
        var tenure = try kit.take(as: "a")
        _ = try kit.read(tenure)
        tenure = try kit.take(as: "a")
        #expect(tenure.suspect == nil)
        _ = try kit.read(tenure)
        _ = try kit.committed(&tenure, cursor: .following(entry), decided: 1)
        #expect(try kit.take(as: "b").suspect == nil)
    }

    @Test("a commit of half the batch leaves the rest in hand")
    func half() throws {
        let kit = try LaneKit()
        let first = try kit.append()
        let second = try kit.append()
        var tenure = try kit.take(as: "a")
        _ = try kit.read(tenure)
        _ = try kit.committed(&tenure, cursor: .following(first), decided: 1)
        #expect(try kit.look().busyUntil == second)
        #expect(try kit.take(as: "b").suspect?.until == second)
    }

    @Test("deaths with the same mark are strikes, another mark starts anew, and a commit lifts the suspicion")
    func strikes() throws {
        let kit = try LaneKit()
        let entry = try kit.append(2)
        _ = try kit.read(try kit.take(as: "run 0"))
        let (poison, other) = (Position(entry: entry, index: 1), Position(entry: entry, index: 0))
        for run in 1...Suspect.mostStrikes {
            let tenure = try kit.take(as: "run \(run)")
            #expect(tenure.suspect?.strikes == run - 1)
            _ = try kit.read(tenure)
            _ = try kit.store.control(.mark(.event(poison), tenure.token), kit.lane)
        }
        var tenure = try kit.take(as: "last")
        #expect(tenure.suspect == Suspect(until: entry, mark: .event(poison), strikes: Suspect.mostStrikes))
        _ = try kit.store.control(.mark(.event(other), tenure.token), kit.lane)
        #expect(try kit.look().suspect?.strikes == 0)
        #expect(try kit.committed(&tenure, cursor: poison, decided: 1).isSuspect)
        #expect(try !kit.committed(&tenure, cursor: .following(entry), decided: 1).isSuspect)
        #expect(try kit.look().suspect == nil && kit.look().busyUntil == nil)
    }

    @Test("due timers in hand make a lane suspect until no timer is due by their instant")
    func timers() throws {
        let kit = try LaneKit(virtual: true)
        let entity = EntityID.messages(account: "a", contact: "b")
        var tenure = try kit.take(as: "a")
        let due = tenure.clock.now + .seconds(5)
        _ = try kit.committed(&tenure) { $0.timers = [.init(entity: entity, due: due)] }
        _ = try kit.store.control(.step(.seconds(60)), kit.lane)
        #expect(try kit.read(tenure).dueTimers.count == 1)
        tenure = try kit.take(as: "b")
        let suspect = try #require(tenure.suspect)
        #expect(Int64(suspect.until.milliseconds) >= due.milliseconds)
        _ = try kit.store.control(.mark(.timer(entity), tenure.token), kit.lane)
        #expect(try kit.look().suspect?.mark == .timer(entity))
        #expect(try kit.committed(&tenure) { $0.policy = 4 }.isSuspect)
        #expect(try !kit.committed(&tenure) { $0.removedTimers = [entity] }.isSuspect)
    }

    @Test("only the owner marks, and marks read back as they were written")
    func marks() throws {
        let kit = try LaneKit()
        let first = try kit.take(as: "a")
        _ = try kit.take(as: "b")
        let mark = LaneMark.event(Position(entry: EntryID(milliseconds: 5, sequence: 6), index: 7))
        #expect(try kit.store.control(.mark(mark, first.token), kit.lane) == .fenced)
        #expect(LaneMark(mark.description) == mark)
        #expect(LaneMark("5-6") == nil && LaneMark("t:x") == nil && LaneMark("5-6/-1") == nil)
    }
}
