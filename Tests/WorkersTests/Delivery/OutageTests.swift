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
/// A second of it is 20 ms here: an account rests for 100 ms first instead of five seconds, an echo has 1.2 s instead of sixty,
/// and what the platform does not answer its edge gives up after 600 ms instead of thirty seconds.
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
        var settings = SandboxSettings(accounts: [page], webhookURL: "http://127.0.0.1:9/") {
            Instant(seconds: 1_795_370_402)
        }
        settings.silence = .milliseconds(600)
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

    @Test(
        "a silent outage: what is under way and a probe a rest is ambiguous and never said again, all else arrives in order",
        arguments: [(kind: "silent", isTaken: true), (kind: "hang", isTaken: false)])
    func silent(kind: String, isTaken: Bool) async throws {
        try await Self.run { platform in
            let kit = try WorkerKit()
            let worker = try kit.worker(
                patience: .seconds(110), sink: platform.carrier, echoPatience: .milliseconds(1_200),
                orderPatience: .milliseconds(100), firstRest: .milliseconds(100))
            let count = 60
            try platform.outage("seconds=600&kind=\(kind)")
            try kit.append((1...count).map { ("c\($0)", "send") } + (1...count).map { ("c\($0)", "send") })
            // The second rest begins with a probe that was not answered either.
            #expect(try kit.events.wait { _ in worker.courierCounters.brakes >= 2 })
            let met = try platform.outage()
            #expect(met >= 6 && met <= 40, "\(met) calls of \(2 * count) met the outage")
            try kit.decided(UInt64(4 * count))
            #expect(worker.stop(atMost: WorkerKit.patience))

            // The results name each one: as many are ambiguous as met the outage, nothing failed, nothing else is missing.
            let rules = try kit.rules()
            #expect(rules.filter { $0.hasPrefix("ambiguous") }.count == met)
            #expect(rules.filter { $0.hasPrefix("delivered") }.count == 2 * count - met)
            #expect(worker.courierCounters.ambiguous == UInt64(met) && !rules.contains { $0.hasPrefix("failed") })
            #expect(try kit.store.recover(kit.lane).isEmpty)

            // What the customers have: with a platform that takes calls and is silent all of it, with one that hangs all but those.
            let lines = try platform.lines()
            #expect(lines.count == (isTaken ? 2 * count : 2 * count - met))
            #expect(lines.filter { $0["answered"] == false }.count == (isTaken ? met : 0))
            #expect(platform.ledger.summary.duplicates.isEmpty)
            for number in 1...count {
                let sent = lines.filter { $0["recipient"]?.string == "c\(number)" }.compactMap {
                    $0["metadata"]?.string
                }
                let due = try [number, count + number].map { try Self.mark($0, "c\(number)", kit.lane) }
                #expect(sent == due.filter(sent.contains), "c\(number)")
            }
        }
    }

    @Test(
        "texts that were refused wait in the outbox when their worker is gone: the next owner sends each exactly once")
    func death() async throws {
        try await Self.run { platform in
            let kit = try WorkerKit()
            let first = try kit.worker(
                patience: .seconds(5), sink: platform.carrier, echoPatience: .milliseconds(1_200),
                firstRest: .milliseconds(100))
            let count = 60
            try platform.outage("seconds=600&kind=fail")
            try kit.append((1...count).map { ("c\($0)", "send") })
            #expect(try kit.events.wait { _ in first.courierCounters.brakes >= 1 })
            #expect(try kit.events.wait { _ in try kit.store.recover(kit.lane).contains { $0.isUnclear } })
            // Nobody tells the first worker: it goes on as one that was cut off does, and is fenced.
            let second = try kit.worker(
                "worker-b", assignment: 2, patience: .seconds(5), sink: platform.carrier,
                echoPatience: .milliseconds(1_200), firstRest: .milliseconds(100))
            #expect(try kit.events.wait { _ in second.courierCounters.waiting == count })
            #expect(platform.ledger.summary.count == 0)
            try platform.outage()
            try kit.decided(UInt64(2 * count))
            #expect(first.stop(atMost: WorkerKit.patience) && second.stop(atMost: WorkerKit.patience))
            #expect(try kit.rules().filter { $0.hasPrefix("delivered") }.count == count, "\(kit.ruleText)")
            #expect(platform.ledger.summary.count == count && platform.ledger.summary.duplicates.isEmpty)
            #expect(try kit.store.recover(kit.lane).isEmpty)
        }
    }

    @Test("a call for people goes out although a text of its conversation waits behind the outage")
    func callForPeople() async throws {
        try await Self.run { platform in
            let kit = try WorkerKit()
            let people = GatedCarrier()
            let worker = try kit.worker(
                patience: .seconds(110), sink: platform.carrier, tells: people, echoPatience: .seconds(500),
                firstRest: .seconds(400))
            try platform.outage("seconds=600&kind=fail")
            try kit.append([("ann", "send")])
            #expect(try kit.events.wait { _ in worker.courierCounters.rescheduled == 1 })
            try kit.append([("ann", "send"), ("ann", "tell")])
            #expect(try people.started.wait { $0.count == 1 })
            // Both texts, the call and what became of it; the texts wait on.
            try kit.decided(4)
            #expect(worker.stop(atMost: WorkerKit.patience))
            #expect(people.started.all.map(\.action.contact) == ["ann"])
            #expect(try kit.store.recover(kit.lane).count == 2 && platform.ledger.summary.count == 0)
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
        #expect(AccountInspection.Finding(brake: AccountBrake?.none) == .init("brake", .ok, "none"))
        // Where one server is away: what is known to hold back does, nothing known says nothing.
        #expect(AccountBrake.inForce(.away, .known(all)) == .known(all))
        #expect(AccountBrake.inForce(.known(own), .away) == .known(own))
        #expect(AccountBrake.inForce(.known(nil), .away) == .away && AccountBrake.inForce(.away, .away) == .away)
        #expect(AccountInspection.Finding(brake: .away).standing == .unknown)
    }
}
