import Contracts
import Conversations
import Delivery
import Foundation
import Instants
import Lanes
import Settings
import Testing
import Workers

@Suite("From a customer's message to a delivered answer, with the sample's own policy")
struct SpineTests {
    private func samplePolicy() throws -> Policy {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try Policy.read(folder: root.appending(path: "config").path)
    }

    @Test("a message at night gets one promise; it is broken aloud when nobody comes")
    func night() throws {
        // A Tuesday, three o'clock in Berlin.
        let kit = try WorkerKit(start: Instant(milliseconds: 1_799_719_200_000))
        let worker = try kit.worker(decider: .conversations, policy: try samplePolicy())
        try kit.append([("kunde", "Hallo, mein Rucksack ist kaputt")], account: "sandbox-de")
        try kit.decided(2)
        #expect(try kit.rules().first == "after_hours.promise")
        #expect(try kit.sink.started.wait { $0.count == 1 })
        let sent = try #require(kit.sink.started.all.first?.action)
        #expect(sent.kind == .send && sent.contact == "kunde" && !sent.text.isEmpty)
        #expect(try kit.results().last?.kind == "outcome")

        try kit.append([("kunde", "Ist da jemand?")], account: "sandbox-de")
        try kit.decided(3)
        #expect(try kit.results().last?.actions.isEmpty == true)
        #expect(try kit.store.openItems(kit.lane).count == 1)

        try kit.step(.seconds(48 * 3_600))
        let isBroken = try kit.events.wait { _ in try kit.rules().contains { $0.hasPrefix("promise.due") } }
        #expect(isBroken, "\(kit.ruleText)")
        let timers = try kit.rules().filter { $0.hasPrefix("promise.") }
        #expect(timers.first == "promise.pre_breach")
        #expect(try kit.sink.started.wait { $0.contains { $0.action.kind == .tell } })
        // Each call of the desk settles with an outcome, which is committed in its turn.
        let isSettled = try kit.events.wait { _ in try kit.store.recover(kit.lane).isEmpty }
        #expect(isSettled, "\(kit.ruleText)")
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.store.deadLetters(kit.lane).isEmpty)
        #expect(try kit.store.recover(kit.lane).isEmpty)
    }
}
