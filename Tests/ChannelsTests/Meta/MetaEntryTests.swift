import Channels
import Contracts
import Instants
import Testing

@Suite("Entries of webhooks")
struct MetaEntryTests {
    private static let replay = QuarantineReplay(normaliser: Fixture.normaliser, isInstagram: { _ in false })

    private static func normalise(_ entry: String, object: String = "page") throws -> NormalisedUpdates {
        let body = #"{"object":"\#(object)","entry":[\#(entry)]}"#
        return try Fixture.normaliser.normalise(Array(body.utf8), received: Fixture.received)
    }

    private static func again(_ update: Quarantined, _ replay: QuarantineReplay = replay) throws -> NormalisedUpdates {
        try replay.updates(
            raw: update.raw, path: update.path, account: update.account, received: update.received)
    }

    @Test("of a list that we do not know each element is counted and set aside, and the known lists go on")
    func unknownList() throws {
        let updates = try Self.normalise(
            #"""
            {"id":"\#(Fixture.page)","time":1795370400000,"messaging":[\#(BadBodiesTests.good)],
             "messaging_calls":[{"call":1},"two"],"hop_context":[{"app_id":1}],"uid":"7"}
            """#)
        #expect(updates.events.map(\.event.id) == ["dm:good"])
        #expect(updates.quarantined.map(\.reason) == [.unknownKind, .unknownKind])
        #expect(updates.quarantined.map(\.path) == ["entry[0].messaging_calls[0]", "entry[0].messaging_calls[1]"])
        #expect(updates.quarantined.map(\.account) == [Fixture.page, Fixture.page])
        #expect(updates.quarantined.map { String(decoding: $0.raw, as: UTF8.self) } == [#"{"call":1}"#, #""two""#])
        #expect(updates.count == 3)
        // A release that does not know the list either says so, and reads it as nothing else.
        for update in updates.quarantined {
            let again = try Self.again(update)
            #expect(again.quarantined.map(\.reason) == [.unknownKind] && again.events.isEmpty)
        }
    }

    @Test("a list's name is shown where it is a plain word", arguments: [#"a].messaging["#, "\\u001b[2J", ""])
    func names(name: String) throws {
        let updates = try Self.normalise(#"{"id":"\#(Fixture.page)","\#(name)":[{"message":{"mid":"m"}}]}"#)
        let update = try #require(updates.quarantined.first)
        #expect(update.path == "entry[0].?[0]" && update.detail.contains("got ?"))
        #expect(try Self.again(update).events.isEmpty)
    }

    @Test("updates of lists that we do not know count for a piece and for the most of a body")
    func mostUpdates() throws {
        func entry(_ count: Int) -> String {
            let list = (0..<count).map(String.init).joined(separator: ",")
            return
                #"{"id":"\#(Fixture.page)","time":7,"new_thing":[\#(list)],"changes":{},"messaging":[\#(BadBodiesTests.good)]}"#
        }
        let body = Array(#"{"object":"page","entry":[{"id":"1"},\#(entry(2_500)),{"id":"1"}]}"#.utf8)
        let pieces = Array(try Fixture.normaliser.pieces(of: body, received: Fixture.received))
        #expect(pieces.map(\.count) == [3, 1_000, 1_000, 501])
        #expect(pieces.map(\.events.count) == [1, 0, 0, 0])
        let paths = pieces.flatMap(\.quarantined).map(\.path)
        let list = (0..<2_500).map { "entry[1].new_thing[\($0)]" }
        #expect(paths == ["entry[0]", "entry[1]"] + list + ["entry[2]"])
        #expect(pieces.last?.quarantined.dropLast().last?.sent?.milliseconds == 7_000)
        #expect(throws: MetaBodyError.tooManyUpdates(100_001)) { try Self.normalise(entry(99_999)) }
        #expect(try Self.normalise(entry(99_998)).count == 100_000)
    }

    @Test("an entry of many updates is set aside whole in pieces too, what stands beside its lists once")
    func manyParts() throws {
        let list = (0..<2_001).map { #"{"message":\#($0)}"# }.joined(separator: ",")
        let entry = #"{"id":"\#(Fixture.page)","time":9,"note":"here","messaging":[\#(list)]}"#
        let body = Array(#"{"object":"hologram","entry":[\#(entry)]}"#.utf8)
        let pieces = Array(try Fixture.normaliser.pieces(of: body, received: Fixture.received))
        #expect(pieces.map(\.quarantined.count) == [1_000, 1_000, 1])
        let texts = pieces.flatMap(\.quarantined).map { String(decoding: $0.raw, as: UTF8.self) }
        #expect(texts.last == #"{"id":"\#(Fixture.page)","messaging":[{"message":2000}],"time":9}"#)
        #expect(Set(texts).count == 2_001)
    }

    @Test("a known list that is none is set aside by itself")
    func wrongList() throws {
        let updates = try Self.normalise(
            #"{"id":"\#(Fixture.page)","time":1,"messaging":[\#(BadBodiesTests.good)],"changes":{"field":"feed"}}"#)
        #expect(updates.events.count == 1)
        #expect(updates.quarantined.map(\.reason) == [.wrongType])
        #expect(updates.quarantined.map(\.path) == ["entry[0]"])
        #expect(try updates.quarantined.map { try Self.again($0).quarantined.map(\.reason) } == [[.wrongType]])
    }

    @Test("an entry that is set aside goes in parts of one update, each of which is read again")
    func parts() throws {
        func message(_ number: Int) -> String {
            let text = String(repeating: "x", count: 900)
            return #"{"sender":{"id":"1"},"timestamp":1795370400000,"message":{"mid":"m\#(number)","text":"\#(text)"}}"#
        }
        let list = (0..<200).map(message).joined(separator: ",")
        let updates = try Self.normalise(
            #"{"id":"\#(Fixture.page)","time":1795370400000,"messaging":[\#(list)]}"#, object: "hologram")
        #expect(updates.quarantined.count == 200 && updates.count == 200)
        #expect(updates.quarantined.allSatisfy { $0.reason == .unknownObject && $0.account == Fixture.page })
        let again = try updates.quarantined.flatMap { try Self.again($0).events.map(\.event.id) }
        #expect(again == (0..<200).map { "dm:m\($0)" })
    }

    @Test("what is long beside an entry's lists is a part of its own, and is not repeated with each update")
    func longRest() throws {
        let long = String(repeating: "y", count: 40_000)
        let list = (0..<50).map { #"{"message":\#($0)}"# }.joined(separator: ",")
        let updates = try Self.normalise(#"{"time":5,"note":"\#(long)","messaging":[\#(list)]}"#)
        #expect(updates.quarantined.map(\.reason) == Array(repeating: .missingField, count: 51))
        #expect(updates.quarantined.map(\.raw.count).filter { $0 > 40_000 }.count == 1)
        let last = String(decoding: try #require(updates.quarantined.last).raw, as: UTF8.self)
        #expect(last == #"{"messaging":[{"message":49}],"time":5}"#)
    }
}
