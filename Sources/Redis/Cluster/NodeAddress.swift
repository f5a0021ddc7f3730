/// Where one server of a cluster, or one Sentinel, listens.
package struct NodeAddress: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    package static func < (left: NodeAddress, right: NodeAddress) -> Bool {
        (left.host, left.port) < (right.host, right.port)
    }

    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Reads `host:port` as servers write it, the port behind the last colon. An empty host or `?` is the host that was
    /// asked: a server that does not know how it is reached says so.
    init?(_ text: some StringProtocol, asked: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self.init(host: host.isEmpty || host == "?" ? asked : host, port: port)
    }
}

extension RedisEndpoint {
    /// The same way in at one server.
    func at(_ node: NodeAddress) -> RedisEndpoint {
        var endpoint = self
        endpoint.address = .tcp(host: node.host, port: node.port)
        return endpoint
    }
}
