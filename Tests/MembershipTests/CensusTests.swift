import Contracts
import Instants
import Membership
import TestEffort
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

    private func twin(_ incarnation: UInt64, beat: Int64) throws -> MemberRecord {
        MemberRecord(id: try MemberID(name: "w", incarnation: incarnation), beatAt: at(beat), until: at(beat + 3_000))
    }

    @Test(
        "a member whose name another bears that was heard later is dead after half a lease, not a millisecond earlier")
    func succeeded() throws {
        let (old, new) = (try twin(1, beat: 10_000), try twin(2, beat: 10_400))
        #expect(census([old, new], now: 11_499, since: 0).living.map(\.id) == [old.id, new.id])
        #expect(census([old, new], now: 11_499, since: 0).nextEnd == at(11_500))
        let later = census([old, new], now: 11_500, since: 0)
        #expect(later.isDead(old.id) && !later.isDead(new.id) && later.living.map(\.id) == [new.id])
        // Which of the two incarnations is greater says nothing.
        let (first, second) = (try twin(9, beat: 10_000), try twin(3, beat: 10_400))
        #expect(census([first, second], now: 11_500, since: 0).isDead(first.id))
    }

    @Test("without a successor half a lease of silence is no death, and one from the future is no successor")
    func notSucceeded() throws {
        let old = try twin(1, beat: 10_000)
        #expect(!census([old], now: 12_999, since: 0).isDead(old.id))
        #expect(!census([old, try twin(2, beat: 9_999)], now: 12_999, since: 0).isDead(old.id))
        #expect(!census([old, try twin(2, beat: 50_000)], now: 12_999, since: 0).isDead(old.id))
        let other = MemberRecord(id: try member("v"), beatAt: at(12_000), until: at(15_000))
        #expect(!census([old, other], now: 12_999, since: 0).isDead(old.id))
    }

    @Test("after an outage a succeeded member has half a lease to come back, one without a successor a whole one")
    func succeededInOutage() throws {
        let (old, new) = (try twin(1, beat: 10_000), try twin(2, beat: 60_300))
        #expect(!census([old, new], now: 61_499, since: 60_000).isDead(old.id))
        #expect(census([old, new], now: 61_500, since: 60_000).isDead(old.id))
        #expect(!census([old], now: 62_999, since: 60_000).isDead(old.id))
        // Redis lost the record with its tail.
        #expect(!census([new], now: 61_499, since: 60_000).isDead(old.id))
        #expect(census([new], now: 61_500, since: 60_000).isDead(old.id))
        #expect(!census([new], now: 61_500, since: 60_000).isDead(try member("v")))
    }

    /// Members that beat with pauses under half a lease, some of one name, some killed for good; Redis restarts.
    @Test(
        "who beats again within half a lease is never dead, whoever bears its name; the killed are dead in time",
        arguments: UInt64(1)...Effort.cases(200))
    func history(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var records: [MemberID: MemberRecord] = [:]
        var nextBeat: [MemberID: Int64] = [:]
        var killedAt: [MemberID: Int64] = [:]
        var since: Int64 = 0
        for index in 0..<6 {
            nextBeat[try MemberID(name: "w\(index % 3)", incarnation: UInt64(index))] = .random(
                in: 0...3_000, using: &random)
        }
        for now in stride(from: Int64(0), to: 30_000, by: 50) {
            if Int.random(in: 0..<200, using: &random) == 0 {
                since = now
                // All that live come back.
                for id in nextBeat.keys.sorted() where killedAt[id] == nil {
                    nextBeat[id] = now + .random(in: 0..<1_400, using: &random)
                }
            }
            for id in nextBeat.keys.sorted() where killedAt[id] == nil && nextBeat[id] ?? 0 <= now {
                records[id] = MemberRecord(id: id, beatAt: at(now), until: at(now + 3_000))
                nextBeat[id] = now + .random(in: 50...1_400, using: &random)
                if Int.random(in: 0..<60, using: &random) == 0, killedAt.count < 5 { killedAt[id] = now }
            }
            let census = census(Array(records.values), now: now, since: since)
            for (id, record) in records {
                guard let killed = killedAt[id] else {
                    #expect(!census.isDead(id), "seed \(seed): \(id) at \(now), heard at \(record.beatAt)")
                    continue
                }
                let isSucceeded = records.values.contains { $0.id.name == id.name && $0.beatAt > record.beatAt }
                let due = max(killed, since) + (isSucceeded ? 1_500 : 3_000)
                #expect(census.isDead(id) == (due <= now), "seed \(seed): \(id) at \(now), killed at \(killed)")
            }
        }
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
