import Contracts
import Instants
import Redis
import TestSupport
import Testing

@testable import Lanes

@Suite("Operators' verbs, erasure and trimming")
struct UpkeepTests {
    @Test("step moves a virtual lane's clock forwards and wakes; another lane refuses it")
    func step() throws {
        let kit = try LaneKit(virtual: true)
        guard case .done(let before) = try kit.store.control(.step(.zero), kit.lane) else {
            Issue.record("expected done")
            return
        }
        let waker = try Waker(kit)
        guard case .done(let after) = try kit.store.control(.step(.seconds(86_400)), kit.lane) else {
            Issue.record("expected done")
            return
        }
        #expect(try waker.messages(1) == ["step"])
        #expect(after.now - before.now >= .seconds(86_400) && after.offset == .seconds(86_400))
        #expect(try kit.take().clock.offset == .seconds(86_400))
        let plain = try LaneKit()
        _ = try plain.take()
        #expect(try plain.store.control(.step(.seconds(1)), plain.lane) == .differs)
        #expect(
            try plain.store.control(.create(generation: 1, isVirtual: true, offset: .zero), plain.lane) == .differs)
        #expect(try plain.store.control(.pause, LaneName("de-berlin.1")) == .missing)
    }

    @Test("a wish for a lane is seen by its owner's read and commit, and ends with the next taking")
    func want() throws {
        let kit = try LaneKit()
        var tenure = try kit.take(as: "a")
        _ = try kit.store.control(.want(owner: "b"), kit.lane)
        #expect(try kit.read(tenure).wantedBy == "b")
        #expect(try kit.committed(&tenure).wantedBy == "b")
        _ = try kit.take(as: "b")
        #expect(try kit.look().wantedBy == nil)
    }

    @Test("draining closes, opening ends both and raises the generation")
    func drain() throws {
        let kit = try LaneKit()
        _ = try kit.take()
        _ = try kit.store.control(.drain, kit.lane)
        #expect(try kit.look().isClosed && kit.look().isDraining)
        _ = try kit.store.control(.open(generation: 2), kit.lane)
        let look = try kit.look()
        #expect(!look.isClosed && !look.isDraining && look.generation == 2)
    }

    @Test("trimming never passes the cursor, whatever the age, and counts bytes")
    func trim() throws {
        let kit = try LaneKit()
        var tenure = try kit.take()
        let entries = try (0..<30).map { _ in try kit.append(2) }
        _ = try kit.committed(&tenure, cursor: Position(entry: entries[20], index: 1), decided: 41)
        let all = try kit.look().logBytes
        let nothing = Retention(log: .zero, mostLogBytes: 0, results: .zero, deadLetters: .zero)
        guard case .trimmed(let trimmed) = try kit.store.trim([kit.lane], retention: nothing)[0] else {
            Issue.record("expected trimmed")
            return
        }
        #expect(trimmed.entries == 20 && !trimmed.hasMore)
        #expect(try kit.store.log(kit.lane).map(\.id) == Array(entries[20...]))
        #expect(try kit.look().logBytes == all - UInt64(trimmed.bytes) && trimmed.bytes == Int(all) / 30 * 20)
        #expect(try kit.read(tenure).entries.count == 10)
    }

    @Test("trimming keeps what is young, unless the bytes are too many: then the oldest go")
    func trimByBytes() throws {
        let kit = try LaneKit()
        var tenure = try kit.take()
        let entries = try (0..<10).map { _ in try kit.append() }
        _ = try kit.committed(&tenure, cursor: .following(entries[9]), decided: 10)
        let each = try kit.look().logBytes / 10
        var retention = Retention()
        let none = Trimmed(entries: 0, bytes: 0, results: 0, deadLetters: 0, hasMore: false)
        #expect(try kit.store.trim([kit.lane], retention: retention)[0] == .trimmed(none))
        retention.mostLogBytes = Int(each) * 4
        guard case .trimmed(let trimmed) = try kit.store.trim([kit.lane], retention: retention)[0] else { return }
        #expect(trimmed.entries == 6)
        #expect(try kit.store.log(kit.lane).count == 4)
    }

    @Test("an erasure is fenced, takes decided entries only, and keeps what stood beside")
    func erase() throws {
        let kit = try LaneKit()
        var tenure = try kit.take(as: "a")
        let (first, second) = (try kit.append(2), try kit.append())
        let entity = EntityID.messages(account: "a", contact: "b")
        let action = ActionID(high: 3, low: 4)
        _ = try kit.committed(&tenure, cursor: .following(first), decided: 2) { commit in
            commit.states = [.init(entity: entity, bytes: [1])]
            commit.timers = [.init(entity: entity, due: Instant(milliseconds: 5))]
            commit.actions = [.init(id: action, bytes: [1])]
            commit.openItems = [.init(entity: entity, bytes: [1])]
            commit.deadLetters = [[1]]
        }
        let letter = try #require(try kit.call("XRANGE", "ns:{de-berlin.0}:dead", "-", "+").array?.first)
        var request = EraseRequest(lane: kit.lane, token: tenure.token)
        request.entries = [first]
        request.kept = [.init(position: Position(entry: first, index: 1), event: [9])]
        request.states = [entity]
        request.timers = [entity]
        request.actions = [action]
        request.openItems = [entity]
        request.deadLetters = [try #require(letter.array?.first?.string.flatMap { EntryID($0) })]
        var early = request
        early.entries = [second]
        guard case .failed(let fault) = try kit.store.erase([early])[0], fault.code == "NSBAD" else {
            Issue.record("expected an undecided entry to be refused")
            return
        }
        let bytes = try kit.look().logBytes
        guard case .erased(1, let erased) = try kit.store.erase([request])[0] else {
            Issue.record("expected one entry to be erased")
            return
        }
        #expect(try kit.look().logBytes == bytes - UInt64(erased) && kit.look().nextDue == nil)
        let left = try kit.call("KEYS", "*").array?.compactMap(\.string).sorted()
        #expect(left == ["dead", "in", "kept", "lane"].map { "ns:{de-berlin.0}:\($0)" })
        #expect(try kit.call("HGET", "ns:{de-berlin.0}:kept", "\(first)/1").bytes == [9])
        #expect(try kit.store.erase([request])[0] == .erased(entries: 0, bytes: 0))
        _ = try kit.take(as: "b")
        #expect(try kit.store.erase([request])[0] == .fenced)
    }

    @Test("a glance says of a lane what a look says")
    func glance() throws {
        let kit = try LaneKit()
        var tenure = try kit.take(as: "a")
        let entry = try kit.append(3)
        let entity = EntityID.messages(account: "a", contact: "b")
        _ = try kit.committed(&tenure, cursor: Position(entry: entry, index: 2), decided: 2) {
            $0.timers = [.init(entity: entity, due: Instant(milliseconds: 9))]
        }
        _ = try kit.store.control(.want(owner: "b"), kit.lane)
        _ = try kit.store.control(.pause, kit.lane)
        let (look, glance) = (try kit.look(), try kit.only(try kit.store.glance([kit.lane])))
        #expect(glance.owner == "a" && glance.wantedBy == "b" && glance.isPaused && glance.pending == 1)
        #expect(glance.cursor == look.cursor && glance.lastEntry == entry && glance.hasUndecided)
        #expect(glance.nextDue == look.nextDue && glance.now == look.now && glance.offset == look.offset)
    }

    @Test("every field of a lane's hash has its name and meaning written down")
    func fields() throws {
        let kit = try LaneKit(virtual: true)
        var tenure = try kit.take(as: "a")
        let entry = try kit.append()
        _ = try kit.read(tenure)
        tenure = try kit.take(as: "b")
        _ = try kit.committed(&tenure, cursor: .following(entry), decided: 1) { $0.results = [1] }
        for verb in [ControlVerb.pause, .resume, .drain, .open(generation: 1), .want(owner: "c")] {
            _ = try kit.store.control(verb, kit.lane)
        }
        let written = try kit.call("HKEYS", "ns:{de-berlin.0}:lane").array?.compactMap(\.string) ?? []
        let unknown = Set(written.filter { !$0.hasPrefix("p:") }).subtracting(LaneField.allCases.map(\.rawValue))
        #expect(unknown.isEmpty && written.count > 25)
    }
}
