import Contracts
import Lanes
import Testing
import Workers

@Suite("What need not be kept")
struct RunnerUpkeepTests {
    @Test("goes from the logs of held lanes once it has aged, a bounded piece at a time, and nothing undecided goes")
    func trims() throws {
        let kit = try WorkerKit(virtual: true)
        for round in 0..<300 { try kit.append([("ann", "old \(round)")]) }
        let worker = try kit.worker(bounds: RunnerBounds(trimsEvery: .milliseconds(20)))
        try kit.decided(300)
        // Six days later all of it is still there; on the ninth day the log is empty and the results are not.
        try kit.step(.seconds(6 * 86_400))
        try kit.append([("ann", "six days later")])
        try kit.decided(301)
        #expect(try kit.store.log(kit.lane, after: .start, most: 1_000).count == 301)
        try kit.step(.seconds(3 * 86_400))
        try kit.append([("ann", "nine days later")])
        try kit.decided(302)
        // The cursor stands behind the last entry only after the next one.
        let isTrimmed = try kit.events.wait { _ in
            try kit.store.log(kit.lane, after: .start, most: 1_000).count <= 2
        }
        #expect(isTrimmed)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.counters.trimmedEntries == 300)
        #expect(try kit.results().count == 302)
        #expect(try kit.look().decided == 302)
    }
}
