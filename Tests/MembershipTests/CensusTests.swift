import Instants
import Membership
import Testing

@Suite("Census")
struct CensusTests {
    private func record(_ name: String, beat: Int64, until: Int64) throws -> MemberRecord {
        MemberRecord(id: try member(name), beatAt: at(beat), until: at(until))
    }

    private func census(_ records: [MemberRecord], now: Int64, since: Int64) -> Census {
        Census(records, at: ControlState(now: at(now), reachableSince: at(since)), lease: .seconds(3))
    }

    @Test("a member is dead once its lease ended, not a millisecond earlier")
    func leaseEnd() throws {
        let (records, id) = ([try record("a", beat: 10_000, until: 13_000)], try member("a"))
        #expect(!census(records, now: 12_999, since: 0).isDead(id))
        #expect(census(records, now: 13_000, since: 0).isDead(id))
    }

    @Test("nobody is declared dead until the slot has been reachable for a whole lease")
    func afterOutage() throws {
        let records = [try record("a", beat: 10_000, until: 13_000)]
        let (id, unknown) = (try member("a"), try member("b"))
        let early = census(records, now: 62_999, since: 60_000)
        #expect(!early.isDead(id) && !early.isDead(unknown) && early.living.map(\.id) == [id])
        let late = census(records, now: 63_000, since: 60_000)
        #expect(late.isDead(id) && late.isDead(unknown) && late.living.isEmpty)
    }

    @Test("a heartbeat from the future, left by a clock that was set back, keeps nobody alive")
    func clockSetBack() throws {
        let records = [try record("a", beat: 9_000_000, until: 9_003_000)]
        #expect(census(records, now: 20_000, since: 10_000).isDead(try member("a")))
    }

    @Test("a member that leaves is alive but is given nothing")
    func leaving() throws {
        var leaving = try record("a", beat: 10_000, until: 13_000)
        leaving.isLeaving = true
        let census = census([leaving, try record("b", beat: 10_500, until: 13_500)], now: 11_000, since: 0)
        #expect(census.placeable == [try member("b")])
        #expect(!census.isDead(try member("a")))
        #expect(census.nextEnd == at(13_000))
    }

    @Test(
        "a stored record that is cut, padded or no number is no record",
        arguments: ["", "1|2|3", "a|2|1|1|0|0|0|0|v", "1|2|1|1|0|0|0|0", "|||||||| "])
    func badRecords(text: String) throws {
        #expect(MemberRecord(id: try member("a"), stored: text) == nil)
    }

    @Test("a version may contain the separator")
    func versionWithSeparator() throws {
        let record = try #require(MemberRecord(id: try member("a"), stored: "1|2|3|4|5|6|7|1|v|9"))
        #expect(record.version == "v|9" && record.isLeaving && record.held == 7 && record.load.backlog == 6)
    }

    @Test(
        "a name with anything but letters, digits, point, dash and underscore is refused",
        arguments: ["", "a b", "a#b", "ä", "a\n", String(repeating: "x", count: 65)])
    func badNames(name: String) {
        #expect(throws: (any Error).self) { try MemberID(name: name, incarnation: 1) }
    }

    @Test("two processes of one name are two members, and the text form reads back")
    func twins() throws {
        let (one, other) = (try MemberID(name: "w", incarnation: 1), try MemberID(name: "w", incarnation: .max))
        #expect(one != other && one.name == other.name)
        #expect(try MemberID(one.text) == one && MemberID(other.text) == other)
        #expect(throws: (any Error).self) { try MemberID("w#12") }
        #expect(throws: (any Error).self) { try MemberID("w") }
    }

    @Test("a leader trusts its lease from the sending of its request, less a margin")
    func trustWindow() {
        let sent = ContinuousClock.now
        let window = TrustWindow(term: 1, requestSent: sent, lease: .seconds(3), margin: .milliseconds(500))
        #expect(window.isOpen(at: sent + .milliseconds(2_499)))
        #expect(!window.isOpen(at: sent + .milliseconds(2_500)))
        let none = TrustWindow(term: 1, requestSent: sent, lease: .milliseconds(100), margin: .seconds(1))
        #expect(!none.isOpen(at: sent))
    }
}
