import ArgumentParser
import Bench
import Channels
import Contracts
import Foundation
import Instants
import Lanes
import Redis
import SwiftProtobuf

/// Everything of a person goes, and it is shown that nothing is left.
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Erase everything of one person, and prove that nothing is left.",
        discussion: """
            Every lane of the account's partition and every desk's is given the order; their owners carry it out in bounded pieces, \
            and a hash keeps out for eight days what comes late. It waits for all of them, prints what went, and then reads every key \
            of the namespace by itself. Exit code 0 only if all have answered and nothing was found. It may be said again.
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
        let needles = PersonTrace.needles(account: account, contact: contact, texts: try texts(account, contact, order))
        try await give(order)
        let done = try await wait(for: order)
        let quarantined = try clearQuarantine(account, contact)
        let trace = try trace(needles)
        let inFiles = spool.flatMap { path in
            [path, path + "-wal"].flatMap { file in
                FileManager.default.contents(atPath: file).map {
                    PersonTrace.finds(in: Array($0), named: file, needles)
                } ?? []
            }
        }
        report(order, done, quarantined, trace, trace.finds + inFiles)
        if !(trace.finds + inFiles).isEmpty { throw ExitCode(1) }
    }

    private struct Order {
        let code: String
        let lanes: [LaneName]
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
            event: ForgetOrder.event(
                code: code, account: account, contact: contact, by: by, at: try session.now()))
    }

    private func texts(_ account: String, _ contact: String, _ order: Order) throws -> Set<String> {
        let session = try Session(redis)
        return try PersonTrace.texts(
            account: account, contact: contact, lanes: order.lanes.map(\.text),
            namespace: session.connector.keyspace.namespace,
            connection: try RedisConnection(session.connector.endpoint))
    }

    private func give(_ order: Order) async throws {
        let session = try Session(redis)
        let topology = try session.topology()
        let appender = LaneAppender(connector: session.connector)
        defer { appender.stop() }
        let bytes: [UInt8] = try order.event.serializedBytes()
        let results = await appender.append(
            order.lanes.map { lane in
                LaneEvent(
                    lane: lane, id: order.event.id, bytes: bytes, generation: topology.generation(of: lane))
            })
        let refused = zip(order.lanes, results).compactMap { lane, result -> String? in
            if case .refused(let refusal) = result { return "\(lane): \(refusal)" }
            return nil
        }
        guard refused.isEmpty else {
            throw Failure(
                "expected every lane to take the order, refused by (say it again):\n" + refused.joined(separator: "\n"))
        }
    }

    /// What went of each lane, once all have answered.
    private func wait(for order: Order) async throws -> [(lane: LaneName, tally: ForgetTally)] {
        let deadline = ContinuousClock.now + .seconds(within)
        while true {
            let people = try Session(redis).store.forgotten(order.lanes)
            var done: [(LaneName, ForgetTally)] = []
            var open: [LaneName] = []
            for (lane, people) in zip(order.lanes, people) {
                if case .done(let tally)? = people?.standing(of: order.code) {
                    done.append((lane, tally))
                } else {
                    open.append(lane)
                }
            }
            if open.isEmpty { return done.map { (lane: $0.0, tally: $0.1) } }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    "expected all lanes to forget within \(within) s, these have not, paused or without an owner perhaps; "
                        + "the order stands: " + open.map(\.text).joined(separator: " "))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Raw updates that nobody understood, and that name the person; those of ids that are too short to be told stay.
    private func clearQuarantine(_ account: String, _ contact: String) throws -> Int {
        guard contact.utf8.count >= 6 else { return 0 }
        let shelf = try QuarantineShelf(redis)
        var ids: [String] = []
        try shelf.each(try QuarantineChoice.parse([])) { update in
            if update.account.isEmpty || update.account == account,
                ByteSearch.contains(update.raw, Array(contact.utf8))
            {
                ids.append(update.id)
            }
        }
        for id in ids { try shelf.remove(id) }
        return ids.count
    }

    private func trace(_ needles: [PersonTrace.Needle]) throws -> PersonTrace {
        let session = try Session(redis)
        return try PersonTrace(
            namespace: session.connector.keyspace.namespace,
            connection: try RedisConnection(session.connector.endpoint), needles: needles)
    }

    private func report(
        _ order: Order, _ done: [(lane: LaneName, tally: ForgetTally)], _ quarantined: Int, _ trace: PersonTrace,
        _ finds: [PersonTrace.Find]
    ) {
        if json {
            let lanes = done.map { lane, tally in
                var fields: [String: JSONValue] = ["lane": .string(lane.text)]
                for (name, count) in zip(ForgetTally.names, tally.counts) { fields[name] = .integer(Int64(count)) }
                return JSONValue.object(fields)
            }
            let left = finds.map { ["key": .string($0.key), "holds": .string($0.name)] as JSONValue }
            let document: JSONValue = [
                "code": .string(order.code), "lanes": .array(lanes), "quarantined": .integer(Int64(quarantined)),
                "keys_read": .integer(Int64(trace.keys)), "bytes_read": .integer(Int64(trace.bytes)),
                "left": .array(left),
            ]
            return Output.line(document.text())
        }
        for (lane, tally) in done {
            let gone = zip(ForgetTally.names, tally.counts).filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
            Output.line("\(lane)  \(gone.isEmpty ? "nothing" : gone.joined(separator: ", "))")
        }
        if quarantined > 0 { Output.line("quarantine  \(quarantined) updates") }
        Output.line("\(trace.keys) keys with \(trace.bytes) bytes read: \(finds.isEmpty ? "nothing is left" : "LEFT:")")
        for find in finds { Output.line("\(find.key)  holds the \(find.name)") }
    }
}
