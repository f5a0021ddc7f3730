import Testing
import Yams

@testable import Settings

@Suite("What is read without Yams says what Yams would say")
struct PlainYAMLTests {
    private static func ours(_ text: [UInt8]) -> String? { PlainYAML.document(text).map { described($0) } }

    private static func theirs(_ text: [UInt8]) -> String? {
        guard let node = try? Yams.compose(yaml: String(decoding: text, as: UTF8.self)) else { return nil }
        return described(node)
    }

    private static func described(_ node: ConfigNode) -> String {
        let place = "@\(node.line):\(node.column)"
        switch node.content {
        case .scalar(let text, let isPlain): return "\(isPlain ? "plain" : "quoted") \(text)\(place)"
        case .mapping(let entries):
            return "{" + entries.map { described($0.key) + "=" + described($0.value) }.joined(separator: ";")
                + "}\(place)"
        case .sequence(let items): return "[" + items.map { described($0) }.joined(separator: ";") + "]\(place)"
        case .alias: return "alias"
        }
    }

    private static func described(_ node: Node) -> String {
        let place = "@\(node.mark?.line ?? 0):\(node.mark?.column ?? 0)"
        switch node {
        case .scalar(let scalar):
            return "\(scalar.style == .plain ? "plain" : "quoted") \(scalar.string)\(place)"
        case .mapping(let mapping):
            return "{" + mapping.map { described($0.key) + "=" + described($0.value) }.joined(separator: ";")
                + "}\(place)"
        case .sequence(let sequence):
            return "[" + sequence.map { described($0) }.joined(separator: ";") + "]\(place)"
        case .alias: return "alias"
        }
    }

    @Test("every shipped file is read without Yams, and as Yams reads it, places included")
    func shippedFiles() throws {
        var givenUp: [String] = []
        for file in try ShippedConfig.files().files where file.path.hasSuffix(".yaml") {
            guard let node = PlainYAML.document(file.bytes) else {
                givenUp.append(file.path)
                continue
            }
            // Yams is slow in a debug build: of the long files one stands for all.
            if file.bytes.count < 20_000 || file.path.contains("/ja/") {
                #expect(Self.described(node) == Self.theirs(file.bytes), "\(file.path)")
            }
        }
        #expect(givenUp == [])
    }

    @Test(
        "what it does not know it gives to Yams",
        arguments: [
            "", "text", "a:", "a: |\n", "a: >\n  b\n", "a: &x b\nc: *x", "a: !!str b", "a:\tb", "a: b\r\n", "---\na: b",
            "%YAML 1.1\n---\na: b", "a: b\na: c", "a: b\n  c", "a: \"b\n  c\"", "a: [b\n  c]", "a: [b: c]", "a: {b}",
            "a: [b, c", "? a\n: b", "a: b: c", "a: 'b' c", "a: - b", "- - b", "a: |-\n  b\n", "<<: {a: b}",
            "a: \"\\U00000041\"", "a: %b", "a: @b", "a: ?b", " a: b", "a: b\n...\n", "a: \u{85}", "a: b\u{2028}",
            "\u{FEFF}a: b",
            "[a]", "{a: b}", "a: |\n  b\n\n  c\n",
        ])
    func unknown(text: String) {
        #expect(Self.ours(Array(text.utf8)) == nil)
    }

    @Test(
        "what it knows it reads as Yams does",
        arguments: [
            "a: b", "a: b c  # d\n", "a : b\n", "a: b#c", "a: 'it''s'", "a: \"say \\\"x\\\" \\\\ \\n\"",
            "a:\n- b\n- c\nd: e", "a:\n  - b: c\n    d: e\n  - f: g", "a: [b, \"c, d\", 'e', f g,]\n",
            "a: [b,  # one\n  c]\n", "a: {b: c, d: [e, f], g: {h: i}}", "ключ: значение  # да\nб: [в, г]",
            "a: |\n  b: c\n   d\n# comment\ne: f\n", "- a\n- b: c", "a: http://x/y?z",
            "a:\n  [b,\n   c]\nd:\n  \"e\"\n", "a: \"\\u0041\\xe9\"",
            "a: -1\nb: 12:30\nc: 1.5",
            "a: []\nb: {}",
            "a:\n\n  # x\n  b: c\n\nd: e\n", "\"a\": b\n'c': d", "a: ~\nb: null\nc: true",
        ])
    func known(text: String) {
        let ours = Self.ours(Array(text.utf8))
        #expect(ours == Self.theirs(Array(text.utf8)) || ours == nil && text == "a : b\n")
        #expect(ours != nil || text == "a : b\n")
    }

    @Test("broken copies of shipped files are read as Yams reads them, or not at all", arguments: [UInt64(1), 2, 3, 4])
    func brokenCopies(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let files = try ShippedConfig.files().files.filter { $0.path.hasSuffix(".yaml") }
        let signs = Array(" \n:-[]{},#'\"|a>&*?!\\\t0".utf8)
        for round in 0..<200 {
            // A piece of a file that begins at a line.
            let file = files[Int(random.next() % UInt64(files.count))]
            let lines = file.bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            let first = Int(random.next() % UInt64(lines.count))
            var text = Array(lines[first..<min(lines.count, first + 12)].joined(separator: [0x0A]))
            for _ in 0...(random.next() % 4) where !text.isEmpty {
                let place = Int(random.next() % UInt64(text.count))
                let sign = signs[Int(random.next() % UInt64(signs.count))]
                switch random.next() % 3 {
                case 0: text[place] = sign
                case 1: text.insert(sign, at: place)
                default: text.remove(at: place)
                }
            }
            guard let ours = Self.ours(text) else { continue }
            #expect(
                ours == Self.theirs(text), "seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
