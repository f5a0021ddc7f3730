/// Reads the part of YAML that configurations are written in; of anything else it says nothing.
///
/// Problem: `decide` read 57,000 phrases through libyaml's tokens and events, a third of the time that it took to start.
/// Choice: one pass over the bytes for what nearly every file consists of (mappings and lists by indentation, `[…]`, `{…}`,
/// plain and quoted texts on one line, `|`), and nil for everything else, whereupon Yams reads the file: it alone decides
/// what is right, and its errors are the ones that people see. Rejected: phrases in a format of their own, which people would
/// have to learn. How it fails: by giving up, which costs time only; that it never reads otherwise than Yams is tested on
/// every shipped file and on broken copies of them.
struct PlainYAML {
    var cursor: YAMLCursor
    private var depth = 0

    private static let mostDepth = 16

    /// This form of YAML ends here.
    struct GivenUp: Error {}

    /// The whole document; nil if Yams must read it.
    static func document(_ bytes: [UInt8]) -> ConfigNode? {
        bytes.withUnsafeBufferPointer { buffer in
            guard isPlain(buffer), String(validating: buffer, as: UTF8.self) != nil else { return nil }
            var reader = PlainYAML(buffer)
            return try? reader.read()
        }
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        cursor = YAMLCursor(bytes)
    }

