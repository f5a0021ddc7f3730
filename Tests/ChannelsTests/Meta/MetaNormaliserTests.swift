import Channels
import Contracts
import Instants
import Testing

@Suite("From a webhook body to events")
struct MetaNormaliserTests {
    /// What each sample becomes: kinds of its events, reasons of what is set aside or dropped.
    static let expected: [String: [String]] = [
        "facebook_comment_competitor_link": ["comment"],
        "facebook_comment_criticism": ["comment"],
        "facebook_comment_criticism_with_competitor_link": ["comment"],
        "facebook_comment_edited": ["edit"],
        "facebook_comment_hidden_by_us": ["moderated"],
        "facebook_comment_old_sender_fields": ["comment"],
        "facebook_comment_on_ad": ["comment"],
        "facebook_comment_own_public_reply": ["comment"],
        "facebook_comment_photo_only": ["comment"],
        "facebook_comment_removed": ["removal"],
        "facebook_comment_reply": ["comment"],
        "facebook_comment_spam": ["comment"],
        "facebook_comment_without_author": ["comment"],
        "facebook_mention": ["mention"],
        "facebook_reaction_ignored": ["dropped feed_other"],
        "instagram_comment_on_ad": ["comment"],
        "instagram_comment_reply": ["comment"],
        "instagram_comment_same_on_original": ["comment"],
        "instagram_comment_test_notification": ["dropped test_notification"],
        "instagram_echo": ["echo"],
        "instagram_mention": ["mention"],
        "instagram_read": ["dropped read"],
        "instagram_story_mention": ["message"],
        "instagram_text": ["message"],
        "messenger_ad_referral": ["message"],
        "messenger_attachment_only": ["message"],
        "messenger_batch_with_duplicate_and_disorder": ["message", "message", "message", "message"],
        "messenger_delivery": ["dropped delivery"],
        "messenger_echo_foreign_inbox": ["echo"],
        "messenger_echo_own": ["echo"],
        "messenger_edit": ["edit"],
        "messenger_numeric_ids": ["message"],
        "messenger_postback_icebreaker": ["postback"],
        "messenger_postback_without_mid": ["postback"],
        "messenger_product_question": ["message"],
        "messenger_quick_reply": ["message"],
        "messenger_reaction": ["reaction"],
        "messenger_read": ["dropped read"],
        "messenger_standby": ["message"],
        "messenger_text": ["message"],
        "messenger_text_vietnamese": ["message"],
        "messenger_unknown_attachment": ["message"],
        "messenger_unknown_entry_kind": ["aside unknown_kind"],
        "messenger_unsend": ["removal"],
        "messenger_unsupported": ["message"],
        "page_not_configured": ["aside unknown_account"],
    ]

    @Test("deliveries and reads become events of the customer where they are wanted, and nothing else changes")
    func receipts() throws {
        let wanting = MetaNormaliser(wantsReceipts: { $0 == "104857600000001" || $0.hasPrefix("178") }) { _ in true }
        let until: [String: (Int64, Bool, String)] = [
            "messenger_read": (1_795_370_400_060, true, "read:7261549900000001:1795370400060"),
            "messenger_delivery": (1_795_370_400_060, false, "delivery:7261549900000001:1795370400060"),
            "instagram_read": (1_795_370_400_311, true, "read:7261549900000020:aWdfMg"),
        ]
        for (name, expected) in until.sorted(by: { $0.key < $1.key }) {
            let updates = try wanting.normalise(Fixture.body(name), received: Fixture.received)
            let event = try #require(updates.events.first?.event, "\(name)")
            guard case .receipt(let receipt) = event.kind else {
                Issue.record("\(name): expected a receipt")
                continue
            }
            #expect(receipt.until == expected.0 && receipt.read == expected.1 && event.id == expected.2)
            #expect(updates.dropped.isEmpty && event.contact.hasPrefix("72615499"))
            let other = try MetaNormaliser(wantsReceipts: { _ in false }) { _ in true }
                .normalise(Fixture.body(name), received: Fixture.received)
            #expect(other.events.isEmpty && other.dropped.count == 1)
        }
    }

