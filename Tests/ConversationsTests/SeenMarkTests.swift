import Contracts
import Conversations
import Instants
import Testing

@Suite("Seen marks")
struct SeenMarkTests {
    private static let evening = Instant.november(19, 20)

    private static func scene(marksSeen: Bool = true, automation: Bool = true) -> Scene {
        var policy = TestPolicy()
        policy.marksSeen = marksSeen
        policy.automation = automation
        return Scene(policy.built())
    }

    private static func say(_ number: Int, _ scene: inout Scene) throws {
        let at = evening + .seconds(60 * Int64(number))
        try scene.take(.message("m\(number)", "hello \(number)?", at: at), at: at)
    }

    @Test("further words of a closed period are marked as seen, one mark at a time; the text is said once")
    func further() throws {
        var scene = Self.scene()
        for number in 0...2 { try Self.say(number, &scene) }
        #expect(scene.rules == ["after_hours.promise", "suppressed.already_told", "suppressed.already_told"])
        let mark = try #require(scene.texts(.senderAction).first)
        #expect(scene.texts(.senderAction).count == 1, "the second is on its way still")
        #expect(mark.text == "mark_seen" && mark.contact == "anna" && mark.class == .background)
        #expect(mark.notAfter == (Self.evening + .seconds(90)).milliseconds, "thirty seconds after the words")
        #expect(mark.orderKey != mark.conversation, "no text waits for it")
        try scene.settle(mark)
        try Self.say(3, &scene)
        #expect(scene.texts(.senderAction).count == 2 && scene.texts().count == 1)
    }

    @Test(
        "a mark is no answer, whatever becomes of it: the promise and the team's item stay, and the next text discloses nothing anew",
        arguments: [Outcome.Status.delivered, .failed, .expired, .ambiguous, .cancelled, .windowClosed])
    func outcome(status: Outcome.Status) throws {
        var scene = Self.scene()
        try Self.say(0, &scene)
        try scene.settle(try #require(scene.texts().first))
        try Self.say(1, &scene)
        let (before, items) = (scene.talk(), scene.openItems[.anna])
        #expect(items != nil)
        try scene.settle(try #require(scene.texts(.senderAction).first), status)
        var after = scene.talk()
        #expect(after.pending.isEmpty && before.pending.count == 1)
        after.pending = before.pending
        #expect(after == before && scene.openItems[.anna] == items)
    }

    @Test("nothing is marked where the channel does not ask for it, automation is off, or people are at it")
    func unmarked() throws {
        for (marksSeen, automation) in [(false, true), (true, false)] {
            var scene = Self.scene(marksSeen: marksSeen, automation: automation)
            for number in 0...1 { try Self.say(number, &scene) }
            #expect(scene.texts(.senderAction).isEmpty)
        }
        var scene = Self.scene()
        try Self.say(0, &scene)
        let written = Self.evening + .seconds(30)
        try scene.take(.echo("e", at: written, inbox: true), at: written)
        try Self.say(1, &scene)
        #expect(scene.rules.last == "suppressed.already_told" && scene.texts(.senderAction).isEmpty)
    }
}
