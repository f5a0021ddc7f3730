import Testing

@testable import Bench

@Suite("What a hand-over is counted by")
struct HandoverRunTests {
    @Test("the longest interval that touches the window counts, wherever it begins")
    func longest() {
        let commits: [Int64] = [0, 100, 200, 300, 900, 1_000, 1_100, 1_200, 1_300]
        #expect(HandoverRun.longest(commits, around: 950) == 600)
        #expect(HandoverRun.longest(commits, around: 1_000) == 600, "its window begins at 400, inside of it")
        #expect(HandoverRun.longest([0, 10, 20, 700, 2_000], around: 650) == 1_300, "it ends behind the window")
    }

    @Test("without a commit on both sides there is nothing to say")
    func open() {
        #expect(HandoverRun.longest([], around: 1_000) == nil)
        #expect(HandoverRun.longest([900, 1_000, 1_500], around: 1_000) == nil, "none before the window")
        #expect(HandoverRun.longest([0, 900, 1_000], around: 1_000) == nil, "none behind it")
    }

    @Test("quantiles are of the sorted values, the last one included")
    func quantiles() {
        let values = (1...100).map { Duration.milliseconds($0) }
        #expect(HandoverRun.Figures.quantile(values, 0.5) == .milliseconds(51))
        #expect(HandoverRun.Figures.quantile(values, 0.99) == .milliseconds(100))
        #expect(HandoverRun.Figures.quantile(values, 1) == .milliseconds(100))
        #expect(HandoverRun.Figures.quantile([], 0.5) == nil)
    }
}
