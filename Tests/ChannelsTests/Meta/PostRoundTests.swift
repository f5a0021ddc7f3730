import Channels
import Contracts
import Instants
import Testing

@Suite("Which posts a sweep reads")
struct PostRoundTests {
    private static let posts = (0..<200).map { "104857600000001_\($0)" }
    private static let day = Duration.seconds(86_400)

    /// Sweeps one after the other, from one to `most` milliseconds long, over `days` days and a little more.
    private static func sweeps(
        from start: Instant, days: Int64, most: Int64, _ random: inout SeededGenerator
    ) -> [Range<Instant>] {
        var sweeps: [Range<Instant>] = []
        var at = start
        while at < start + .seconds(days * 86_400) {
            let end = at + .milliseconds(1 + Int64(random.number(below: UInt64(most))))
            sweeps.append(at..<end)
            at = end
        }
        return sweeps
    }

    @Test(
        "however a day is cut into sweeps, each quiet post is due exactly once in it",
        arguments: [900_000, 7_000, 3_600_000, 30_000_000, 86_399_999] as [Int64])
    func onceADay(most: Int64) {
        for seed in 1...(most < 60_000 ? 1 : 20) as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let start = Instant(milliseconds: 1_795_370_402_123 + Int64(random.number(below: 86_400_000)))
            var at = start
            let end = start + Self.day
            let posts = Self.posts.prefix(most < 60_000 ? 10 : 100)
            var due = [Int](repeating: 0, count: posts.count)
            while at < end {
                let next = min(end, at + .milliseconds(1 + Int64(random.number(below: UInt64(most)))))
                let round = PostRound(at..<next)
                for (index, post) in posts.enumerated() where round.isDue(post) { due[index] += 1 }
                at = next
            }
            #expect(due.allSatisfy { $0 == 1 }, "seed \(seed)")
        }
    }

    @Test(
        "nothing that is written under a post is left out by its readings, quiet or lively by turns",
        arguments: [900_000, 20_000_000, 200_000_000] as [Int64])
    func noGap(most: Int64) {
        for seed in 1...10 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let start = Instant(milliseconds: 1_795_370_402_123)
            let sweeps = Self.sweeps(from: start, days: 6, most: most, &random)
            for post in Self.posts.prefix(20) {
                // Everything before `read` has been read without a gap since the first full reading.
                var read: Instant?
                for sweep in sweeps {
                    let round = PostRound(sweep)
                    guard let time = round.time(of: post, isLively: random.number(below: 3) == 0) else { continue }
                    #expect(time.upperBound == sweep.upperBound)
                    guard round.isDue(post) else { continue }
                    if let read { #expect(time.lowerBound <= read, "seed \(seed), post \(post)") }
                    read = sweep.upperBound
                }
                let end = sweeps.last?.upperBound ?? start
                #expect(read.map { end - $0 < Self.day + .milliseconds(most) } == true, "seed \(seed), post \(post)")
            }
        }
    }

    @Test("a sweep of a day or more reads all, back to a day before it and no further than seven days")
    func all() {
        let now = Instant(seconds: 1_795_370_402)
        for length in [86_400, 86_401, 3 * 86_400] as [Int64] {
            let round = PostRound((now - .seconds(length))..<now)
            for post in Self.posts {
                #expect(round.time(of: post, isLively: false) == (now - .seconds(length + 86_400))..<now)
            }
        }
        let first = (now - .seconds(7 * 86_400))..<now
        #expect(PostRound(first).time(of: "p", isLively: false) == first)
    }

    @Test("a sweep after an outage of an hour and a half reads every post, from the end of the last one on")
    func outage() {
        let now = Instant(seconds: 1_795_370_402)
        let usual = PostRound((now - .seconds(5_399))..<now)
        let after = PostRound((now - .seconds(5_400))..<now)
        for post in Self.posts {
            if !usual.isDue(post) { #expect(usual.time(of: post, isLively: false) == nil) }
            let start = now - .seconds(after.isDue(post) ? 5_400 + 86_400 : 5_400)
            #expect(after.time(of: post, isLively: false) == start..<now)
        }
    }

    @Test("a lively post is read by each sweep, and five hundred posts cost some 3,500 calls a day instead of 48,000")
    func cost() {
        let start = Instant(seconds: 1_795_370_402)
        let posts = (0..<500).map { "post\($0)" }
        var calls = 0
        for number in 0..<96 {
            let begin = start + .seconds(Int64(number) * 900)
            let round = PostRound(begin..<(begin + .seconds(900)))
            // Five pages of the list, which are calls too, and one of ads.
            calls += 6
            for (place, post) in posts.enumerated() {
                let isLively = place < PostRound.newest
                guard let time = round.time(of: post, isLively: isLively) else { continue }
                #expect(time.lowerBound == begin || round.isDue(post))
                calls += 1
            }
        }
        #expect(calls == 96 * 6 + 96 * 25 + 475)
        #expect(PostRound(start..<(start + .seconds(900))).isLively(toldAt: start - .seconds(86_400)))
        #expect(!PostRound(start..<(start + .seconds(900))).isLively(toldAt: start - .seconds(86_401)))
    }

    @Test("instants from outside trap nothing", arguments: [Int64.min, -1, 0, Int64.max - 5])
    func extremes(at: Int64) {
        let start = Instant(milliseconds: at)
        #expect(PostRound(start..<start).time(of: "p", isLively: false) == nil)
        _ = PostRound(start..<(start + .seconds(9))).time(of: "p", isLively: true)
    }
}
