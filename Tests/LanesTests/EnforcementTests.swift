import Instants
import Lanes
import Redis
import Testing

@Suite("What a platform's block does to an account's brakes")
struct EnforcementTests {
    private static let shop = BrakedScope.account("shop")

    private static func standing(_ kit: LaneKit) throws -> AccountBrake? { try kit.store.brakes([shop])[0] }

    private static func brake(_ kit: LaneKit, _ seconds: Int, _ lets: Int, _ by: String) throws -> AccountBrake {
        try kit.store.brake(shop, for: .seconds(seconds), lets: lets, reason: "by \(by)", by: by)
    }

    @Test("it stops the account as one that needs a person, and its end frees nothing else")
    func block() throws {
        let kit = try LaneKit()
        try kit.store.enforce(true, on: "shop", reason: "spam")
        let stopped = try #require(try Self.standing(kit))
        #expect(stopped.isStop && stopped.lets == 0 && stopped.reason.contains("spam"))
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit) == nil)
        #expect(try kit.call("EXISTS", "ns:{acct:shop}:limits").int == 0)
        _ = try Self.brake(kit, 600, 0, "courier")
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit)?.by == "courier")
    }

    @Test("what had braked the account before, or did meanwhile, stands when the block ends", arguments: [0, 3])
    func beneath(lets: Int) throws {
        let kit = try LaneKit()
        let before = try Self.brake(kit, 600, lets, "before")
        try kit.store.enforce(true, on: "shop", reason: "spam")
        #expect(try Self.standing(kit)?.isStop == true)
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit) == before)
        try kit.store.enforce(true, on: "shop", reason: "spam")
        let told = try Self.brake(kit, 900, lets, "meanwhile")
        #expect(told.isStop && told.reason.contains("spam"), "the block is the stricter one, and stands")
        // A limit of a minute says less than what is kept.
        _ = try Self.brake(kit, 60, 5, "worker")
        // The platform's word may come again.
        try kit.store.enforce(true, on: "shop", reason: "more spam")
        #expect(try Self.standing(kit)?.reason.contains("more spam") == true)
        try kit.store.enforce(false, on: "shop", reason: "spam")
        let after = try #require(try Self.standing(kit))
        #expect(after.by == "meanwhile" && after.lets == lets && after.until > before.until)
    }

    @Test("a stop that outlasts the block stands in its place, and the block's end leaves it")
    func longer() throws {
        let kit = try LaneKit()
        try kit.store.enforce(true, on: "shop", reason: "spam")
        let longer = try Self.brake(kit, 60 * 86_400, 0, "ann")
        #expect(longer.by == "ann")
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit) == longer)
        try kit.store.enforce(true, on: "shop", reason: "spam")
        #expect(try Self.standing(kit) == longer)
    }

    @Test("a person's release lifts the block and what is beneath it")
    func release() throws {
        let kit = try LaneKit()
        _ = try Self.brake(kit, 600, 3, "courier")
        try kit.store.enforce(true, on: "shop", reason: "spam")
        try kit.store.release(Self.shop)
        #expect(try kit.call("EXISTS", "ns:{acct:shop}:limits").int == 0)
        // What somebody brakes afterwards is no block.
        _ = try Self.brake(kit, 600, 0, "ann")
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit)?.by == "ann")
    }

    @Test("a brake that a function of an older release set over the block is not the platform's to end")
    func paintedOver() throws {
        let kit = try LaneKit()
        _ = try Self.brake(kit, 600, 3, "courier")
        try kit.store.enforce(true, on: "shop", reason: "spam")
        let end = try kit.store.serverTime() + .seconds(50 * 86_400)
        _ = try kit.call(
            "HSET", "ns:{acct:shop}:limits", "until", "\(end.milliseconds)", "lets", "0", "reason", "limit", "by", "old"
        )
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit)?.by == "old")
        _ = try Self.brake(kit, 60 * 86_400, 0, "ann")
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit)?.by == "ann")
    }

    /// What a courier does whose call met the block (368): a day, as with every stop.
    private static func met(_ kit: LaneKit) throws {
        _ = try kit.store.brake(
            shop, for: .seconds(86_400), lets: 0, reason: "stopped: http 400 code 368", by: "met", isBlock: true)
    }

    @Test(
        "what a call met of the block ends with it, whether it came before the platform's word, after it or without one"
    )
    func metByCalls() throws {
        let kit = try LaneKit()
        for order in [[false], [true, false], [false, true], [false, false, true, false]] {
            for isWord in order {
                if isWord { try kit.store.enforce(true, on: "shop", reason: "spam") } else { try Self.met(kit) }
                #expect(try Self.standing(kit)?.isStop == true)
            }
            try kit.store.enforce(false, on: "shop", reason: "spam")
            #expect(try Self.standing(kit) == nil, "\(order)")
        }
    }

    @Test(
        "a stop by a lost token before what calls met of the block, or after it, outlasts the block",
        arguments: [true, false])
    func tokenToo(isBefore: Bool) throws {
        let kit = try LaneKit()
        func token() throws {
            _ = try kit.store.brake(
                Self.shop, for: .seconds(86_400), lets: 0, reason: "stopped: http 400 code 190", by: "token")
        }
        if isBefore { try token() }
        try Self.met(kit)
        if !isBefore { try token() }
        try kit.store.enforce(true, on: "shop", reason: "spam")
        try kit.store.enforce(false, on: "shop", reason: "spam")
        #expect(try Self.standing(kit)?.by == "token")
    }
}
