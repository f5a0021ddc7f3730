import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("A desk that gathers its calls")
struct DigestTests {
    private static let desk = EntityID.desk(team: "berlin")
    private static let start = Instant.november(20, 10)

    private static func scene(_ ladder: [LadderStep] = []) -> Scene {
        var policy = TestPolicy()
        policy.digest = DigestPolicy(collect: .seconds(60), every: .seconds(1_800))
        policy.ladder = ladder
        return Scene(policy.built())
    }

    private static func conversation(_ number: Int) -> EntityID { .messages(account: "shop", contact: "c\(number)") }

    private static func told(
        _ number: Int, _ matter: Told.Matter = .brokenPromise, rule: String = "promise.broken", at: Instant,
        decisions: UInt64 = 1
    ) -> Event {
        .of("t\(number)-\(decisions)", at: at, in: .matter(team: "berlin", conversation: conversation(number))) {
            $0.told = Told.with {
                $0.origin = conversation(number).text
                $0.decisions = decisions
                $0.matter = matter
                $0.rule = rule
                $0.market = "de"
                $0.dueAt = at.milliseconds
            }
        }
    }

    @Test("ten thousand late conversations page a person once, with what they are, from a small state")
    func once() throws {
        var scene = Self.scene()
        for number in 0..<10_000 {
            try scene.take(
                Self.told(number, rule: number % 4 == 0 ? "vip" : "promise.broken", at: Self.start), at: Self.start)
            scene.decisions.removeAll { $0.actions.isEmpty }
        }
        #expect(scene.actions.isEmpty)
        let desk = try #require(scene.states[Self.desk])
        #expect(try desk.serializedData().count < 300)
        try scene.advance(to: Self.start + .seconds(7_200))
        let pages = scene.texts(.notify)
        #expect(pages.map(\.contact) == ["berlin"])
        #expect(pages.map(\.rule) == ["digest"])
        let text = try #require(pages.first?.text)
        #expect(
            text.contains("10000 conversations wait: vip 2500, promise.broken 7500; the first is due 2026-11-20T10:00"))
        #expect(scene.rules.last == "desk.digest")
    }

    @Test("the next page comes when the time between two is over, with what came since")
    func again() throws {
        var scene = Self.scene()
        for minute in 0..<40 {
            try scene.take(
                Self.told(minute, at: Self.start + .seconds(60 * minute)), at: Self.start + .seconds(60 * minute))
            try scene.advance(to: Self.start + .seconds(60 * minute + 59))
        }
        try scene.advance(to: Self.start + .seconds(7_200))
        #expect(scene.texts(.notify).map(\.text.first) == ["2", "3", "8"])
        #expect(scene.texts(.notify).count == 3)
    }

    @Test("what was answered before the page is not in it, and nothing is paged for nothing")
    func withdrawn() throws {
        var scene = Self.scene()
        for number in 0..<3 { try scene.take(Self.told(number, at: Self.start), at: Self.start) }
        try scene.take(Self.told(0, .closed, at: Self.start, decisions: 2), at: Self.start)
        try scene.take(Self.told(1, .claimed, at: Self.start, decisions: 2), at: Self.start)
        var silent = scene
        try scene.advance(to: Self.start + .seconds(120))
        #expect(scene.texts(.notify).map(\.text.first) == ["1"])
        try silent.take(Self.told(2, .closed, at: Self.start, decisions: 2), at: Self.start)
        try silent.advance(to: Self.start + .seconds(120))
        #expect(silent.texts(.notify).isEmpty)
    }

    @Test("what comes due is called in time, however short ago the last page was")
    func inTime() throws {
        var scene = Self.scene()
        try scene.take(Self.told(0, at: Self.start), at: Self.start)
        try scene.advance(to: Self.start + .seconds(120))
        let at = Self.start + .seconds(180)
        var event = Self.told(1, .escalation, rule: "promise.pre_breach", at: at)
        event.told.dueAt = (at + .seconds(1_200)).milliseconds
        try scene.take(event, at: at)
        try scene.advance(to: at + .seconds(7_200))
        #expect(scene.texts(.notify).map(\.decidedAt) == [60, 780].map { (Self.start + .seconds($0)).milliseconds })
    }

    @Test(
        "the ladder leads to the next one soon, and repeats itself no sooner than the team wants, each matter once a page"
    )
    func ladder() throws {
        let ladder = [LadderStep(after: .zero, target: .team), LadderStep(after: .seconds(600), target: .onCall)]
        var policy = TestPolicy()
        policy.digest = DigestPolicy(collect: .seconds(60), every: .seconds(3_600))
        policy.ladder = ladder
        policy.rounds = 3
        var scene = Scene(policy.built())
        for number in 0..<5 { try scene.take(Self.told(number, at: Self.start), at: Self.start) }
        try scene.advance(to: Self.start + .seconds(3_600))
        #expect(scene.texts(.notify).map(\.contact) == ["berlin", "night"])
        #expect(scene.texts(.notify).map(\.text.first) == ["5", "5"])
        try scene.advance(to: Self.start + .seconds(20_000))
        #expect(scene.texts(.notify).map(\.contact) == ["berlin", "night", "berlin", "night"])
        #expect(scene.texts(.notify).map(\.text.first) == ["5", "5", "5", "5"])
    }

    @Test("threats are never gathered")
    func urgent() throws {
        var scene = Self.scene()
        let decision = try scene.take(Self.told(1, .escalation, rule: "safety", at: Self.start), at: Self.start)
        #expect(decision.actions.map(\.rule) == ["safety"])
        // Its end takes nothing off the digest, in which it never was.
        for number in 2...3 { try scene.take(Self.told(number, at: Self.start), at: Self.start) }
        try scene.take(Self.told(1, .closed, at: Self.start, decisions: 2), at: Self.start)
        try scene.advance(to: Self.start + .seconds(120))
        #expect(scene.texts(.notify).last?.text.hasPrefix("2 conversations wait: promise.broken 2;") == true)
    }

    @Test(
        "a threat in a matter that waits for the digest, or that somebody has taken, calls at once",
        arguments: [false, true])
    func rises(isTaken: Bool) throws {
        var scene = Self.scene()
        try scene.take(Self.told(1, .escalation, rule: "first_response.missed", at: Self.start), at: Self.start)
        if isTaken { try scene.take(Self.told(1, .claimed, at: Self.start, decisions: 2), at: Self.start) }
        let threat = try scene.take(
            Self.told(1, .escalation, rule: "safety", at: Self.start, decisions: 3), at: Self.start)
        #expect(threat.actions.map(\.rule) == ["safety"])
        #expect(threat.actions.map(\.class) == [.safety])
        let matter = EntityID.matter(team: "berlin", conversation: Self.conversation(1))
        #expect(scene.states[matter]?.matter.standing == .notified)
        // What comes after it is smaller: it stays a threat, and nothing of it stands in a digest.
        try scene.take(Self.told(1, .brokenPromise, at: Self.start, decisions: 4), at: Self.start)
        #expect(scene.states[matter]?.matter.rule == "safety")
        try scene.advance(to: Self.start + .seconds(7_200))
        #expect(scene.texts(.notify).map(\.rule) == ["safety"])
        #expect(scene.states[Self.desk]?.desk.opened == 1)
    }

    @Test("a matter whose reason changes while it waits is counted, and taken off, by its new reason")
    func newReason() throws {
        var scene = Self.scene()
        try scene.take(Self.told(0, .escalation, rule: "promise.pre_breach", at: Self.start), at: Self.start)
        try scene.take(Self.told(1, .escalation, rule: "vip", at: Self.start), at: Self.start)
        try scene.take(Self.told(0, at: Self.start, decisions: 2), at: Self.start)
        var answered = scene
        try scene.advance(to: Self.start + .seconds(120))
        #expect(scene.texts(.notify).first?.text.hasPrefix("2 conversations wait: vip 1, promise.broken 1;") == true)
        try answered.take(Self.told(0, .closed, at: Self.start, decisions: 3), at: Self.start)
        try answered.advance(to: Self.start + .seconds(120))
        #expect(answered.texts(.notify).first?.text.hasPrefix("1 conversation waits: vip 1;") == true)
    }

    @Test("who claims the desk takes everything it has called for: no ladder goes on")
    func claimed() throws {
        let ladder = [LadderStep(after: .zero, target: .team), LadderStep(after: .seconds(600), target: .onCall)]
        for isClaimed in [true, false] {
            var scene = Self.scene(ladder)
            for number in 0..<50 { try scene.take(Self.told(number, at: Self.start), at: Self.start) }
            try scene.advance(to: Self.start + .seconds(300))
            let at = Self.start + .seconds(300)
            if isClaimed { try scene.take(.of("c", at: at, in: Self.desk) { $0.claim.agent = "kim" }, at: at) }
            try scene.advance(to: Self.start + .seconds(7_200))
            #expect(scene.texts(.notify).map(\.contact) == (isClaimed ? ["berlin"] : ["berlin", "night"]))
        }
    }

    @Test("more targets than a desk can gather for are called by themselves")
    func targets() throws {
        var policy = TestPolicy()
        policy.digest = DigestPolicy()
        policy.ladder = (0..<12).map { LadderStep(after: .seconds($0), target: .named("t\($0)")) }
        var scene = Scene(policy.built())
        try scene.take(Self.told(1, at: Self.start), at: Self.start)
        try scene.advance(to: Self.start + .seconds(3_600))
        #expect(Set(scene.texts(.notify).map(\.contact)).count == 12)
    }
}
