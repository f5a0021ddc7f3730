import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Saying that an answer is automatic")
struct DisclosureTests {
    private func scene(_ disclosure: DisclosurePolicy = DisclosurePolicy()) -> Scene {
        var policy = TestPolicy()
        policy.disclosure = disclosure
        policy.answerVariants = (0..<6).map { "\($0): {{answer}}" }
        policy.hours = [:]
        return Scene(policy.built())
    }

    private func ask(_ scene: inout Scene, _ id: String, at: Instant) throws -> Bool {
        let decision = try scene.take(.message(id, "how much?", at: at), at: at)
        let text = try #require(decision.actions.first { $0.kind == .send }?.text)
        #expect(text.contains("10"))
        return text.hasPrefix("en: ") && text.contains("automatic") && text.contains("\n")
    }

    @Test("the first automatic answer says so, the next does not, and after a day it is said again")
    func lapse() throws {
        var scene = scene()
        #expect(try ask(&scene, "m1", at: .november(18, 10)))
        #expect(try !ask(&scene, "m2", at: .november(18, 11)))
        #expect(try !ask(&scene, "m3", at: .november(19, 9, 59)))
        #expect(try ask(&scene, "m4", at: .november(19, 10)))
    }

    @Test("after a person wrote it is said again")
    func afterPerson() throws {
        var scene = scene()
        #expect(try ask(&scene, "m1", at: .november(18, 10)))
        try scene.take(.reply("r", "Hello, this is Kim", at: .november(18, 11)), at: .november(18, 11))
        let reply = try #require(scene.texts().last)
        #expect(reply.text == "Hello, this is Kim")
        try scene.settle(reply)
        #expect(try ask(&scene, "m2", at: .november(18, 12)))
    }

    @Test("a text that says it by itself counts, and one that surely never arrived does not")
    func ownWords() throws {
        var scene = scene()
        try scene.take(.message("m0", "hello?", at: .november(18, 9)), at: .november(18, 9))
        let told = try #require(scene.texts().last)
        #expect(told.text.contains("automatic") && !told.text.contains("\n"))
        #expect(try !ask(&scene, "m1", at: .november(18, 10)))
        try scene.settle(told, .failed, at: .november(18, 10))
        #expect(try ask(&scene, "m2", at: .november(18, 11)))
    }

    @Test("comments are answered without the line unless the market asks for it")
    func comments() throws {
        for (isAsked, count) in [(false, 0), (true, 1)] {
            var scene = scene(DisclosurePolicy(comments: isAsked))
            try scene.take(.comment("c1", "how much?", at: .november(19, 10)), at: .november(19, 10))
            try scene.take(.comment("c2", "how much?", at: .november(19, 11), under: "c1"), at: .november(19, 11))
            #expect(scene.texts(.reply).count == 2)
            #expect(scene.texts(.reply).filter { $0.text.contains("automatic") }.count == count)
        }
    }

    @Test("the same words are the same words with and without the line")
    func repeats() throws {
        var policy = TestPolicy()
        policy.disclosure = DisclosurePolicy()
        var scene = Scene(policy.built())
        for number in 0..<3 {
            let at = Instant.november(19, 10, number)
            try scene.take(.message("m\(number)", "how much is it?", at: at), at: at)
        }
        #expect(scene.rules == ["faq.price", "faq.price", "in_hours"])
        #expect(scene.decisions[2].result.abstained == "faq.price: every text was said")
    }
}
