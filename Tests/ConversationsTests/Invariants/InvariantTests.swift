import Foundation
import TestEffort
import Testing

/// DOMAIN 5.5 over random histories. `NIGHTSHIFT_EFFORT` of 100 makes them a million.
@Suite("Invariant")
struct InvariantTests {
    private static let histories: UInt64 = Effort.cases(10_000)
    /// Each history is played once, for all judges.
    private static let judgements = Task { await judged(histories) }

    @Test("of DOMAIN 5.5 holds, and was at stake", arguments: Invariant.all)
    func holds(_ invariant: Invariant) async throws {
        switch invariant.proof {
        case .histories(let atStake, _), .someHistories(let atStake, _):
            let judgement = try #require(await Self.judgements.value[invariant.name])
            #expect(judgement.faults.isEmpty, "\(invariant.name): \(judgement.faults.joined(separator: "; "))")
            #expect(
                judgement.atStake >= atStake * Int(Self.histories / 1_000), "at stake \(judgement.atStake) times only")
        case .test(let path):
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let text = try String(contentsOf: tests.appending(path: path), encoding: .utf8)
            let number = invariant.name.prefix { $0 != " " }
            #expect(text.contains("\"\(number) "), "expected a test whose name begins with \(number) in \(path)")
        }
    }

    @Test("no number is missing")
    func complete() {
        let numbers = Set(Invariant.all.map { String($0.name.prefix { $0 != " " }) })
        #expect(numbers.isSuperset(of: (1...22).map { "I\($0)" }))
    }

    private static func judged(_ count: UInt64) async -> [String: Judgement] {
        await withTaskGroup(of: [String: Judgement].self) { group in
            let part: UInt64 = 250
            for start in stride(from: 0, to: count, by: UInt64.Stride(part)) {
                group.addTask { judged(start..<min(count, start + part)) }
            }
            var sum: [String: Judgement] = [:]
            for await found in group { sum.merge(found) { $0.joined($1) } }
            return sum
        }
    }

    private static func judged(_ seeds: Range<UInt64>) -> [String: Judgement] {
        var found: [String: Judgement] = [:]
        for seed in seeds {
            var history = History(seed: seed)
            let played = Result { try history.play() }
            for invariant in Invariant.all {
                let judge: @Sendable (History) throws -> Judgement
                switch invariant.proof {
                case .histories(_, let one): judge = one
                case .someHistories(_, let one) where seed % 20 < 5 && seed % 20 == (seed / 20) % 5: judge = one
                default: continue
                }
                do {
                    _ = try played.get()
                    found[invariant.name, default: Judgement()].add(try judge(history), seed: seed)
                } catch {
                    found[invariant.name, default: Judgement()].find("seed \(seed): \(error)")
                }
            }
        }
        return found
    }
}
