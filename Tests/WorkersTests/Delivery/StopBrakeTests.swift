import Channels
import Contracts
import Instants
import Lanes
import Testing

@testable import Delivery

@Suite("A stopped account is let go on", .timeLimit(.minutes(5)))
struct StopBrakeTests {
    private static let shop = BrakedScope.account("shop")

    @Test(
        "the platform's word that a block is over lifts what a call met of it, and no stop of another reason",
        arguments: [(368, false), (190, true), (10, true)] as [(Int64, Bool)])
    func unblocked(code: Int64, stands: Bool) throws {
        let kit = try Courting(.send)
        let subcode: Int64? = code == 10 ? 2_018_108 : nil
        kit.house.sink.answer(
            .stopAccount(SendFailure(status: 400, code: code, subcode: subcode, message: "stopped")))
        try kit.turn(kit.now)
        try kit.turn(kit.now)
        let store = kit.house.store
        #expect(try store.brakes([Self.shop])[0]?.isStop == true)
        try store.enforce(false, on: "shop", reason: "spam")
        #expect(try (store.brakes([Self.shop])[0] != nil) == stands)
    }

    @Test("a person's release is told before the brake is lifted; an account whose lane takes no word stands as before")
    func released() async throws {
        let kit = try WorkerKit()
        let store = kit.store
        for account in ["one", "two"] {
            _ = try store.brake(.account(account), for: .seconds(86_400), lets: 0, reason: "stopped: x", by: "courier")
        }
        var stood: [Bool] = []
        let (released, refused) = try await AccountRelease.carryOut(["one", "two"], in: store) { accounts in
            stood = try store.brakes(accounts.map(BrakedScope.account)).map { $0 != nil }
            return [.refused(.closed), .held(nil)]
        }
        #expect(stood == [true, true])
        #expect(released == ["two"] && refused.map(\.account) == ["one"])
        #expect(try store.brakes([.account("one"), .account("two")]).map { $0 != nil } == [true, false])
        // The lane cannot be asked at all.
        await #expect(throws: WorkerKit.Unexpected.self) {
            _ = try await AccountRelease.carryOut(["one"], in: store) { _ in throw WorkerKit.Unexpected(came: "away") }
        }
        #expect(try store.brakes([.account("one")])[0] != nil)
    }
}