    @Test("every sample gives the kinds that it shows")
    func everySample() throws {
        let names = try Fixture.names()
        #expect(names == Self.expected.keys.sorted())
        for name in names {
            let updates = try Fixture.normalised(name)
            let kinds =
                updates.events.map { EventJSON.word(of: $0.event.kind) ?? "none" }
                + updates.quarantined.map { "aside \($0.reason.rawValue)" }
                + updates.dropped.flatMap { Array(repeating: "dropped \($0.reason.rawValue)", count: $0.count) }
            #expect(kinds == Self.expected[name], "\(name)")
        }
    }

    @Test("the products that a customer shows, or comes from, are kept by both of their ids")
    func products() throws {
        let shown = try #require(try Fixture.normalised("messenger_product_question").events.first).event
        #expect(shown.message.products == ["SKU-77", "5551"] && shown.message.text == "Do you have it in red?")
        let frame = #""sender":{"id":"1"},"recipient":{"id":"104857600000001"},"timestamp":1795370400095"#
        for (update, ids) in [
            (#""referral":{"source":"SHORTLINK","type":"OPEN_THREAD","product":{"id":5551}}"#, ["5551"]),
            (#""postback":{"payload":"START","referral":{"product":{"id":"5551"}}}"#, ["5551"]),
            (#""message":{"mid":"m","text":"?","referral":{"product":{"id":"5551"}}}"#, ["5551"]),
            (#""message":{"mid":"m","text":"?","attachments":[{"payload":{"product":{"elements":"x"}}}]}"#, []),
            (
                #""message":{"mid":"m","text":"?","attachments":[{"payload":{"product":{"elements":[7,{"id":{}}]}}}]}"#,
                []
            ),
        ] {
            let body =
                #"{"object":"page","entry":[{"id":"104857600000001","time":1,"messaging":[{\#(frame),\#(update)}]}]}"#
            let updates = try MetaNormaliser { _ in true }.normalise(
                Array(body.utf8), received: Instant(seconds: 1_795_370_402))
            let event = try #require(updates.events.first).event
            #expect(event.message.products + event.postback.products == ids, "\(update)")
        }
    }

    @Test("a message keeps id, account, contact, text and both instants")
    func message() throws {
        let event = try #require(try Fixture.normalised("messenger_text").events.first).event
        #expect(event.id == "dm:m_fi_0001")
        #expect(event.account == Fixture.page)
        #expect(event.contact == "7261549900000001")
        #expect(event.message.text == "Hei! Milloin tilaukseni 48213 saapuu?")
        #expect(event.happenedAt == 1_795_370_400_000)
        #expect(event.receivedAt == Fixture.received.milliseconds)
        #expect(!event.clockFlagged)
    }

    @Test("ids that come as numbers become the same text")
    func numericIDs() throws {
        let event = try #require(try Fixture.normalised("messenger_numeric_ids").events.first).event
        #expect(event.account == Fixture.page)
        #expect(event.contact == "7261549900000010")
    }

    @Test("the same update twice has the same id, whatever stands around it")
    func sameID() throws {
        let events = try Fixture.normalised("messenger_batch_with_duplicate_and_disorder").events.map(\.event)
        #expect(events.map(\.id) == ["dm:m_b_2", "dm:m_b_1", "dm:m_b_2", "dm:m_b_3"])
        let last = try Fixture.normalised("messenger_batch_with_duplicate_and_disorder").events.last
        #expect(last?.path == "entry[1].messaging[0]")
    }

    @Test("an ad's comment and the same under its original have one id and one original post")
    func adComment() throws {
        let ad = try #require(try Fixture.normalised("instagram_comment_on_ad").events.first).event
        let original = try #require(try Fixture.normalised("instagram_comment_same_on_original").events.first).event
        #expect(ad.id == original.id)
        #expect(ad.comment.post == "17900000000000900")
        #expect(ad.comment.originalPost == original.comment.post)
        #expect(ad.comment.ad == "238500077")
        #expect(original.comment.ad.isEmpty)
        #expect(ad.happenedAt == 1_795_370_401_000)
    }

    @Test("echoes name the customer as contact, our mark, and whether a person wrote in the platform's inbox")
    func echoes() throws {
        let own = try #require(try Fixture.normalised("messenger_echo_own").events.first).event
        #expect(own.contact == "7261549900000001")
        #expect(own.echo.metadata == "ns1:a-0001")
        #expect(!own.echo.inbox)
        let foreign = try #require(try Fixture.normalised("messenger_echo_foreign_inbox").events.first).event
        #expect(foreign.echo.inbox)
        #expect(foreign.echo.app == "263902037430900")
    }

    @Test("which apps are the platform's inbox is each account's matter, for echoes and for who owns a thread")
    func inboxApps() throws {
        let normaliser = MetaNormaliser(inboxApps: { $0 == Fixture.page ? ["77"] : [] }, knows: { _ in true })
        func events(_ account: String) throws -> [Event] {
            let echo = #"{"recipient":{"id":"7"},"message":{"mid":"e","is_echo":true,"app_id":77}}"#
            let control = #"{"sender":{"id":"7"},"pass_thread_control":{"new_owner_app_id":"77"}}"#
            let body = #"{"object":"page","entry":[{"id":"\#(account)","messaging":[\#(echo),\#(control)]}]}"#
            return try normaliser.normalise(Array(body.utf8), received: Fixture.received).events.map(\.event)
        }
        let named = try events(Fixture.page)
        #expect(named.map(\.echo.inbox) == [true, false] && named.last?.threadControl.ours == false)
        let other = try events(Fixture.instagram)
        #expect(other.map(\.echo.inbox) == [false, false] && other.last?.threadControl.ours == true)
    }

    @Test("details of comments: old sender fields, missing author, photo, reply, ad on a page")
    func comments() throws {
        func event(_ name: String) throws -> Event { try #require(try Fixture.normalised(name).events.first).event }
        #expect(try event("facebook_comment_old_sender_fields").contact == "7261549900000031")
        #expect(try event("facebook_comment_without_author").contact.isEmpty)
        #expect(try event("facebook_comment_photo_only").comment.attachments.map(\.type) == ["photo"])
        #expect(try event("facebook_comment_reply").comment.parent == "900001_1")
        #expect(try event("facebook_comment_on_ad").comment.ad == "104857600000001_900001")
        #expect(try event("facebook_comment_edited").edit.target == "900001_1")
        #expect(try event("facebook_comment_edited").happenedAt == 1_795_370_401_000)
    }

    @Test("buttons, quick replies, reactions, edits, unsends and ads keep what makes them so")
    func details() throws {
        func event(_ name: String) throws -> Event { try #require(try Fixture.normalised(name).events.first).event }
        // As a sweep of messages names it.
        #expect(try event("messenger_postback_icebreaker").id == MetaNormaliser.messageID("m_pb_0001"))
        #expect(try event("messenger_postback_without_mid").id.hasPrefix("pb:7261549900000004:"))
        #expect(try event("messenger_quick_reply").message.payload == "FAQ_SIZES")
        #expect(try event("messenger_reaction").reaction.emoji == "❤")
        #expect(try event("messenger_edit").id == "edit:m_fi_0001:1")
        #expect(try event("messenger_unsend").removal.target == "m_fi_0001")
        #expect(try event("messenger_ad_referral").message.ad == "238500001")
        #expect(try event("messenger_unsupported").message.attachments.map(\.type) == ["unsupported"])
        #expect(try event("messenger_unknown_attachment").message.attachments.map(\.type) == ["hologram"])
    }

    @Test(
        "a provider's clock ahead is clamped, and flagged beyond two seconds",
        arguments: [(0, false), (2_000, false), (2_001, true), (86_400_000, true), (Int64.max / 2, true)])
    func clockAhead(ahead: Int64, flagged: Bool) throws {
        let at = Fixture.received.milliseconds + ahead
        let body = Self.body(#"{"sender":{"id":"1"},"timestamp":\#(at),"message":{"mid":"m","text":"x"}}"#)
        let event = try #require(
            try Fixture.normaliser.normalise(Array(body.utf8), received: Fixture.received).events.first
        ).event
        #expect(event.happenedAt == Fixture.received.milliseconds)
        #expect(event.clockFlagged == flagged)
    }

    static func body(_ updates: String...) -> String {
        let list = updates.joined(separator: ",")
        return #"{"object":"page","entry":[{"id":"\#(Fixture.page)","time":1795370400350,"messaging":[\#(list)]}]}"#
    }
}
