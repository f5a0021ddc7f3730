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

    package let name: String
    /// Nil if it is the secret itself, since tools put a token into their addresses.
    package let url: String?
    package let form: Form
    /// Name of the secret that signs the notice, is the address, or is the routing key.
    package let secret: String?
    /// After which an attempt is given up and made again.
    package let timeout: Duration
}

/// `--notices FILE`: who is called how. It belongs to the machine that runs workers and not to the published configuration.
package struct NoticeTargets: Sendable {
    /// The target for names that have none of their own.
    package static let fallback = "default"

    package let targets: [String: NoticeTarget]
    /// Where the links of acknowledgement lead, without a slash at the end; nil: notices have none.
    package let linkBase: String?
    /// Name of the secret that signs them.
    package let linkSecret: String

    private static let usualTimeout = Duration.seconds(10)
    private static let longestTimeout = Duration.seconds(25)

    /// - Throws: every fault of the file, with line and column.
    package init(text: [UInt8], file: String) throws {
        let faults = FaultList()
        var targets: [String: NoticeTarget] = [:]
        var base: String?
        var secret = "notice_link"
        if let root = ConfigValue(ConfigFiles.File(path: file, bytes: text), faults: faults),
            let fields = root.fields("notices", ["targets", "acknowledge"])
        {
            for (key, value) in fields.required("targets")?.entries("targets by name") ?? [] {
                guard let name = key.text("a name"), let target = Self.target(name, value) else { continue }
                targets[name] = target
            }
            if let link = fields["acknowledge"]?.fields("links of acknowledgement", ["base", "secret"]) {
                base = link.required("base").flatMap(Self.address)
                secret = link["secret"]?.text("the name of a secret") ?? secret
            }
        }
        guard faults.sorted.isEmpty else { throw ConfigFaults(faults.sorted) }
        self.targets = targets
        linkBase = base
        linkSecret = secret
    }

    /// The target of a name, else the one for all others; nil if neither stands in the file.
    package func target(of name: String) -> NoticeTarget? { targets[name] ?? targets[Self.fallback] }

    private static func target(_ name: String, _ value: ConfigValue) -> NoticeTarget? {
        guard let fields = value.fields("a target", ["webhook", "form", "secret", "timeout"]) else {
            return nil
        }
        let timeout = fields["timeout"].map { $0.duration() } ?? usualTimeout
        guard let timeout, timeout > .zero, timeout <= longestTimeout else {
            fields["timeout"]?.fault("a length of time up to 25s, since an attempt is given up after 30 s")
            return nil
        }
        let form = fields["form"].map { $0.word(NoticeTarget.Form.self) } ?? .json
        let secret = fields["secret"]?.text("the name of a secret")
        let url = fields["webhook"].map(address)
        guard let form else { return nil }
        if form == .pagerduty {
            guard let secret else {
                value.fault("secret, the name of the routing key's secret", got: "none")
                return nil
            }
            let usual = "https://events.pagerduty.com/v2/enqueue"
            guard let url = url ?? usual else { return nil }
            return NoticeTarget(name: name, url: url, form: form, secret: secret, timeout: timeout)
        }
        guard let url else {
            guard secret != nil, form != .json else {
                value.fault("webhook, or a form with the secret that is its address", got: "neither")
                return nil
            }
            return NoticeTarget(name: name, url: nil, form: form, secret: secret, timeout: timeout)
        }
        guard let url else { return nil }
        return NoticeTarget(name: name, url: url, form: form, secret: secret, timeout: timeout)
    }

    private static func address(_ value: ConfigValue) -> String? { value.webAddress() }
}

extension ConfigValue {
    /// `https://…`, or `http://` on this machine; without a slash at the end.
    func webAddress() -> String? {
        let expected = "an address https://…, or http://localhost or http://127.0.0.1"
        guard let text = text(expected) else { return nil }
        let plain = ["http://localhost", "http://127.0.0.1"].contains {
            text.hasPrefix($0 + ":") || text.hasPrefix($0 + "/")
        }
        let isWhole = text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && text.utf8.count <= 1_024
        guard isWhole, plain || (text.hasPrefix("https://") && text.utf8.count > 8) else {
            fault(expected, got: "another")
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
