import Contracts
import Instants
import Lanes
import Redis
import Testing

@Suite("An account's slot")
struct AccountTests {
    private static func action(
        _ kind: Action.Kind, conversation: String = "c/shop/post/C9", cause: String = "e1", n: Int = 0,
        agent: String = ""
    ) throws -> Action {
        var action = Action()
        action.kind = kind
        action.conversation = conversation
        action.cause = cause
        action.account = "shop"
        action.comment = "C9"
        action.agent = agent
        action.actionID = ActionID(conversation: try EntityID(conversation), cause: cause, kind: kind, n: n)
        return action
    }

    private static func claim(_ action: Action, _ way: OnceClaim.Way? = nil) throws -> OnceClaim {
        var claim = try #require(OnceClaim(action))
        if let way { claim.way = way }
        return claim
    }

    @Test(
        "a comment under an ad and under its original is acted on once",
        arguments: [
            Action.Kind.reply, .privateReply, .hide, .delete,
        ])
    func once(kind: Action.Kind) throws {
        let kit = try LaneKit()
        let original = try Self.action(kind)
        let underAd = try Self.action(kind, conversation: "c/shop/ad/C9", cause: "e2")
        #expect(
            try kit.store.once([try Self.claim(original), try Self.claim(underAd)]) == [
                .yours, .anothers(original.actionID),
            ])
        // Tried again, by whoever: its own claim is no obstacle.
        #expect(try kit.store.once([try Self.claim(original)]) == [.yours])
        #expect(try kit.call("HGET", "ns:{acct:shop}:once", "\(kind.word)/C9").string == original.actionID.description)
        #expect(try kit.call("PTTL", "ns:{acct:shop}:once").int ?? 0 > 8 * 86_400_000 - 1_000)
    }

    @Test("posts are kept by the instant of their newest webhook, as long as sweeps look back")
    func posts() throws {
        let kit = try LaneKit()
        let now = Instant(seconds: 1_795_370_402)
        try kit.store.notePosts(["shop": ["old": now - .seconds(8 * 86_400 + 30), "p2": now - .seconds(60)]])
        #expect(try kit.store.posts(of: "shop").map(\.post) == ["old", "p2"])
        try kit.store.notePosts(["shop": ["p1": now, "p2": now - .seconds(600)], "two": ["p9": now]])
        let posts = try kit.store.posts(of: "shop")
        #expect(posts.map(\.post) == ["p2", "p1"] && posts.map(\.toldAt) == [now - .seconds(60), now])
        #expect(try kit.call("ZSCORE", "ns:{acct:shop}:posts", "p2").string == "\((now - .seconds(60)).milliseconds)")
        #expect(try kit.store.posts(of: "none").isEmpty)
    }

    @Test("what only sweeps brought is counted by account")
    func gaps() throws {
        let kit = try LaneKit()
        #expect(try kit.store.addMissed(["shop": 2]).isEmpty)
        #expect(try kit.store.addMissed(["shop": 3, "two": 1]).isEmpty)
        let gaps = try kit.store.gaps(of: ["none", "shop", "two"]).map { reading -> AccountGaps? in
            if case .known(let gaps) = reading { gaps } else { nil }
        }
        #expect(gaps.map { $0?.missed } == [0, 5, 1])
        #expect(gaps.map { $0?.lastAt != nil } == [false, true, true])
    }

    @Test("the newest of the platform's own replies is kept by account")
    func platformReplies() throws {
        let kit = try LaneKit()
        let now = Instant(seconds: 1_795_370_402)
        #expect(try kit.store.notePlatformReplies(["shop": now]).isEmpty)
        #expect(
            try kit.store.notePlatformReplies(["shop": now - .seconds(60), "two": now + .seconds(1)]).isEmpty)
        #expect(
            try kit.store.platformReplies(of: ["none", "shop", "two"]) == [
                .known(nil), .known(now), .known(now + .seconds(1)),
            ])
    }

    @Test("where the notes of one account cannot be read or written the others' are, and it is named")
    func notesWhereReached() throws {
        let kit = try LaneKit()
        let now = Instant(seconds: 1_795_370_402)
        _ = try kit.call("SET", "ns:{acct:bad}:gaps", "edited")
        _ = try kit.call("SET", "ns:{acct:bad}:limits", "edited")
        #expect(try kit.store.addMissed(["bad": 2, "shop": 3]) == ["bad"])
        #expect(try kit.store.notePlatformReplies(["bad": now, "shop": now]) == ["bad"])
        #expect(try kit.store.platformReplies(of: ["bad", "shop"]) == [.away, .known(now)])
        let gaps = try kit.store.gaps(of: ["shop", "bad"])
        #expect(gaps.last == .away && gaps.first != .away)
        #expect(try kit.store.brakesWhereReached([.account("bad"), .account("shop")]) == [.away, .known(nil)])
    }

    @Test("the pieces of one text claim together, kinds and accounts apart")
    func together() throws {
        let kit = try LaneKit()
        var other = try Self.action(.reply, conversation: "c/two/post/C9", cause: "e9")
        other.account = "two"
        let claims = try [
            Self.claim(Self.action(.reply)), Self.claim(Self.action(.reply, n: 1)),
            Self.claim(Self.action(.hide, cause: "e3")),
            Self.claim(other),
        ]
        #expect(try kit.store.once(claims) == [.yours, .yours, .yours, .yours])
    }

    @Test("a person is never refused and leaves automation behind him")
    func person() throws {
        let kit = try LaneKit()
        let automatic = try Self.claim(try Self.action(.reply))
        let person = try Self.action(.reply, cause: "e5", agent: "ann")
        #expect(
            try kit.store.once([automatic, try Self.claim(person), automatic]) == [
                .yours, .yours, .anothers(person.actionID),
            ])
    }

    @Test("a claim can be given back by its own action only, and is cleared by what undoes it")
    func givenBack() throws {
        let kit = try LaneKit()
        let first = try Self.action(.hide)
        let second = try Self.action(.hide, cause: "e2")
        let replies = try kit.store.once([
            Self.claim(first), Self.claim(second, .free), Self.claim(second), Self.claim(first, .free),
            Self.claim(second),
        ])
        #expect(replies == [.yours, .yours, .anothers(first.actionID), .yours, .yours])
        let undo = try #require(OnceClaim(undoneBy: try Self.action(.unhide, cause: "e4", agent: "ann")))
        #expect(try kit.store.once([undo, Self.claim(first)]) == [.yours, .yours])
        #expect(OnceClaim(try Self.action(.send)) == nil)
    }

    @Test("claims end with their lifetime, and old ones leave")
    func lifetime() throws {
        let kit = try LaneKit()
        let claims = try (0..<100).map { number in
            OnceClaim(
                account: "shop", subject: "reply/\(number)", claimant: try Self.action(.reply).actionID, way: .ask)
        }
        #expect(try kit.store.once(claims, lifetime: .zero).allSatisfy { $0 == .yours })
        let next = try Self.claim(try Self.action(.reply, cause: "later"))
        #expect(
            try kit.store.once(
                [next]
                    + claims.map {
                        OnceClaim(account: $0.account, subject: $0.subject, claimant: next.claimant, way: .ask)
                    }
            ).allSatisfy { $0 == .yours })
        for number in 0..<8 { _ = try kit.store.once([try Self.claim(try Self.action(.hide, cause: "\(number)"))]) }
        #expect(try kit.call("HLEN", "ns:{acct:shop}:once").int == kit.call("ZCARD", "ns:{acct:shop}:once-until").int)
    }

    @Test("of two brakes the stricter stands, else the later end, with its own words; a release lifts it")
    func brakes() throws {
        let kit = try LaneKit()
        let shop = BrakedScope.account("shop")
        #expect(try kit.store.brakes([shop, .everybody]) == [nil, nil])
        func brake(_ seconds: Int, _ lets: Int, _ reason: String, _ by: String) throws -> AccountBrake {
            try kit.store.brake(shop, for: .seconds(seconds), lets: lets, reason: reason, by: by)
        }
        let used = try brake(60, 5, "95 %", "worker-a")
        let rest = try brake(10, 0, "no answer", "worker-b")
        #expect(rest.until < used.until && rest.lets == 0 && rest.reason == "no answer" && rest.by == "worker-b")
        let stop = try brake(86_400, 0, AccountBrake.stopMark + "code 190", "worker-a")
        #expect(stop.isStop && stop.until > used.until)
        // What a call of another worker met, and what a limit of the whole app says of each account, change nothing of it.
        for (seconds, lets) in [(60, 0), (100_000, 5)] {
            #expect(try brake(seconds, lets, "code 4", "worker-b") == stop)
        }
        #expect(try kit.store.brakes([.account("other"), shop]) == [nil, stop])
        #expect(try kit.call("PTTL", "ns:{acct:shop}:limits").int ?? 0 > 80_000_000)
        let enforced = try brake(30 * 86_400, 0, "the platform enforces its policy", "ingress")
        #expect(enforced.by == "ingress" && enforced.until > stop.until)
        try kit.store.release(shop)
        #expect(try kit.store.brakes([shop]) == [nil])
        _ = try kit.store.brake(.everybody, for: .seconds(60), lets: 0, reason: "app", by: "worker-a")
        #expect(try kit.store.sendingRules().brake?.lets == 0)
    }

    @Test("what is switched off is seen by its scope, with its date and writer, until it is on again")
    func switches() throws {
        let kit = try LaneKit()
        let scopes: [AutomationScope] = [.account("shop"), .market("de"), .rule("faq.price")]
        try kit.store.setAutomation(scopes, isOn: false, by: "ann\tb")
        let off = try kit.store.automationSwitches()
        #expect(off.off.keys.sorted() == scopes.sorted())
        #expect(off.off[.market("de")]?.by == "annb")
        #expect(off.stops(account: "shop", market: "fi", rule: "x") == .account("shop"))
        #expect(off.stops(account: "x", market: "de", rule: "x") == .market("de"))
        #expect(off.stops(account: "x", market: nil, rule: "faq.price") == .rule("faq.price"))
        #expect(off.stops(account: "x", market: "fi", rule: "x") == nil)
        try kit.store.setAutomation(scopes, isOn: true, by: "ann")
        #expect(try kit.store.automationSwitches().isEmpty)
        try kit.store.setAutomation([.all], isOn: false, by: "ann")
        #expect(try kit.store.automationSwitches().stops(account: "x", market: nil, rule: "x") == .all)
    }

    @Test("a pause is told with who and since when, beside the switches; a drain holds what is decided afterwards")
    func pauses() throws {
        let kit = try LaneKit()
        try kit.store.setAutomation([.all], isOn: false, by: "ann")
        try kit.store.setPause(["shop", "other"], .pause, by: "ann\tb")
        try kit.store.setPause(["other"], .drain, by: "bob")
        let pauses = try kit.store.accountPauses()
        let (pause, drain) = (try #require(pauses["shop"]), try #require(pauses["other"]))
        #expect(pauses.count == 2 && pause.kind == .pause && pause.by == "annb" && drain.kind == .drain)
        #expect(pause.holds(decidedAt: pause.since - .seconds(1)))
        #expect(!drain.holds(decidedAt: drain.since) && drain.holds(decidedAt: drain.since + .milliseconds(1)))
        // Who knows switches only passes pauses over.
        #expect(try kit.store.automationSwitches().off.keys.map(\.description) == ["all"])
        let connection = kit.store.connection
        for value in ["", "x\tpause\tann", "1\tother\tann", "1"] {
            _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:automation", "paused/third", value))
            #expect(try kit.store.accountPauses()["third"] == nil, "\(value)")
        }
        try kit.store.setPause(["shop", "other"], nil, by: "ann")
        #expect(try kit.store.accountPauses().isEmpty)
    }

    @Test(
        "scopes read as they are written",
        arguments: ["all", "account/shop", "market/de", "rule/faq.price", "account/a/b"])
    func scopes(text: String) { #expect(AutomationScope(text)?.description == text) }

    @Test("texts that are no scope are none", arguments: ["", "account", "account/", "lane/x", "rule/a\nb"])
    func noScopes(text: String) { #expect(AutomationScope(text) == nil) }

    @Test("aliases of ads' media are kept by account, and the first original of a period stays")
    func aliases() throws {
        let kit = try LaneKit()
        let day = Instant(seconds: 100 * 30 * 86_400)
        #expect(try kit.store.aliases(of: [], at: day).recent.isEmpty)
        #expect(try kit.store.aliases(of: ["shop", "other"], at: day).recent.isEmpty)
        try kit.store.addAliases(["shop": ["ad1": "post1", "ad2": "post2"], "other": ["ad1": "post9"]], at: day)
        try kit.store.addAliases(["shop": ["ad1": "post3"]], at: day)
        let found = try kit.store.aliases(of: ["shop", "other", "none"], at: day)
        #expect(found.recent == ["shop": ["ad1": "post1", "ad2": "post2"], "other": ["ad1": "post9"]])
        #expect(found.older.isEmpty)
        #expect(try kit.call("HGET", "ns:{acct:shop}:aliases:100", "ad1").string == "post1")
    }

    @Test("aliases of the period before are told apart, older ones are gone, and Redis drops them by itself")
    func agedAliases() throws {
        let kit = try LaneKit()
        let day = Instant(seconds: 100 * 30 * 86_400)
        try kit.store.addAliases(["shop": ["ad1": "post1"]], at: day)
        let next = day + .seconds(30 * 86_400)
        try kit.store.addAliases(["shop": ["ad2": "post2"]], at: next)
        let found = try kit.store.aliases(of: ["shop"], at: next)
        #expect(found.recent == ["shop": ["ad2": "post2"]])
        #expect(found.older == ["shop": ["ad1": "post1"]])
        #expect(try kit.store.aliases(of: ["shop"], at: next + .seconds(30 * 86_400)).older == found.recent)
        #expect(try kit.call("TTL", "ns:{acct:shop}:aliases:100").int ?? 0 > 60 * 86_400)
    }
}
