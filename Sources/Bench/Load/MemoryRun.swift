import Contracts
import Conversations
import Foundation
import Instants
package import Lanes
import Redis
import SwiftProtobuf

/// What states cost in Redis, as the difference of `used_memory`.
package struct MemoryFigures: Sendable {
    package let quiet: Int
    package let quietBytes: Int64
    package let open: Int
    package let openBytes: Int64
    /// Bytes of one quiet state, encoded.
    package let quietState: Int
}

/// Writes quiet and open conversations through the product's own functions and asks Redis what they take.
///
/// Each state is made by `decide`: a quiet one from 16 events (ten messages of a night with its promise, the text's outcome, a
/// person's reply that kept it with its outcome, three reactions), with language and zone evidence and no timer. An
/// open one has two messages and a promise that stands, and lies in the inbox with its timers. Then they are committed as
/// batches, without log and results: those have aged out.
package struct MemoryRun {
    private let shop: LoadShop
    private let store: LaneStore
    private let connection: RedisConnection
    private let lanes: [LaneName]
    private let night: Instant
    private let quiet: Int
    private let open: Int

    package init(quiet: Int, open: Int, shop: LoadShop, connector: LaneConnector) throws {
        self.shop = shop
        self.quiet = quiet
        self.open = open
        connection = try RedisConnection(connector.endpoint, clientName: "bench")
        store = LaneStore(connection: connection, keyspace: connector.keyspace)
        let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
        guard let night = shop.night(after: now) else { throw LoadError("expected a night within 60 days") }
        self.night = night
        let topologies = TopologyStore(connection: connection, keyspace: connector.keyspace)
        _ = try topologies.create(shop.wish(offset: night - now + .seconds(60 * 86_400)))
        lanes = try topologies.read().lanes
    }

    package func play() throws -> MemoryFigures {
        var keepers = try take()
        let empty = try used()
        var size = 0
        try write(quiet, named: "7", &keepers) { id, account in
            let state = try quietState(id, account)
            let bytes: [UInt8] = try state.serializedBytes()
            size += bytes.count
            return (bytes, nil, nil)
        }
        let withQuiet = try used()
        try write(open, named: "8", &keepers) { id, account in
            let decided = try openState(id, account)
            let item: [UInt8]? = try decided.item.map { try $0.serializedBytes() }
            return (try decided.state.serializedBytes(), decided.state.earliestTimer, item)
        }
        let withOpen = try used()
        return MemoryFigures(
            quiet: quiet, quietBytes: withQuiet - empty, open: open, openBytes: withOpen - withQuiet,
            quietState: size / max(1, quiet))
    }

    private struct Keeper {
        var token: LaneToken
        var sequence: UInt64
        var now: Instant
        var commit: LaneCommit?
    }

    private func take() throws -> [LaneName: Keeper] {
        var generator = SystemRandomNumberGenerator()
        let requests = lanes.map {
            TakeRequest(lane: $0, owner: "bench#1", assignment: 1, token: .random(using: &generator))
        }
        var keepers: [LaneName: Keeper] = [:]
        for reply in try store.take(requests) {
            guard case .taken(let tenure) = reply else { throw LoadError("expected a lane, got \(reply)") }
            keepers[tenure.lane] = Keeper(token: tenure.token, sequence: tenure.sequence, now: tenure.clock.now)
        }
        return keepers
    }

    private func used() throws -> Int64 {
        let text = try connection.call(RedisCommand("INFO", "memory")).string ?? ""
        return InfoFields(text: text)["used_memory"].flatMap { Int64($0) } ?? 0
    }

    /// Commits so many states, a few dozen in one commit of each lane.
    private func write(
        _ count: Int, named prefix: String, _ keepers: inout [LaneName: Keeper],
        _ make: (EntityID, String) throws -> (state: [UInt8], due: Instant?, item: [UInt8]?)
    ) throws {
        for number in 0..<count {
            let account = shop.accounts[number % shop.accounts.count].id
            let id = EntityID.messages(account: account, contact: "\(prefix)\(100_000_000_000 + number * 7_919)")
            let lane = try shop.policy.lane(of: id)
            guard var keeper = keepers[lane] else { throw LoadError("expected the lane \(lane)") }
            var commit =
                keeper.commit
                ?? LaneCommit(
                    lane: lane, token: keeper.token, sequence: keeper.sequence, cursor: .start, decided: 0, policy: 1,
                    now: keeper.now)
            let made = try make(id, account)
            commit.states.append(LaneCommit.State(entity: id, bytes: made.state))
            if let due = made.due { commit.timers.append(LaneCommit.Timer(entity: id, due: due)) }
            if let item = made.item { commit.openItems.append(LaneCommit.State(entity: id, bytes: item)) }
            keeper.commit = commit
            keepers[lane] = keeper
            if number % 32_768 == 32_767 { try flush(&keepers) }
        }
        try flush(&keepers)
    }

    private func flush(_ keepers: inout [LaneName: Keeper]) throws {
        let commits = keepers.values.compactMap(\.commit).sorted { $0.lane < $1.lane }
        for (commit, reply) in zip(commits, try store.commit(commits)) {
            guard case .committed = reply else { throw LoadError("expected a commit, got \(reply)") }
            keepers[commit.lane]?.sequence += 1
            keepers[commit.lane]?.commit = nil
        }
    }
}

