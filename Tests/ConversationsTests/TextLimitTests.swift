import Contracts
import Conversations
import Instants
import Testing

@Suite("The longest text of a channel")
struct TextLimitTests {
    @Test("what a person writes is cut by the unit in which the sender counts", arguments: TextLimit.Unit.allCases)
    func units(unit: TextLimit.Unit) throws {
        var policy = TestPolicy()
        policy.limit = TextLimit(unit: unit, most: 50)
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        let text = String(repeating: "नमस्ते 👍🏽 สวัสดี e\u{301} ", count: 6)
        try scene.take(.reply("r1", text, at: .november(19, 10, 5)), at: .november(19, 10, 5))
        let pieces = scene.texts().map(\.text)
        #expect(pieces.joined().unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(pieces.allSatisfy { policy.limit.holds($0) && policy.limit.length(of: $0) <= 50 })
        #expect(pieces.count > 1)
    }

    @Test("an automatic text of too many pieces ends with a mark, and the result says how long it was")
    func cut() throws {
        var policy = TestPolicy()
        policy.limit = TextLimit(unit: .utf16, most: 20)
        policy.answers = [AnswerRule(rule: "faq.price", facts: ["en": String(repeating: "9", count: 300)])]
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "how much?", at: .november(19, 10)), at: .november(19, 10))
        let pieces = scene.texts().map(\.text)
        #expect(scene.rules.last == "faq.price" && pieces.count == 12)
        #expect(pieces.allSatisfy { $0.utf16.count <= 20 })
        #expect(pieces.last == String(repeating: "9", count: 19) + "…")
        #expect((scene.decisions.last?.result.cutFrom ?? 0) > 300)
    }

    @Test("cuts stand between graphemes; one that is longer than the limit is cut between its scalars")
    func borders() {
        let family = "👨‍👩‍👧‍👦"
        let limit = TextLimit(unit: .bytes, most: 30)
        #expect(limit.cut(family + family) == family)
        #expect(limit.marked("e" + family + family) == "e" + family + "…")
        let pieces = limit.pieces(of: "e\u{301}" + String(repeating: "\u{301}", count: 40))
        #expect(pieces.allSatisfy { $0.utf8.count <= 30 } && pieces.count == 3)
    }
}
