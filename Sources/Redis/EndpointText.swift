// Reading an endpoint as people write it. No error shows what may be a password: of the text that came, everything
// before its last `@` and every option is hidden, and parts are never quoted by themselves.

extension RedisEndpoint {
    /// Reads `redis://[user:password@]host[:port][/database]`, `rediss://…` (TLS), `unix:///path` or a path that starts
    /// with `/` or `./`.
    ///
    /// Names, passwords and values are percent-decoded. After `?` come options: `connect_timeout_ms`,
    /// `reply_timeout_ms`; for `rediss` also `ca`, `cert`, `key` (PEM files) and `server_name`; for `unix` also `db`.
    /// A path without scheme takes no options. `redis+cluster://[user:password@]host:port,host:port` names servers of a
    /// Redis Cluster, `redis+sentinel://[user:password@]host:port,host:port/service[/database]` Sentinels; with
    /// `rediss+…` every connection, to Sentinels too, is TLS. Name and password are the Redis servers'; Sentinels are
    /// entered with those of the options `sentinel_user` and `sentinel_password`, or without.
    ///
    /// - Throws: code `.configuration`, saying what was expected.
    package init(parsing text: String) throws(RedisError) {
        if text.hasPrefix("/") || text.hasPrefix("./") {
            self = .unix(text)
            return
        }
        let parser = EndpointParser(text: text)
        guard let separator = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw parser.noEndpoint }
        let rest = text[text.utf8.index(after: separator)...]
        switch text[..<separator] {
        case "redis" where rest.hasPrefix("//"):
            self = try parser.tcp(rest.dropFirst(2), tls: nil)
        case "rediss" where rest.hasPrefix("//"):
            self = try parser.tcp(rest.dropFirst(2), tls: RedisTLS())
        case "unix":
            self = try parser.unix(rest.hasPrefix("//") ? rest.dropFirst(2) : rest)
        case "redis+cluster" where rest.hasPrefix("//"):
            self = try parser.cluster(rest.dropFirst(2), tls: nil)
        case "rediss+cluster" where rest.hasPrefix("//"):
            self = try parser.cluster(rest.dropFirst(2), tls: RedisTLS())
        case "redis+sentinel" where rest.hasPrefix("//"):
            self = try parser.sentinel(rest.dropFirst(2), tls: nil)
        case "rediss+sentinel" where rest.hasPrefix("//"):
            self = try parser.sentinel(rest.dropFirst(2), tls: RedisTLS())
        default:
            throw parser.noEndpoint
        }
    }
}

extension RedisEndpoint {
    fileprivate var isSentinel: Bool {
        if case .sentinel = address { true } else { false }
    }
}

private struct EndpointParser {
    let text: String

    var noEndpoint: RedisError {
        error(
            "expected redis://host:port, rediss://host:port, redis+cluster://host:port,…, "
                + "redis+sentinel://host:port,…/service, unix:///path or the path of a unix socket")
    }

    func error(_ message: String) -> RedisError {
        RedisError(.configuration, operation: "endpoint", endpoint: hidden, message: message)
    }

    /// The text without what may be a password.
    private var hidden: String {
        let scheme = text.firstRange(of: "://").map { text[..<$0.upperBound] } ?? ""
        let rest = text[scheme.endIndex...]
        switch (rest.lastIndex(of: "@"), rest.firstIndex(of: "?")) {
        case (nil, nil): return text
        case (let at?, nil): return "\(scheme)(hidden)\(rest[at...])"
        case (nil, let mark?): return "\(scheme)\(rest[..<mark])?(hidden)"
        case (let at?, let mark?) where at < mark: return "\(scheme)(hidden)\(rest[at..<mark])?(hidden)"
        // Either of them may stand in a password.
        default: return "\(scheme)(hidden)"
        }
    }

    func tcp(_ rest: Substring, tls: RedisTLS?) throws(RedisError) -> RedisEndpoint {
        let (location, options) = split(rest, at: "?")
        let (authority, place) = split(location, at: "/")
        let (entrance, server) = splitAtLastAt(authority)
        let (host, port) = try hostAndPort(server)
        var endpoint = RedisEndpoint(.tcp(host: host, port: port), tls: tls)
        try enter(&endpoint, entrance)
        if let place, !place.isEmpty { endpoint.database = try database(place) }
        try read(options, into: &endpoint)
        return endpoint
    }

    func cluster(_ rest: Substring, tls: RedisTLS?) throws(RedisError) -> RedisEndpoint {
        let (location, options) = split(rest, at: "?")
        let (authority, place) = split(location, at: "/")
        let (entrance, servers) = splitAtLastAt(authority)
        var endpoint = RedisEndpoint(.cluster(try nodes(servers, port: 6379)), tls: tls)
        try enter(&endpoint, entrance)
        guard (place ?? "").isEmpty || place == "0" else { throw error("expected no database: a cluster has one") }
        try read(options, into: &endpoint)
        return endpoint
    }

    func sentinel(_ rest: Substring, tls: RedisTLS?) throws(RedisError) -> RedisEndpoint {
        let (location, options) = split(rest, at: "?")
        let (authority, place) = split(location, at: "/")
        let (entrance, servers) = splitAtLastAt(authority)
        let (service, number) = split(place ?? "", at: "/")
        guard !service.isEmpty else { throw error("expected /service, the name that the Sentinels give the primary") }
        var endpoint = RedisEndpoint(
            .sentinel(try nodes(servers, port: 26379), service: try decoded(service)), tls: tls)
        try enter(&endpoint, entrance)
        if let number, !number.isEmpty { endpoint.database = try database(number) }
        try read(options, into: &endpoint)
        return endpoint
    }

