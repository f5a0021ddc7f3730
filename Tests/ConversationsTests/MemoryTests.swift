import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("What an entity remembers")
struct MemoryTests {
    private func fill(_ scene: inout Scene, _ count: Int, from start: Instant) throws {
        for number in 0..<count {
            let at = start + .seconds(number)
            try scene.take(.of("x\(number)", at: at) { $0.rating.score = 1 }, at: at)
        }
    }

    @Test("edge case 15: a repeated event changes nothing, to the byte")
    func duplicate() throws {
        var scene = Scene()
        let event = Event.message("m1", "hello?", at: .november(19, 20))
        try scene.take(event, at: .november(19, 20))
        let state = try #require(scene.states[.anna])
        let decision = try scene.take(event, at: .november(19, 21))
        #expect(decision.result.verdict == .duplicate && !decision.changesStates)
        #expect(scene.states[.anna] == state)
        #expect(decision.actions.isEmpty && decision.openItem == .unchanged)
    }

    @Test("holds 64 ids; what may have been pushed out of a full memory is late and unknown, what is newer is not")
    func lateUnknown() throws {
        var scene = Scene()
        let start = Instant.november(19, 20)
        try fill(&scene, 120, from: start)
        #expect(scene.states[.anna]?.seenIds.count == 64)
        let at = start + .seconds(130)
        let repeated = try scene.take(.of("x119", at: start + .seconds(119)) { $0.rating.score = 1 }, at: at)
        #expect(repeated.result.verdict == .duplicate)
        let old = try scene.take(.message("old", "how much?", at: start + .seconds(3)).received(at: at), at: at)
        #expect(old.result.verdict == .lateUnknown && old.result.rule == "late_unknown")
        #expect(old.actions.isEmpty)
        #expect(scene.openItems[.anna]?.late == true)
        let new = try scene.take(.message("new", "how much?", at: start + .seconds(129)).received(at: at), at: at)
        #expect(new.result.rule == "faq.price")
    }

    @Test("never takes a pushed-out event for a new one")
    func neverTwice() throws {
        var scene = Scene()
        let start = Instant.november(19, 20)
        for number in 0..<100 {
            let at = start + .seconds(number)
            try scene.take(.message("m\(number)", "tell me \(number)", at: at), at: at)
        }
        for number in 0..<100 {
            let happened = start + .seconds(number)
            let again = Event.message("m\(number)", "tell me \(number)", at: happened)
            let decision = try scene.take(again, at: start + .seconds(200))
            #expect(decision.result.verdict != .decided, "event \(number)")
        }
    }

    @Test("keeps ids for eight days, and calls what is older unknown")
    func eightDays() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(2, 10)), at: .november(2, 10))
        try scene.take(.message("m2", "hello?", at: .november(10, 10)), at: .november(10, 10))
        let kept = try scene.take(.message("m1", "hello?", at: .november(2, 10)), at: .november(10, 11))
        #expect(kept.result.verdict == .duplicate)
        try scene.take(.message("m3", "hello?", at: .november(11, 10)), at: .november(11, 10))
        let old = try scene.take(
            .message("m1", "hello?", at: .november(2, 10)).received(at: .november(11, 11)), at: .november(11, 11))
        #expect(old.result.verdict == .lateUnknown)
    }

    @Test("keeps the positions of the last 50 events")
    func positions() throws {
        var scene = Scene()
        try fill(&scene, 60, from: .november(19, 20))
        let positions = try #require(scene.states[.anna]).positions
        let first = UInt64(Instant.november(19, 20).milliseconds)
        #expect(positions.count == 50)
        #expect(positions.first?.entry == EntryID(milliseconds: first + 10_000, sequence: 11))
        #expect(positions.last?.entry == EntryID(milliseconds: first + 59_000, sequence: 60))
    }

    @Test("a quiet conversation is at most 316 bytes: with its id and Redis' own share under 450 bytes")
    func size() throws {
        var scene = Scene()
        var id = 0
        func next(_ text: String) -> String {
            id += 1
            return "\(text)\(id)"
        }
        let evening = Instant.november(19, 20)
        for line in 0..<3 {
            let at = evening + .seconds(line * 37)
            try scene.take(.message(next("m"), "hello \(line)", at: at), at: at)
        }
        try scene.settle(try #require(scene.texts().first), at: evening + .seconds(120))
        for line in 0..<2 {
            let at = Instant.november(20, 9, line * 7)
            try scene.take(.reply(next("r"), "Good morning \(line)", at: at), at: at)
            try scene.settle(try #require(scene.texts().last), at: at + .seconds(2))
            try scene.take(.of(next("x"), at: at + .seconds(3)) { $0.reaction.emoji = "❤️" }, at: at + .seconds(3))
        }
        var state = try #require(scene.states[.anna])
        #expect(state.conversation.promises.map(\.standing) == [.kept])
        #expect(state.timers.isEmpty)
        #expect(state.positions.count == 10)
        // The ids of events whose positions have aged out, and evidence from a profile.
        state.seenIds += (0..<6).map { UInt64($0) << 56 | 1 }
        state.conversation.language = Evidence.with {
            $0.value = "de"
            $0.provenance = .text
            $0.day = 20_700
        }
        state.conversation.zone = Evidence.with {
            $0.value = "Europe/Berlin"
            $0.provenance = .profile
            $0.day = 20_700
        }
        let bytes = try state.serializedBytes() as [UInt8]
        #expect(state.seenIds.count == 16)
        #expect(bytes.count <= 316, "\(bytes.count) bytes")
    }
}
