import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Who a customer is")
struct ProfileTests {
    private static func profile(_ action: Action, locale: String, offset: String, at: Instant) -> Event {
        Event.of("f.\(action.actionID)", at: at, in: .anna) {
            $0.fetched = Fetched.with {
                $0.action = action.actionID.description
                $0.subject = FetchSubject.profile.rawValue
                $0.author = "Anna"
                $0.locale = locale
                $0.utcOffset = offset
            }
        }
    }

    @Test("the profile is asked for once in thirty days, behind everything else")
    func askedOnce() throws {
        var scene = Scene(TestPolicy(asksProfiles: true).built())
        for day in [2, 3, 10] {
            try scene.take(.message("m\(day)", "Hello", at: .november(day, 10)), at: .november(day, 10))
        }
        let asked = scene.actions.filter { $0.kind == .fetch }
        #expect(asked.count == 1)
        #expect(asked.first?.class == .background && asked.first?.contact == "anna")
        #expect(asked.first?.orderKey != EntityID.anna.text)
    }

    @Test("an offset that no clock has is none, and a profile that nobody asked for changes nothing")
    func absurd() throws {
        var scene = Scene(TestPolicy(asksProfiles: true).built())
        let at = Instant.november(20, 10)
        var action = Action()
        action.actionID = ActionID(high: 1, low: 2)
        try scene.take(Self.profile(action, locale: "fi_FI", offset: "60", at: at), at: at)
        #expect(!scene.talk().hasLanguage && scene.talk().firstName.isEmpty)
        try scene.take(.message("m1", "Hi", at: at), at: at)
        let asked = try #require(scene.actions.first { $0.kind == .fetch })
        for offset in ["9223372036854775807", "-9000000000000000000", "901", "x"] {
            try scene.take(
                Self.profile(asked, locale: "", offset: offset, at: at + .seconds(1)), at: at + .seconds(1))
            #expect(!scene.talk().hasZone)
        }
    }

    @Test("it is evidence of language and zone, weaker than what the customer writes")
    func evidence() throws {
        var scene = Scene(TestPolicy(asksProfiles: true).built())
        let at = Instant.november(20, 10)
        try scene.take(.message("m1", "Moi", at: at), at: at)
        let asked = try #require(scene.actions.first { $0.kind == .fetch })
        try scene.take(Self.profile(asked, locale: "fi_FI", offset: "120", at: at), at: at)
        #expect(scene.talk().language.value == "fi" && scene.talk().language.provenance == .profile)
        #expect(scene.talk().firstName == "Anna")
        // No zone of this policy has the offset, so there is no evidence.
        #expect(!scene.talk().hasZone)
        try scene.take(
            .message("m2", "how much for half the same size bag", at: at + .seconds(60)), at: at + .seconds(60))
        #expect(!scene.talk().hasLanguage || scene.talk().language.provenance == .text)
    }

    @Test("without the setting nobody is asked")
    func off() throws {
        var scene = Scene()
        try scene.take(.message("m1", "Hello", at: .november(20, 10)), at: .november(20, 10))
        #expect(!scene.actions.contains { $0.kind == .fetch })
    }
}
