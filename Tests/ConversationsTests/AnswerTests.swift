import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Frequent questions, comments, edits and removals")
struct AnswerTests {
    @Test("a question is answered once, in other words when it is asked again, and then it is a person's")
    func variants() throws {
        var scene = Scene()
        for number in 0..<3 {
            let at = Instant.november(19, 10, number)
            try scene.take(.message("m\(number)", "How much is it?", at: at), at: at)
        }
        #expect(scene.rules == ["faq.price", "faq.price", "in_hours"])
        #expect(Set(scene.texts().map(\.text)) == ["It costs 10.", "10 it is."])
        #expect(scene.decisions[0].result.spans.map(\.class) == ["price"])
        #expect(scene.decisions[0].openItem == .unchanged)
        #expect(scene.openItems[.anna] != nil)
    }

    @Test("edge case 44: an answer in the closed hours is enough: no promise")
    func closedHours() throws {
        var scene = Scene()
        try scene.take(.message("m1", "how much?", at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.rules == ["faq.price"])
        #expect(scene.talk().promises.isEmpty)
        try scene.take(.message("m2", "and for my dog?", at: .november(19, 20, 1)), at: .november(19, 20, 1))
        #expect(scene.rules.last == "after_hours.promise")
    }

    @Test("two questions in one text go to a person, and a button's payload is a question")
    func severalAndPayloads() throws {
        var scene = Scene()
        try scene.take(.message("m1", "how much, and what size?", at: .november(19, 10)), at: .november(19, 10))
        #expect(scene.rules == ["in_hours"])
        try scene.take(.of("p", at: .november(19, 11)) { $0.postback.payload = "PRICE" }, at: .november(19, 11))
        #expect(scene.rules.last == "faq.price")
        try scene.take(.of("ref", at: .november(19, 11)) { $0.postback.ad = "7" }, at: .november(19, 11))
        #expect(scene.rules.last == "postback.referral")
    }

    @Test("an answer that surely was not sent makes the question the team's")
    func failedAnswer() throws {
        var scene = Scene()
        try scene.take(.message("m1", "how much?", at: .november(19, 10)), at: .november(19, 10))
        #expect(scene.openItems[.anna] == nil)
        try scene.settle(try #require(scene.texts().first), .expired)
        #expect(scene.openItems[.anna] != nil)
    }

    @Test("a reaction opens the window and asks nothing")
    func reaction() throws {
        var scene = Scene()
        try scene.take(.of("x", at: .november(19, 20)) { $0.reaction.emoji = "❤️" }, at: .november(19, 20))
        #expect(scene.rules == ["reaction"])
        #expect(scene.talk().lastCustomerAt == Instant.november(19, 20).milliseconds)
        #expect(scene.openItems.isEmpty && scene.actions.isEmpty)
    }

    @Test("a comment is answered in public under its comment; others wait for the team without a canned text")
    func comments() throws {
        var scene = Scene()
        try scene.take(.comment("c1", "how much?", at: .november(19, 20)), at: .november(19, 20))
        let reply = try #require(scene.texts(.reply).first)
        #expect(reply.comment == "c1" && reply.contact == "bo")
        #expect(scene.states[.post(account: "shop", originalPost: "post")]?.post.comments == 1)
        try scene.take(
            .comment("c2", "is it blue?", at: .november(19, 20, 1), by: "cy", under: "c1"), at: .november(19, 20, 1))
        #expect(scene.rules.last == "suppressed.public")
        #expect(scene.openItems[.thread] != nil)
        try scene.settle(reply)
        #expect(scene.openItems[.thread] != nil)
        try scene.take(
            .reply("r", "Yes", at: .november(20, 9), in: .thread, comment: "c2"), at: .november(20, 9))
        let answer = try #require(scene.texts(.reply).last)
        #expect(answer.comment == "c2" && answer.contact == "cy" && answer.class == .person)
        try scene.settle(answer)
        #expect(scene.openItems[.thread] == nil)
    }

    @Test("neighbours under one post never read the same")
    func neighbours() throws {
        var scene = Scene()
        for number in 0..<20 {
            let at = Instant.november(19, 10, number)
            try scene.take(.comment("c\(number)", "how much?", at: at, by: "u\(number)"), at: at)
        }
        let texts = scene.texts(.reply).map(\.text)
        #expect(texts.count == 20)
        #expect(zip(texts, texts.dropFirst()).allSatisfy { $0 != $1 })
    }

    @Test("an answer that another conversation with the same comment has given leaves nothing open here")
    func alreadyDone() throws {
        for (status, isOpen) in [(Outcome.Status.alreadyDone, false), (.cancelled, true)] {
            var scene = Scene()
            try scene.take(.comment("c1", "how much?", at: .november(19, 20)), at: .november(19, 20))
            let reply = try #require(scene.texts(.reply).last)
            try scene.settle(reply, status, at: .november(19, 20, 1))
            #expect(scene.rules.last == (isOpen ? "outcome.cancelled" : "outcome.already_done"))
            #expect(scene.talk(.thread).pending.isEmpty)
            #expect((scene.openItems[.thread] != nil) == isOpen)
        }
    }

    @Test("a comment gets the after-hours text only where the market says so")
    func commentAfterHours() throws {
        var policy = TestPolicy()
        policy.answersComments = true
        var scene = Scene(policy.built())
        try scene.take(.comment("c1", "is it blue?", at: .november(20, 20)), at: .november(20, 20))
        // No window holds a public reply: the promise over the weekend is an ordinary one.
        #expect(scene.rules == ["after_hours.promise"])
        try scene.settle(try #require(scene.texts(.reply).first))
        #expect(scene.openItems[.thread] != nil)
    }

    @Test(
        "edge case 24: a comment that was removed before we acted stops its answer; removed before it came, it is not answered"
    )
    func removal() throws {
        var scene = Scene()
        try scene.take(.comment("c1", "how much?", at: .november(19, 10)), at: .november(19, 10))
        var removal = Event.of("rm1", at: .november(19, 10), contact: "bo")
        removal.removal = Removal.with {
            $0.target = "c1"
            $0.post = "post"
        }
        try scene.take(removal, at: .november(19, 10))
        #expect(scene.cancels == scene.texts(.reply).map(\.actionID))
        removal.id = "rm2"
        removal.removal.target = "c9"
        try scene.take(removal, at: .november(19, 10))
        try scene.take(.comment("c9", "how much?", at: .november(19, 10)), at: .november(19, 10))
        #expect(scene.rules.last == "removed")
        #expect(scene.texts(.reply).count == 1)
    }

    @Test("a message that was taken back is not answered, whichever came first")
    func unsent() throws {
        var scene = Scene()
        var removal = Event.of("unsend:1", at: .november(19, 20))
        removal.removal.target = "1"
        try scene.take(removal, at: .november(19, 20))
        try scene.take(.message("dm:1", "how much?", at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.texts().isEmpty)
        var other = Scene()
        try other.take(.message("dm:1", "how much?", at: .november(19, 20)), at: .november(19, 20))
        try other.take(removal, at: .november(19, 20))
        #expect(other.cancels == other.texts().map(\.actionID))
    }

    @Test("an edit stops the answer to the old words and gives the question to the team")
    func edit() throws {
        var scene = Scene()
        try scene.take(.message("dm:1", "how much?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(
            .of("e", at: .november(19, 10, 1)) {
                $0.edit.target = "1"
                $0.edit.text = "never mind"
            }, at: .november(19, 10, 1))
        #expect(scene.rules.last == "edited.answer_cancelled")
        #expect(scene.cancels.count == 1)
        #expect(scene.openItems[.anna] != nil)
    }

    @Test("edge case 22: the account's own words are never answered")
    func ownWords() throws {
        var scene = Scene()
        try scene.take(.comment("c1", "how much?", at: .november(19, 10), by: "shop"), at: .november(19, 10))
        #expect(scene.rules == ["own_words"])
        #expect(scene.actions.isEmpty && scene.openItems.isEmpty)
    }
}
