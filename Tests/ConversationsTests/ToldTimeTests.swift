import BusinessTime
import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("A told time")
struct ToldTimeTests {
    private static func policy(_ hours: Int, number: UInt64) throws -> Policy {
        var policy = TestPolicy()
        policy.zone = try .fixed(minutes: hours * 60)
        policy.number = number
        return policy.built()
    }

    /// Friday, 20:00: promised for Monday, 10:00 UTC.
    private static func promised() throws -> Scene {
        var scene = Scene(try policy(1, number: 1))
        try scene.take(.message("m", "hello?", at: .november(20, 20)), at: .november(20, 20))
        try scene.settle(try #require(scene.texts().first))
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(23, 10).milliseconds])
        return scene
    }

    @Test("edge case 47: new zone rules that bring a told time forward raise the alarm, and the earlier instant holds")
    func earlier() throws {
        var scene = try Self.promised()
        // The clocks go on an hour: 11:00 on the customer's wall is now 09:00 UTC.
        scene.policy = try Self.policy(2, number: 2)
        try scene.advance(to: .november(22, 12))
        #expect(scene.tells(.escalation).map(\.rule) == ["promise.clock_changed"])
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(23, 9).milliseconds])
        #expect(scene.decisions.last?.result.promises.map(\.dueAt) == [Instant.november(23, 9).milliseconds])
        #expect(scene.openItems[.anna]?.dueAt == Instant.november(23, 9).milliseconds)
        try scene.advance(to: .november(23, 9))
        #expect(scene.rules.last == "promise.due")
        #expect(scene.tells(.brokenPromise).map(\.event.told.dueAt) == [Instant.november(23, 9).milliseconds])
    }

    @Test("edge case 47: rules that put it off raise the alarm once, and the instant that was meant holds")
    func later() throws {
        var scene = try Self.promised()
        scene.policy = try Self.policy(0, number: 2)
        try scene.take(.message("n", "still there?", at: .november(21, 9)), at: .november(21, 9))
        try scene.take(.message("o", "hm", at: .november(21, 9, 5)), at: .november(21, 9, 5))
        #expect(scene.tells(.escalation).map(\.rule) == ["promise.clock_changed"])
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(23, 10).milliseconds])
        try scene.advance(to: .november(23, 10))
        #expect(scene.rules.last == "promise.due")
    }

    @Test("a decision that raises the alarm and ends the matter tells its end alone, so that the desk calls nobody")
    func alarmAndEnd() throws {
        var scene = try Self.promised()
        scene.policy = try Self.policy(2, number: 2)
        let at = Instant.november(21, 9)
        let decision = try scene.take(.echo("e", at: at, inbox: true), at: at)
        let tells = decision.actions.filter { $0.kind == .tell }
        #expect(tells.map(\.event.told.matter) == [.closed])
        for tell in tells { try scene.take(tell.event, at: at) }
        let matter = EntityID.matter(team: "berlin", conversation: .anna)
        #expect(scene.states[matter]?.matter.standing == .closed)
        try scene.advance(to: .november(23, 12))
        #expect(scene.texts(.notify).isEmpty)
    }

    @Test("a decision that raises the alarm and hears a threat tells the threat")
    func alarmAndThreat() throws {
        var scene = try Self.promised()
        scene.policy = try Self.policy(2, number: 2)
        let at = Instant.november(21, 9)
        let decision = try scene.take(.message("n", "I will burn your shop down", at: at), at: at)
        let tells = decision.actions.filter { $0.kind == .tell }
        #expect(tells.map(\.event.told.rule) == ["safety"])
        #expect(tells.map(\.class) == [.safety])
        let call = try scene.take(try #require(tells.first?.event), at: at)
        #expect(call.actions.map(\.rule) == ["safety"])
    }

    @Test("edge case 37: an account that moves to a market with another clock leaves promises as they were told")
    func movedAccount() throws {
        var scene = Scene()
        try scene.take(.message("m", "hello?", at: .november(20, 20)), at: .november(20, 20))
        try scene.settle(try #require(scene.texts().first))
        scene.policy = try Self.policy(3, number: 2)
        try scene.take(.message("n", "still there?", at: .november(21, 9)), at: .november(21, 9))
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(23, 10).milliseconds])
        #expect(scene.talk().promises.map(\.toldZone) == ["UTC"])
        #expect(scene.tells(.escalation).isEmpty)
    }

    @Test("edge case 32: a customer on another clock is told the same instant on that clock", arguments: [true, false])
    func travelling(isElsewhere: Bool) throws {
        var scene = Scene(try Self.policy(2, number: 1))
        try scene.take(.message("m", "hello?", at: .november(19, 10)), at: .november(19, 10))
        if isElsewhere {
            scene.states[.anna]?.conversation.zone = Evidence.with {
                $0.value = "UTC"
                $0.provenance = .agent
            }
        }
        try scene.take(.message("n", "hello?", at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(20, 10).milliseconds])
        #expect(scene.texts().first?.text.contains(isElsewhere ? "10:00" : "12:00") == true)
    }

    @Test(
        "an order's zone is told from without a city, a profile's with it; the stronger and the newer evidence wins",
        arguments: [
            (["order": "UTC"], nil, "10:00.", Evidence.Provenance.order),
            (["profile": "UTC"], nil, "10:00 UTC time.", .profile),
            (["order": "Test/Land", "profile": "UTC"], nil, "12:00.", .order),
            (["order": "yes", "profile": "UTC"], nil, "10:00 UTC time.", .profile),
            (["profile": "Nowhere/Land"], nil, "12:00.", nil),
            (["order": "UTC"], Evidence.Provenance.agent, "12:00.", .agent),
            (["order": "UTC"], Evidence.Provenance.order, "10:00.", .order),
        ] as [([String: String], Evidence.Provenance?, String, Evidence.Provenance?)])
    func evidence(
        signals: [String: String], known: Evidence.Provenance?, told: String, provenance: Evidence.Provenance?
    ) throws {
        var scene = Scene(try Self.policy(2, number: 1))
        if let known {
            try scene.take(.message("m", "hello?", at: .november(19, 10)), at: .november(19, 10))
            scene.states[.anna]?.conversation.zone = Evidence.with {
                $0.value = "Test/Land"
                $0.provenance = known
            }
        }
        scene.signals = Signals(
            number: 1,
            values: Dictionary(
                uniqueKeysWithValues: signals.map {
                    ("\($0)/shop/anna", Signal(value: $1, at: 1, writer: "orders"))
                }))
        try scene.take(.message("n", "hello?", at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.texts().first?.text.hasSuffix(told) == true, "\(scene.texts().first?.text ?? "")")
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(20, 10).milliseconds])
        #expect(provenance == nil ? !scene.talk().hasZone : scene.talk().zone.provenance == provenance)
    }

    @Test("edge case 42: a text that a limit held back beyond the opening is dropped, and promised nothing")
    func heldBack() throws {
        var scene = Scene()
        try scene.take(.message("m", "hello?", at: .november(19, 20)), at: .november(19, 20))
        let text = try #require(scene.texts().first)
        #expect(text.notAfter == Instant.november(20, 9).milliseconds)
        try scene.settle(text, .expired, at: .november(20, 9))
        #expect(scene.standings() == [.void])
        #expect(scene.openItems[.anna] != nil)
        try scene.advance(to: .november(20, 12))
        #expect(scene.tells(.brokenPromise).isEmpty)
    }

    @Test("the same rules say nothing, a day before it is due either")
    func unchanged() throws {
        var scene = try Self.promised()
        scene.policy = try Self.policy(1, number: 2)
        try scene.advance(to: .november(23, 8))
        #expect(scene.rules.last == "promise.clock_check")
        #expect(scene.tells(.escalation).isEmpty)
    }
}
