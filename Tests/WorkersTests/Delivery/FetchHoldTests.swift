import Channels
import Contracts
import Delivery
import Lanes
import TestSupport
import Testing
import Workers

@Suite("A pause or a brake that comes while a fetch is under way", .timeLimit(.minutes(5)))
struct FetchHoldTests {
    enum Cause: CaseIterable {
        case pause
        case brake
        case lane
    }

    /// A fetch that is under way until it is released.
    private static func begin(_ kit: WorkerKit) throws -> Attempt {
        kit.sink.answer(nil)
        try kit.append([("ann", "fetch")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        return try #require(kit.sink.started.all.first)
    }

    /// Nothing of the account is claimed meanwhile, and another worker may be the one that brakes.
    @Test("ends the fetch, which is no try of its action and goes on afterwards", arguments: Cause.allCases)
    func held(by cause: Cause) throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        let first = try Self.begin(kit)
        #expect(!first.isHeld())
        switch cause {
        case .pause: try kit.store.setPause(["shop"], .pause, by: "ann")
        case .brake:
            _ = try kit.store.brake(.account("shop"), for: .seconds(3_600), lets: 0, reason: "test", by: "other")
        case .lane: _ = try kit.store.control(.pause, kit.lane)
        }
        try PrivateCluster.wait("the fetch is told") { first.isHeld() }
        kit.sink.release(.again(after: .seconds(1), SendFailure(status: 0, message: "held")), isHeld: true)
        switch cause {
        case .pause: try kit.store.setPause(["shop"], nil, by: "ann")
        case .brake: try kit.store.release(.account("shop"))
        case .lane: _ = try kit.store.control(.resume, kit.lane)
        }
        #expect(try kit.sink.started.wait { $0.count >= 2 })
        #expect(worker.stop(atMost: WorkerKit.patience))
        let second = try #require(kit.sink.started.all.dropFirst().first)
        #expect(second.number == 2 && second.tries == 1 && !second.isHeld())
    }

    @Test("a brake that stops what is less urgent than an answer ends a sweep, one that halves tokens does not")
    func classes() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        let first = try Self.begin(kit)
        let least = Urgency.least.rank
        _ = try kit.store.brake(.account("shop"), for: .seconds(3_600), lets: least, reason: "test", by: "other")
        // Two looks at the rules later it would have been told.
        try kit.append([("bob", "send")])
        #expect(try kit.sink.started.wait { $0.count == 2 })
        #expect(!first.isHeld())
        _ = try kit.store.brake(.account("shop"), for: .seconds(3_600), lets: least - 1, reason: "test", by: "other")
        try PrivateCluster.wait("the fetch is told") { first.isHeld() }
        kit.sink.release(.delivered(providerID: ""))
        #expect(worker.stop(atMost: WorkerKit.patience))
    }
}
