import AsyncHTTPClient
import Bench
import BusinessTime
import Channels
import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import NIOCore
import NIOHTTP1
import Redis
import Sandbox

/// The sample day's hands in the running house: webhooks and the producer API over HTTP, the inbox and the clock in Redis.
struct SampleWorld: Sendable {
    private let house: House
    private let redis: RedisThread
    private let lanes: [LaneName]
    private let stepper: LaneStepper
    private let sender: WebhookSender

    init(_ house: House) throws {
        self.house = house
        redis = try RedisThread(house.connector.endpoint, clientName: "sample")
        lanes = try Session(house.connector).lanes()
        stepper = LaneStepper(redis: redis, keyspace: house.connector.keyspace, lanes: lanes)
        sender = WebhookSender(url: "http://127.0.0.1:\(house.ingressPort)/webhooks/meta")
    }

    /// One market an account, sorted by account; every third market's people leave some conversations for later.
    static func markets(of policy: Policy) -> [SampleDay.Market] {
        policy.accounts.values.sorted { $0.id < $1.id }.enumerated().compactMap { index, account in
            guard let partition = policy.partitions[account.partition], let market = policy.markets[partition.market],
                let name = try? ZoneName(partition.zone), let zone = policy.zones[name]
            else { return nil }
            return SampleDay.Market(
                name: account.id, account: account.id, isInstagram: account.channel == "instagram",
                language: market.language, diligence: index % 3 == 2 ? 0.08 : 0.9,
                hour: { zone.localTime(of: $0).secondOfDay / 3_600 }, isOpen: { market.coverage.isOpen(at: $0) })
        }
    }

    func world() -> SampleDay.World {
        SampleDay.World(
            post: { try await post($0) }, reply: { try await reply($0) },
            waiting: { account in try await waiting(account) },
            step: { instant in
                try await stepper.step(to: instant)
                house.clock.set(offset: try await offset())
            },
            settle: { try await stepper.settle() },
            progress: { now, slot, of in
                if slot % 8 == 0 { Output.note("  \(now)  \(slot * 100 / of) %") }
            })
    }

    /// Waits until every lane has an owner and ingress has the policy.
    func waitUntilOwned() async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            let lanes = lanes
            let keyspace = house.connector.keyspace
            let owned = try await redis.run { connection in
                try LaneStore(connection: connection, keyspace: keyspace).look(lanes).allSatisfy { $0.owner != nil }
            }
            if owned, await isIngressReady() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure("expected every lane to have an owner and ingress to be ready within 30 s")
    }

    private func isIngressReady() async -> Bool {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(house.ingressPort)/readyz")
        guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(1)) else { return false }
        return response.status == .ok
    }

    private func offset() async throws -> Duration {
        let lane = lanes.prefix(1)
        let keyspace = house.connector.keyspace
        return try await redis.run { connection in
            try LaneStore(connection: connection, keyspace: keyspace).look(Array(lane)).first?.offset ?? .zero
        }
    }

    /// Posts one signed body an account; the ids of those that were answered 200.
    private func post(_ acts: [SampleDay.Act]) async throws -> [String] {
        var accepted: [String] = []
        for account in Set(acts.map(\.account)).sorted() {
            let own = acts.filter { $0.account == account }
            guard let first = own.first,
                let secret = house.policy.accounts[account].flatMap({ house.secrets.values(of: $0.secret).first })
            else { continue }
            let body = WebhookBodies.body(
                account: account, isInstagram: first.isInstagram, at: first.at, own.map { $0.update })
            let status = try await sender.post(WebhookBodies.signed(body, secret: Array(secret.utf8)))
            guard status == 200 else { throw Failure(expected: "200", came: "\(status)", at: "webhook of \(account)") }
            let names = try MetaNormaliser(knows: { _ in true }).normalise(body, received: house.clock.now)
            accepted += names.events.map { Reckoning.Tally.key($0.event.account, $0.event.id) }
        }
        return accepted
    }

    private func reply(_ events: [Event]) async throws {
        let lines = events.map { EventJSON.value(of: $0).text() }.joined(separator: "\n") + "\n"
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(house.ingressPort)/v1/events")
        request.method = .POST
        request.headers.add(name: "authorization", value: "Bearer \(house.producerToken)")
        request.body = .bytes(ByteBuffer(string: lines))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let answer = try await response.body.collect(upTo: 1 << 20)
        guard response.status == .ok else {
            throw Failure(
                expected: "200", came: "\(response.status.code): \(String(buffer: answer).prefix(300))",
                at: "producer API")
        }
    }

    private func waiting(_ account: String) async throws -> [OpenItem] {
        let lanes = lanes
        let keyspace = house.connector.keyspace
        return try await redis.run { connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            return try lanes.filter { !$0.isDesk }.flatMap { try store.openItems($0) }
        }.filter { (try? EntityID($0.conversation))?.parts.first == account }
    }

    /// Counts the day from Redis and the sandbox's ledger.
    func report(_ record: SampleDay.Record, took: Duration) async throws -> SampleReport {
        let lanes = lanes.map(\.text)
        let namespace = house.connector.keyspace.namespace
        let records = try await redis.run(within: .seconds(60)) { connection in
            try lanes.map { try LaneRecord(lane: $0, namespace: namespace, connection: connection) }
        }
        var tally = Reckoning.Tally()
        var reckoning = Reckoning()
        for record in records { reckoning.add(record, to: &tally) }
        let ledger = try LedgerCount.read(house.place.folder.appending(path: "ledger.jsonl").path)
        reckoning.finish(accepted: record.accepted, ledger: ledger, tally: tally)
        return SampleReport(
            markets: MarketTally.markets(records), reckoning: reckoning, posted: record.posted,
            agentReplies: record.agentReplies, took: took)
    }
}

extension SampleDay.Act {
    /// The act as an update of a webhook body.
    fileprivate var update: WebhookBodies.Update {
        switch kind {
        case .message(let text):
            WebhookBodies.message(account: account, contact: contact, id: id, text: text, at: at)
        case .attachment: WebhookBodies.attachment(account: account, contact: contact, id: id, at: at)
        case .comment(let post, let parent, let text):
            WebhookBodies.comment(
                isInstagram: isInstagram, contact: contact, id: id, post: post, parent: parent,
                text: text, at: at)
        case .edit(let message, let text):
            WebhookBodies.edit(account: account, contact: contact, of: message, number: 1, text: text, at: at)
        case .removal(let message):
            WebhookBodies.removal(account: account, contact: contact, of: message, at: at)
        }
    }
}
