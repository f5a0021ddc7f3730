import ArgumentParser
import Bench
import Channels
import Contracts
import Foundation
import Lanes
import Membership
import Redis
import SwiftProtobuf

/// Everything of a person goes, and it is shown that nothing is left.
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Erase everything of one person, and prove that nothing is left.",
        discussion: """
            Every lane of the account's partition and every desk's is given the order; their owners carry it out in bounded pieces, \
            in lanes that a resize took out of use the coordinator that leads, \
            and a hash keeps out for eight days what comes late. It waits for all of them, prints what went, and then reads every key \
            of the namespace by itself: for the person, the ids of their comments and messages, and their texts. Exit code 0 only if all \
            have answered, nothing was found, and every busy thread's beginning is known. It may be said again; what is searched for \
            is kept until nothing was found, eight days at most.
            """)

    @OptionGroup var redis: RedisOptions
    @Argument(help: "The person's conversation, m/<account>/<contact>.") var id: String
    @Option(help: "Who says so; stands in no key afterwards.") var by = "operator"
    @Option(help: "Seconds after which it gives up waiting; the order stands.") var within = 600
    @Option(help: "Search this spool file of an ingress that is stopped too; may be repeated.") var spool: [String] = []
    @Flag(help: "Give the order to every lane of the namespace; done in any case for an account that was moved.")
    var everywhere = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (0...86_400).contains(within) else {
            throw ValidationError("expected 0 to 86,400 seconds, got \(within)")
        }
    }

    func run() async throws {
        let entity = try EntityID(id)
        guard entity.kind == .messages, entity.parts.count == 2 else {
            throw Failure(expected: "a person's conversation m/<account>/<contact>", came: "\"\(id)\"", at: "id")
        }
        let (account, contact) = (entity.parts[0], entity.parts[1])
        let order = try order(account, contact)
        let subject = try subject(account, contact, order)
        let words = try learn(subject)
        let retired = try await give(order)
        let done = try await wait(for: order, retired)
        try freeClaims(account, words)
        let quarantined = try QuarantineShelf(redis).clear(accounts: [account], contact: contact)
        let proof = try prove(subject, words)
        ForgetReport(code: order.code, lanes: done, quarantined: quarantined, proof: proof).print(asJSON: json)
        guard proof.isWhole else { throw ExitCode(1) }
        let session = try Session(redis)
        _ = try RedisConnection(session.connector.endpoint).call(RedisCommand("DEL", key(of: subject)))
    }

    private struct Order {
        let code: String
        let lanes: [LaneName]
        /// Out of use, and perhaps not empty.
        let retired: [LaneName]
        let event: Event
    }

    private func order(_ account: String, _ contact: String) throws -> Order {
        let session = try Session(redis)
        let topology = try session.topology()
        guard let found = topology.accounts[account] else {
            throw Failure(expected: "an account of the topology", came: "\"\(account)\"", at: id)
        }
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let code = String(repeating: "0", count: 16 - digits.utf8.count) + digits
        return Order(
            code: code,
            lanes: topology.lanes.filter {
                everywhere || found.generation > 1 || $0.isDesk || $0.partition == found.partition.text
            },
            retired: topology.retiredLanes(ofPeopleOf: account, everywhere: everywhere),
            event: ForgetOrder.event(
                code: code, account: account, contact: contact, by: by, at: try session.now()))
    }

    /// Everywhere that conversations of the account may have been: a retired lane may still hold a log.
    private func subject(_ account: String, _ contact: String, _ order: Order) throws -> PersonWords.Subject {
        let session = try Session(redis)
        let lanes = Set(order.lanes).union(try session.readableLanes())
        return PersonWords.Subject(
            account: account, contact: contact, lanes: lanes.sorted().map(\.text),
            namespace: session.connector.keyspace.namespace)
    }

    private func key(of subject: PersonWords.Subject) throws -> String {
        try redis.keyspace().control("forgetting:\(Person.hash(account: subject.account, contact: subject.contact))")
    }

    /// What is to be searched for: what stands there now, and what an earlier run learned whose proof found something or was
    /// never made.
    private func learn(_ subject: PersonWords.Subject) throws -> PersonWords {
        let connection = try RedisConnection(try Session(redis).connector.endpoint)
        var words = try PersonWords.gather(subject, connection: connection)
        words.add(try PersonWords.kept(under: key(of: subject), connection: connection))
        try words.keep(under: key(of: subject), connection: connection)
        return words
    }

    /// What was to be done once to their comments is claimed under the comments' ids.
    private func freeClaims(_ account: String, _ words: PersonWords) throws {
        let kinds: [Action.Kind] = [.reply, .privateReply, .hide, .delete]
        let claims = words.comments.sorted().flatMap { comment in
            kinds.map { kind in
                OnceClaim(
                    account: account, subject: "\(kind.word)/\(comment)", claimant: ActionID(high: 0, low: 0),
                    way: .clear)
            }
        }
        _ = try Session(redis).store.once(claims)
    }

    /// The retired lanes that have to answer too.
    private func give(_ order: Order) async throws -> [LaneName] {
        let session = try Session(redis)
        let topology = try session.topology()
        let appender = LaneAppender(connector: session.connector)
        defer { appender.stop() }
        let bytes: [UInt8] = try order.event.serializedBytes()
        guard let name = ForgetOrder(order.event, at: .start)?.name else {
            throw Failure(expected: "an order to forget", came: order.event.id, at: id)
        }
        // Desks ask these lanes which threads went.
        try session.store.noteOrdered(order.code, [name: order.lanes])
        let results = await appender.append(
            order.lanes.map { lane in
                LaneEvent(
                    lane: lane, id: order.event.id, bytes: bytes, generation: topology.generation(of: lane))
            })
        var refused: [String] = []
        var taken: [LaneName] = []
        for (lane, result) in zip(order.lanes, results) {
            if case .refused(let refusal) = result { refused.append("\(lane): \(refusal)") } else { taken.append(lane) }
        }
        guard refused.isEmpty else {
            // Nobody is to wait for those that never heard of it: a desk would keep the order, and the person's id in it.
            try session.store.noteOrdered(order.code, [name: taken])
            throw Failure(
                "expected every lane to take the order, refused by (say it again):\n" + refused.joined(separator: "\n"))
        }
        let retired = try session.store.orderRetired(order.event, order.retired)
        guard try retired.refused.isEmpty || noteLate(order, retired.refused, session.store) else {
            throw Failure(
                "expected every lane to take the order, these were retired and are away or in use again (say it again): "
                    + retired.refused.map(\.text).joined(separator: " "))
        }
        return retired.given + retired.refused
    }

    /// They are given the order as soon as they take it, unless somebody of an older release would overlook that.
    private func noteLate(_ order: Order, _ lanes: [LaneName], _ store: LaneStore) throws -> Bool {
        let control = ControlStore(connection: store.connection, keyspace: store.keyspace)
        guard try FeatureStanding(of: .givesLateOrders, control) == .usable else { return false }
        return try store.noteLate(lanes.map { LateOrder(order.event, $0) })
    }

    /// What went of each lane, once all have answered.
    private func wait(for order: Order, _ retired: [LaneName]) async throws -> [(lane: LaneName, tally: ForgetTally)] {
        let deadline = ContinuousClock.now + .seconds(within)
        let lanes = order.lanes + retired
        while true {
            let people = try Session(redis).store.forgotten(lanes)
            var done: [(LaneName, ForgetTally)] = []
            var open: [LaneName] = []
            for (lane, people) in zip(lanes, people) {
                if case .done(let tally)? = people?.standing(of: order.code) {
                    done.append((lane, tally))
                } else {
                    open.append(lane)
                }
            }
            if open.isEmpty { return done.map { (lane: $0.0, tally: $0.1) } }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    "expected all lanes to forget within \(within) s, these have not, paused or without an owner perhaps, or retired while nobody leads; "
                        + "the order stands: " + open.map(\.text).joined(separator: " "))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func prove(_ subject: PersonWords.Subject, _ words: PersonWords) throws -> PersonProof {
        var files: [String: [UInt8]] = [:]
        for file in spool.flatMap({ [$0, $0 + "-wal"] }) {
            files[file] = FileManager.default.contents(atPath: file).map { Array($0) }
        }
        return try PersonProof(
            subject, words, except: [key(of: subject)], files: files,
            connection: try RedisConnection(try Session(redis).connector.endpoint))
    }
}
