import Testing

@testable import Redis

@Suite("ClusterPatience")
struct ClusterPatienceTests {
    @Test("a call tries four times and waits 7 ms at most")
    func rounds() {
        var patience = CallPatience()
        var waits: [Duration] = []
        while let wait = patience.next(mustWait: true) { waits.append(wait) }
        #expect(waits == [1, 2, 4].map { .milliseconds($0) })
    }

    @Test("a named server is tried at once, and not for ever")
    func redirects() {
        var patience = CallPatience()
        var count = 0
        while let wait = patience.next(mustWait: false) {
            #expect(wait == .zero)
            count += 1
        }
        #expect(count == 3)
    }

    @Test("what fails again and again is tried less and less often, and after a quiet time at once")
    func pace() {
        var now = ContinuousClock.now
        var pace = RetryPace()
        var pauses: [Duration] = []
        for _ in 0..<8 {
            #expect(pace.mayTry(at: now))
            pace.failed(at: now, took: .zero)
            let failed = now
            while !pace.mayTry(at: now) { now = now.advanced(by: .milliseconds(1)) }
            pauses.append(failed.duration(to: now))
        }
        #expect(pauses == [20, 40, 80, 160, 320, 500, 500, 500].map { .milliseconds($0) })
        now = now.advanced(by: .seconds(6))
        pace.failed(at: now, took: .zero)
        #expect(pace.mayTry(at: now.advanced(by: .milliseconds(20))))
    }

    @Test("an attempt that took long is followed by a longer pause")
    func slow() {
        let now = ContinuousClock.now
        var pace = RetryPace()
        pace.failed(at: now, took: .seconds(1))
        #expect(!pace.mayTry(at: now.advanced(by: .milliseconds(3_999))))
        #expect(pace.mayTry(at: now.advanced(by: .seconds(4))))
        pace.failed(at: now, took: .seconds(60))
        #expect(pace.mayTry(at: now.advanced(by: .seconds(4))))
    }
}
