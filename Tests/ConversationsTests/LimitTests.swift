import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Limits and bad input")
struct LimitTests {
    @Test("an event of no known kind, of an unknown account or with endless names is refused and changes nothing")
    func refused() throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        #expect(throws: DecisionError.unknownKind) { try scene.take(.of("x", at: at), at: at) }
        var stranger = Event.message("m", "x", at: at)
        stranger.account = "nobody"
        #expect(throws: DecisionError.unknownAccount("nobody")) { try scene.take(stranger, at: at) }
        let long = String(repeating: "x", count: 301)
        #expect(throws: DecisionError.nameTooLong(field: "contact", bytes: 301)) {
            try scene.take(
                .of("m", at: at) {
                    $0.contact = long; $0.message.text = "x"
                }, at: at)
        }
        #expect(scene.states.isEmpty)
    }

    @Test("a comment thread of endless names stays under the limit of a state")
    func fullThread() throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        for number in 0..<200 {
            let name = String(repeating: "n", count: 296) + "\(number)"
            try scene.take(.comment(name, "how much \(number)?", at: at, by: name, under: "c1"), at: at)
        }
        let state = try #require(scene.states[.thread])
        #expect(try (state.serializedBytes() as [UInt8]).count < DecisionError.mostStateBytes)
        #expect(state.conversation.comments.count == 32)
    }

    @Test("a state that is too large is an error and not a write")
    func tooLarge() throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        var state = EntityState()
        state.conversation.comments = (0..<32).map { number in
            CommentMark.with {
                $0.id = String(repeating: "x", count: 2_000) + "\(number)"
            }
        }
        scene.states[.thread] = state
        #expect(throws: DecisionError.self) { try scene.take(.comment("c2", "hi", at: at, under: "c1"), at: at) }
    }

    @Test(
        "any instant is taken",
        arguments: [Int64.min, -1, 0, 1, 253_402_300_799_999, Int64.max])
    func instants(milliseconds: Int64) throws {
        var scene = Scene()
        var event = Event.message("m", "hello?", at: Instant(milliseconds: milliseconds))
        try scene.take(event, at: .november(19, 20))
        event.id = "m2"
        event.receivedAt = Instant.november(19, 20).milliseconds
        try scene.take(event, at: .november(19, 20))
        #expect(scene.talk().lastCustomerAt <= Instant.november(19, 20).milliseconds)
    }

    @Test(
        "any text is taken",
        arguments: [
            String(repeating: "a", count: 100_000), String(repeating: "🔥", count: 10_000),
            "\u{202E}how much\u{202C}", "\u{200B}\u{200B}", "שלום", "\u{0}",
            "e" + String(repeating: "\u{301}", count: 5_000),
        ])
    func texts(text: String) throws {
        var scene = Scene()
        try scene.take(.message("m", text, at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.decisions.count == 1)
    }

    @Test("a broken state does not trap")
    func brokenState() throws {
        var state = EntityState()
        state.seenDays = [.max, .max]
        state.seenIds = [1]
        state.positionMs = [.max, .max, .min]
        state.positionPlace = [.max]
        state.decisions = .max
        state.lastNow = .max - 10
        state.conversation.lastCustomerAt = .max
        state.conversation.lastAgentAt = .min
        state.conversation.promises = [Promise.with { $0.standing = .binding }]
        var scene = Scene()
        scene.states[.anna] = state
        try scene.take(.message("m", "hello?", at: .november(19, 20)), at: .november(19, 20))
        try scene.take(.echo("e", at: .november(19, 20), inbox: true), at: .november(19, 20))
        #expect(scene.decisions.count == 2)
    }
}
