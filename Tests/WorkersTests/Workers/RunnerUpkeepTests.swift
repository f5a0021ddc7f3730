import Contracts
import Conversations
import Instants
import Lanes
import SwiftProtobuf
import TestSupport
import Testing
import Workers

@Suite("What need not be kept")
struct RunnerUpkeepTests {
    @Test("goes from the logs of held lanes once it has aged, a bounded piece at a time, and nothing undecided goes")
    func trims() throws {
        let kit = try WorkerKit(virtual: true)
        for round in 0..<300 { try kit.append([("ann", "old \(round)")]) }
        let worker = try kit.worker(bounds: RunnerBounds(trimsEvery: .milliseconds(20)))
        try kit.decided(300)
        // Six days later all of it is still there; on the ninth day the log is empty and the results are not.
        try kit.step(.seconds(6 * 86_400))
        try kit.append([("ann", "six days later")])
        try kit.decided(301)
        #expect(try kit.store.log(kit.lane, after: .start, most: 1_000).count == 301)
        try kit.step(.seconds(3 * 86_400))
        try kit.append([("ann", "nine days later")])
        try kit.decided(302)
        // The cursor stands behind the last entry only after the next one.
        let isTrimmed = try kit.events.wait { _ in
            try kit.store.log(kit.lane, after: .start, most: 1_000).count <= 2
        }
        #expect(isTrimmed)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.counters.trimmedEntries == 300)
        #expect(try kit.results().count == 302)
        #expect(try kit.look().decided == 302)
    }
}

@Suite("States of quiet conversations")
struct StateSweepTests {
    /// Contacts whose states lie in the lane's first hash, which is looked through first.
    private func contacts(_ count: Int) -> [String] {
        let all = (0..<100_000).lazy.map { "c\($0)" }.filter {
            StateHash.number(of: .messages(account: "shop", contact: $0)) == 0
        }
        return Array(all.prefix(count))
    }

    /// What the fake one decides, in a conversation that is over unless the text says that somebody waits.
    private static let decider = Decider { id, own, parent, input, now, policy, signals in
        var decision = try FakeDecider.decider.decide(id, &own, &parent, input, now, policy, signals)
        decision.own.conversation.status = .resolved
        if case .event(let event, _, _) = input, event.message.text == "waits" {
            decision.own.conversation.status = .waitingTeam
        }
        return decision
    }

    private func states(_ kit: WorkerKit, _ contacts: [String]) throws -> [Bool] {
        let entities = contacts.map { EntityID.messages(account: "shop", contact: $0) }
        return try kit.store.states([(lane: kit.lane, entities: entities)])[0]?.map { $0 != nil } ?? []
    }

    @Test("go after the time that the policy names, unless something is open, and come anew with the next event")
    func sweeps() throws {
        let kit = try WorkerKit(virtual: true)
        let contacts = contacts(4)
        var policy = try WorkerKit.policy()
        policy.keep.states = .seconds(60 * 86_400)
        let worker = try kit.worker(
            decider: Self.decider, policy: policy, bounds: RunnerBounds(trimsEvery: .milliseconds(20)))
        try kit.append([(contacts[0], "quiet"), (contacts[1], "waits"), (contacts[2], "timer 99999999999 later")])
        try kit.decided(3)
        try kit.step(.seconds(59 * 86_400))
        try kit.append([(contacts[3], "new")])
        try kit.decided(4)
        #expect(try states(kit, contacts) == [true, true, true, true])
        try kit.step(.seconds(2 * 86_400))
        try PrivateCluster.wait("the quiet one has gone") { try !states(kit, contacts)[0] }
        #expect(try states(kit, contacts) == [false, true, true, true])
        try kit.append([(contacts[0], "again"), (contacts[1], "again")])
        try kit.decided(6)
        #expect(try kit.rules().suffix(2) == ["\(contacts[0]):again#1", "\(contacts[1]):again#2"])
        #expect(worker.stop(atMost: .seconds(10)))
    }

    @Test("stay for ever where the policy names no time, and thirty days in any case")
    func stay() throws {
        #expect(try WorkerKit.policy().keep.states == nil)
        #expect(KeepPolicy.leastStates == .seconds(30 * 86_400))
        var state = EntityState()
        state.conversation.status = .resolved
        state.lastNow = 1_000
        #expect(QuietState.mayGo(state, before: Instant(milliseconds: 1_001)))
        #expect(!QuietState.mayGo(state, before: Instant(milliseconds: 1_000)))
        var escalated = state
        escalated.conversation.escalated = true
        var waiting = state
        waiting.conversation.waitingSince = 5
        var promised = state
        promised.conversation.promises = [.with { $0.standing = .binding }]
        var pending = state
        pending.conversation.pending = [PendingAction()]
        var desk = state
        desk.desk = Desk()
        var undated = state
        undated.lastNow = 0
        for busy in [escalated, waiting, promised, pending, desk, undated] {
            #expect(!QuietState.mayGo(busy, before: Instant(milliseconds: 9_000)))
        }
        promised.conversation.promises = [.with { $0.standing = .kept }]
        #expect(QuietState.mayGo(promised, before: Instant(milliseconds: 9_000)))
    }
}
