import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Complaints under a post")
struct SpikeTests {
    private static let start = Instant.november(19, 22)

    private static func scene() -> Scene {
        var policy = TestPolicy()
        policy.service = ServicePolicy(spikes: SpikePolicy(usual: 5, atLeast: 8))
        return Scene(policy.built())
    }

    /// Comments by as many people, a share of which complains, spread evenly over some seconds.
    private static func play(
        _ scene: inout Scene, _ count: Int, complaining share: Double, over seconds: Int, from: Instant,
        post: String = "post", seed: UInt64 = 1
    ) throws {
        var generator = SeededGenerator(seed: seed)
        for number in 0..<count {
            let at = from + .milliseconds(seconds * 1_000 * number / count)
            let text = generator.chance(share) ? "terrible quality, never again" : "I have two of these bags"
            let name = "\(post)-\(from.milliseconds)-\(number)"
            var event = Event.comment(name, text, at: at, by: "by-\(name)")
            event.comment.post = post
            try scene.take(event, at: at)
        }
    }

    private static func alarms(_ scene: Scene) -> [Action] { scene.tells(.spike) }

    @Test("a spike alarms once, within two minutes, in closed hours too, and says what was counted")
    func spike() throws {
        var scene = Self.scene()
        try Self.play(&scene, 300, complaining: 0.04, over: 3 * 3_600, from: Self.start - .seconds(3 * 3_600))
        #expect(Self.alarms(scene).isEmpty)
        try Self.play(&scene, 200, complaining: 0.5, over: 600, from: Self.start)
        let alarm = try #require(Self.alarms(scene).first)
        #expect(Self.alarms(scene).count == 1)
        #expect(alarm.decidedAt - Self.start.milliseconds <= 120_000)
        #expect(alarm.class == .safety)
        #expect(alarm.event.told.facts.hasSuffix("within ten minutes; usual in this market are 5 of 100"))
        let desk = try scene.take(alarm.event, at: scene.now)
        #expect(desk.actions.map(\.contact) == ["night"])
        #expect(desk.actions.map(\.text) == [alarm.event.told.facts])
        #expect(desk.result.rule == "desk.spike")
        #expect(Explanation.sentence(for: desk.result).contains("far more than usual"))
    }

    @Test("the ordinary start of a campaign alarms nobody: many times the comments, the usual share of complaints")
    func campaign() throws {
        for seed in 0..<UInt64(8) {
            var scene = Self.scene()
            try Self.play(&scene, 20, complaining: 0.05, over: 3_600, from: Self.start, seed: seed)
            try Self.play(
                &scene, 600, complaining: 0.05, over: 1_200, from: Self.start + .seconds(3_600), seed: seed + 1_000)
            #expect(Self.alarms(scene).isEmpty, "seed \(seed)")
        }
    }

    @Test("a post that always has many complaints is held to its own share")
    func ownBaseline() throws {
        var scene = Self.scene()
        // Four hours in which a third complains: it alarms at first, and not again for six hours.
        try Self.play(&scene, 800, complaining: 0.3, over: 4 * 3_600, from: Self.start)
        #expect(Self.alarms(scene).count <= 1)
        let before = Self.alarms(scene).count
        try Self.play(&scene, 200, complaining: 0.3, over: 1_200, from: Self.start + .seconds(8 * 3_600), seed: 2)
        #expect(Self.alarms(scene).count == before)
    }

    @Test("one angry person is no spike, however often")
    func onePerson() throws {
        var scene = Self.scene()
        for number in 0..<40 {
            let at = Self.start + .seconds(number)
            try scene.take(.comment("c\(number)", "terrible quality", at: at, by: "bo"), at: at)
        }
        #expect(Self.alarms(scene).isEmpty)
    }

    @Test("an incident is one matter: it calls once, is acknowledged by a claim, and calls again when it is over")
    func incident() throws {
        var scene = Self.scene()
        try scene.take(Self.told(Self.start), at: Self.start)
        let second = try scene.take(Self.told(Self.start + .seconds(60)), at: Self.start + .seconds(60))
        #expect(second.actions.isEmpty)
        #expect(second.result.rule == "desk.spike.same_incident")
        let matter = Self.incident
        let at = Self.start + .seconds(120)
        try scene.take(.of("claim", at: at, in: matter) { $0.claim.agent = "kim" }, at: at)
        #expect(scene.rules.last == "desk.claimed")
        #expect(scene.states[matter]?.matter.standing == .acknowledged)
        try scene.take(.of("end", at: at, in: matter) { $0.resolve.agent = "kim" }, at: at)
        #expect(scene.states[matter]?.matter.standing == .closed)
        let third = try scene.take(Self.told(Self.start + .seconds(7 * 3_600)), at: Self.start + .seconds(7 * 3_600))
        #expect(third.actions.count == 1)
    }

