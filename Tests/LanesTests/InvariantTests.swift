import Contracts
import Lanes
import TestEffort
import Testing

/// I22 of DOMAIN 5.5 on a real Redis: owners that take, stall, go on and die in any order.
@Suite("Invariants of owners")
struct InvariantTests {
    @Test(
        "I22 no two owners decide for one lane: what is committed comes from the last who took it, each event once",
        arguments: UInt64(1)...Effort.cases(6))
    func owners(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let kit = try LaneKit()
        var tenures: [Tenure?] = [nil, nil, nil]
        var owner: Int?
        var (appended, decided, refused) = (0, 0, 0)
        var place = Position.start
        for step in 0..<300 {
            let who = Int(random.number(below: 3))
            let at: Testing.Comment = "seed \(seed), step \(step)"
            switch random.number(below: 10) {
            case 0, 1:
                try kit.append()
                appended += 1
            case 2:
                let tenure = try kit.take(as: "worker-\(who)")
                #expect(tenure.cursor == place, at)
                tenures[who] = tenure
                owner = who
            case 3:
                guard let tenure = tenures[who] else { continue }
                let reply = try kit.store.release([(lane: kit.lane, token: tenure.token)])[0]
                #expect((reply == .released) == (owner == who), at)
                if owner == who { owner = nil }
            // It forgets that it released, and goes on.
            default:
                guard var tenure = tenures[who] else { continue }
                let read = ReadRequest(lane: kit.lane, token: tenure.token, from: tenure.cursor.entry, mostEntries: 1)
                let reply = try kit.only(try kit.store.read([read]))
                guard case .reading(let reading) = reply else {
                    #expect(owner != who, at)
                    // It did not look whether it still owns the lane.
                    let before = try kit.look()
                    #expect(try kit.commit(tenure, decided: 1) == .fenced, at)
                    #expect(try kit.look().pending == before.pending, at)
                    refused += 1
                    continue
                }
                #expect(owner == who, at)
                guard let entry = reading.entries.first else { continue }
                _ = try kit.committed(&tenure, cursor: .following(entry.id), decided: 1)
                tenures[who] = tenure
                #expect(place < tenure.cursor, at)
                place = tenure.cursor
                decided += 1
            }
        }
        #expect(try kit.look().pending == UInt64(appended - decided))
        #expect(decided > 20 && refused > 20, "seed \(seed): \(decided) decided, \(refused) refused")
    }
}
