import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing
import TextRules

@Suite("Moderation of comments")
struct ModerationTests {
    private static let spam = "Earn money fast, message my broker on telegram"
    private static let rival = "Same bag for half at rival.example"
    private static let at = Instant.november(18, 10)

    private static func scene(_ moderation: ModerationPolicy = ModerationPolicy(), automation: Bool = true) -> Scene {
        var policy = TestPolicy()
        policy.moderation = moderation
        policy.automation = automation
        return Scene(policy.built())
    }

    private func kinds(_ scene: Scene) -> [Action.Kind] {
        scene.actions.map(\.kind).filter { [.hide, .unhide, .delete].contains($0) }
    }

    @Test("proven spam and a competitor's link are hidden, with the spans that prove it", arguments: [spam, rival])
    func hides(text: String) throws {
        var scene = Self.scene()
        let decision = try scene.take(.comment("c1", text, at: Self.at), at: Self.at)
        #expect(decision.actions.map(\.kind) == [.hide])
        #expect(decision.actions.first?.comment == "c1")
        #expect(decision.actions.first?.orderKey == "c1")
        #expect(!decision.result.spans.isEmpty)
        #expect(decision.result.rule.hasPrefix("moderation."))
        #expect(scene.talk(.thread).status != .waitingTeam)
    }

    @Test(
        "invariant I8: criticism is never hidden or deleted, whatever stands beside it",
        arguments: [
            "\(spam). This shop is a scam", "terrible quality, \(rival)", "Terrible quality", "This shop is a scam",
            "My bag never arrived. \(rival)",
        ])
    func criticism(text: String) throws {
        for mode in [ModerationPolicy.Mode.hide, .delete] {
            var scene = Self.scene(ModerationPolicy(spam: mode, competitorLinks: mode))
            try scene.take(.comment("c1", text, at: Self.at), at: Self.at)
            #expect(kinds(scene).isEmpty)
            #expect(scene.talk(.thread).status == .waitingTeam)
        }
    }

    @Test("who complained here before is never hidden; a person decides")
    func aggrieved() throws {
        var scene = Self.scene()
        try scene.take(.comment("c1", "My bag never arrived", at: Self.at), at: Self.at)
        let later = Self.at + .seconds(60)
        try scene.take(.comment("c2", Self.rival, at: later, under: "c1"), at: later)
        #expect(kinds(scene).isEmpty)
        #expect(scene.rules.last == "moderation.person.aggrieved")
    }

    @Test(
        "who has bought is never hidden, as orders say or as the conversation shows; that stays when the order is gone")
    func bought() throws {
        let later = Self.at + .seconds(60)
        for value in ["yes", "Europe/Berlin", "off"] {
            var scene = Self.scene(ModerationPolicy(spam: .delete))
            let name = SignalName.order(account: "shop", contact: "bo")
            let order = Signal(value: value, at: 1, writer: "orders")
            scene.signals = Signals(number: 1, values: [name: order])
            let first = try scene.take(.comment("c1", Self.spam, at: Self.at), at: Self.at)
            #expect(first.result.signals.map(\.name) == [name])
            #expect(kinds(scene).isEmpty == (value != "off"))
            #expect(scene.rules == [value == "off" ? "moderation.spam" : "moderation.person.bought"])
            scene.signals = .none
            try scene.take(.comment("c2", Self.rival, at: later, under: "c1"), at: later)
            #expect(kinds(scene).isEmpty == (value != "off"))
            let stranger = try scene.take(.comment("d1", Self.rival, at: later, by: "di"), at: later)
            #expect(stranger.actions.map(\.kind) == [.hide])
        }
        var scene = Self.scene()
        try scene.take(.comment("c1", "where is my order?", at: Self.at), at: Self.at)
        try scene.take(.comment("c2", Self.rival, at: later, under: "c1"), at: later)
        #expect(kinds(scene).isEmpty && scene.rules.last == "moderation.person.bought")
    }

