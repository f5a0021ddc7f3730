import Glibc

// One thread's connections to the primaries of a Redis Cluster.
//
// Problem: each command belongs to the primary of its key's slot; slots move and primaries die while commands are under
// way. A batch holds commands of many slots, and must cost one round trip. What may have run must not be sent again.
// Choice: one connection a primary, opened when it is first needed. A batch is split by primary, written to all of them,
// then read from all of them, so that they work at the same time; the replies go back into the batch's order. An error
// that says that a command was not run sends that command, and no other, once more where the answer says, a few times
// (`CallPatience`). A command that was written and got no answer is answered `NOREPLY` and is sent again only if it
// changes nothing: whoever owns its lane knows by token and sequence what became of it. A command whose primary cannot
// be reached was not sent; it is answered `NOPRIMARY`.
// Rejected: to fail the whole batch when one primary fails. The lanes of the others would stop with it.
// How it fails: a primary that accepts bytes and gives no answer holds a batch until its deadline; afterwards others
// still get a moment to hand over what they answered long ago.

/// It belongs to one thread, like its connections.
final class ClusterConnection {
    let endpoint: RedisEndpoint
    /// Rises with each connection opened to a primary and each change of the slots.
    private(set) var changes: UInt64 = 0
    private(set) var map = SlotMap()
    /// Something was answered that the slots known here do not explain.
    var isMapDoubtful = false
    /// Servers that did not know a function.
    var lacking: Set<NodeAddress> = []
    private let seeds: [NodeAddress]
    private let clientName: String?
    private var links: [NodeAddress: Link] = [:]
    private var paces: [NodeAddress: (pace: RetryPace, error: RedisError)] = [:]
    private var refreshPace = RetryPace()
    /// Who is asked first, so that one server with a wrong view is not asked for ever.
    private var turn = 0

    private struct Link {
        let connection: ServerConnection
        let number: UInt64
    }

    /// A connection to one server comes about in this time or counts as refused: other primaries' lanes wait meanwhile.
    private static let longestConnect: Duration = .seconds(1)

    init(_ endpoint: RedisEndpoint, seeds: [NodeAddress], clientName: String?) throws(RedisError) {
        self.endpoint = endpoint
        self.seeds = seeds
        self.clientName = clientName
        try refresh()
    }

    // MARK: Slots

    /// Asks for the slots if they are in doubt and have not been asked for just now.
    func refreshIfDoubtful(until deadline: ContinuousClock.Instant? = nil) {
        guard isMapDoubtful, refreshPace.mayTry(at: .now) else { return }
        let started = ContinuousClock.now
        do throws(RedisError) {
            try refresh(until: deadline)
        } catch {
            refreshPace.failed(at: .now, took: started.duration(to: .now))
        }
    }

    /// Asks servers for the slots until one answers, or until the deadline.
    func refresh(until deadline: ContinuousClock.Instant? = nil) throws(RedisError) {
        let known = map.primaries + seeds.filter { !map.primaries.contains($0) }
        var last = RedisError(
            .connect, operation: "CLUSTER", endpoint: "\(endpoint)", message: "expected a server of the cluster")
        turn += 1
        for place in known.indices {
            let node = known[(place + turn) % known.count]
            if let deadline, .now >= deadline { break }
            do throws(RedisError) {
                let found = try slots(askedOf: node, until: deadline)
                if found != map {
                    map = found
                    changes += 1
                    let primaries = Set(found.primaries)
                    links = links.filter { primaries.contains($0.key) }
                    paces = paces.filter { primaries.contains($0.key) }
                }
                isMapDoubtful = false
                // Still without a primary for some slots, or with one that does not answer: again, but not at once.
                refreshPace.failed(at: .now, took: .zero)
                return
            } catch {
                last = error
            }
        }
        throw last
    }

    private func slots(
        askedOf node: NodeAddress, until deadline: ContinuousClock.Instant?
    ) throws(RedisError) -> SlotMap {
        let connection = try link(to: node, until: deadline).connection
        let end = ContinuousClock.now.advanced(by: min(endpoint.timeouts.reply, Self.longestConnect))
        let reply = try connection.call(RedisCommand("CLUSTER", "SLOTS"), until: min(end, deadline ?? end))
        guard let found = SlotMap(reply, asked: node.host), !found.primaries.isEmpty else {
            throw RedisError(
                .unexpectedReply, operation: "CLUSTER", endpoint: "\(connection.endpoint)",
                message: "expected the slots of a cluster, came \(reply.kind)")
        }
        return found
    }

