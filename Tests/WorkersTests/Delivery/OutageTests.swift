import AsyncHTTPClient
import Channels
import Contracts
import Delivery
import Foundation
import Hummingbird
import HummingbirdTesting
import Instants
import Lanes
import Logging
import NIOCore
import NIOHTTP1
import Sandbox
import SwiftProtobuf
import Testing
import Workers

/// Worker, courier, HTTP client and the platform's double, as they run in production, through an outage of the platform.
///
/// A second of it is 20 ms here: an account rests for 100 ms first instead of five seconds and an echo has 1.2 s instead of sixty.
/// The outage ends when the account rests for the second time, which is after five to fifteen seconds of it.
@Suite("An outage of the platform, end to end", .timeLimit(.minutes(5)))
struct OutageTests {
    /// The double, and what carries a worker's actions there.
    struct Platform: Sendable {
        let url: String
        let ledger: SandboxLedger
        let carrier: GraphCarrier

        /// Begins an outage, or without seconds ends it; gives the number of calls that met it.
        @discardableResult
        func outage(_ query: String = "") throws -> Int {
            let response = try HTTPClient.shared.execute(.POST, url: "\(url)/outage?\(query)").wait()
            let body = Array((response.body ?? ByteBuffer()).readableBytesView)
            return Int(try JSONValue(parsing: body)["met"]?.integer ?? -1)
        }