    @Test("an incident lasts for as long as alarms come, and is over a day after the last one")
    func lasting() throws {
        var scene = Self.scene()
        try scene.take(Self.told(Self.start), at: Self.start)
        try scene.take(.of("claim", at: Self.start, in: Self.incident) { $0.claim.agent = "kim" }, at: Self.start)
        for hours in [10, 20, 30, 40] {
            let at = Self.start + .seconds(hours * 3_600)
            let alarm = try scene.take(Self.told(at), at: at)
            #expect(alarm.actions.isEmpty, "after \(hours) hours")
            #expect(scene.states[Self.incident]?.matter.standing == .acknowledged)
        }
        try scene.advance(to: Self.start + .seconds(64 * 3_600 - 1))
        #expect(scene.states[Self.incident]?.matter.standing == .acknowledged)
        try scene.advance(to: Self.start + .seconds(64 * 3_600))
        #expect(scene.states[Self.incident]?.matter.standing == .closed)
        #expect(scene.rules.last == "desk.spike.over")
        let desk = EntityID.desk(team: "berlin")
        #expect(scene.states[desk]?.desk.opened == 1)
        #expect(scene.states[desk]?.desk.closed == 1)
        let at = Self.start + .seconds(65 * 3_600)
        #expect(try scene.take(Self.told(at), at: at).actions.count == 1)
        #expect(scene.states[desk]?.desk.opened == 2)
    }

    @Test(
        "an alarm of another post that comes late is heard, and calls if a person has closed the incident; twice is once"
    )
    func delayed() throws {
        var scene = Self.scene()
        let at = Self.start + .seconds(300)
        try scene.take(Self.told(at), at: at)
        let open = try scene.take(Self.told(Self.start, from: "b"), at: at)
        #expect(open.result.rule == "desk.spike.same_incident")
        #expect(scene.states[Self.incident]?.matter.facts == "post")
        try scene.take(.of("end", at: at, in: Self.incident) { $0.resolve.agent = "kim" }, at: at)
        let late = Self.told(Self.start + .seconds(60), from: "c")
        #expect(try scene.take(late, at: at).actions.count == 1)
        #expect(try scene.take(late, at: at).result.verdict == .duplicate)
    }

    private static let incident = EntityID.matter(
        team: "berlin", conversation: .post(account: "shop", originalPost: "post"))

    /// What a post tells of the one incident.
    private static func told(_ at: Instant, from post: String = "post") -> Event {
        .of("t\(post)\(at.milliseconds)", at: at, in: incident) {
            $0.told = Told.with {
                $0.origin = "p/shop/post"
                $0.decisions = UInt64(at.milliseconds)
                $0.matter = .spike
                $0.rule = "spike"
                $0.market = "de"
                $0.dueAt = at.milliseconds
                $0.facts = post
            }
        }
    }

    @Test("posts of one campaign are one incident, which calls once")
    func oneCampaign() throws {
        var policy = TestPolicy()
        policy.service = ServicePolicy(spikes: SpikePolicy(usual: 5, atLeast: 8))
        policy.campaigns = [Campaign(name: "autumn", posts: ["a", "b"])]
        var scene = Scene(policy.built())
        for (offset, post) in ["a", "b", "c"].enumerated() {
            try Self.play(&scene, 60, complaining: 0.6, over: 60, from: Self.start + .seconds(100 * offset), post: post)
        }
        let tells = Self.alarms(scene)
        #expect(tells.map(\.event.told.origin) == ["p/de/campaign%3Aautumn", "p/de/campaign%3Aautumn", "p/shop/c"])
        for tell in tells { try scene.take(tell.event, at: scene.now) }
        #expect(scene.texts(.notify).count == 2)
    }

    @Test("posts that show one product are one incident, whatever their campaign; one that shows two is its own")
    func oneProduct() throws {
        var policy = TestPolicy()
        policy.service = ServicePolicy(spikes: SpikePolicy(usual: 5, atLeast: 8))
        policy.campaigns = [Campaign(name: "autumn", posts: ["b"])]
        policy.products = ProductList([
            Product(sku: "BAG-1", name: "Blue bag", posts: ["a", "b", "c"]),
            Product(sku: "BAG-2", name: "Red bag", posts: ["c"]),
        ])
        var scene = Scene(policy.built())
        for (offset, post) in ["a", "b", "c"].enumerated() {
            try Self.play(&scene, 60, complaining: 0.6, over: 60, from: Self.start + .seconds(100 * offset), post: post)
        }
        let tells = Self.alarms(scene)
        #expect(
            tells.map(\.event.told.origin) == ["p/de/product%3ABAG-1", "p/de/product%3ABAG-1", "p/shop/c"])
        for tell in tells { try scene.take(tell.event, at: scene.now) }
        #expect(scene.texts(.notify).count == 2)
    }

    @Test("what a post remembers stays small, and the past fades")
    func bounded() throws {
        var scene = Self.scene()
        try Self.play(&scene, 500, complaining: 0.5, over: 1_800, from: Self.start)
        let post = EntityID.post(account: "shop", originalPost: "post")
        let state = try #require(scene.states[post])
        #expect(try state.serializedData().count < 500)
        let watch = try #require(scene.states[post]?.post.spike)
        #expect(watch.comments.count <= 10 && watch.complainers.count <= 32)
        try Self.play(&scene, 1, complaining: 0, over: 1, from: Self.start + .seconds(40 * 86_400), seed: 9)
        #expect(scene.states[post]?.post.spike.pastComments == 0)
    }
}