extension MemoryRun {
    /// A conversation while its events are decided one after the other.
    private struct Talk {
        let id: EntityID
        let account: String
        let contact: String
        var state: EntityState?
        var item: OpenItem?
        var actions: [Action] = []
        var now: Instant
        var number = 0
    }

    private func quietState(_ id: EntityID, _ account: String) throws -> EntityState {
        var talk = try openTalk(id, account, messages: 10)
        try decide(&talk) { event in
            event.conversation = id.text
            event.agentReply.agent = "anna"
            event.agentReply.text = "We will send you a new one."
        }
        try deliver(&talk)
        for _ in 0..<3 { try decide(&talk) { $0.reaction.emoji = "❤" } }
        guard var state = talk.state, state.earliestTimer == nil,
            state.conversation.promises.last?.standing == .kept
        else { throw LoadError("expected a kept promise and no timer in the state of \(id)") }
        state.conversation.language.value = "de"
        state.conversation.language.provenance = .text
        state.conversation.language.day = 20_400
        state.conversation.zone.value = "Europe/Berlin"
        state.conversation.zone.provenance = .profile
        state.conversation.zone.day = 20_400
        return state
    }

    private func openState(_ id: EntityID, _ account: String) throws -> (state: EntityState, item: OpenItem?) {
        let talk = try openTalk(id, account, messages: 2)
        guard let state = talk.state, state.earliestTimer != nil else {
            throw LoadError("expected an armed timer in the state of \(id)")
        }
        return (state, talk.item)
    }

    /// Messages of a night, the first of which got its text and its promise.
    private func openTalk(_ id: EntityID, _ account: String, messages: Int) throws -> Talk {
        var talk = Talk(id: id, account: account, contact: id.parts.last ?? "", now: night)
        for _ in 0..<messages {
            try decide(&talk) { $0.message.text = "Hello, my bag arrived today and the strap is torn." }
            try deliver(&talk)
        }
        return talk
    }

    private func deliver(_ talk: inout Talk) throws {
        let actions = talk.actions
        talk.actions = []
        let conversation = talk.id.text
        for action in actions {
            try decide(&talk) { event in
                event.conversation = conversation
                event.outcome.action = action.actionID.description
                event.outcome.attempt = 1
                event.outcome.status = .delivered
            }
        }
    }

    private func decide(_ talk: inout Talk, _ fill: (inout Event) -> Void) throws {
        talk.number += 1
        talk.now = talk.now + .seconds(97)
        var event = Event()
        event.id = "dm:m_\(talk.contact)x\(talk.number)"
        event.account = talk.account
        event.contact = talk.contact
        event.happenedAt = talk.now.milliseconds
        event.receivedAt = talk.now.milliseconds
        fill(&event)
        let entry = EntryID(milliseconds: UInt64(talk.now.milliseconds), sequence: 0)
        let decision = try Conversations.decide(
            talk.id, own: talk.state, parent: nil,
            input: .event(event, position: Position(entry: entry, index: 0), at: talk.now), now: talk.now,
            policy: shop.policy, signals: SignalReader(.none))
        talk.state = decision.own
        talk.actions += decision.actions
        if case .set(let item) = decision.openItem { talk.item = item }
    }
}
