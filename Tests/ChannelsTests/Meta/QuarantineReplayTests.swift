import Channels
import Contracts
import Foundation
import Instants
import Testing

@Suite("What was set aside is read again")
struct QuarantineReplayTests {
    private static let received = Instant(seconds: 1_795_370_402)

    /// What a normaliser that knows nothing of the account set aside.
    private static func setAside(_ file: String) throws -> [Quarantined] {
        let body = try Fixture.bytes("meta/\(file)")
        return try MetaNormaliser(knows: { _ in false }).normalise(body, received: received).quarantined
    }

    @Test(
        "an update of an account that is known now becomes the event that it would have been",
        arguments: [
            ("messenger_text.json", false), ("messenger_standby.json", false),
            ("facebook_comment_criticism.json", false), ("instagram_comment_on_ad.json", true),
            ("messenger_postback_without_mid.json", false),
        ])
    func known(file: String, isInstagram: Bool) throws {
        let normaliser = MetaNormaliser(knows: { _ in true })
        let replay = QuarantineReplay(normaliser: normaliser, isInstagram: { _ in isInstagram })
        let wanted = try normaliser.normalise(try Fixture.bytes("meta/\(file)"), received: Self.received).events
        let aside = try Self.setAside(file)
        #expect(!wanted.isEmpty && aside.count == wanted.count)
        for (update, event) in zip(aside, wanted) {
            let again = try replay.updates(
                raw: update.raw, path: update.path, account: update.account, received: update.received)
            #expect(again.quarantined.isEmpty)
            #expect(again.events.map(\.event.id) == [event.event.id])
            #expect(again.events.first?.event.kind == event.event.kind)
            #expect(again.events.first?.event.receivedAt == Self.received.milliseconds)
        }
    }

    @Test("what is still unknown says so, and what was cut is no JSON")
    func still() throws {
        let replay = QuarantineReplay(normaliser: MetaNormaliser(knows: { _ in true }), isInstagram: { _ in false })
        let unknown = try replay.updates(
            raw: Array(#"{"sender":{"id":"1"},"recipient":{"id":"2"},"timestamp":1,"hologram":{}}"#.utf8),
            path: "entry[0].messaging[0]", account: "2", received: Self.received)
        #expect(unknown.events.isEmpty && unknown.quarantined.count == 1)
        #expect(throws: MetaBodyError.self) {
            _ = try replay.updates(raw: Array(#"{"a":"#.utf8), path: "entry[0]", account: "2", received: Self.received)
        }
    }

    @Test("what is too long to be kept whole says so, for whatever reason it is set aside, and is not read again")
    func cut() throws {
        let long = String(repeating: "x", count: Quarantined.mostRawBytes)
        let body = MetaNormaliserTests.body(#"{"sender":{"id":"1"},"hologram":"\#(long)"}"#)
        let updates = try MetaNormaliser(knows: { _ in true }).normalise(Array(body.utf8), received: Self.received)
        let update = try #require(updates.quarantined.first)
        #expect(update.isCut && update.raw.count == Quarantined.mostRawBytes)
        #expect(update.detail.hasSuffix("; 65536 of 65571 bytes are kept"))
        let other = update.because(.foreignSecret, "expected another")
        #expect(other.isCut && other.detail == "expected another; 65536 bytes are kept")
        let replay = QuarantineReplay(normaliser: MetaNormaliser(knows: { _ in true }), isInstagram: { _ in false })
        #expect(throws: MetaBodyError.cut) {
            _ = try replay.updates(
                raw: update.raw, path: update.path, account: update.account, received: update.received)
        }
        let whole = try Self.setAside("messenger_text.json")
        #expect(!whole.isEmpty && whole.allSatisfy { !$0.isCut && !$0.detail.contains("are kept") })
    }

    @Test("a body that was set aside as it came is read as one, once it can be")
    func wholeBody() throws {
        let body = try Fixture.bytes("meta/messenger_text.json")
        let error = MetaBodyError.notEnvelope("an array")
        let update = try #require(
            NormalisedUpdates(unreadable: body, error, received: Self.received).quarantined.first)
        let normaliser = MetaNormaliser(knows: { _ in true })
        let replay = QuarantineReplay(normaliser: normaliser, isInstagram: { _ in false })
        let again = try replay.updates(
            raw: update.raw, path: update.path, account: update.account, received: update.received)
        let wanted = try normaliser.normalise(body, received: Self.received)
        #expect(!again.events.isEmpty && again.events.map(\.event) == wanted.events.map(\.event))
        let broken = NormalisedUpdates(unreadable: Array("hello".utf8), error, received: Self.received).quarantined
        #expect(throws: MetaBodyError.self) {
            for update in broken {
                _ = try replay.updates(
                    raw: update.raw, path: update.path, account: update.account, received: update.received)
            }
        }
    }