        func lines() throws -> [JSONValue] {
            try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n").map {
                try JSONValue(parsing: Array($0.utf8))
            }
        }
    }

    /// Runs the double, and the test on a thread of its own, since a worker is waited for by blocking.
    private static func run(_ test: @escaping @Sendable (Platform) throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("outage-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let ledger = try SandboxLedger(path: path)
        let page = SandboxAccount(id: "shop", label: "shop", isInstagram: false, secret: Array("secret".utf8))
        let settings = SandboxSettings(accounts: [page], webhookURL: "http://127.0.0.1:9/") {
            Instant(seconds: 1_795_370_402)
        }
        var logger = Logger(label: "sandbox")
        logger.logLevel = .critical
        let server = SandboxServer.application(
            settings: settings, ledger: ledger, sender: WebhookSender(url: settings.webhookURL), port: 0, logger: logger
        )
        try await server.test(.ahc()) { client in
            let url = "http://localhost:\(try #require(client.port))"
            let carrier = GraphCarrier(
                client: MetaClient(base: url + "/v26.0", token: { "token-\($0)" }),
                channel: { _ in MetaOutbound(channel: .facebook) })
            let platform = Platform(url: url, ledger: ledger, carrier: carrier)
            async let running: Void = carrier.run()
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try test(platform) })
                    carrier.finish()
                }
            }
            await running
        }
    }

    private static func mark(_ serial: Int, _ contact: String, _ lane: LaneName) throws -> String {
        let action = ActionID(
            conversation: EntityID.messages(account: "shop", contact: contact), cause: "e\(serial)", kind: .send, n: 0)
        return SendMark(lane: lane, action: action).description
    }

    @Test(
        "every answer that was due arrives once and in order, with the account at rest and a handful of calls meanwhile"
    )
    func outage() async throws {
        try await Self.run { platform in
            let kit = try WorkerKit()
            let worker = try kit.worker(
                patience: .seconds(110), sink: platform.carrier, echoPatience: .milliseconds(1_200),
                firstRest: .milliseconds(100))
            let early = 40
            let late = 100
            try kit.append((1...early).map { ("early\($0)", "send") })
            try kit.decided(UInt64(2 * early))

            try platform.outage("seconds=600&kind=fail")
            try kit.append((1...late).map { ("late\($0)", "send") } + (1...late).map { ("late\($0)", "send") })
            #expect(try kit.events.wait { _ in worker.courierCounters.brakes >= 2 })
            #expect(worker.courierCounters.restingAccounts == 1)
            let brake = try #require(try kit.store.brakes([.account("shop")])[0])
            let finding = AccountInspection.Finding(brake: brake)
            #expect(
                finding.standing == .fault && finding.detail.hasPrefix("nothing goes until \(brake.until): no answer: ")
            )
            #expect(platform.ledger.summary.count == early)
            let met = try platform.outage()
            // What is under way when the fifth fails, the five, and a probe after each rest.
            #expect(met <= 48, "\(met) calls of \(2 * late) met the outage")

            let texts = early + 2 * late
            try kit.decided(UInt64(2 * texts))
            #expect(try kit.events.wait { _ in worker.courierCounters.restingAccounts == 0 })
            #expect(worker.stop(atMost: WorkerKit.patience))
            let results = try kit.rules()
            #expect(results.filter { $0.hasPrefix("delivered") }.count == texts)
            #expect(!results.contains { $0.hasPrefix("ambiguous") || $0.hasPrefix("failed") })
            #expect(try kit.store.recover(kit.lane).isEmpty)

            let lines = try platform.lines()
            #expect(lines.count == texts && platform.ledger.summary.duplicates.isEmpty)
            for number in 1...late {
                let sent = lines.filter { $0["recipient"]?.string == "late\(number)" }.compactMap {
                    $0["metadata"]?.string
                }
                let due = try [number, late + number].map { try Self.mark(early + $0, "late\(number)", kit.lane) }
                #expect(sent == due, "late\(number)")
            }
        }
    }

    @Test("an edge that says 502 of what the platform took: the echoes come when it is over, and nothing is sent twice")
    func lie() async throws {
        try await Self.run { platform in
            let kit = try WorkerKit()
            let worker = try kit.worker(
                patience: .seconds(110), sink: platform.carrier, echoPatience: .seconds(500),
                firstRest: .milliseconds(100))
            let count = 60
            try platform.outage("seconds=600&kind=lie")
            try kit.append((1...count).map { ("c\($0)", "send") })
            #expect(try kit.events.wait { _ in worker.courierCounters.brakes >= 1 })
            try platform.outage()
            // All the others go out once the account is awake; those that met the outage wait for their echoes.
            #expect(
                try kit.events.wait { _ in
                    try kit.look().decided >= UInt64(2 * count) - worker.courierCounters.unheard
                        && worker.courierCounters.restingAccounts == 0
                })
            let unclear = try platform.lines().filter { $0["answered"] == false }
            #expect(!unclear.isEmpty && UInt64(unclear.count) == worker.courierCounters.unheard)
            for line in unclear { try EchoWaitingTests.echo(try #require(line["metadata"]?.string), line, kit) }
            try kit.decided(UInt64(2 * count + unclear.count))
            #expect(worker.stop(atMost: WorkerKit.patience))
            #expect(try kit.rules().filter { $0.hasPrefix("delivered") }.count == count)
            #expect(platform.ledger.summary.count == count && platform.ledger.summary.duplicates.isEmpty)
            #expect(try kit.store.recover(kit.lane).isEmpty)
        }
    }

    @Test("what holds an account back is told with its reason and its end; the stricter of two")
    func words() {
        let until = Instant(seconds: 1_795_370_402)
        let own = AccountBrake(until: until, lets: 6, reason: "86 % of the limit is used", by: "w")
        let all = AccountBrake(until: until, lets: 0, reason: AccountBrake.stopMark + "http 400 code 190", by: "w")
        #expect(AccountBrake.inForce(own, all) == all && AccountBrake.inForce(own, nil) == own)
        #expect(AccountBrake.inForce(nil, nil) == nil)
        #expect(own.words == "only classes up to answer go until \(until): 86 % of the limit is used")
        #expect(AccountInspection.Finding(brake: own).standing == .ok)
        #expect(AccountInspection.Finding(brake: all) == .init("brake", .fault, all.words))
        #expect(AccountInspection.Finding(brake: nil) == .init("brake", .ok, "none"))
    }
}
