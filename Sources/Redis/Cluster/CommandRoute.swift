/// Where in a cluster a command runs.
enum CommandRoute: Sendable, Equatable {
    /// It has no key: any primary will do.
    case anywhere
    case slot(KeySlot)
}

extension RedisCommand {
    /// By the first key. A command whose key stands in an unusual place would go to a wrong server, which answers with an
    /// error and does nothing.
    var route: CommandRoute {
        if let neighbour { return .slot(KeySlot(of: neighbour)) }
        switch name {
        case "TIME", "PING", "INFO", "CONFIG", "WAIT", "FUNCTION", "SCAN", "CLIENT", "CLUSTER", "ROLE", "SHUTDOWN":
            return .anywhere
        case "FCALL", "FCALL_RO", "EVAL", "EVALSHA":
            guard let count = argument(2), !count.elementsEqual([UInt8(ascii: "0")]), let key = argument(3) else {
                return .anywhere
            }
            return .slot(KeySlot(of: key))
        default:
            guard let key = argument(1) else { return .anywhere }
            return .slot(KeySlot(of: key))
        }
    }

    /// Whether it may be sent again although nobody knows whether it ran: it changes nothing.
    var onlyReads: Bool { Self.reading.contains(name) }

    private static let reading: Set<String> = [
        "TIME", "PING", "INFO", "ROLE", "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HSCAN", "HVALS", "EXISTS", "GET",
        "SCAN", "XLEN", "XRANGE", "XREVRANGE", "ZCARD", "ZMSCORE", "ZRANGE", "ZRANGEBYSCORE",
    ]

    /// An argument's bytes; 0 is the name.
    private func argument(_ index: Int) -> ArraySlice<UInt8>? {
        guard index < argumentCount else { return nil }
        var start = body.startIndex
        for place in 0...index {
            // `$count\r\n`, the bytes, `\r\n`: written by this type, so it is in order.
            guard let end = body[start...].firstIndex(of: 0x0D) else { return nil }
            let count = body[(start + 1)..<end].reduce(0) { $0 * 10 + Int($1 &- 0x30) }
            if place == index { return body[(end + 2)..<(end + 2 + count)] }
            start = end + 2 + count + 2
        }
        return nil
    }
}