    /// Without tabs, carriage returns and what YAML takes for a break or refuses.
    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 {
                if byte != 0x0A { return false }
            } else if byte >= 0x7F {
                if byte == 0x7F { return false }
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                let third = index + 2 < bytes.count ? bytes[index + 2] : 0
                switch (byte, next, third) {
                case (0xC2, 0x80...0x9F, _), (0xE2, 0x80, 0xA8...0xA9), (0xEF, 0xBF, 0xBE...0xBF), (0xEF, 0xBB, 0xBF):
                    return false
                default: break
                }
            }
            index += 1
        }
        return true
    }

    private mutating func read() throws(GivenUp) -> ConfigNode {
        guard try cursor.skipToContent(), cursor.column == 0 else { throw GivenUp() }
        let node = try block(indent: 0)
        guard try !cursor.skipToContent() else { throw GivenUp() }
        return node
    }

    // MARK: By indentation

    /// A mapping or list whose entries begin in the column `indent`, at the first of them.
    private mutating func block(indent: Int) throws(GivenUp) -> ConfigNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostDepth else { throw GivenUp() }
        return cursor.isDash ? try blockSequence(indent) : try blockMapping(indent)
    }

    private mutating func blockMapping(_ indent: Int) throws(GivenUp) -> ConfigNode {
        let place = cursor.place
        var entries: [ConfigNode.Entry] = []
        repeat {
            let key = try key(isFlow: false)
            let keyLine = cursor.line
            guard cursor.isBlank else { throw GivenUp() }
            cursor.skipSpaces()
            let value: ConfigNode
            if cursor.isLineEnd {
                guard try cursor.skipToContent() else { throw GivenUp() }
                if cursor.column > indent {
                    value =
                        cursor.isDash || isKey
                        ? try block(indent: cursor.column) : try inline(parent: indent)
                } else if cursor.column == indent, cursor.isDash {
                    value = try blockSequence(indent)
                } else {
                    throw GivenUp()
                }
            } else {
                guard cursor.line == keyLine else { throw GivenUp() }
                value = try inline(parent: indent)
            }
            try expectNew(key, entries)
            entries.append(ConfigNode.Entry(key: key, value: value))
        } while try goesOn(indent)
        return ConfigNode(.mapping(entries), line: place.line, column: place.column)
    }

    private mutating func blockSequence(_ indent: Int) throws(GivenUp) -> ConfigNode {
        let place = cursor.place
        var items: [ConfigNode] = []
        repeat {
            guard cursor.isDash else {
                // A list may stand in the column of its key; the next key ends it.
                break
            }
            cursor.at += 1
            guard cursor.isSpace else { throw GivenUp() }
            cursor.skipSpaces()
            guard !cursor.isLineEnd, !cursor.isDash else { throw GivenUp() }
            items.append(isKey ? try block(indent: cursor.column) : try inline(parent: indent))
        } while try goesOn(indent)
        return ConfigNode(.sequence(items), line: place.line, column: place.column)
    }

    /// Two equal keys are for Yams to report; so many that the search for them would cost are for it too.
    private func expectNew(_ key: ConfigNode, _ entries: [ConfigNode.Entry]) throws(GivenUp) {
        guard entries.count < 256, !entries.contains(where: { $0.key.text == key.text }) else { throw GivenUp() }
    }

    /// The next content stands in the same column, or further left where the block ends.
    private mutating func goesOn(_ indent: Int) throws(GivenUp) -> Bool {
        guard try cursor.skipToContent() else { return false }
        guard cursor.column <= indent else { throw GivenUp() }
        return cursor.column == indent
    }

    /// A value on the line of its key or dash.
    private mutating func inline(parent indent: Int) throws(GivenUp) -> ConfigNode {
        let node: ConfigNode
        switch cursor.byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"): node = try flow()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): node = try quoted()
        case UInt8(ascii: "|"): return try literal(parent: indent)
        default: node = try plain(isFlow: false)
        }
        guard cursor.isBlank else { throw GivenUp() }
        cursor.skipSpaces()
        guard cursor.isLineEnd else { throw GivenUp() }
        return node
    }

    /// The text behind `|`: its lines without their indentation, one break at its end.
    private mutating func literal(parent indent: Int) throws(GivenUp) -> ConfigNode {
        let place = cursor.place
        cursor.at += 1
        guard cursor.isBreak else { throw GivenUp() }
        cursor.nextLine()
        var text: [UInt8] = []
        var own = 0
        while cursor.isSpace {
            cursor.at += 1
            own += 1
        }
        guard own > indent, cursor.byte > 0x0A else { throw GivenUp() }
        while true {
            let end = cursor.endOfLine
            guard end < cursor.bytes.count else { throw GivenUp() }
            text += cursor.bytes[cursor.at..<end]
            text.append(0x0A)
            cursor.at = end
            cursor.nextLine()
            var spaces = 0
            while cursor.at + spaces < cursor.bytes.count, spaces < own, cursor.bytes[cursor.at + spaces] == 0x20 {
                spaces += 1
            }
            guard cursor.at + spaces < cursor.bytes.count else {
                guard spaces == 0 else { throw GivenUp() }
                break
            }
            // An empty line may belong to the text or not.
            guard cursor.bytes[cursor.at + spaces] != 0x0A else { throw GivenUp() }
            if spaces < own {
                guard spaces <= indent || cursor.bytes[cursor.at + spaces] == UInt8(ascii: "#") else { throw GivenUp() }
                break
            }
            cursor.at += spaces
        }
        return ConfigNode(
            .scalar(String(decoding: text, as: UTF8.self), isPlain: false), line: place.line, column: place.column)
    }

    // MARK: In brackets

    private mutating func flow() throws(GivenUp) -> ConfigNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostDepth else { throw GivenUp() }
        let place = cursor.place
        let isMapping = cursor.byte == UInt8(ascii: "{")
        let end = isMapping ? UInt8(ascii: "}") : UInt8(ascii: "]")
        cursor.at += 1
        var entries: [ConfigNode.Entry] = []
        var items: [ConfigNode] = []
        while true {
            try skipInFlow()
            if cursor.byte == end { break }
            if isMapping {
                let key = try key(isFlow: true)
                guard cursor.isSpace else { throw GivenUp() }
                try skipInFlow()
                try expectNew(key, entries)
                entries.append(ConfigNode.Entry(key: key, value: try flowValue()))
            } else {
                items.append(try flowValue())
            }
            try skipInFlow()
            if cursor.byte == UInt8(ascii: ",") { cursor.at += 1 } else if cursor.byte != end { throw GivenUp() }
        }
        cursor.at += 1
        return ConfigNode(isMapping ? .mapping(entries) : .sequence(items), line: place.line, column: place.column)
    }

    private mutating func flowValue() throws(GivenUp) -> ConfigNode {
        switch cursor.byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"): try flow()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): try quoted()
        default: try plain(isFlow: true)
        }
    }

    private mutating func skipInFlow() throws(GivenUp) {
        while cursor.at < cursor.bytes.count {
            if cursor.byte == 0x20 {
                cursor.at += 1
            } else if cursor.byte == 0x0A {
                cursor.nextLine()
                // Where a document might begin or end.
                if cursor.byte == UInt8(ascii: "-") || cursor.byte == UInt8(ascii: ".") { throw GivenUp() }
            } else if cursor.byte == UInt8(ascii: "#") {
                guard cursor.at > 0, cursor.bytes[cursor.at - 1] == 0x20 || cursor.bytes[cursor.at - 1] == 0x0A else {
                    throw GivenUp()
                }
                cursor.at = cursor.endOfLine
            } else {
                return
            }
        }
        throw GivenUp()
    }
}