    @Test("a complaint that came late, or beside a threat, is remembered as one", arguments: [0, 1])
    func complaintsKept(way: Int) throws {
        var scene = Self.scene()
        let later = Self.at + .seconds(600)
        if way == 0 {
            try scene.take(.reply("r", "Hello", at: Self.at, in: .thread, comment: "c1"), at: Self.at)
            let written = Self.at + .seconds(-60)
            try scene.take(.comment("c1", "My bag never arrived", at: written).received(at: Self.at), at: Self.at)
            #expect(scene.rules.last == "overtaken")
        } else {
            let text = "My bag never arrived, I will burn your shop down"
            try scene.take(.comment("c1", text, at: Self.at), at: Self.at)
        }
        try scene.take(.comment("c2", Self.rival, at: later, under: "c1"), at: later)
        #expect(kinds(scene).isEmpty && scene.rules.last == "moderation.person.aggrieved")
    }

    @Test("a message in private and a text of which only a part is known are never taken away")
    func privateAndCut() throws {
        var scene = Self.scene()
        try scene.take(.message("m", Self.spam, at: Self.at), at: Self.at)
        var cut = Event.comment("c9", Self.spam, at: Self.at)
        cut.comment.fullLength = 30_000
        try scene.take(cut, at: Self.at)
        #expect(kinds(scene).isEmpty)
        #expect(scene.rules.last == "moderation.person.cut")
    }

    @Test(
        "shadow, a switched-off market and an operator's switch record the rule and do nothing", arguments: [0, 1, 2])
    func watching(way: Int) throws {
        var scene = Self.scene(way == 0 ? ModerationPolicy(spam: .shadow) : ModerationPolicy(), automation: way != 1)
        if way == 2 {
            let off = Signal(value: "off", at: 1, writer: "ops")
            scene.signals = Signals(number: 1, values: [SignalName.automation("rule/moderation.spam"): off])
        }
        try scene.take(.comment("c1", Self.spam, at: Self.at), at: Self.at)
        #expect(kinds(scene).isEmpty)
        #expect(scene.rules == ["shadow.moderation.spam"])
        #expect(scene.talk(.thread).status == .waitingTeam)
    }

    @Test("edge case 23: a question edited into spam is hidden and its answer stopped; edited back it is shown again")
    func edits() throws {
        var scene = Self.scene()
        let asked = try scene.take(.comment("c1", "how much", at: Self.at), at: Self.at)
        #expect(asked.actions.map(\.kind) == [.reply])
        func edit(_ id: String, _ text: String, _ at: Instant) -> Event {
            var event = Event.of(id, at: at, contact: "bo")
            event.edit = Edit.with {
                $0.target = "c1"
                $0.post = "post"
                $0.text = text
            }
            return event
        }
        let spam = try scene.take(edit("e1", Self.spam, Self.at + .seconds(60)), at: Self.at + .seconds(60))
        #expect(spam.actions.map(\.kind) == [.hide])
        #expect(spam.cancels == asked.actions.map(\.actionID))
        let back = try scene.take(edit("e2", "a nice bag", Self.at + .seconds(90)), at: Self.at + .seconds(90))
        #expect(back.actions.map(\.kind) == [.unhide])
        #expect(scene.talk(.thread).status == .waitingTeam)
    }

    @Test("what could not be hidden is a person's")
    func failed() throws {
        var scene = Self.scene()
        let hidden = try scene.take(.comment("c1", Self.spam, at: Self.at), at: Self.at)
        for action in hidden.actions { try scene.settle(action, .failed) }
        #expect(scene.talk(.thread).status == .waitingTeam)
    }

    @Test("violence and self-harm call a person at once, and nothing automatic is said", arguments: [true, false])
    func safety(isComment: Bool) throws {
        var scene = Self.scene()
        let night = Instant.november(18, 20)
        let text = "I will burn your shop down"
        try scene.take(isComment ? .comment("c1", text, at: night) : .message("m", text, at: night), at: night)
        #expect(scene.rules == ["safety"])
        #expect(scene.actions.map(\.kind) == [.tell])
        #expect(scene.actions.map(\.class) == [.safety])
        #expect(scene.tells(.escalation).map(\.rule) == ["safety"])
    }

    @Test("who asks for a person gets no automatic answer")
    func personWanted() throws {
        var scene = Self.scene()
        try scene.take(.message("m", "how much, a real person please", at: Self.at), at: Self.at)
        #expect(scene.texts().isEmpty)
        #expect(scene.talk().status == .waitingTeam)
    }
}
