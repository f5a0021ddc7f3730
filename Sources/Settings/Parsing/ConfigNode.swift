internal import Yams

/// A YAML document as a tree with places, whoever read it.
///
/// Our own and not Yams' node, because it may cross threads and is a third of its size.
struct ConfigNode: Sendable {
    enum Content: Sendable {
        /// A text as it is written; only a plain one can be `null`.
        case scalar(String, isPlain: Bool)
        case mapping([Entry])
        case sequence([ConfigNode])
        /// Anchors and aliases are no part of a configuration.
        case alias
    }

    struct Entry: Sendable {
        let key: ConfigNode
        let value: ConfigNode
    }

    let content: Content
    /// From 1.
    let line: Int32
    /// From 1, in scalars.
    let column: Int32

    var mapping: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }

    var text: String? { if case .scalar(let text, _) = content { text } else { nil } }

    init(_ content: Content, line: Int32, column: Int32) {
        self.content = content
        self.line = line
        self.column = column
    }

    /// A document; nil for an empty one.
    ///
    /// - Throws: Yams' error for what is no YAML, `Repetition` for aliases that make more of it than it has bytes.
    static func yaml(_ bytes: [UInt8]) throws -> ConfigNode? {
        if let node = PlainYAML.document(bytes) { return node }
        var left = 4 * bytes.count + 1_024
        return try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)).map { try ConfigNode($0, &left) }
    }

    /// Aliases of aliases, of which a few lines would fill all memory.
    struct Repetition: Error {}

    private init(_ node: Node, _ left: inout Int) throws {
        left -= 1
        guard left > 0 else { throw Repetition() }
        switch node {
        case .scalar(let scalar): content = .scalar(scalar.string, isPlain: scalar.style == .plain)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                entries.append(Entry(key: try ConfigNode(key, &left), value: try ConfigNode(value, &left)))
            }
            content = .mapping(entries)
        case .sequence(let sequence):
            var items: [ConfigNode] = []
            for item in sequence { items.append(try ConfigNode(item, &left)) }
            content = .sequence(items)
        case .alias: content = .alias
        }
        line = Int32(clamping: node.mark?.line ?? 0)
        column = Int32(clamping: node.mark?.column ?? 0)
    }
}
