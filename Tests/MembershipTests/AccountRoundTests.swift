import Coordination
import Instants
import Testing

@Suite("Telling accounts to sweep")
struct AccountRoundTests {
    private static let now = Instant(seconds: 1_795_370_402)

    @Test("a round is told once a day and once a policy")
    func once() {
        var round = AccountRound()
        #expect(round.due(policy: 1, now: Self.now) == [])
        round.told(["a", "b"], isWhole: true, now: Self.now)
        #expect(round.due(policy: 1, now: Self.now + .seconds(60)) == nil)
        #expect(round.due(policy: 2, now: Self.now + .seconds(60)) == [])
        round.told(["a"], isWhole: true, now: Self.now)
        #expect(round.due(policy: 2, now: Self.now + .seconds(86_400)) == [])
    }

    @Test("who did not hear is told again after one second, two, four, and five minutes at last; who did is not")
    func backOff() {
        var round = AccountRound()
        var now = Self.now
        var rests: [Int] = []
        #expect(round.due(policy: 1, now: now) == [])
        round.told(["a"], isWhole: false, now: now)
        for _ in 0..<12 {
            var seconds = 0
            while round.due(policy: 1, now: now + .seconds(seconds)) == nil, seconds < 1_000 { seconds += 1 }
            rests.append(seconds)
            now = now + .seconds(seconds)
            #expect(round.due(policy: 1, now: now) == ["a"])
            round.told([], isWhole: false, now: now)
        }
        #expect(rests == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        let last = now + .seconds(300)
        #expect(round.due(policy: 1, now: last) == ["a"])
        round.told(["b"], isWhole: true, now: last)
        #expect(round.due(policy: 1, now: last + .seconds(3_000)) == nil)
    }

    @Test("a new policy does not wait for the rest of the old one")
    func newPolicy() {
        var round = AccountRound()
        _ = round.due(policy: 1, now: Self.now)
        for _ in 0..<9 { round.told([], isWhole: false, now: Self.now) }
        #expect(round.due(policy: 1, now: Self.now + .seconds(200)) == nil)
        #expect(round.due(policy: 2, now: Self.now + .seconds(200)) == [])
        round.told([], isWhole: false, now: Self.now + .seconds(200))
        #expect(round.due(policy: 2, now: Self.now + .seconds(201)) == [])
    }
}
