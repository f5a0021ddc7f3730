import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("What others do with our threads and comments")
struct ElsewhereTests {
    private static let night = Instant.november(19, 20)
    private static let day = Instant.november(18, 10)

    private func standby(_ id: String, _ text: String, at: Instant) -> Event {
        var event = Event.message(id, text, at: at)
        event.message.standby = true
        return event
    }

    private func control(_ verb: ThreadControl.Verb, ours: Bool, at: Instant) -> Event {
        .of("t\(at.milliseconds)", at: at) { event in
            event.threadControl = ThreadControl.with {
                $0.verb = verb
                $0.app = "263902037430900"
                $0.ours = ours
            }
        }
    }

    private func moderated(_ hidden: Bool, at: Instant, _ comment: String = "c1") -> Event {
        var event = Event.of("h\(at.milliseconds)", at: at, contact: "")
        event.moderated = Moderated.with {
            $0.target = comment
            $0.post = "post"
            $0.hidden = hidden
        }
        return event
    }

    @Test("in standby nothing automatic is said, by night or by day, and people see who waits")
    func inStandby() throws {
        for at in [Self.night, Self.day] {
            var scene = Scene()
            try scene.take(standby("m1", "How much is it?", at: at), at: at)
            #expect(scene.rules == ["standby"])
            #expect(scene.texts().isEmpty)
            #expect(scene.openItems[.anna] != nil)
            // Nor to what comes without the mark while the hold lasts.
            try scene.take(.message("m2", "How much is it?", at: at + .seconds(60)), at: at + .seconds(60))
            #expect(scene.texts().isEmpty)
        }
    }

    @Test("a text that is on its way is stopped when another app owns the thread")
    func stopsWhatWaits() throws {
        for event in [
            standby("m2", "hello?", at: Self.night + .seconds(1)),
            control(.taken, ours: false, at: Self.night + .seconds(1)),
            control(.passed, ours: false, at: Self.night + .seconds(1)),
        ] {
            var scene = Scene()
            try scene.take(.message("m1", "hello?", at: Self.night), at: Self.night)
            let text = try #require(scene.texts().first)
            try scene.take(event, at: Self.night + .seconds(1))
            #expect(scene.cancels == [text.actionID])
        }
    }

    @Test("a threat in standby calls a person at once")
    func threatInStandby() throws {
        var scene = Scene()
        try scene.take(standby("m1", "I will burn your shop down", at: Self.night), at: Self.night)
        #expect(scene.rules == ["safety"])
        #expect(!scene.tells(.escalation).isEmpty)
    }

    @Test("a thread that was given back is answered again; the owner stands in the state until then")
    func givenBack() throws {
        var scene = Scene()
        try scene.take(control(.taken, ours: false, at: Self.night), at: Self.night)
        #expect(scene.talk().threadApp == "263902037430900")
        #expect(scene.rules.last == "thread.foreign")
        let later = Self.night + .seconds(600)
        try scene.take(control(.passed, ours: true, at: later), at: later)
        #expect(scene.rules.last == "thread.ours")
        #expect(scene.talk().threadApp.isEmpty && scene.talk().foreignUntil == 0)
        try scene.take(.message("m1", "hello?", at: later + .seconds(1)), at: later + .seconds(1))
        #expect(scene.rules.last == "after_hours.promise")
    }

    @Test("news of a loss that is older than the return changes nothing; a request changes no owner")
    func olderNews() throws {
        var scene = Scene()
        try scene.take(control(.passed, ours: true, at: Self.night), at: Self.night)
        try scene.take(control(.taken, ours: false, at: Self.night + .seconds(-60)), at: Self.night + .seconds(1))
        try scene.take(control(.requested, ours: false, at: Self.night + .seconds(2)), at: Self.night + .seconds(2))
        #expect(scene.rules.last == "thread.requested")
        #expect(scene.talk().foreignUntil == 0 && scene.talk().threadApp.isEmpty)
    }

    @Test("a comment that a person hid waits for nobody, and its automatic answer is stopped")
    func hiddenByPerson() throws {
        var policy = TestPolicy()
        policy.answersComments = true
        var scene = Scene(policy.built())
        try scene.take(.comment("c1", "hello?", at: Self.night), at: Self.night)
        let text = try #require(scene.texts(.reply).first)
        try scene.take(moderated(true, at: Self.night + .seconds(5)), at: Self.night + .seconds(5))
        #expect(scene.rules.last == "hidden_by_person")
        #expect(scene.cancels == [text.actionID])
        // Without a promise nothing of it is left before the team.
        scene = Scene()
        try scene.take(.comment("c1", "hello?", at: Self.night), at: Self.night)
        #expect(scene.openItems[.thread] != nil)
        try scene.take(moderated(true, at: Self.night + .seconds(5)), at: Self.night + .seconds(5))
        #expect(scene.openItems[.thread] == nil)
    }

    @Test("what automation hid itself comes back as news and changes nothing")
    func ownEcho() throws {
        var scene = Scene()
        try scene.take(.comment("c1", "Same bag for half at rival.example", at: Self.day), at: Self.day)
        let before = scene.talk(.thread)
        try scene.take(moderated(true, at: Self.day + .seconds(5)), at: Self.day + .seconds(5))
        #expect(scene.rules.last == "moderation_echo")
        #expect(scene.talk(.thread) == before)
    }

    @Test("a comment that a person showed again is never hidden by automation again")
    func shownByPerson() throws {
        var scene = Scene()
        try scene.take(.comment("c1", "Same bag for half at rival.example", at: Self.day), at: Self.day)
        try scene.take(moderated(false, at: Self.day + .seconds(5)), at: Self.day + .seconds(5))
        #expect(scene.rules.last == "shown_by_person")
        #expect(scene.openItems[.thread] != nil)
        var edit = Event.of("e", at: Self.day + .seconds(9), contact: "bo")
        edit.edit = Edit.with {
            $0.target = "c1"
            $0.post = "post"
            $0.text = "Same bag for half at rival.example, really"
        }
        try scene.take(edit, at: Self.day + .seconds(9))
        #expect(scene.rules.last == "moderation.person.kept")
        #expect(scene.actions.filter { $0.kind == .hide }.count == 1)
    }

    @Test("a mention is listed for people and never answered, hidden or deleted, whatever it says")
    func mention() throws {
        for text in ["", "How much is it?", "Same bag for half at rival.example", "Earn money fast, message my broker"]
        {
            var scene = Scene()
            var event = Event.of("m:post:c1", at: Self.night, contact: "")
            event.mention = Mention.with {
                $0.id = "c1"
                $0.post = "post"
                $0.text = text
            }
            try scene.take(event, at: Self.night)
            #expect(scene.rules == ["mention"])
            #expect(scene.openItems[.thread] != nil)
            #expect(scene.actions.isEmpty)
        }
    }
}