    @Test(
        "what has its id from the instant of its entry has the same one again",
        arguments: [#","time":1795370400123"#, ""])
    func entryTime(time: String) throws {
        let update = #"{"sender":{"id":"7"},"take_thread_control":{"new_owner_app_id":"66"}}"#
        let body = Array(#"{"object":"page","entry":[{"id":"2"\#(time),"messaging":[\#(update)]}]}"#.utf8)
        let normaliser = MetaNormaliser(knows: { _ in true })
        let wanted = try normaliser.normalise(body, received: Self.received).events.map(\.event)
        let aside = try #require(
            try MetaNormaliser(knows: { _ in false }).normalise(body, received: Self.received).quarantined.first)
        let again = try QuarantineReplay(normaliser: normaliser, isInstagram: { _ in false }).updates(
            raw: aside.raw, path: aside.path, account: aside.account, received: aside.received, sent: aside.sent)
        #expect(wanted.count == 1 && again.events.map(\.event) == wanted)
    }

    @Test("a measure of the platform's is read whatever else its update holds")
    func longEnforcement() throws {
        let long = String(repeating: "x", count: Quarantined.mostRawBytes)
        let body = MetaNormaliserTests.body(
            #"{"sender":{"id":"1"},"aa":"\#(long)","policy-enforcement":"#
                + #"{"action":"block","detail":"\#(long)","reason":"spam \#(long)"}}"#)
        let update = try #require(
            try MetaNormaliser(knows: { _ in true }).normalise(Array(body.utf8), received: Self.received).quarantined
                .first)
        #expect(update.reason == .policyEnforcement && !update.isCut && update.raw.count < 2_048)
        #expect(update.detail.hasSuffix("; its measure and reason are kept of 196706 bytes"))
        let told = try #require(MetaEnforcement(update.raw))
        #expect(told.measure == .block && told.reason.hasPrefix("spam xxx"))
    }

    @Test("a measure of the platform's is read with a broken character beside it or in its reason")
    func brokenEnforcement() throws {
        for word in [
            #""aa":"@","policy_enforcement":{"action":"block","reason":"spam"}"#,
            #""policy_enforcement":{"action":"block","reason":"spam @"}"#,
        ] {
            let body = Array(MetaNormaliserTests.body(#"{"sender":{"id":"1"},\#(word)}"#).utf8).flatMap { byte in
                byte == UInt8(ascii: "@") ? [0xFF] : [byte]
            }
            let update = try #require(
                try MetaNormaliser(knows: { _ in true }).normalise(body, received: Self.received).quarantined.first)
            #expect(update.reason == .policyEnforcement && update.raw.contains(0xFF))
            let told = try #require(MetaEnforcement(update.raw))
            #expect(told.measure == .block && told.reason.hasPrefix("spam"))
        }
    }

    @Test("an event in our own JSON is that event")
    func own() throws {
        var event = Event()
        event.id = "e1"
        event.account = "shop"
        event.contact = "ana"
        event.happenedAt = Self.received.milliseconds
        event.receivedAt = event.happenedAt
        event.message.text = "Hello"
        let replay = QuarantineReplay(normaliser: MetaNormaliser(knows: { _ in true }), isInstagram: { _ in false })
        let again = try replay.updates(
            raw: EventJSON.value(of: event).bytes(), path: "events[0]", account: "shop", received: Self.received)
        #expect(again.events.map(\.event) == [event])
    }

    @Test(
        "what a platform may not name is not put in by a replay either, nor an instant ahead of ours",
        arguments: [#""conversation":"d/tokyo/x","#, #""swept":true,"#, ""])
    func notAPlatformsToName(field: String) throws {
        let text =
            #"{"id":"1","account":"a","contact":"c","happened_at":"2036-11-22T18:00:00Z",\#(field)"message":{"text":"hi"}}"#
        let replay = QuarantineReplay(normaliser: MetaNormaliser(knows: { _ in true }), isInstagram: { _ in false })
        guard field.isEmpty else {
            #expect(throws: MetaBodyError.self) {
                _ = try replay.updates(raw: Array(text.utf8), path: "events[3]", account: "a", received: Self.received)
            }
            return
        }
        let again = try replay.updates(raw: Array(text.utf8), path: "events[3]", account: "a", received: Self.received)
        #expect(again.events.map(\.event.happenedAt) == [Self.received.milliseconds])
        #expect(again.events.allSatisfy { $0.event.clockFlagged })
    }

    @Test("what no platform may tell of is not put in by a replay either")
    func notAPlatforms() throws {
        let replay = QuarantineReplay(normaliser: MetaNormaliser(knows: { _ in true }), isInstagram: { _ in false })
        var event = Event()
        event.id = "e1"
        event.account = "shop"
        event.conversation = "m/shop/ana"
        event.happenedAt = Self.received.milliseconds
        event.agentReply.agent = "anna"
        event.agentReply.text = "We will pay it back."
        let raw = EventJSON.value(of: event).bytes()
        #expect(throws: MetaBodyError.self) {
            _ = try replay.updates(raw: raw, path: "events[0]", account: "shop", received: Self.received)
        }
    }
}
