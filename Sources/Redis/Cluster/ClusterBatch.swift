/// A batch on its way through a cluster: what is answered, and what must be tried again. Used by one call.
struct ClusterBatch {
    /// Whether what is left must wait before it is tried again: nobody named a better server.
    private(set) var mustWait = false
    private let commands: [RedisCommand]
    private let closing: RedisCommand?
    private var replies: [RedisReply]
    /// What the closing command was answered last by the server that answered a command for good.
    private var closings: [NodeAddress: RedisReply] = [:]
    private var nodes: [NodeAddress?]
    private var open: [Try]

    /// A command that is not answered for good.
    private struct Try {
        let index: Int
        /// Where it is to go behind ASKING.
        var ask: NodeAddress?
        /// Its primary could not be reached.
        var wasAway = false
    }

    /// What goes to one server in one round.
    private struct Part {
        let node: NodeAddress
        var tries: [Try] = []
    }

    /// What a server that was late still gets to hand over its answers: it was working beside the late one.
    private static let grace: Duration = .seconds(1)

    init(_ commands: [RedisCommand], closing: RedisCommand?) {
        self.commands = commands
        self.closing = closing
        replies = [RedisReply](repeating: .nil, count: commands.count)
        nodes = [NodeAddress?](repeating: nil, count: commands.count)
        open = commands.indices.map { Try(index: $0) }
    }

    var isDone: Bool { open.isEmpty }

    /// The replies in the batch's order; for each command also what its server answered to the closing one.
    var outcome: (replies: [RedisReply], closings: [RedisReply]) {
        (replies, closing == nil ? [] : nodes.map { node in node.flatMap { closings[$0] } ?? .nil })
    }

    /// One round: to all servers at once.
    mutating func run(on cluster: ClusterConnection, until deadline: ContinuousClock.Instant) {
        let parts = split(by: cluster)
        mustWait = false
        var started: [(part: Part, connection: ServerConnection)] = []
        // What must first be connected to is written to last: it may take its time.
        for part in parts.filter({ cluster.isOpen($0.node) }) + parts.filter({ !cluster.isOpen($0.node) }) {
            do throws(RedisError) {
                let connection = try cluster.connection(to: part.node, until: deadline)
                try connection.start(wireCommands(part))
                connection.push()
                started.append((part, connection))
            } catch {
                for each in part.tries { isAway(each, error.message, cluster) }
            }
        }
        for (part, connection) in started {
            let outcome = connection.finish(until: max(deadline, .now.advanced(by: Self.grace)))
            take(outcome, part, cluster)
        }
    }

    /// The parts by server. What nobody serves is answered here, and tried again.
    private mutating func split(by cluster: ClusterConnection) -> [Part] {
        var parts: [Part] = []
        var places: [NodeAddress: Int] = [:]
        /// The same by the primary's place in the map, which costs no hashing of names.
        var placesOfPrimaries = [Int?](repeating: nil, count: cluster.map.primaries.count)
        let tries = open
        open = []
        for each in tries {
            var primary: Int?
            var node = each.ask
            if node == nil {
                switch commands[each.index].route {
                case .anywhere: node = cluster.anyPrimary()
                case .slot(let slot): primary = cluster.map.place(of: slot)
                }
            }
            if let primary {
                if let place = placesOfPrimaries[primary] {
                    parts[place].tries.append(each)
                    continue
                }
                node = cluster.map.primaries[primary]
            }
            guard let node else {
                isAway(each, "no primary serves its slot", cluster)
                continue
            }
            let place = places[node] ?? parts.count
            if place == parts.count {
                places[node] = place
                parts.append(Part(node: node))
            }
            parts[place].tries.append(each)
            if let primary { placesOfPrimaries[primary] = place }
        }
        return parts
    }

    private func wireCommands(_ part: Part) -> [RedisCommand] {
        var list: [RedisCommand] = []
        list.reserveCapacity(part.tries.count + 1)
        for each in part.tries {
            if each.ask != nil { list.append(RedisCommand("ASKING")) }
            list.append(commands[each.index])
        }
        if let closing { list.append(closing) }
        return list
    }

    private mutating func take(_ outcome: ServerConnection.Outcome, _ part: Part, _ cluster: ClusterConnection) {
        var rest = outcome.replies[...]
        if outcome.failure != nil { cluster.isMapDoubtful = true }
        for each in part.tries {
            if each.ask != nil { _ = rest.popFirst() }
            if let reply = rest.popFirst() {
                take(reply, each, part.node, cluster)
            } else {
                gotNoReply(each, outcome.failure?.message ?? "no reply", cluster)
            }
        }
        guard closing != nil else { return }
        closings[part.node] = rest.popFirst() ?? .nil
    }

    private mutating func take(_ reply: RedisReply, _ each: Try, _ node: NodeAddress, _ cluster: ClusterConnection) {
        replies[each.index] = reply
        nodes[each.index] = node
        if reply.error?.isFunctionNotFound == true { cluster.lacking.insert(node) }
        guard let error = reply.error, let redirect = Redirect(error, asked: node.host) else { return }
        if redirect.wantsRefresh { cluster.isMapDoubtful = true }
        switch redirect {
        case .moved(let slot, let owner):
            cluster.move(slot, to: owner)
            open.append(Try(index: each.index))
        case .ask(_, let importer):
            open.append(Try(index: each.index, ask: importer))
        case .tryAgain, .unable, .readOnly:
            mustWait = true
            open.append(Try(index: each.index))
        }
    }

    /// It was not sent.
    private mutating func isAway(_ each: Try, _ reason: String, _ cluster: ClusterConnection) {
        replies[each.index] = .error(RedisServerError(code: RedisServerError.noPrimary, message: reason))
        cluster.isMapDoubtful = true
        // Once more at once, in case the slots name another primary; waiting here would hold the others' lanes.
        if !each.wasAway { open.append(Try(index: each.index, wasAway: true)) }
    }

    /// It was sent, and perhaps run.
    private mutating func gotNoReply(_ each: Try, _ reason: String, _ cluster: ClusterConnection) {
        replies[each.index] = .error(RedisServerError(code: RedisServerError.noReply, message: reason))
        guard commands[each.index].onlyReads else { return }
        mustWait = true
        open.append(Try(index: each.index))
    }
}
