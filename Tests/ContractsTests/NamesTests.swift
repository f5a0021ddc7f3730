import Contracts
import Testing

@Suite("Names of entities, lanes, partitions, positions")
struct NamesTests {
    static let awkward = ["1789", "", "a/b", "%", "%2F", "ü ñ", "\u{0}", "\u{1F}", "😀", "a.b_c-d", "+1"]

    @Test("what an entity is made of comes back from its text", arguments: awkward)
    func roundTrip(part: String) throws {
        let message = EntityID.messages(account: part, contact: "x\(part)")
        let comment = EntityID.comments(account: part, originalPost: part, root: "r\(part)")
        let matter = EntityID.matter(team: "night", conversation: comment)
        #expect(message.kind == .messages && message.parts == [part, "x\(part)"])
        #expect(comment.kind == .comments && comment.parts == [part, part, "r\(part)"])
        #expect(comment.parent == .post(account: part, originalPost: part))
        #expect(matter.kind == .matter && matter.parts == ["night", comment.text])
        #expect(matter.parent == .desk(team: "night") && message.parent == nil)
        for entity in [message, comment, matter] { #expect(try EntityID(entity.text) == entity) }
    }

    @Test("different parts give different entities")
    func distinct() {
        var texts: [String] = []
        for first in Self.awkward {
            for second in Self.awkward { texts.append(EntityID.messages(account: first, contact: second).text) }
        }
        #expect(Set(texts).count == texts.count)
    }

    @Test("plain ids stay readable")
    func readable() {
        #expect(EntityID.messages(account: "1789", contact: "246.8").text == "m/1789/246.8")
        #expect(EntityID.post(account: "a b", originalPost: "c/d").text == "p/a%20b/c%2Fd")
    }

    @Test(
        "what is no entity is refused",
        arguments: ["", "m", "m/a", "m//b", "m/a/b/c", "x/a/b", "c/a/b", "d/", "m/a b/c", "m/ä/b"])
    func noEntity(text: String) {
        #expect(throws: NameError.self) { try EntityID(text) }
    }

    @Test("an entity longer than 1,024 bytes is refused")
    func longEntity() {
        #expect(throws: NameError.self) { try EntityID("m/a/" + String(repeating: "b", count: 1_021)) }
    }

    @Test("lane names read back", arguments: ["de-berlin.0", "a.99999", "desk-night.0"])
    func lanes(text: String) throws {
        let lane = try LaneName(text)
        #expect(lane.text == text && lane.isDesk == text.hasPrefix("desk-"))
        #expect(text.hasPrefix(lane.partition + "."))
    }

    @Test(
        "what is no lane is refused",
        arguments: ["", "de", "de.", ".1", "de.01", "de.-1", "de.+1", "de.1.2", "De.1", "d{e}.1", "de.100000", "d:e.0"])
    func noLane(text: String) {
        #expect(throws: NameError.self) { try LaneName(text) }
    }

    @Test("what is no partition is refused", arguments: ["", "desk-a", "Ä", "a.b", String(repeating: "a", count: 41)])
    func noPartition(text: String) {
        #expect(throws: NameError.self) { try PartitionName(text) }
    }

    @Test("lanes are picked by XXH64 over account and contact, or account and original post")
    func picked() throws {
        let partition = try PartitionName("de-berlin")
        let expected = StableHash.hash("1789", "42") % 8
        #expect(partition.lane(account: "1789", contact: "42", of: 8).text == "de-berlin.\(expected)")
        #expect(partition.lane(account: "1789", originalPost: "42", of: 8).text == "de-berlin.\(expected)")
        #expect(partition.lane(account: "1789", contact: "42", of: 0).text == "de-berlin.0")
    }

    @Test("entry ids read back, and order by milliseconds, then sequence")
    func entries() {
        let entries = [EntryID.start, EntryID(milliseconds: 5, sequence: 9), EntryID(milliseconds: 5, sequence: 10)]
        for entry in entries { #expect(EntryID(entry.description) == entry) }
        #expect(entries.sorted() == entries)
        #expect(EntryID("18446744073709551615-18446744073709551615") != nil)
        for text in ["", "5", "5-", "-5", "5-6-7", "+5-6", "5-+6", "18446744073709551616-0", "a-b"] {
            #expect(EntryID(text) == nil, "\(text)")
        }
    }
}