    private func nodes(_ servers: Substring, port: UInt16) throws(RedisError) -> [NodeAddress] {
        var nodes: [NodeAddress] = []
        for server in servers.split(separator: ",", omittingEmptySubsequences: false) {
            let (host, named) = try hostAndPort(server, otherwise: port)
            let node = NodeAddress(host: host, port: named)
            if !nodes.contains(node) { nodes.append(node) }
        }
        return nodes
    }

    func unix(_ rest: Substring) throws(RedisError) -> RedisEndpoint {
        let (location, options) = split(rest, at: "?")
        var entrance: Substring?
        var path = location
        if !location.hasPrefix("/"), let at = location.firstIndex(of: "@") {
            entrance = location[..<at]
            path = location[location.index(after: at)...]
        }
        guard path.hasPrefix("/") else { throw error("expected unix:///path with an absolute path") }
        var endpoint = RedisEndpoint.unix(try decoded(path))
        try enter(&endpoint, entrance)
        try read(options, into: &endpoint)
        return endpoint
    }

    private func hostAndPort(
        _ server: Substring, otherwise usual: UInt16 = 6379
    ) throws(RedisError) -> (String, UInt16) {
        var host = server
        var port: Substring?
        if server.hasPrefix("[") {
            guard let end = server.firstIndex(of: "]") else { throw error("expected ] after an IPv6 address") }
            host = server[..<end].dropFirst()
            let rest = server[server.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw error("expected :port after an IPv6 address") }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else {
            (host, port) = split(server, at: ":")
        }
        guard !host.isEmpty else { throw error("expected a host, came none") }
        guard let port else { return (try decoded(host), usual) }
        guard let number = UInt16(port), number > 0 else { throw error("expected a port from 1 to 65535") }
        return (try decoded(host), number)
    }

    private func enter(_ endpoint: inout RedisEndpoint, _ entrance: Substring?) throws(RedisError) {
        guard let entrance else { return }
        let (user, password) = split(entrance, at: ":")
        guard let password, !password.isEmpty else { throw error("expected user:password@ or :password@") }
        endpoint.user = user.isEmpty ? nil : try decoded(user)
        endpoint.password = RedisPassword(try decoded(password))
    }

    private func read(_ options: Substring?, into endpoint: inout RedisEndpoint) throws(RedisError) {
        guard let options else { return }
        var sentinelUser: String?
        var sentinelPassword: RedisPassword?
        for option in options.split(separator: "&") {
            let (name, raw) = split(option, at: "=")
            guard let raw, !raw.isEmpty else { throw error("expected option=value after ?") }
            let value = try decoded(raw)
            switch (name, endpoint.tls) {
            case ("connect_timeout_ms", _): endpoint.timeouts.connect = try timeout(value)
            case ("reply_timeout_ms", _): endpoint.timeouts.reply = try timeout(value)
            case ("ca", .some): endpoint.tls?.authorityFile = value
            case ("cert", .some): endpoint.tls?.certificateFile = value
            case ("key", .some): endpoint.tls?.keyFile = value
            case ("server_name", .some): endpoint.tls?.serverName = value
            case ("sentinel_user", _) where endpoint.isSentinel: sentinelUser = value
            case ("sentinel_password", _) where endpoint.isSentinel: sentinelPassword = RedisPassword(value)
            case ("db", _) where endpoint.isUnix: endpoint.database = try database(raw)
            default:
                throw error(
                    "expected the options connect_timeout_ms, reply_timeout_ms, with rediss:// ca, cert, key, "
                        + "server_name, with unix:// db, with redis+sentinel:// sentinel_user, sentinel_password; "
                        + "came another")
            }
        }
        endpoint.sentinelEntrance = sentinelPassword.map { .init(user: sentinelUser, password: $0) }
        guard sentinelUser == nil || sentinelPassword != nil else {
            throw error("expected sentinel_password beside sentinel_user, came none")
        }
        if let tls = endpoint.tls, (tls.certificateFile == nil) != (tls.keyFile == nil) {
            throw error("expected cert and key together, came one of them")
        }
    }

    private func database(_ text: Substring) throws(RedisError) -> Int {
        guard let number = UInt16(text) else { throw error("expected a database number from 0") }
        return Int(number)
    }

    private func timeout(_ text: String) throws(RedisError) -> Duration {
        guard let milliseconds = Int(text), (1...600_000).contains(milliseconds) else {
            throw error("expected a time-out from 1 to 600000 ms")
        }
        return .milliseconds(milliseconds)
    }

    private func split(_ text: Substring, at separator: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    private func splitAtLastAt(_ text: Substring) -> (Substring?, Substring) {
        guard let index = text.lastIndex(of: "@") else { return (nil, text) }
        return (text[..<index], text[text.index(after: index)...])
    }

    private func decoded(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(Substring(rest.prefix(2)), radix: 16) else {
                throw error("expected two hexadecimal digits after %")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let result = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw error("expected UTF-8 without NUL")
        }
        return result
    }
}
