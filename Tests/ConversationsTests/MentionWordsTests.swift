import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("What was said of us elsewhere")
struct MentionWordsTests {
    private static let at = Instant.november(20, 10)
    private static let thread = EntityID.comments(account: "shop", originalPost: "post", root: "c1")

    private static func scene() -> Scene {
        var policy = TestPolicy()
        policy.asksMentions = true
        return Scene(policy.built())
    }

    private static func mention(_ text: String = "", by author: String = "") -> Event {
        var event = Event.of("m:post:c1", at: at, contact: author)
        event.mention.id = "c1"
        event.mention.post = "post"
        event.mention.text = text
        return event
    }

    private static func fetched(_ action: Action, _ text: String, by author: String = "bo") -> Event {
        var event = Event.of("fetched.\(action.actionID).1", at: at, in: thread) {
            $0.fetched.action = action.actionID.description
            $0.fetched.subject = action.subject
            $0.fetched.text = text
            $0.fetched.target = action.comment
        }
        event.contact = author
        return event
    }

    @Test("it is asked for once, in the background, where words or author are missing and the channel's file allows it")
    func asked() throws {
        for (text, author, isAsked) in [("", "", true), ("Nice", "", true), ("", "bo", true), ("Nice", "bo", false)] {
            var scene = Self.scene()
            try scene.take(Self.mention(text, by: author), at: Self.at)
            let asked = scene.texts(.fetch)
            #expect(asked.count == (isAsked ? 1 : 0))
            #expect(scene.openItems[Self.thread] != nil, "people hear of it at once")
            guard isAsked else { continue }
            #expect(asked.first?.subject == "mention" && asked.first?.comment == "c1" && asked.first?.resume == "post")
            #expect(asked.first?.class == .background && asked.first?.orderKey != Self.thread.text)
        }
        var silent = Scene()
        try silent.take(Self.mention(), at: Self.at)
        #expect(silent.texts(.fetch).isEmpty)
    }

    @Test("its words are read: a threat calls somebody, others change nothing but what is known")
    func words() throws {
        for (text, isThreat) in [("I will burn your shop down", true), ("lovely quality", false), ("", false)] {
            var scene = Self.scene()
            try scene.take(Self.mention(), at: Self.at)
            let action = try #require(scene.texts(.fetch).first)
            try scene.take(Self.fetched(action, text), at: Self.at + .seconds(2))
            #expect(scene.tells(.escalation).map(\.rule) == (isThreat ? ["safety"] : []), "\(text)")
            #expect(scene.texts(.send).isEmpty && scene.texts(.reply).isEmpty && scene.texts(.hide).isEmpty)
            #expect(scene.talk(Self.thread).comments.first?.author == "bo")
            #expect(scene.openItems[Self.thread] != nil)
            if !isThreat { #expect(scene.rules.last == "mention.read") }
        }
    }

    @Test("a mention of our own waits for nobody, and one that was taken back stays gone")
    func ours() throws {
        var scene = Self.scene()
        try scene.take(Self.mention(), at: Self.at)
        let action = try #require(scene.texts(.fetch).first)
        try scene.take(Self.fetched(action, "We at @shop", by: "shop"), at: Self.at + .seconds(2))
        #expect(scene.rules.last == "mention.own" && scene.openItems[Self.thread] == nil)

        var gone = Self.scene()
        try gone.take(Self.mention(), at: Self.at)
        var removal = Event.of("m:post:c1:remove", at: Self.at, contact: "")
        removal.removal.target = "c1"
        removal.removal.post = "post"
        try gone.take(removal, at: Self.at + .seconds(1))
        try gone.take(Self.fetched(try #require(gone.texts(.fetch).first), "Nice"), at: Self.at + .seconds(2))
        #expect(gone.rules.last == "mention.gone")
    }
}
