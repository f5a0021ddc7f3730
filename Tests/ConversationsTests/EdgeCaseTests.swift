import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing
import TextRules

/// Cases of DOMAIN 5.7 that belong to no one step.
@Suite("Edge cases of conversations")
struct EdgeCaseTests {
    private static let noon = Instant.november(19, 12)
    private static let night = Instant.november(19, 20)

    @Test(
        "edge case 28: a very long text full of invisible characters is decided, and its spans point into the original")
    func longText() throws {
        let question = "\u{202E}ho\u{200B}w mu\u{200B}\u{AD}ch is it?"
        let text = question + String(repeating: "👨‍👩‍👧‍👦\u{200B}\u{202E}\u{301}", count: 10_000)
        var scene = Scene()
        let event = Event.message("m", text, at: Self.noon)
        try scene.take(event, at: Self.noon)
        #expect(scene.rules == ["faq.price"])
        let span = try #require(scene.decisions.first?.result.spans.first)
        let bytes = Array(event.message.text.utf8)[Int(span.start)..<Int(span.end)]
        #expect(
            String(decoding: bytes, as: UTF8.self).unicodeScalars.filter(\.isASCII).map(String.init).joined()
                == "how much")
        #expect(scene.texts().allSatisfy { $0.text.utf8.count < 100 })
        #expect(try scene.states[.anna].map { try $0.serializedBytes() as [UInt8] }?.count ?? .max < 500)
    }

    @Test(
        "edge case 30: the newest text with enough letters says the language, else the thread, else the market",
        arguments: [
            (["Moi, onko tämä laukku vielä"], "fi"), (["ok?"], "en"), (["Moi, onko tämä laukku vielä", "ok?"], "fi"),
            (["Moi, onko tämä laukku vielä", "what size is this bag, and how is the strap"], "en"),
            (["what size is this bag", "Moi, onko tämä laukku vielä, voisitteko, kiitos (bag)"], "fi"),
        ])
    func mixedLanguages(texts: [String], tag: String) throws {
        var policy = TestPolicy()
        policy.answers = []
        var scene = Scene(policy.built())
        for (index, text) in texts.dropLast().enumerated() {
            let at = Self.noon + .seconds(index * 60)
            try scene.take(.message("m\(index)", text, at: at), at: at)
        }
        try scene.take(.message("last", texts.last ?? "", at: Self.night), at: Self.night)
        #expect(scene.texts().map { String($0.text.prefix(3)) } == [tag + ":"])
        #expect(scene.texts().map(\.language) == [tag])
    }

    @Test("edge case 43: while an account may not send, events are decided and open promises call people in time")
    func revoked() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: Self.night), at: Self.night)
        try scene.settle(try #require(scene.texts().first), at: Self.night)
        // From here on the platform refuses whatever this account sends; the courier stops it and settles what expires.
        let later = Self.night + .seconds(3_600)
        let asked = try scene.take(.message("m2", "how much is it?", at: later), at: later)
        #expect(asked.result.verdict == .decided)
        try scene.settle(try #require(asked.actions.first { $0.kind == .send }), .failed, at: later + .seconds(60))
        #expect(scene.openItems[.anna]?.dueAt == Instant.november(20, 10).milliseconds)
        try scene.advance(to: .november(20, 9, 45))
        #expect(scene.tells(.escalation).map(\.event.told.dueAt) == [Instant.november(20, 10).milliseconds])
        let reply = try scene.take(.reply("r", "Ten.", at: .november(20, 9, 50)), at: .november(20, 9, 50))
        try scene.settle(try #require(reply.actions.first { $0.kind == .send }), .failed, at: .november(20, 9, 55))
        try scene.advance(to: .november(20, 10))
        #expect(scene.standings() == [.broken])
        #expect(scene.tells(.brokenPromise).count == 1)
    }

    @Test("edge case 46: one person on two platforms is two contacts, and nothing of one reaches the other")
    func twoPlatforms() throws {
        var scene = Scene()
        var other = Event.message("m", "how much is it?", at: Self.noon)
        other.account = "gram"
        let there = try EntityID.of(other)
        try scene.take(.message("m", "how much is it?", at: Self.noon), at: Self.noon)
        try scene.take(other, at: Self.noon)
        // The same provider's id in both: no duplicate, since an id is unique within its account.
        #expect(scene.decisions.map(\.result.verdict) == [.decided, .decided])
        #expect(scene.texts().map(\.account) == ["shop", "gram"])
        #expect(scene.texts().map(\.conversation) == [EntityID.anna.text, there.text])
        try scene.take(.reply("r", "Hello", at: Self.noon), at: Self.noon)
        #expect(scene.texts().last?.account == "shop" && scene.talk(there).held.isEmpty)
        var crossed = Event.reply("x", "Hello", at: Self.noon, in: there)
        crossed.account = "shop"
        #expect(throws: RoutingError.self) { try EntityID.of(crossed) }
    }
}
