// The drill of kills: what the house survives, shown on real processes.
//
// Problem: that nothing is lost and nothing done twice shows only when processes die with work in hand. Choice: every role is
// a process of its own over a private Redis, events come in as signed webhooks, faults follow a plan, and afterwards a checker
// that shares no code with the house counts from the input file, Redis and the channel's ledger. Its own failures are told
// apart from the house's: a drill whose faults met too little work fails although nothing broke.

import AsyncHTTPClient
import Delivery
import NIOCore
import NIOHTTP1

package enum KillDrill {
    /// Plays a plan and checks it. Ends every process it started, also when it throws.
    package static func run(_ plan: DrillPlan, _ site: DrillSite) async throws -> DrillReport {
        let ground = try DrillGround(site, plan)
        defer { ground.abandon() }
        let began = ContinuousClock.now
        try ground.servers?.start()
        let published = try site.publish(site.endpoint)
        guard !published.accounts.isEmpty else { throw DrillFailure("expected accounts to write to, came none") }
        try ground.startRoles()
        let eye = LaneEye(endpoint: site.endpoint, namespace: site.namespace, lanes: published.lanes)
        try await waitUntilReady(ground, site, eye)
        site.note(
            "  \(published.lanes.count) lanes owned after \((ContinuousClock.now - began).inSeconds) s; \(plan.events) events follow"
        )
        let producer = DrillProducer(site, plan, accounts: published.accounts)
        let figures = RoleFigures(
            workers: (1...plan.workers).map { site.url("w\($0)", 1 + $0) }, ingress: site.url("ingress", 0))
        let outcome = Passage(FaultConductor(plan, site, ground, eye, producer, figures))
        let isSettled = try await withThrowingTaskGroup(of: Bool?.self) { group in
            group.addTask {
                try await producer.run()
                return nil
            }
            group.addTask {
                await figures.run()
                return nil
            }
            group.addTask { try await outcome.run() }
            while let ended = try await group.next() {
                guard let isSettled = ended else { continue }
                group.cancelAll()
                return isSettled
            }
            return false
        }
        let (records, longestStill) = (outcome.records, outcome.longestStill)
        let took = ContinuousClock.now - began
        ground.end()
        guard producer.isDone else {
            throw DrillFailure("expected all events to be accepted, \(producer.acceptedCount) were")
        }
        let check = try DrillCheck(
            redis: site.endpoint, namespace: site.namespace, input: site.input, ledger: site.ledger,
            platform: plan.platform)
        return DrillReport(
            plan: plan, site: site, records: records, check: check, isSettled: isSettled, longestStill: longestStill,
            figures: figures,
            patience: producer.patienceNeeded, traffic: producer.traffic?.counts, took: took)
    }

    /// Until every lane has an owner and ingress takes events.
    static func waitUntilReady(_ ground: DrillGround, _ site: DrillSite, _ eye: LaneEye) async throws {
        let deadline = ContinuousClock.now + .seconds(150)
        while ContinuousClock.now < deadline {
            let isOwned = eye.look()?.values.allSatisfy { !$0.owner.isEmpty } ?? false
            let request = HTTPClientRequest(url: site.url("ingress", 0) + "/readyz")
            if isOwned, let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(1)),
                response.status == .ok
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let logs = ([ground.ingress, ground.coordinator, ground.sandbox] + ground.workers).map {
            "\($0.name): \($0.lastLines)"
        }
        throw DrillFailure(
            "expected every lane to have an owner within 150 s; logs end with:\n" + logs.joined(separator: "\n"))
    }
}

/// Carries the conductor to a thread of its own and back: it blocks, and belongs to one thread at a time.
private final class Passage: @unchecked Sendable {
    // Guard: `run` is called once; its thread alone uses the conductor until the continuation is resumed, the caller after.
    private let conductor: FaultConductor

    init(_ conductor: FaultConductor) { self.conductor = conductor }

    var records: [FaultRecord] { conductor.records }
    var longestStill: Duration { conductor.longestStill }

    func run() async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            _ = PlainThread(name: "conductor") {
                continuation.resume(with: Result { try self.conductor.run() })
            }
        }
    }
}
