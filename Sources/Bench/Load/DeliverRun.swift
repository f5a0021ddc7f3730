import Contracts
private import Foundation
import Instants
import Redis
import Sandbox

/// Answers of one worker over HTTP to a platform's double that takes its time.
///
/// Every customer writes once after hours and asks a frequent question; both are answered. Bodies go into ingress as fast as
/// it takes them, so that the courier is what the rest waits for. All roles, Redis and the double share the machine. What was
/// delivered, when and in which order is read from the double's ledger.
package struct DeliverRun {
    package struct Figures: Sendable {
        package var deliveries = 0
        /// From the first to the last of them.
        package var seconds = 0.0
        /// The best second.
        package var most = 0
        package var outOfOrder = 0
        /// Events lost or doubled, actions left open or sent twice.
        package var faults: [String] = []

        package var perSecond: Int { seconds > 0 ? Int(Double(deliveries) / seconds) : 0 }
    }

    private static let perBody = 20
    private static let senders = 16
    private let site: DrillSite
    private let customers: Int
    private let latency: Duration

    /// - Parameters:
    ///   - site: with free ports for ingress, double and one worker.
    ///   - latency: of each of the double's answers.
    package init(_ site: DrillSite, customers: Int, latency: Duration) {
        self.site = site
        self.customers = customers
        self.latency = latency
    }

    package func play() async throws -> Figures {
        var plan = DrillPlan.undisturbed(workers: 1)
        plan.latencyMs = Int(latency / .milliseconds(1))
        // The workers' configuration has none either: what is measured is ours.
        plan.limits = [.sends, .page, .app].map { SandboxLimit($0, most: 1_000_000_000, per: .seconds(1)) }
        let ground = try DrillGround(site, plan)
        defer { ground.abandon() }
        try ground.servers?.start()
        let published = try site.publish(site.endpoint)
        let accounts = published.accounts.filter { !$0.isInstagram }
        guard !accounts.isEmpty else { throw LoadError("expected accounts to write to, came none") }
        try ground.startRoles()
        let eye = LaneEye(endpoint: site.endpoint, namespace: site.namespace, lanes: published.lanes)
        try await KillDrill.waitUntilReady(ground, site, eye)
        var accepted: [String] = []
        for round in 0..<2 { accepted += try await write(round, accounts) }
        try Data((accepted.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: site.input))
        try await waitUntilSettled(eye, plan)
        // What it still has to tell nobody has accepted; what it has told is decided before the workers end.
        ground.sandbox.end(atMost: .seconds(5))
        try await waitUntilSettled(eye, plan)
        ground.end()
        return try figures()
    }

    /// One message of each customer; returns what was accepted, as the checker names it.
    private func write(_ round: Int, _ accounts: [DrillSite.Account]) async throws -> [String] {
        let bodies = (customers + Self.perBody - 1) / Self.perBody
        return try await withThrowingTaskGroup(of: [String].self) { group in
            for sender in 0..<Self.senders {
                group.addTask {
                    let webhook = WebhookSender(url: site.webhook)
                    var accepted: [String] = []
                    for body in stride(from: sender, to: bodies, by: Self.senders) {
                        let account = accounts[body % accounts.count]
                        let now = site.laneClock
                        let numbers = body * Self.perBody..<min((body + 1) * Self.perBody, customers)
                        let updates = numbers.map { number in
                            WebhookBodies.message(
                                account: account.id, contact: "9100000\(number)", id: "drill-\(number)-\(round)",
                                text: round == 0 ? "Good evening, I have a question." : "How much is the small bag?",
                                at: now)
                        }
                        let bytes = WebhookBodies.body(account: account.id, isInstagram: false, at: now, updates)
                        let signed = WebhookBodies.signed(bytes, secret: account.secret)
                        while (try? await webhook.post(signed)) != 200 { try await Task.sleep(for: .milliseconds(50)) }
                        accepted += numbers.map { Reckoning.Tally.key(account.id, "dm:drill-\($0)-\(round)") }
                    }
                    return accepted
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func waitUntilSettled(_ eye: LaneEye, _ plan: DrillPlan) async throws {
        let deadline = ContinuousClock.now + plan.settleWithin
        var quiet = 0
        while ContinuousClock.now < deadline {
            quiet = eye.look()?.values.allSatisfy(\.isQuiet) == true ? quiet + 1 : 0
            // Echoes and outcomes of the last ones still come in.
            if quiet == 15 { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw LoadError("expected everything decided and sent within \(plan.settleWithin), it is not")
    }

    private func figures() throws -> Figures {
        let check = try DrillCheck(
            redis: site.endpoint, namespace: site.namespace, input: site.input, ledger: site.ledger,
            platform: PlatformTrouble())
        var figures = Figures()
        var seconds: [Int64: Int] = [:]
        var first: Instant?
        var last: Instant?
        for line in try Data(contentsOf: URL(filePath: site.ledger)).split(separator: 0x0A) {
            let fields = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
            guard fields?["kind"] as? String == "send", let text = fields?["at"] as? String else { continue }
            let at = try Instant(rfc3339: text)
            figures.deliveries += 1
            seconds[at.seconds, default: 0] += 1
            first = first ?? at
            last = at
        }
        if let first, let last { figures.seconds = (last - first) / .seconds(1) }
        figures.most = seconds.values.max() ?? 0
        figures.outOfOrder = check.platform?.outOfOrder ?? 0
        if !check.isClean { figures.faults = check.examples + ["\(check.reckoning)"] }
        return figures
    }
}