    func move(_ slot: KeySlot, to node: NodeAddress) {
        guard map.owner(of: slot) != node else { return }
        map.move(slot, to: node)
        changes += 1
    }

    // MARK: Links

    /// The open connection to a server, or a new one; fails at once while an attempt would be too soon.
    func connection(
        to node: NodeAddress, until deadline: ContinuousClock.Instant? = nil
    ) throws(RedisError) -> ServerConnection {
        try link(to: node, until: deadline).connection
    }

    func isOpen(_ node: NodeAddress) -> Bool { links[node].map { !$0.connection.isBroken } ?? false }

    private func link(
        to node: NodeAddress, until deadline: ContinuousClock.Instant? = nil
    ) throws(RedisError) -> Link {
        if let link = links[node], !link.connection.isBroken { return link }
        links[node] = nil
        let started = ContinuousClock.now
        if let pace = paces[node], !pace.pace.mayTry(at: started) { throw pace.error }
        var place = endpoint.at(node)
        place.timeouts.connect = min(place.timeouts.connect, Self.longestConnect)
        if let deadline { place.timeouts.connect = max(.zero, min(place.timeouts.connect, deadline - started)) }
        do throws(RedisError) {
            let connection = try ServerConnection(place, clientName: clientName)
            changes += 1
            let link = Link(connection: connection, number: changes)
            links[node] = link
            paces[node] = nil
            return link
        } catch {
            var pace = paces[node]?.pace ?? RetryPace()
            pace.failed(at: .now, took: started.duration(to: .now))
            paces[node] = (pace, error)
            throw error
        }
    }

    /// For commands without a key: a primary that is connected, else one that may be tried.
    func anyPrimary() -> NodeAddress? {
        map.primaries.first { links[$0]?.connection.isBroken == false }
            ?? map.primaries.first { paces[$0]?.pace.mayTry(at: .now) ?? true }
    }

    func shard(of slot: KeySlot) -> Int {
        map.place(of: slot) ?? map.primaries.count
    }

    func shardStart(of slot: KeySlot) -> Int? { map.start(of: slot) }

    /// 0 while no connection to the slot's primary is open.
    func linkNumber(of slot: KeySlot) -> UInt64 {
        guard let owner = map.owner(of: slot), let link = links[owner], !link.connection.isBroken else { return 0 }
        return link.number
    }

    /// Connections to the servers that did not know a function, which are forgotten by this.
    func takeLacking() -> [ServerConnection] {
        defer { lacking = [] }
        return lacking.sorted().compactMap { try? connection(to: $0) }
    }

    func primaries() throws(RedisError) -> [ServerConnection] {
        refreshIfDoubtful()
        return try map.primaries.map { (node) throws(RedisError) in try connection(to: node) }
    }

    func closedPrimaries() -> [NodeAddress] { map.primaries.filter { !isOpen($0) } }

    /// With their places in the map and the numbers of their links.
    func reachablePrimaries() -> [(number: Int, link: UInt64, connection: ServerConnection)] {
        refreshIfDoubtful()
        return map.primaries.enumerated().compactMap { place, node in
            guard let link = try? link(to: node) else {
                // Perhaps another has its slots by now; nobody may ever send it a command that would tell.
                isMapDoubtful = true
                return nil
            }
            return (place, link.number, link.connection)
        }
    }

    // MARK: Batches

    /// One batch; every command gets a reply, if need be of ours (`RedisServerError.noReply`, `.noPrimary`).
    func exchange(
        _ commands: [RedisCommand], closing: RedisCommand?, until deadline: ContinuousClock.Instant
    ) -> (replies: [RedisReply], closings: [RedisReply]) {
        var batch = ClusterBatch(commands, closing: closing)
        var patience = CallPatience()
        refreshIfDoubtful(until: deadline)
        while true {
            batch.run(on: self, until: deadline)
            guard !batch.isDone, let pause = patience.next(mustWait: batch.mustWait),
                ContinuousClock.now.advanced(by: pause) < deadline
            else { return batch.outcome }
            refreshIfDoubtful(until: deadline)
            sleep(for: pause)
        }
    }

    private func sleep(for pause: Duration) {
        guard pause > .zero else { return }
        var nothing: [pollfd] = []
        _ = wait(for: &nothing, until: .now.advanced(by: pause))
    }
}
