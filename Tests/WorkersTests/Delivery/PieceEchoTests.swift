import Channels
import Contracts
import Conversations
import Delivery
import Foundation
import Instants
import Lanes
import Settings
import SwiftProtobuf
import Testing
import Workers

@Suite("Echoes of texts in pieces, decided by the sample's own policy", .timeLimit(.minutes(5)))
struct PieceEchoTests {
    private static let account = "sandbox-de"
    private static let badGateway = SendAnswer.ambiguous(SendFailure(status: 502, message: "Bad gateway"))

    private static func policy() throws -> Policy {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try Policy.read(folder: root.appending(path: "config").path)
    }

    /// A person's reply of two pieces to a customer, appended.
    private static func appendReply(_ kit: WorkerKit, _ now: Instant) throws {
        var event = Event()
        event.id = "reply"
        event.account = account
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.conversation = EntityID.messages(account: account, contact: "kunde").text
        event.agentReply.agent = "kim"
        event.agentReply.text = String(repeating: "Guten Morgen! ", count: 200)
        try append(event, kit)
    }

    private static func append(_ event: Event, _ kit: WorkerKit) throws {
        var body: [UInt8] = []
        EventFraming.append(try event.serializedBytes(), to: &body)
        _ = try kit.append(body, count: 1)
    }

    @Test(
        "the echo of the first piece, met by a 502, ends it though nothing may be sent; no later owner sends it again")
    func firstPiece() throws {
        // A Tuesday, ten o'clock in Berlin.
        let start = Instant(milliseconds: 1_799_744_400_000)
        let kit = try WorkerKit(start: start)
        kit.sink.answer(Self.badGateway)
        let policy = try Self.policy()
        let first = try kit.worker(decider: .conversations, policy: policy, echoPatience: .seconds(500))
        try kit.append([("kunde", "Hallo, ist da jemand?")], account: Self.account)
        try Self.appendReply(kit, start)
        let isPiece = { (attempt: Attempt) in attempt.action.agent == "kim" }
        #expect(try kit.sink.started.wait { $0.contains(where: isPiece) })
        #expect(try kit.events.wait { _ in first.courierCounters.rescheduled >= 1 })
        let sent = try #require(kit.sink.started.all.first(where: isPiece))
        // Nothing is claimed any more: what the echo says must not hang on another attempt.
        try kit.store.setPause([Self.account], .pause, by: "ann")
        let since = try #require(try kit.store.accountPauses()[Self.account]).since
        #expect(try kit.events.wait { _ in try kit.store.serverTime() > since + .milliseconds(1_500) })
        let mark = SendMark(lane: kit.lane, action: sent.id).description
        var echo = Event()
        echo.id = "echo"
        echo.account = Self.account
        echo.contact = "kunde"
        (echo.happenedAt, echo.receivedAt) = (start.milliseconds, start.milliseconds)
        echo.echo.metadata = mark
        try Self.append(echo, kit)
        #expect(try kit.events.wait { _ in try kit.results().contains { $0.rule == "own_echo" } }, "\(kit.ruleText)")
        #expect(
            try kit.events.wait { _ in try !kit.store.recover(kit.lane).contains { $0.id == sent.id && !$0.isOpen } })
        #expect(first.stop(atMost: WorkerKit.patience))

        kit.sink.answer(.delivered(providerID: "p"))
        try kit.store.setPause([Self.account], nil, by: "ann")
        let second = try kit.worker(
            "worker-b", assignment: 2, decider: .conversations, policy: policy, echoPatience: .seconds(500))
        #expect(try kit.events.wait { _ in try kit.store.recover(kit.lane).isEmpty }, "\(kit.ruleText)")
        #expect(second.stop(atMost: WorkerKit.patience))
        let pieces = kit.sink.started.all.filter(isPiece)
        #expect(pieces.filter { $0.id == sent.id }.count == 1, "\(kit.ruleText)")
        #expect(Set(pieces.map(\.id)).count == 2)
    }
}
