/// Where notices of one name go.
package struct NoticeTarget: Sendable, Equatable {
    package enum Form: String, Sendable, CaseIterable {
        /// Our own, signed.
        case json
        case slack
        case teams
        /// PagerDuty's Events API v2; its secret is the routing key.
        case pagerduty
    }

    package enum Way: Sendable, Equatable {
        /// - Parameter url: nil if it is the secret itself, since tools put a token into their addresses.
        case webhook(url: String?, form: Form)
        case mail(MailRoute)
        /// Program and arguments; the program by its whole path, so that no search path decides what runs.
        case command([String])

        /// A receiver that goes on calling until it hears of the end.
        var keepsIncidents: Bool {
            if case .webhook(_, .pagerduty) = self { true } else { false }
        }
    }

    package let name: String
    package let way: Way
    /// Name of the secret that signs the notice, is the address, is the routing key, or is the password of the mail server.
    package let secret: String?
    /// After which an attempt is given up and made again.
    package let timeout: Duration
    /// Whether it is told that somebody sees to a matter, and that it is over.
    package let hearsEnds: Bool
}

/// How mail reaches people: one server, one sender, some receivers. Every text in it is free of line breaks.
package struct MailRoute: Sendable, Equatable {
    package enum Security: String, Sendable, CaseIterable {
        /// TLS from the first byte (RFC 8314).
        case tls
        /// Begins in the clear and goes over to TLS before anything is said (RFC 3207); without it nothing is sent.
        case starttls
        /// Only to this machine.
        case none
    }

    package let host: String
    package let port: Int
    package let security: Security
    /// Nil: the server asks for no name.
    package let user: String?
    package let from: String
    /// 1 to 20.
    package let to: [String]
    /// File with the roots that sign the server's certificate; nil: the system's.
    package let trust: String?

    package init(
        host: String, port: Int, security: Security, user: String? = nil, from: String, to: [String],
        trust: String? = nil
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.from = from
        self.to = to
        self.trust = trust
    }
}

extension MailRoute {
    private static let mostReceivers = 20

    /// Reads `mail:` of a target.
    static func read(_ value: ConfigValue, hasSecret: Bool) -> MailRoute? {
        let known = ["server", "security", "user", "from", "to", "trust"]
        guard let fields = value.fields("mail", known) else { return nil }
        let server = fields.required("server").flatMap(server)
        let security = fields["security"].map { $0.word(Security.self) } ?? (server?.port == 465 ? .tls : .starttls)
        let from = fields.required("from").flatMap(address)
        let to = fields.required("to").flatMap(receivers)
        let user = fields["user"]?.text("the name for the mail server")
        let trust = fields["trust"]?.text("a file of root certificates")
        guard let server, let security, let from, let to else { return nil }
        if security == .none, !["localhost", "127.0.0.1"].contains(server.host) {
            (fields["security"] ?? value).fault("tls or starttls, since the server is not on this machine")
            return nil
        }
        guard (user != nil) == hasSecret else {
            value.fault("a user together with the secret that is its password", got: "one without the other")
            return nil
        }
        guard user?.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) != true else {
            fields["user"]?.fault("a name without control characters", got: "one with them")
            return nil
        }
        return MailRoute(
            host: server.host, port: server.port ?? (security == .tls ? 465 : security == .none ? 25 : 587),
            security: security, user: user, from: from, to: to, trust: trust)
    }

    private static func server(_ value: ConfigValue) -> (host: String, port: Int?)? {
        let expected = "a mail server, HOST or HOST:PORT"
        guard let text = value.text(expected) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let port = parts.count == 2 ? Int(parts[1]) : nil
        guard parts.count <= 2, let host = parts.first, isHost(host), parts.count == 1 || port != nil,
            (1...65_535).contains(port ?? 25)
        else {
            value.fault(expected)
            return nil
        }
        return (String(host), port)
    }

    private static func receivers(_ value: ConfigValue) -> [String]? {
        guard let list = value.list("a list of mail addresses") else { return nil }
        guard (1...mostReceivers).contains(list.count) else {
            value.fault("1 to \(mostReceivers) mail addresses", got: "\(list.count)")
            return nil
        }
        let addresses = list.compactMap(address)
        return addresses.count == list.count ? addresses : nil
    }

    /// `name@host` of RFC 5321's plain form, so that nothing in it can end a command or a header.
    private static func address(_ value: ConfigValue) -> String? {
        let expected = "a mail address name@host"
        guard let text = value.text(expected) else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let marks = "!#$%&'*+-/=?^_`{|}~."
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count), text.utf8.count <= 254, isHost(parts[1]),
            parts[0].unicodeScalars.allSatisfy({ isPlain($0) || marks.unicodeScalars.contains($0) })
        else {
            value.fault(expected)
            return nil
        }
        return text
    }

    private static func isHost(_ text: Substring) -> Bool {
        (1...253).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasPrefix(".")
            && text.unicodeScalars.allSatisfy { isPlain($0) || $0 == "-" || $0 == "." }
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }
}
