import AsyncHTTPClient
import Contracts
import Instants
import Lanes
import NIOCore
import NIOHTTP1
import Redis
import Sandbox
import Synchronization
package import Workers

/// What one stretch of webhooks came to.
package struct IngressFigures: Sendable {
    package let perBody: Int
    /// Updates a second that were offered.
    package let rate: Int
    package let updates: Int
    /// From when a body was due until its 200 was read: a body that had to wait for its turn has waited.
    package let latencies: LatencyHistogram
    /// Bodies that were answered otherwise, or not within 5 s, as long as the platform waits.
    package let refused: Int
    package let seconds: Double
    /// Share of a core.
    package let redis: Double

    package var updatesPerSecond: Int { seconds > 0 ? Int(Double(updates) / seconds) : 0 }
}

/// Signed webhooks into a real ingress, over HTTP, at a stated pace, and one large body while Redis is away.
///
/// Bodies are made and signed beforehand; each is posted at its instant, whatever became of those before it. The client
/// shares the machine with what it measures. Afterwards every update must lie in the logs, once.
package struct IngressRun {
    private let site: DrillSite
    private let seconds: Int

    private static let contacts = 20_000

    package init(_ site: DrillSite, seconds: Int) {
        self.site = site
        self.seconds = seconds
    }

    package struct Outcome: Sendable {
        package var stretches: [IngressFigures] = []
        /// Until 200 for a body of 1,000 updates while Redis is away.
        package var whileAway: Duration = .zero
        /// Updates that lie in no log, or twice.
        package var astray = 0
    }

    package func play() async throws -> Outcome {
        let server = try SingleServer(site)
        let ingress = DrillGround.ingress(of: site)
        defer {
            ingress.killNow()
            server.abandon()
        }
        try server.start()
        let (accounts, lanes) = try site.publish(site.endpoint)
        guard !accounts.isEmpty else { throw LoadError("expected accounts to write to, came none") }
        try ingress.start()
        try await waitUntilReady(ingress)
        var outcome = Outcome()
        var sent = 0
        for (perBody, rate) in [(20, 10_000), (1, 2_000)] {
            // What is not counted warms the connections up.
            for (isCounted, seconds) in [(false, 2), (true, seconds)] {
                let bodies = (0..<rate * seconds / perBody).map { body($0, perBody, from: sent, accounts) }
                sent += bodies.count * perBody
                let figures = try await post(bodies, perBody: perBody, rate: rate)
                if isCounted { outcome.stretches.append(figures) }
            }
        }
        server.abandon()
        let large = body(0, 1_000, from: sent, accounts)
        sent += 1_000
        let began = ContinuousClock.now
        let status = try await WebhookSender(url: site.webhook, patience: .seconds(30)).post(large)
        outcome.whileAway = ContinuousClock.now - began
        guard status == 200 else { throw LoadError("expected 200 while Redis is away, got \(status)") }
        try server.start()
        outcome.astray = try await astray(sent, lanes)
        return outcome
    }

    private func body(_ number: Int, _ count: Int, from: Int, _ accounts: [DrillSite.Account]) -> WebhookBodies.Signed {
        let account = accounts[number % accounts.count]
        let now = site.laneClock
        let updates = (0..<count).map { place in
            let serial = from + number * count + place
            return WebhookBodies.message(
                account: account.id, contact: "9000\(serial % Self.contacts)", id: "bench-\(serial)",
                text: "Do you ship to Hanoi, and how long does a parcel take? (\(serial))", at: now)
        }
        let bytes = WebhookBodies.body(account: account.id, isInstagram: account.isInstagram, at: now, updates)
        return WebhookBodies.signed(bytes, secret: account.secret)
    }

    private func post(_ bodies: [WebhookBodies.Signed], perBody: Int, rate: Int) async throws -> IngressFigures {
        let watch = IngressWatch()
        let sender = WebhookSender(url: site.webhook)
        let spacing = Duration.seconds(1) * perBody / rate
        let connection = try RedisConnection(site.endpoint)
        let before = try ProcessorTime(of: connection)
        let start = ContinuousClock.now
        await withDiscardingTaskGroup { group in
            for (index, body) in bodies.enumerated() {
                let due = start + spacing * index
                if due > .now { try? await Task.sleep(until: due, tolerance: .zero, clock: .continuous) }
                group.addTask {
                    let isTaken = (try? await sender.post(body)) == 200
                    watch.answered(isTaken, after: ContinuousClock.now - due)
                }
            }
        }
        let passed = ContinuousClock.now - start
        let spent = try ProcessorTime(of: connection).since(before)
        let (latencies, refused) = watch.figures
        return IngressFigures(
            perBody: perBody, rate: rate, updates: bodies.count * perBody, latencies: latencies, refused: refused,
            seconds: passed / .seconds(1), redis: spent.redis / passed)
    }

    private func waitUntilReady(_ ingress: RoleProcess) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let request = HTTPClientRequest(url: site.url("ingress", 0) + "/readyz")
            if let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(1)),
                response.status == .ok
            {
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw LoadError("expected an ingress that is ready within 60 s; its log ends with:\n\(ingress.lastLines)")
    }

    /// Waits until the logs hold as much as was sent; how far they are from it if they never do.
    private func astray(_ sent: Int, _ lanes: [String]) async throws -> Int {
        let connector = LaneConnector(endpoint: site.endpoint, keyspace: try Keyspace(namespace: site.namespace))
        let store = try connector.open(clientName: "bench")
        let names = try lanes.map { try LaneName($0) }
        let deadline = ContinuousClock.now + .seconds(60)
        var held = 0
        repeat {
            held = try store.look(names).reduce(0) { $0 + Int(clamping: $1.appended) }
            if held == sent { return 0 }
            try await Task.sleep(for: .milliseconds(100))
        } while ContinuousClock.now < deadline
        return abs(sent - held)
    }
}

/// What became of the bodies that are under way.
private final class IngressWatch: Sendable {
    private let state = Mutex((latencies: LatencyHistogram(), refused: 0))

    var figures: (latencies: LatencyHistogram, refused: Int) { state.withLock { $0 } }

    func answered(_ isTaken: Bool, after time: Duration) {
        state.withLock { state in
            if isTaken { state.latencies.add(time) } else { state.refused += 1 }
        }
    }
}
