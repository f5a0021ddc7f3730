import Instants
import Testing

@testable import Delivery

@Suite("The pace of a thread")
struct ThreadPaceTests {
    @Test("a thread is free after its spacing, and past ones are forgotten")
    func spacing() {
        var pace = ThreadPace()
        let start = Instant(milliseconds: 1_000)
        pace.began("ann", spacing: .seconds(1), now: start)
        #expect(pace.wait(for: "ann", now: start + .milliseconds(999)) == start + .seconds(1))
        #expect(pace.wait(for: "ann", now: start + .seconds(1)) == nil && pace.wait(for: "bob", now: start) == nil)
        for number in 0..<20_000 {
            pace.began("\(number)", spacing: .seconds(1), now: start + .milliseconds(Int64(number)))
        }
        #expect(pace.kept < 9_000 && pace.wait(for: "19999", now: start + .seconds(20)) != nil)
    }

    @Test("a Redis whose clock is behind holds no thread up: what began later than now says nothing, and is forgotten")
    func clockBehind() {
        var pace = ThreadPace()
        let before = Instant(milliseconds: 3_600_000)
        let spacing = Duration.seconds(1)
        for number in 0..<4_096 { pace.began("\(number)", spacing: spacing, now: before) }
        for behind in [Duration.milliseconds(1), .milliseconds(500), .seconds(1), .seconds(3_000)] {
            #expect(pace.wait(for: "7", now: before - behind) == nil, "\(behind)")
        }
        let now = before - .seconds(3_000)
        pace.began("ann", spacing: spacing, now: now)
        #expect(pace.kept == 1 && pace.wait(for: "ann", now: now + .milliseconds(1)) == now + spacing)
    }
}
