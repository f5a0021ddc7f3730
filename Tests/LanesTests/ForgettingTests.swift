import Contracts
import Instants
import Lanes
import TestSupport
import Testing

@Suite("What lanes note of persons")
struct ForgettingTests {
    private static let order = ForgetOrder(
        code: "c1", account: "shop", contact: "4915550001",
        position: Position(entry: EntryID(milliseconds: 5, sequence: 0), index: 0), at: Instant(seconds: 1))

    private static func done(_ code: String, events: Int = 1, hash: String = "h") -> Forgotten {
        var tally = ForgetTally()
        tally.events = events
        return Forgotten(code: code, hash: hash, tally: tally, until: Instant(seconds: 9))
    }

    private static func people(_ done: [Forgotten]) -> ForgottenPeople {
        var people = ForgottenPeople()
        people.done = done
        return people
    }

    @Test(
        "lanes are done together once each has answered every order that it was given; orders themselves do not count")
    func together() {
        let one = Self.people([Self.done("a", events: 3)])
        let two = Self.people([Self.done("a", hash: "x"), Self.done("a", events: 2, hash: "y"), Self.done("b")])
        var tally = ForgetTally()
        tally.events = 3
        #expect(ForgetStanding(of: "a", [(one, 1), (two, 2)]) == .done(tally))
        #expect(ForgetStanding(of: "a", [(one, 2), (two, 2)]) == .underWay)
        #expect(ForgetStanding(of: "a", [(one, 1), (nil, 1)]) == .underWay)
        #expect(ForgetStanding(of: "b", [(one, 1), (two, 1)]) == .underWay)
    }

    @Test("how far an order is, which threads went and which lanes have it come back as they were written")
    func roundTrip() throws {
        let kit = try LaneKit()
        let token = try kit.take().token
        var progress = ForgetProgress()
        progress.isPastStates = true
        progress.isLearned = true
        progress.tally.results = 4
        progress.threads = ["c/shop/p/1", "c/shop/p/2"]
        progress.calmed = ["c/shop/p/3"]
        progress.visits = ["c/shop/p/4"]
        progress.comments = [7, UInt64.max]
        progress.places = [Position(entry: EntryID(milliseconds: 8, sequence: 1), index: 2)]
        var note = ForgetNote(lane: kit.lane, token: token)
        try note.begin(Self.order, now: Instant(seconds: 2))
        note.progress(progress, of: Self.order)
        #expect(try kit.store.note(note))
        var people = try #require(try kit.store.forgotten([kit.lane])[0])
        #expect(people.orders == [Self.order] && people.progress == [Self.order.name: progress])
        #expect(people.threadsLeft(of: Self.order.name) == nil)
        note = ForgetNote(lane: kit.lane, token: token)
        let left = ThreadsLeft(progress)
        #expect(left.gone.count == 2 && left.calmed.count == 1)
        note.end(Self.order, progress.tally, left, now: Instant(seconds: 2))
        #expect(try kit.store.note(note))
        people = try #require(try kit.store.forgotten([kit.lane])[0])
        #expect(people.orders.isEmpty && people.progress.isEmpty)
        #expect(people.threadsLeft(of: Self.order.name) == left)
        note = ForgetNote(lane: kit.lane, token: token)
        note.dropOld(of: people, now: Instant(seconds: 2) + Tombstone.lifetime)
        #expect(try kit.store.note(note))
        #expect(try kit.store.forgotten([kit.lane])[0] == ForgottenPeople())
        #expect(try kit.store.ordered("c1") == nil)
        let other = try LaneName("elsewhere.0")
        try kit.store.noteOrdered("c1", ["c1:a": [kit.lane, other], "c1:b": [kit.lane]])
        #expect(try kit.store.ordered("c1") == [kit.lane, kit.lane, other].sorted())
        #expect(try kit.store.ordered("c1:a") == [kit.lane, other])
        #expect(try kit.store.ordered("c1:b") == [kit.lane])
    }

    @Test("a short id is found as a word of its own, and not within a longer one")
    func words() {
        let id = Array("123456".utf8)
        for (text, isFound) in [
            ("123456", true), ("\"123456\"", true), ("0123456", false), ("1234567", false), ("x123456", false),
            ("1234567 123456", true), ("", false), ("12345", false),
        ] {
            #expect(ByteSearch.contains(Array(text.utf8), word: id) == isFound, "\(text)")
        }
        #expect(!ByteSearch.contains(id, word: []))
    }

    @Test("to which lanes an order was given is not noted without the replicas that the house names")
    func durably() throws {
        let kit = try LaneKit()
        let store = try LaneConnector(endpoint: kit.redis.endpoint, durability: .replicated(1)).open()
        // One wait of two seconds each.
        #expect(throws: LaneError.notReplicated(expected: 1, got: 0)) {
            try store.noteOrdered("c1", ["c1:h": [kit.lane]])
        }
        #expect(try kit.store.ordered("c1") == [kit.lane])
    }
}
