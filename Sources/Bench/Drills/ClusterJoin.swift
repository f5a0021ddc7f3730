package import Redis

/// Makes one Redis Cluster of servers that serve nothing yet.
package struct ClusterJoin {
    private let nodes: [NodeAddress]
    private let primaries: Int
    private let ask: (Int, [String]) -> RedisReply?

    /// - Parameters:
    ///   - nodes: first those that are to be primaries, which share the slots evenly, then replicas in the order of their primaries.
    ///   - ask: says a command to the server at a place; nil for no answer, and for an error.
    package init(_ nodes: [NodeAddress], primaries: Int, ask: @escaping (Int, [String]) -> RedisReply?) {
        self.nodes = nodes
        self.primaries = primaries
        self.ask = ask
    }

    /// Returns once every server knows who serves every slot, and replicas follow.
    ///
    /// - Parameter wait: returns once something holds, and throws if that takes too long.
    package func join<Failure: Error>(
        _ wait: (_ what: String, _ holds: () -> Bool) throws(Failure) -> Void
    ) throws(Failure) {
        for place in nodes.indices { try wait("server \(place + 1) to answer") { ask(place, ["PING"]) != nil } }
        for place in 0..<primaries {
            let (first, behind) = (place * KeySlot.count / primaries, (place + 1) * KeySlot.count / primaries)
            _ = ask(place, ["CLUSTER", "SET-CONFIG-EPOCH", "\(place + 1)"])
            _ = ask(place, ["CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(behind - 1)"])
        }
        for (place, node) in nodes.enumerated().dropFirst() { meet(place, node) }
        try wait("all servers to know each other") {
            nodes.indices.allSatisfy { info($0, "CLUSTER", "INFO")["cluster_known_nodes"] == "\(nodes.count)" }
        }
        for place in nodes.indices.dropFirst(primaries) {
            let primary = ask(place - primaries, ["CLUSTER", "MYID"])?.string ?? ""
            try wait("server \(place + 1) to follow") { ask(place, ["CLUSTER", "REPLICATE", primary])?.string == "OK" }
        }
        try wait("all servers to serve") {
            nodes.indices.allSatisfy {
                info($0, "CLUSTER", "INFO")["cluster_state"] == "ok"
                    && ask($0, ["CLUSTER", "SLOTS"])?.array?.count == primaries
            }
                && nodes.indices.dropFirst(primaries).allSatisfy {
                    info($0, "INFO", "replication")["master_link_status"] == "up"
                }
        }
    }

    /// With the port of its bus, where that is not the usual one.
    private func meet(_ place: Int, _ node: NodeAddress) {
        let bus = ask(place, ["CONFIG", "GET", "cluster-port"])?.array?.last?.string ?? "0"
        _ = ask(0, ["CLUSTER", "MEET", node.host, "\(node.port)"] + (bus == "0" ? [] : [bus]))
    }

    private func info(_ place: Int, _ words: String...) -> InfoFields {
        InfoFields(text: ask(place, words)?.string ?? "")
    }
}
