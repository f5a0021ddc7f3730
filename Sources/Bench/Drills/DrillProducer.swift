private import Foundation
import Instants
import Sandbox
import Synchronization

/// Writes as customers, through the front door: signed bodies over HTTP at a stated pace, again until they are answered 200,
/// as the platform would.
///
/// Each sender works alone and in order, so for a conversation the order of the input file is that of acceptance. A platform
/// that misbehaves tells of some messages behind the next ones of the same people. An id goes to the input file when its body was answered 200: from then on the house owes a decision.
final class DrillProducer: Sendable {
    private let site: DrillSite
    private let plan: DrillPlan
    private let accounts: [DrillSite.Account]
    let traffic: PlatformTraffic?
    private let state: Mutex<State>

    private struct State {
        var accepted: [String] = []
        var repeated = 0
        var longest: Duration = .zero
        var isDone = false
    }

    init(_ site: DrillSite, _ plan: DrillPlan, accounts: [DrillSite.Account]) {
        self.site = site
        self.plan = plan
        self.accounts = accounts
        traffic = plan.platform.map { PlatformTraffic(site, $0) }
        state = Mutex(State())
    }

    var isDone: Bool { state.withLock { $0.isDone } }

    var acceptedCount: Int { state.withLock { $0.accepted.count } }

    /// Bodies sent again, and the longest time until one was answered 200.
    var patienceNeeded: (repeated: Int, longest: Duration) { state.withLock { ($0.repeated, $0.longest) } }

    /// Sends everything, writes the input file, and returns.
    func run() async throws {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<plan.senders { group.addTask { try await self.send(sender, start) } }
            try await group.waitForAll()
        }
        let lines = state.withLock { $0.accepted }.joined(separator: "\n") + "\n"
        try Data(lines.utf8).write(to: URL(filePath: site.input))
        state.withLock { $0.isDone = true }
    }

    /// Gives up: what is accepted so far is written by nobody, since the drill failed.
    private func send(_ sender: Int, _ start: ContinuousClock.Instant) async throws {
        let account = accounts[sender % accounts.count]
        let webhook = WebhookSender(url: site.webhook)
        let bodies = order()
        let spacing = plan.duration / bodies.count
        var waiting: [Int: Written] = [:]
        for (index, body) in bodies.enumerated() {
            try await Task.sleep(until: start + spacing * index + spacing * sender / plan.senders)
            let written = try await write(sender, account, body)
            if let traffic, waiting[body.group] == nil, body.round + 1 < plan.rounds,
                traffic.isOvertaken(written.number)
            {
                waiting[body.group] = written
            } else {
                try await deliver(written, account, webhook)
                if let late = waiting.removeValue(forKey: body.group) { try await deliver(late, account, webhook) }
            }
            guard let traffic else { continue }
            let number = UInt64(sender * bodies.count + index)
            let names = try await traffic.comment(number, sender: sender, account, webhook)
            state.withLock { $0.accepted += names }
        }
        try await traffic?.sendLate(of: sender, webhook)
    }

    /// The next messages of a group, on the platform and not told of.
    private struct Written {
        let number: UInt64
        let ids: [String]
        let body: WebhookBodies.Signed
    }

    private func write(
        _ sender: Int, _ account: DrillSite.Account, _ body: (group: Int, round: Int)
    ) async throws -> Written {
        let now = site.laneClock
        let numbers = (0..<plan.perBody).map { (sender * plan.groups + body.group) * plan.perBody + $0 }
        let ids = numbers.map { "drill-\($0)-\(body.round)" }
        let messages = zip(numbers, ids).map { number, id in
            (contact: "90000000\(number)", id: id, text: text(number, body.round))
        }
        try await traffic?.write(account.id, messages, at: now)
        let updates = messages.map { message in
            WebhookBodies.message(
                account: account.id, contact: message.contact, id: message.id, text: message.text, at: now)
        }
        let bytes = WebhookBodies.body(account: account.id, isInstagram: account.isInstagram, at: now, updates)
        return Written(
            number: UInt64(sender * plan.groups * plan.rounds + body.group * plan.rounds + body.round), ids: ids,
            body: WebhookBodies.signed(bytes, secret: account.secret))
    }

    private func deliver(_ written: Written, _ account: DrillSite.Account, _ webhook: WebhookSender) async throws {
        let began = ContinuousClock.now
        // A refusal and a lost answer are alike to the platform: it sends again.
        while (try? await webhook.post(written.body)) != 200 {
            try Task.checkCancellation()
            state.withLock { $0.repeated += 1 }
            try await Task.sleep(for: .milliseconds(200))
        }
        // What comes twice comes out of order too: behind the newer messages of the next round.
        if let traffic, traffic.isDoubled(written.number) { _ = try? await webhook.post(written.body) }
        state.withLock { state in
            // The house names a direct message `dm:<mid>`.
            state.accepted += written.ids.map { Reckoning.Tally.key(account.id, "dm:\($0)") }
            state.longest = max(state.longest, ContinuousClock.now - began)
        }
    }

    /// One sender's bodies: new groups begin during the first three fifths, each goes on for two fifths of the time.
    private func order() -> [(group: Int, round: Int)] {
        var bodies: [(key: Double, group: Int, round: Int)] = []
        for group in 0..<plan.groups {
            for round in 0..<plan.rounds {
                let key = 0.6 * Double(group) / Double(plan.groups) + 0.4 * Double(round) / Double(plan.rounds)
                bodies.append((key, group, round))
            }
        }
        return bodies.sorted { ($0.key, $0.group) < ($1.key, $1.group) }.map { ($0.group, $0.round) }
    }

    /// Small talk, and now and then a frequent question, so that there is always something to send.
    private func text(_ conversation: Int, _ round: Int) -> String {
        let questions = [
            "How much is the small bag?", "What are the shipping costs?", "When do you open?", "Which size is it?",
            "How long does delivery take?",
        ]
        let begun = round - conversation % plan.asksFrom
        guard begun >= 0, begun % plan.askEvery == 2 else {
            return "Thank you, I will think about it until tomorrow, part \(round)."
        }
        return questions[(conversation + begun / plan.askEvery) % questions.count]
    }
}
