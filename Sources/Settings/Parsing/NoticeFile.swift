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

    /// What is wrong with a file, and names that are called and stand nowhere in it.
    package static func faults(of text: [UInt8], file: String, calling names: Set<String>) -> [ConfigFault] {
        do {
            let targets = try NoticeTargets(text: text, file: file)
            return names.sorted().filter { targets.target(of: $0) == nil }.map {
                ConfigFault(
                    file: file, expected: "a target of \($0), whom a team calls, or one named \(fallback)", got: "none",
                    nearest: NearestWord.to($0, among: targets.targets.keys))
            }
        } catch let error as ConfigFaults {
            return error.faults
        } catch {
            return [ConfigFault(file: file, expected: "a file of notices", got: "\(error)")]
        }
    }

    /// The target of a name, else the one for all others; nil if neither stands in the file.
    package func target(of name: String) -> NoticeTarget? { targets[name] ?? targets[Self.fallback] }

    private static func target(_ name: String, _ value: ConfigValue) -> NoticeTarget? {
        guard
            let fields = value.fields("a target", ["webhook", "form", "mail", "command", "secret", "timeout", "ends"])
        else {
            return nil
        }
        let timeout = fields["timeout"].map { $0.duration() } ?? usualTimeout
        guard let timeout, timeout > .zero, timeout <= longestTimeout else {
            fields["timeout"]?.fault("a length of time up to 25s, since an attempt is given up after 30 s")
            return nil
        }
        let ways = ["mail", "command"].filter { fields[$0] != nil }
        guard ways.isEmpty || (ways.count == 1 && fields["webhook"] == nil && fields["form"] == nil) else {
            value.fault("one of webhook (with form), mail, command", got: "several")
            return nil
        }
        let secret = fields["secret"]?.text("the name of a secret")
        let way: NoticeTarget.Way?
        if let mail = fields["mail"] {
            way = MailRoute.read(mail, hasSecret: secret != nil).map { .mail($0) }
        } else if let command = fields["command"] {
            way = arguments(command, secret: fields["secret"]).map { .command($0) }
        } else {
            way = webhook(fields, value, secret)
        }
        let ends = fields["ends"].map { $0.flag() } ?? .some(way?.keepsIncidents ?? false)
        guard let way, let ends else { return nil }
        return NoticeTarget(name: name, way: way, secret: secret, timeout: timeout, hearsEnds: ends)
    }

    private static func webhook(_ fields: Fields, _ value: ConfigValue, _ secret: String?) -> NoticeTarget.Way? {
        let form = fields["form"].map { $0.word(NoticeTarget.Form.self) } ?? .json
        let url = fields["webhook"].map(address)
        guard let form else { return nil }
        if form == .pagerduty {
            guard secret != nil else {
                value.fault("secret, the name of the routing key's secret", got: "none")
                return nil
            }
            let usual = "https://events.pagerduty.com/v2/enqueue"
            return (url ?? usual).map { .webhook(url: $0, form: form) }
        }
        guard let url else {
            guard secret != nil, form != .json else {
                value.fault("webhook, mail, command, or a form with the secret that is its address", got: "none")
                return nil
            }
            return .webhook(url: nil, form: form)
        }
        return url.map { .webhook(url: $0, form: form) }
    }

    /// Program and arguments, as they are passed: no shell reads them.
    private static func arguments(_ value: ConfigValue, secret: ConfigValue?) -> [String]? {
        let expected = "a list: the whole path of a program, then its arguments"
        guard let list = value.list(expected) else { return nil }
        let words = list.compactMap { $0.optionalText() }
        guard words.count == list.count else { return nil }
        guard words.first?.hasPrefix("/") == true, words.count <= 64,
            words.allSatisfy({ !$0.utf8.contains(0) && $0.utf8.count <= 4_096 })
        else {
            value.fault(expected, got: words.first.map { "\"\($0.prefix(60))\"" } ?? "none")
            return nil
        }
        if let secret {
            secret.fault("no secret beside a command, which reads its own", got: "one")
            return nil
        }
        return words
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
