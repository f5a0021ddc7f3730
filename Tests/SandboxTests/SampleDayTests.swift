import Contracts
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("The sample day")
struct SampleDayTests {
    private static let start = Instant(milliseconds: 1_796_256_000_000)

    /// Plays a day against nothing and tells what was posted.
    private func play(seed: UInt64) async throws -> [SampleDay.Act] {
        let markets = ["de", "vi"].map { language in
            SampleDay.Market(
                name: language, account: "page-\(language)", isInstagram: false, language: language, diligence: 0.5,
                hour: { Int($0.seconds / 3_600 % 24) }, isOpen: { (9..<17).contains(Int($0.seconds / 3_600 % 24)) })
        }
        let posted = Mutex<[SampleDay.Act]>([])
        let world = SampleDay.World(
            post: { acts in
                posted.withLock { $0 += acts }
                return acts.map(\.id)
            }, reply: { _ in }, waiting: { _ in [] }, step: { _ in }, settle: {}, progress: { _, _, _ in })
        var day = SampleDay(seed: seed, markets: markets)
        _ = try await day.play(from: Self.start, in: world)
        return posted.withLock { $0 }
    }

    @Test("the same seed gives the same day, another seed another one")
    func seeded() async throws {
        let first = try await play(seed: 3)
        #expect(first.count > 100)
        #expect(try await play(seed: 3) == first)
        #expect(try await play(seed: 4) != first)
    }

    @Test("a day has messages, comments, edits, and webhooks that come twice")
    func variety() async throws {
        let acts = try await play(seed: 3)
        #expect(acts.contains { if case .comment = $0.kind { true } else { false } })
        #expect(acts.contains { if case .edit = $0.kind { true } else { false } })
        #expect(acts.contains { if case .attachment = $0.kind { true } else { false } })
        #expect(zip(acts, acts.dropFirst()).contains { $0 == $1 })
    }
}
