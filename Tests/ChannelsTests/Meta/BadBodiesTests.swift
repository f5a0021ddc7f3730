import Channels
import Contracts
import Instants
import Testing

@Suite("Bad webhook bodies")
struct BadBodiesTests {
    static let good = #"{"sender":{"id":"1"},"timestamp":1795370400000,"message":{"mid":"good","text":"hello"}}"#

    static func normalise(_ body: [UInt8]) throws -> NormalisedUpdates {
        try Fixture.normaliser.normalise(body, received: Fixture.received)
    }

    static let aside: [(update: String, reason: QuarantineReason)] = [
        (#"{"sender":{"id":"1"},"message":{"mid":7.5,"text":"x"}}"#, .wrongType),
        (#"{"sender":{"id":"1"},"message":{"mid":"m","text":{"a":1}}}"#, .wrongType),
        (#"{"sender":{"id":"1"},"message":{"mid":"m","attachments":"none"}}"#, .wrongType),
        (#"{"sender":{"id":"1"},"message":["mid"]}"#, .wrongType),
        (#"{"sender":{"id":"1"},"timestamp":"soon","message":{"mid":"m"}}"#, .wrongType),
        (#"{"sender":{"id":true},"message":{"mid":"m"}}"#, .wrongType),
        (#"{"sender":{"id":""},"message":{"mid":"m"}}"#, .missingField),
        (#"{"message":{"mid":"m"}}"#, .missingField),
        (#"{"sender":{"id":"1"},"message":{"text":"no mid"}}"#, .missingField),
        (#"{"sender":{"id":"\#(String(repeating: "9", count: 200))"},"message":{"mid":"m"}}"#, .idTooLong),
        (#"{"recipient":{"id":"104857600000001"},"app_roles":{"5550001":["primary_receiver"]}}"#, .threadControl),
        (#"{"sender":{"id":"1"},"take_thread_control":{"new_owner_app_id":[]}}"#, .wrongType),
        (#"{"recipient":{"id":"104857600000001"},"pass_thread_control":{}}"#, .missingField),
        (#"{"sender":{"id":"1"},"policy-enforcement":{"action":"block"}}"#, .policyEnforcement),
        (#"{"sender":{"id":"1"},"brand_new":null}"#, .unknownKind),
        ("17", .wrongType),
        ("null", .wrongType),
        (#""text""#, .wrongType),
        (#"{"sender":{"id":"1"},"message":{"mid":"m","text":"half \ud83d pair"}}"#, .invalidText),
    ]

    @Test("one bad update among good ones sets aside only itself", arguments: aside.indices)
    func setsAsideOnlyItself(index: Int) throws {
        let (update, reason) = Self.aside[index]
        let body = MetaNormaliserTests.body(Self.good, update, Self.good)
        let updates = try Self.normalise(Array(body.utf8))
        #expect(updates.events.map(\.event.id) == ["dm:good", "dm:good"])
        #expect(updates.quarantined.map(\.reason) == [reason])
        #expect(updates.quarantined.map(\.path) == ["entry[0].messaging[1]"])
    }

    @Test("bytes that are no UTF-8 set aside their update, which keeps them")
    func invalidBytes() throws {
        var bad = Array(#"{"message":{"mid":"m","text":"bad "#.utf8)
        bad += [0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80]
        bad += Array(#""},"sender":{"id":"1"}}"#.utf8)
        let frame = MetaNormaliserTests.body(Self.good, "@", Self.good).split(separator: "@")
        let body = Array(frame[0].utf8) + bad + Array(frame[1].utf8)
        let updates = try Self.normalise(body)
        #expect(updates.events.count == 2)
        #expect(updates.quarantined.map(\.reason) == [.invalidText])
        #expect(updates.quarantined.first?.raw == bad)
    }

    @Test(
        "a body without an envelope is refused as a whole",
        arguments: ["", "hello", "[]", "17", "{}", #"{"object":"page","entry":{}}"#, #"{"object":"page""#])
    func refusedAsAWhole(body: String) {
        #expect(throws: MetaBodyError.self) { try Self.normalise(Array(body.utf8)) }
    }

    @Test("a thousand updates are one piece, one more makes two, in the body's order")
    func mostUpdates() throws {
        func body(_ count: Int) -> [UInt8] {
            let updates = (0..<count).map {
                #"{"sender":{"id":"\#($0)"},"timestamp":1795370400000,"message":{"mid":"m\#($0)","text":"x"}}"#
            }
            let list = updates.joined(separator: ",")
            return Array(#"{"object":"page","entry":[{"id":"\#(Fixture.page)","messaging":[\#(list)]}]}"#.utf8)
        }
        func pieces(_ count: Int) throws -> [[String]] {
            try Fixture.normaliser.pieces(of: body(count), received: Fixture.received).map { $0.events.map(\.event.id) }
        }
        #expect(try pieces(1_000).map(\.count) == [1_000])
        #expect(try pieces(1_001).map(\.count) == [1_000, 1])
        #expect(try pieces(2_345).flatMap(\.self) == (0..<2_345).map { "dm:m\($0)" })
    }

    @Test("texts of any length and script are kept up to the limits, at a border of characters")
    func longTexts() throws {
        let texts = [
            String(repeating: "a", count: 100_000), String(repeating: "👨‍👩‍👧‍👦", count: 10_000),
            String(repeating: "مرحبا ", count: 20_000), String(repeating: "\u{200B}", count: 60_000),
            "e" + String(repeating: "\u{301}", count: 100_000),
        ]
        for text in texts {
            let update: JSONValue = [
                "sender": ["id": "1"], "timestamp": 1_795_370_400_000,
                "message": ["mid": "m", "text": .string(text)],
            ]
            let body = MetaNormaliserTests.body(update.text(escaping: .unicode))
            let updates = try Self.normalise(Array(body.utf8))
            let event = try #require(updates.events.first?.event)
            let kept = event.message.text
            #expect(kept.count <= 20_000 && kept.utf8.count <= 48 * 1_024 && !kept.isEmpty)
            #expect(event.message.fullLength == UInt32(text.count))
            #expect(text.unicodeScalars.starts(with: kept.unicodeScalars))
            if text.first?.unicodeScalars.count ?? 0 < 100 { #expect(text.hasPrefix(kept)) }
        }
    }
}
