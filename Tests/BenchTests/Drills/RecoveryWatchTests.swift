import Testing

@testable import Bench

@Suite("The watch for another owner's commit")
struct RecoveryWatchTests {
    private let start = ContinuousClock.now

    private func records(_ count: Int = 1) -> [FaultRecord] {
        (1...count).map { FaultRecord(number: $0, kind: .kill(isAimed: false), victim: "w1", at: .zero) }
    }

    private func sight(_ owner: String, _ sequence: Int64, appended: Int64 = 9) -> LaneEye.Sight {
        LaneEye.Sight(owner: owner, sequence: sequence, appended: appended, decided: 5, openActions: 0)
    }

    private func begun(_ records: inout [FaultRecord], isOwnerKept: Bool = false) -> RecoveryWatch {
        var watch = RecoveryWatch()
        watch.begin(
            fault: 0, lanes: ["de.0"], sights: ["de.0": sight("w1#a", 3)], isOwnerKept: isOwnerKept, now: start,
            records: &records)
        return watch
    }

    @Test("a take without a commit is no recovery, another's commit is, and its time counts from the fault")
    func recovers() {
        var records = records()
        var watch = begun(&records)
        watch.update(["de.0": sight("w2#b", 3)], now: start + .seconds(1), records: &records)
        #expect(records[0].recovery == nil && !watch.isEmpty)
        watch.update(["de.0": sight("w1#b", 4)], now: start + .seconds(2), records: &records)
        #expect(records[0].recovery == .seconds(2) && watch.isEmpty)
    }

    @Test("a commit of the victim itself is no recovery, but is after an outage of Redis")
    func victim() {
        for isOwnerKept in [false, true] {
            var records = records()
            var watch = begun(&records, isOwnerKept: isOwnerKept)
            watch.update(["de.0": sight("w1#a", 4)], now: start + .seconds(1), records: &records)
            #expect(watch.isEmpty == isOwnerKept)
        }
    }

    @Test("the time of a lane with nothing to commit does not run")
    func idle() {
        var records = records()
        var watch = begun(&records)
        watch.update(["de.0": sight("w1#a", 3, appended: 5)], now: start + .seconds(8), records: &records)
        watch.update(["de.0": sight("w2#b", 4)], now: start + .seconds(9), records: &records)
        #expect(records[0].recovery == .seconds(1))
    }

    @Test("a lane that a second fault hits counts for the second; one that nobody commits in is told at the end")
    func hitAgain() {
        var records = records(2)
        var watch = begun(&records)
        let sights = ["de.0": sight("w2#b", 3)]
        watch.begin(
            fault: 1, lanes: ["de.0"], sights: sights, isOwnerKept: false, now: start + .seconds(3), records: &records)
        #expect(records[0].takenOver == 1)
        var other = watch
        other.update(["de.0": sight("w3#c", 4)], now: start + .seconds(4), records: &records)
        #expect(records[1].recovery == .seconds(1) && other.longest == .seconds(4))
        watch.end(sights, records: &records)
        #expect(records.map(\.unrecovered) == [0, 1] && watch.isEmpty)
    }
}
