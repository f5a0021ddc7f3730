import Channels
import Contracts
import Testing

@Suite("Threads of others, comments hidden by others, mentions")
struct MetaThreadsTests {
    private static func events(_ body: String, app: String? = nil) throws -> [Event] {
        let normaliser = MetaNormaliser(app: { _ in app }) { $0 == Fixture.page || $0 == Fixture.instagram }
        let updates = try normaliser.normalise(Array(body.utf8), received: Fixture.received)
        #expect(updates.quarantined.isEmpty)
        return updates.events.map(\.event)
    }

    private static func control(_ key: String, _ fields: String, app: String? = nil) throws -> Event {
        let sides = #""sender":{"id":"7"},"recipient":{"id":"\#(Fixture.page)"}"#
        let update = #"{\#(sides),"timestamp":1795370400000,"\#(key)":{\#(fields)}}"#
        return try #require(try events(MetaNormaliserTests.body(update), app: app).first)
    }

    private static func feed(_ verb: String, sent: Int = 1_795_370_401) -> String {
        let value = #"{"item":"comment","verb":"\#(verb)","comment_id":"9_1","post_id":"\#(Fixture.page)_9"}"#
        let changes = #"[{"field":"feed","value":\#(value)}]"#
        return #"{"object":"page","entry":[{"id":"\#(Fixture.page)","time":\#(sent),"changes":\#(changes)}]}"#
    }

