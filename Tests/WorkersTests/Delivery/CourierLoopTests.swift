import Contracts
import Instants
import Lanes
import Membership
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@testable import Delivery

@Suite("A courier's thread beside a server that cannot serve", .timeLimit(.minutes(5)))
struct CourierLoopTests {
    /// A cluster of which one primary is gone for good.
    private struct Crippled {
        let cluster: PrivateCluster
        let dead: Int
        let store: LaneStore
        let sink = GatedCarrier()
        let mailbox = Mailbox(empty: Courier.Mail())
        let loop: CourierLoop

        init(limits: [TokenLimit] = []) throws {
            let cluster = try PrivateCluster()
            self.cluster = cluster
            // The kill switches are to be readable.
            dead = try #require((0..<3).first { $0 != cluster.place(ofKey: "ctl") })
            let connector = LaneConnector(endpoint: cluster.endpoint)
            store = try connector.open()
            let setting = CourierSetting(
                connect: { try connector.open() }, carriers: Carriers(channel: sink, tell: sink, notify: sink),
                tokens: { _ in limits })
            loop = CourierLoop(setting, mailbox: mailbox, status: CourierStatus())
        }

        func lane(isDead: Bool) throws -> LaneName {
            let number = (0..<1_000).first { (cluster.place(ofKey: "sample.\($0)") == dead) == isDead }
            return try LaneName("sample.\(try #require(number))")
        }

        func account(isDead: Bool) throws -> String {
            let accounts = (0..<1_000).map { "shop\($0)" }
            return try #require(accounts.first { (cluster.place(ofKey: "acct:\($0)") == dead) == isDead })
        }

        func turn(_ now: ContinuousClock.Instant) throws { try loop.turn(mailbox.take(waiting: .zero), now) }
    }

    @Test(
        "a lane whose primary is away is asked for its outbox now and then, not all the time; others' are read at once")
    func recovering() throws {
        let kit = try Crippled()
        let (dead, living) = (try kit.lane(isDead: true), try kit.lane(isDead: false))
        kit.cluster.primaries[kit.dead].kill()
        for lane in [dead, living] {
            let token = LaneToken(high: 1, low: 1)
            kit.mailbox.post { $0.orders.append(.taken(lane, token, offset: .zero, isPaused: false)) }
        }
        let now = ContinuousClock.now
        try kit.turn(now)
        #expect(kit.loop.toRecover == [dead])
        #expect(kit.loop.idleTime(now) > .zero)
    }

    @Test("an account whose server is away holds its own calls; those of others go, are settled, and brakes wait")
    func oneAccountAway() throws {
        let kit = try Crippled()
        let lane = try kit.lane(isDead: false)
        let (dead, living) = (try kit.account(isDead: true), try kit.account(isDead: false))
        let token = try plant([dead, living], lane, kit.store)
        kit.cluster.primaries[kit.dead].kill()
        kit.mailbox.post { $0.orders.append(.taken(lane, token, offset: .zero, isPaused: false)) }
        let now = ContinuousClock.now
        try kit.turn(now)
        #expect(kit.sink.started.all.map(\.action.account) == [living])
        kit.loop.brake(.account(dead), dead, for: .seconds(60), lets: 0, "test")
        kit.loop.brake(.account(living), living, for: .seconds(60), lets: 0, "test")
        try kit.turn(now)
        #expect(kit.loop.counters.closed == 1 && kit.loop.settlements.isEmpty)
        #expect(kit.loop.gate.toShare.isEmpty && kit.loop.gate.toShareLater.count == 1)
        #expect(try kit.store.brakes([.account(living)])[0]?.reason == "test")
    }

    @Test("an account whose server stays away goes on with a share of its limit, if its brake was ever known")
    func goesOnAlone() throws {
        let kit = try Crippled(limits: [TokenLimit("sends", most: 192, per: .seconds(60))])
        let lane = try kit.lane(isDead: false)
        let (dead, living) = (try kit.account(isDead: true), try kit.account(isDead: false))
        let token = try plant([dead, living], lane, kit.store)
        kit.cluster.primaries[kit.dead].kill()
        kit.mailbox.post { $0.orders.append(.taken(lane, token, offset: .zero, isPaused: false)) }
        let now = ContinuousClock.now
        kit.loop.gate.awaySince[dead] = now - CourierLoop.goesOnAlone
        try kit.turn(now)
        #expect(kit.sink.started.all.map(\.action.account) == [living], "nothing was ever known of its brake")
        kit.loop.gate.known[dead] = SendingGate.Known(readAt: now - .seconds(60), brake: nil)
        // What was put off comes again.
        let later = now + CourierLoop.awayPause * 2
        try kit.turn(later)
        #expect(kit.sink.started.all.filter { $0.action.account == dead }.count == 1)
    }

    @Test("settlements that one lane refuses for good hold up no other lane's")
    func refusedSettlements() throws {
        let kit = try WorkerKit()
        let (bad, good) = (try LaneName("sample.1"), try LaneName("sample.2"))
        _ = try kit.redis.connect().call(RedisCommand("SET", "ns:{sample.1}:actions", "no hash"))
        let connector = kit.connector
        let setting = CourierSetting(
            connect: { try connector.open() },
            carriers: Carriers(channel: kit.sink, tell: kit.sink, notify: kit.sink))
        let loop = CourierLoop(setting, mailbox: Mailbox(empty: Courier.Mail()), status: CourierStatus())
        loop.store = kit.store
        let item = SettleRequest.Item(action: ActionID(high: 1, low: 1), attempt: 1, verdict: .close, outcome: [1])
        loop.settlements[bad] = [Settling(item: item, isInDoubt: false)]
        let now = ContinuousClock.now
        for _ in 0..<3 {
            loop.settlements[good] = [Settling(item: item, isInDoubt: false)]
            try loop.settle(now)
            #expect(loop.settlements.keys.sorted() == [bad])
        }
        #expect(loop.settleNotBefore[bad] == now + .seconds(1))
    }

    /// Leaves a message for each account in the outbox of a lane; returns the lane's token.
    private func plant(_ accounts: [String], _ lane: LaneName, _ store: LaneStore) throws -> LaneToken {
        let token = LaneToken(high: 1, low: 1)
        let reply = try store.take([TakeRequest(lane: lane, owner: "owner", assignment: 1, token: token)])[0]
        guard case .taken(let tenure) = reply else { throw WorkerKit.Unexpected(came: "\(reply)") }
        var commit = LaneCommit(
            lane: lane, token: token, sequence: tenure.sequence, cursor: tenure.cursor, decided: 0, policy: 3,
            now: tenure.clock.now)
        for (number, account) in accounts.enumerated() {
            var action = Action()
            action.actionID = ActionID(high: 4, low: UInt64(number))
            action.kind = .send
            action.account = account
            action.contact = "ann"
            action.conversation = EntityID.messages(account: account, contact: "ann").text
            commit.actions.append(LaneCommit.NewAction(id: action.actionID, bytes: try action.serializedBytes()))
        }
        _ = try store.commit([commit])
        return token
    }
}
