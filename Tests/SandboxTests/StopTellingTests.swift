import Channels
import Contracts
import Delivery
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("An account that only a person lets go on is told of")
struct StopTellingTests {
    private static let watch = EntityID.watch(of: GraphFetchTests.account).text

    /// What the lanes hold of stops.
    private static func stops(_ lanes: GraphFetchTests.Lanes) -> [Event] {
        lanes.held.withLock { $0.filter { $0.command.verb == .enforced } }
    }

    @Test("a token that the platform refuses is told to the account's own entity, by fetches and by messages")
    func token() async throws {
        let lanes = GraphFetchTests.Lanes()
        try await SandboxTests.run(SandboxTests.settings()) { url, _, _ in
            for action in [GraphFetchTests.action(.subscriptions), SandboxTests.action(.send)] {
                var action = action
                action.account = GraphFetchTests.account
                action.decidedAt = SandboxTests.now.milliseconds
                let answered = try await GraphFetchTests.carryOut(action, at: url, lanes.doors, token: "revoked")
                guard case .stopAccount = answered.answer else {
                    Issue.record("expected stop, got \(answered.answer)")
                    continue
                }
                let well = try await GraphFetchTests.carryOut(action, at: url, lanes.doors)
                guard case .delivered = well.answer else {
                    Issue.record("expected delivered, got \(well.answer)")
                    continue
                }
            }
        }
        let stops = Self.stops(lanes)
        #expect(stops.count == 2 && Set(stops.map(\.id)).count == 2, "whoever goes on tells nothing")
        for stop in stops {
            #expect(stop.conversation == Self.watch && stop.account == GraphFetchTests.account)
            #expect(stop.command.subject.hasPrefix("stop http ") && stop.command.subject.contains("code 190"))
            #expect(stop.receivedAt == SandboxTests.now.milliseconds)
            #expect(!stop.command.sendsOnly && !stop.command.blocked)
        }
    }

    @Test("an account of a generic channel without its secret is told of too")
    func generic() async throws {
        let lanes = GraphFetchTests.Lanes()
        let carrier = GenericCarrier.carrier(
            post: GenericCarrierTests.post(), stops: StopTelling(hold: lanes.doors.hold)
        ) { _ in GenericAddress(url: "http://127.0.0.1:9/bridge", secrets: []) }
        var action = SandboxTests.action(.send)
        action.account = GraphFetchTests.account
        _ = try await GenericCarrierTests.attempt(action, with: carrier)
        #expect(Self.stops(lanes).map(\.conversation) == [Self.watch])
        #expect(Self.stops(lanes).first?.command.subject.contains("secret") == true)
        #expect(Self.stops(lanes).first?.command.sendsOnly == true)
    }
}
