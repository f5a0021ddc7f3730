import Contracts
import Testing

@testable import Delivery

@Suite("The back-off")
struct BackOffTests {
    @Test(
        "lies between half and the whole of a scale that doubles up to its longest",
        arguments: [(0, 500), (1, 500), (2, 1_000), (3, 2_000), (10, 256_000), (11, 300_000), (4_000_000_000, 300_000)]
            as [(UInt32, Int64)])
    func scale(n: UInt32, milliseconds: Int64) {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let wait = BackOff.action.wait(after: n, using: &generator)
            #expect(wait >= .milliseconds(milliseconds / 2) && wait < .milliseconds(milliseconds))
        }
    }

    @Test("differs from try to try")
    func jitter() {
        var generator = SeededGenerator(seed: 7)
        let waits = Set((0..<50).map { _ in BackOff.action.wait(after: 5, using: &generator) })
        #expect(waits.count > 40)
    }
}
