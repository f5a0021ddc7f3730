/// One value of a YAML file with its place, read by what it should be. A wrong value reports itself and is nil.
///
/// Problem: every fault of a configuration is to be named in one run, with line and column. Choice: a thin cursor over
/// Yams' nodes, which keep their marks. Rejected: Codable decoding, which stops at the first fault and forgets places.
struct ConfigValue: Sendable {
    let file: String
    let faults: FaultList
    private let node: ConfigNode

    /// The value of a whole file; nil, and a fault, if it is no YAML or empty.
    init?(_ file: ConfigFiles.File, faults: FaultList) {
        do {
            guard let root = try ConfigNode.yaml(file.bytes) else {
                faults.add(ConfigFault(file: file.path, line: 1, column: 1, expected: "settings", got: "an empty file"))
                return nil
            }
            self.init(file: file.path, faults: faults, node: root)
        } catch {
            faults.add(YAMLFault.of(error, file: file.path))
            return nil
        }
    }

    private init(file: String, faults: FaultList, node: ConfigNode) {
        self.file = file
        self.faults = faults
        self.node = node
    }

    /// Line and column, from 1.
    var place: (line: Int, column: Int) { (Int(node.line), Int(node.column)) }

    func fault(_ expected: String, got: String? = nil, nearest: String? = nil) {
        faults.add(faulted(expected, got: got, nearest: nearest))
    }

    /// The fault without reporting it.
    func faulted(_ expected: String, got: String? = nil, nearest: String? = nil) -> ConfigFault {
        let place = place
        return ConfigFault(
            file: file, line: place.line, column: place.column, expected: expected, got: got ?? described,
            nearest: nearest)
    }

    /// The entries of a mapping in the order of the file.
    func entries(_ expected: String) -> [(key: ConfigValue, value: ConfigValue)] {
        guard case .mapping(let mapping) = node.content else {
            fault(expected)
            return []
        }
        return mapping.map { (child($0.key), child($0.value)) }
    }

    /// The entries of a mapping whose keys are known; a key that is not reports itself.
    func fields(_ what: String, _ known: [String]) -> Fields? {
        guard case .mapping(let mapping) = node.content else {
            fault("\(what): \(known.joined(separator: ", "))")
            return nil
        }
        var values: [String: ConfigValue] = [:]
        for entry in mapping {
            let name = entry.key.text ?? ""
            if known.contains(name) {
                values[name] = child(entry.value)
            } else {
                child(entry.key).fault(
                    "a key of \(what): \(known.joined(separator: ", "))", nearest: NearestWord.to(name, among: known))
            }
        }
        return Fields(of: self, what: what, values: values)
    }

    /// The value of a key as it stands there, unread; nil if this is no mapping with it.
    func entry(_ key: String) -> ConfigValue? {
        node.mapping?.first { $0.key.text == key }.map { child($0.value) }
    }

    func list(_ expected: String) -> [ConfigValue]? {
        guard case .sequence(let sequence) = node.content else {
            fault(expected)
            return nil
        }
        return sequence.map(child)
    }

    /// The texts of a long list, each with its place if it is asked for; one that is none reports itself.
    func eachText(_ expected: String, _ item: String, _ body: (String, () -> ConfigValue) -> Void) {
        guard case .sequence(let sequence) = node.content else { return fault(expected) }
        for node in sequence {
            if case .scalar(let text, false) = node.content, !text.isEmpty {
                body(text) { child(node) }
            } else if let text = child(node).text(item) {
                body(text) { child(node) }
            }
        }
    }

    /// A scalar as it is written; not empty.
    func text(_ expected: String) -> String? {
        guard case .scalar(let text, let isPlain) = node.content, !text.isEmpty, !(isPlain && Self.isNull(text)) else {
            fault(expected)
            return nil
        }
        return text
    }

    /// A scalar as it is written, which may be empty.
    func optionalText() -> String? {
        if let text = node.text { return text }
        fault("a text")
        return nil
    }

    func flag() -> Bool? {
        switch node.text {
        case "true": return true
        case "false": return false
        default:
            fault("true or false")
            return nil
        }
    }

    /// Whether it is that very word; reports nothing.
    func isWord(_ word: String) -> Bool { node.text == word }

    func number(_ range: ClosedRange<Int>, _ what: String) -> Int? {
        guard let text = node.text, let number = Int(text), range.contains(number) else {
            fault("\(what), a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// One of some words.
    func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type) -> Word? where Word.RawValue == String {
        let known = Word.allCases.map(\.rawValue)
        let text = node.text ?? ""
        if let word = Word(rawValue: text) { return word }
        fault("one of \(known.joined(separator: ", "))", nearest: NearestWord.to(text, among: known))
        return nil
    }

    /// A length of time such as `90s`, `30m`, `1h30m`, `7d`; not negative, at most 400 days.
    func duration() -> Duration? {
        guard let text = node.text, let duration = WrittenDuration.parse(text) else {
            fault("a length of time such as 90s, 30m, 1h30m or 7d")
            return nil
        }
        return duration
    }

    private func child(_ node: ConfigNode) -> ConfigValue { ConfigValue(file: file, faults: faults, node: node) }

    private static func isNull(_ text: String) -> Bool { text == "~" || text == "null" }

    /// What came, for messages: short, and never the value of a list or mapping.
    private var described: String {
        switch node.content {
        case .scalar(let text, _): text.isEmpty ? "nothing" : "\"\(text.prefix(60))\""
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

/// The values of a mapping by key.
struct Fields {
    private let mapping: ConfigValue
    private let what: String
    private let values: [String: ConfigValue]

    init(of mapping: ConfigValue, what: String, values: [String: ConfigValue]) {
        self.mapping = mapping
        self.what = what
        self.values = values
    }

    subscript(key: String) -> ConfigValue? { values[key] }

    /// The value of a key that must be there.
    func required(_ key: String) -> ConfigValue? {
        if let value = values[key] { return value }
        mapping.fault("\(key) in \(what)", got: "no such key")
        return nil
    }
}
