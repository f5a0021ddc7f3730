internal import Yams

/// One value of a YAML file with its place, read by what it should be. A wrong value reports itself and is nil.
///
/// Problem: every fault of a configuration is to be named in one run, with line and column. Choice: a thin cursor over
/// Yams' nodes, which keep their marks. Rejected: Codable decoding, which stops at the first fault and forgets places.
struct ConfigValue {
    let file: String
    let faults: FaultList
    private let node: Node

    /// The value of a whole file; nil, and a fault, if it is no YAML or empty.
    init?(_ file: ConfigFiles.File, faults: FaultList) {
        do {
            let text = String(decoding: file.bytes, as: UTF8.self)
            guard let root = try Yams.compose(yaml: text) else {
                faults.add(ConfigFault(file: file.path, line: 1, column: 1, expected: "settings", got: "an empty file"))
                return nil
            }
            self.init(file: file.path, faults: faults, node: root)
        } catch {
            faults.add(YAMLFault.of(error, file: file.path))
            return nil
        }
    }

    private init(file: String, faults: FaultList, node: Node) {
        self.file = file
        self.faults = faults
        self.node = node
    }

    /// Line and column, from 1.
    var place: (line: Int, column: Int) { (node.mark?.line ?? 0, node.mark?.column ?? 0) }

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
        guard case .mapping(let mapping) = node else {
            fault(expected)
            return []
        }
        return mapping.map { (child($0.key), child($0.value)) }
    }

    /// The entries of a mapping whose keys are known; a key that is not reports itself.
    func fields(_ what: String, _ known: [String]) -> Fields? {
        guard case .mapping(let mapping) = node else {
            fault("\(what): \(known.joined(separator: ", "))")
            return nil
        }
        var values: [String: ConfigValue] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            if known.contains(name) {
                values[name] = child(value)
            } else {
                child(key).fault(
                    "a key of \(what): \(known.joined(separator: ", "))", nearest: NearestWord.to(name, among: known))
            }
        }
        return Fields(of: self, what: what, values: values)
    }

    /// The value of a key as it stands there, unread; nil if this is no mapping with it.
    func entry(_ key: String) -> ConfigValue? { node.mapping?[key].map(child) }

    func list(_ expected: String) -> [ConfigValue]? {
        guard case .sequence(let sequence) = node else {
            fault(expected)
            return nil
        }
        return sequence.map(child)
    }

    /// A scalar as it is written; not empty.
    func text(_ expected: String) -> String? {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty, !isNull(scalar) else {
            fault(expected)
            return nil
        }
        return scalar.string
    }

    /// A scalar as it is written, which may be empty.
    func optionalText() -> String? {
        if let text = node.scalar?.string { return text }
        fault("a text")
        return nil
    }

    func flag() -> Bool? {
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default:
            fault("true or false")
            return nil
        }
    }

    func number(_ range: ClosedRange<Int>, _ what: String) -> Int? {
        guard let text = node.scalar?.string, let number = Int(text), range.contains(number) else {
            fault("\(what), a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// One of some words.
    func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type) -> Word? where Word.RawValue == String {
        let known = Word.allCases.map(\.rawValue)
        let text = node.scalar?.string ?? ""
        if let word = Word(rawValue: text) { return word }
        fault("one of \(known.joined(separator: ", "))", nearest: NearestWord.to(text, among: known))
        return nil
    }

    /// A length of time such as `90s`, `30m`, `1h30m`, `7d`; not negative, at most 400 days.
    func duration() -> Duration? {
        guard let text = node.scalar?.string, let duration = WrittenDuration.parse(text) else {
            fault("a length of time such as 90s, 30m, 1h30m or 7d")
            return nil
        }
        return duration
    }

    private func child(_ node: Node) -> ConfigValue { ConfigValue(file: file, faults: faults, node: node) }

    private func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["~", "null"].contains(scalar.string)
    }

    /// What came, for messages: short, and never the value of a list or mapping.
    private var described: String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "\"\(scalar.string.prefix(60))\""
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

/// Lengths of time as people write them.
enum WrittenDuration {
    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]

    /// Nil unless the text is a run of numbers with a unit `s`, `m`, `h` or `d`, at most 400 days together.
    static func parse(_ text: String) -> Duration? {
        var total = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber, digits.count < 8 {
                digits.append(character)
            } else {
                guard let unit = units[character], let number = Int(digits) else { return nil }
                total += number * unit
                digits = ""
            }
        }
        guard digits.isEmpty, !text.isEmpty, total <= 400 * 86_400 else { return nil }
        return .seconds(total)
    }
}

/// Yams' errors in the one form of configuration faults.
enum YAMLFault {
    static func of(_ error: any Error, file: String) -> ConfigFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigFault(
                file: file, line: mark.line, column: mark.column, expected: "YAML", got: "an error: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return ConfigFault(
                file: file, line: context.mark.line, column: context.mark.column, expected: "each key once",
                got: duplicates.sorted().joined(separator: ", ") + " twice")
        case .reader(let problem, _, _, _):
            return ConfigFault(file: file, expected: "UTF-8 text", got: "an error: \(problem)")
        default:
            return ConfigFault(file: file, expected: "YAML", got: "\(error)")
        }
    }
}