    @Test("standby is read like any other thread, and marked")
    func standby() throws {
        let event = try #require(try Fixture.normalised("messenger_standby").events.first).event
        #expect(event.message.standby && event.message.text == "Are you there?")
        #expect(event.contact == "7261549900000006")
        let body = MetaNormaliserTests.body(
            #"{"sender":{"id":"7"},"timestamp":1,"postback":{"title":"Sizes","mid":"p"}}"#,
            #"{"sender":{"id":"\#(Fixture.page)"},"recipient":{"id":"7"},"message":{"mid":"e","is_echo":true,"app_id":263902037430900}}"#,
            #"{"sender":{"id":"7"},"reaction":{"mid":"e","action":"react","emoji":"x"}}"#)
        let events = try Self.events(body.replacing("\"messaging\"", with: "\"standby\""))
        #expect(events.map { EventJSON.word(of: $0.kind) } == ["postback", "echo", "reaction"])
        #expect(events.first?.postback.standby == true)
        #expect(events.dropFirst().first?.echo.inbox == true)
    }

    @Test(
        "thread control names the owner, and whether that is us",
        arguments: [
            ("pass_thread_control", #""new_owner_app_id":"55","metadata":"x""#, "55", ThreadControl.Verb.passed, true),
            ("pass_thread_control", #""new_owner_app_id":263902037430900"#, "55", .passed, false),
            ("pass_thread_control", #""new_owner_app_id":"66""#, "55", .passed, false),
            ("pass_thread_control", #""new_owner_app_id":"66""#, "", .passed, true),
            ("pass_thread_control", #""new_owner_app_id":"1217981644879628""#, "", .passed, false),
            ("take_thread_control", #""new_owner_app_id":"66","previous_owner_app_id":"55""#, "55", .taken, false),
            ("take_thread_control", #""previous_owner_app_id":"66","new_owner_app_id":"55""#, "55", .taken, true),
            ("take_thread_control", #""new_owner_app_id":"66""#, "", .taken, false),
            ("request_thread_control", #""requested_owner_app_id":"66""#, "55", .requested, false),
        ])
    func threadControl(key: String, fields: String, app: String, verb: ThreadControl.Verb, ours: Bool) throws {
        let event = try Self.control(key, fields, app: app.isEmpty ? nil : app)
        #expect(event.contact == "7")
        #expect(event.threadControl.verb == verb)
        #expect(event.threadControl.ours == ours)
        #expect(event.id.hasPrefix("thread:7:"))
    }

    @Test("hide and unhide name the comment; the same news again has the same id, a later one another")
    func moderated() throws {
        let hidden = try #require(try Self.events(Self.feed("hide")).first)
        #expect(hidden.moderated.hidden && hidden.moderated.target == "9_1")
        #expect(try Self.events(Self.feed("hide")).first?.id == hidden.id)
        #expect(try Self.events(Self.feed("hide", sent: 1_795_370_402)).first?.id != hidden.id)
        let shown = try #require(try Self.events(Self.feed("unhide")).first)
        #expect(!shown.moderated.hidden && shown.id != hidden.id)
    }

    @Test("mentions carry what the platform gives: ids, and a text where it gives one")
    func mentions() throws {
        let facebook = try #require(try Fixture.normalised("facebook_mention").events.first).event
        #expect(facebook.mention.id == "333_1" && facebook.mention.post == "222_333")
        #expect(facebook.id == "m:222_333:333_1" && facebook.contact.isEmpty)
        let instagram = try #require(try Fixture.normalised("instagram_mention").events.first).event
        #expect(instagram.mention.id == "17900000000000951" && instagram.mention.post == "17900000000000950")
        func body(_ value: String) -> String {
            let change = #"{"field":"mention","value":\#(value)}"#
            return #"{"object":"page","entry":[{"id":"\#(Fixture.page)","time":1,"changes":[\#(change)]}]}"#
        }
        let post = try #require(
            try Self.events(body(#"{"item":"post","verb":"add","post_id":"8_8","message":"@shop!"}"#)).first)
        #expect(post.mention.id == "8_8" && post.mention.text == "@shop!")
        let kinds = try ["edited", "remove"].map { verb in
            EventJSON.word(of: try Self.events(body(#"{"verb":"\#(verb)","post_id":"8_8"}"#)).first?.kind)
        }
        #expect(kinds == ["edit", "removal"])
        let own = try Fixture.normaliser.normalise(
            Array(body(#"{"verb":"add","post_id":"8_8","from":{"id":"\#(Fixture.page)"}}"#).utf8),
            received: Fixture.received)
        #expect(own.dropped.map(\.reason) == [.ownPublicReply])
    }

    @Test("of the account's own comments only new ones below another comment become events, by the account")
    func ownComments() throws {
        func outcome(_ value: String, isInstagram: Bool = false) throws -> String {
            let (object, id, field) =
                isInstagram ? ("instagram", "17841400000000001", "comments") : ("page", Fixture.page, "feed")
            let from = #""from":{"id":"\#(id)"}"#
            let body =
                #"{"object":"\#(object)","entry":[{"id":"\#(id)","time":1795370401,"changes":[{"field":"\#(field)","#
                + #""value":{\#(value),\#(from)}}]}]}"#
            let made = try MetaNormaliser(knows: { _ in true }).normalise(
                Array(body.utf8), received: Fixture.received)
            if let event = made.events.first?.event { return event.contact == id ? event.comment.id : "another's" }
            return made.dropped.first?.reason.rawValue ?? "none"
        }
        func facebook(_ verb: String, parent: String) -> String {
            #""item":"comment","verb":"\#(verb)","comment_id":"9_2","post_id":"1_9","parent_id":"\#(parent)","message":"Yes""#
        }
        #expect(try outcome(facebook("add", parent: "9_1")) == "9_2")
        #expect(try outcome(facebook("add", parent: "1_9")) == "own_public_reply")
        #expect(try outcome(facebook("edited", parent: "9_1")) == "own_public_reply")
        #expect(try outcome(facebook("remove", parent: "9_1")) == "own_public_reply")
        let media = #""id":"C2","text":"Yes","media":{"id":"M1"}"#
        #expect(try outcome(media + #","parent_id":"C1""#, isInstagram: true) == "C2")
        #expect(try outcome(media, isInstagram: true) == "own_public_reply")
    }
}
