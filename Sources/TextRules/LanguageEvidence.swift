/// What tells texts in one language from others, of `languages/<tag>/detect.yaml`.
package struct LanguageEvidence: Sendable {
    package enum Script: String, Sendable, CaseIterable {
        case latin = "Latin"
        case cyrillic = "Cyrillic"
        case greek = "Greek"
        case arabic = "Arabic"
        case hebrew = "Hebrew"
        case devanagari = "Devanagari"
        case thai = "Thai"
        case han = "Han"
        case hangul = "Hangul"
        case kana = "Kana"
    }

    /// Tag of the pack.
    package let tag: String
    package let script: Script
    package let words: [String]
    package let letters: [String]

    package init(tag: String, script: Script, words: [String] = [], letters: [String] = []) {
        self.tag = tag
        self.script = script
        self.words = words
        self.letters = letters
    }
}

/// Tells a text's language by its script first, then by words and letters; says nothing where they are weak.
struct LanguageDetector: Sendable {
    /// The language of each script that one pack alone has, where nothing but the script is needed.
    private let soleOfScript: [LanguageEvidence.Script: Int]
    private let scripts: [LanguageEvidence.Script]
    /// Languages of other scripts that people type in Latin letters, too: their packs name words so written.
    private let romanised: [Bool]
    /// For each scalar of the first 8,192 and of Han a mask of the languages that have it as their letter.
    private let letters: [UInt32: UInt64]
    private let letterMap: [Bool]

    /// Scripts in which no large language is written but those of the packs.
    private static let telling: Set<LanguageEvidence.Script> = [.greek, .hebrew, .thai, .hangul, .kana]

    init(_ evidence: [LanguageEvidence]) {
        scripts = evidence.map(\.script)
        romanised = evidence.map { language in
            language.script != .latin && language.words.contains { $0.utf8.allSatisfy { $0 < 0x80 } }
        }
        var sole: [LanguageEvidence.Script: Int] = [:]
        for script in LanguageEvidence.Script.allCases where Self.telling.contains(script) {
            let those = evidence.indices.filter { evidence[$0].script == script }
            if those.count == 1 { sole[script] = those[0] }
        }
        soleOfScript = sole
        var letters: [UInt32: UInt64] = [:]
        var map = [Bool](repeating: false, count: 0x1_0000)
        for (index, language) in evidence.enumerated() where index < 64 {
            for letter in language.letters {
                for scalar in (letter.lowercased() + letter.uppercased()).unicodeScalars {
                    guard scalar.value > 0x7F, scalar.value <= 0xFFFF else { continue }
                    letters[scalar.value, default: 0] |= 1 << UInt64(index)
                    map[Int(scalar.value)] = true
                }
            }
        }
        self.letters = letters
        letterMap = map
    }

    /// The index of the language, or nil where the evidence is weak.
    ///
    /// - Parameter words: for each language how much its frequent words and its phrases weigh in the text.
    func language(of source: UnsafeBufferPointer<UInt8>, words: [Int32]) -> Int? {
        var counts = ScriptCounts()
        var scores = words
        var offset = 0
        var left = NormalisedText.mostScalars
        while offset < source.count, left > 0 {
            left -= 1
            let byte = source[offset]
            if byte < 0x80 {
                if byte | 0x20 >= 0x61, byte | 0x20 <= 0x7A { counts.latin += 1 }
                offset += 1
                continue
            }
            let (scalar, length) = UTF8Scalar.decode(source, at: offset)
            offset += length
            counts.count(scalar)
            if scalar <= 0xFFFF, letterMap[Int(scalar)], let mask = letters[scalar] {
                let weight = Int32(12 / max(1, mask.nonzeroBitCount))
                for index in scores.indices where mask & (1 << UInt64(index)) != 0 { scores[index] += weight }
            }
        }
        guard let script = counts.leading else { return nil }
        if let sole = soleOfScript[script] { return sole }
        return best(of: script, scores, scalars: counts.total)
    }

    private func best(of script: LanguageEvidence.Script, _ scores: [Int32], scalars: Int) -> Int? {
        var first = -1
        var second: Int32 = 0
        for index in scores.indices where index < scripts.count && fits(index, script) {
            if first < 0 || scores[index] > scores[first] {
                if first >= 0 { second = max(second, scores[first]) }
                first = index
            } else {
                second = max(second, scores[index])
            }
        }
        // Two frequent words that no other language has, or more that others share; clearly more than the next best.
        // One that is written in other letters than its own always needs two: one word is another language's by chance.
        let isRomanised = first >= 0 && script == .latin && scripts[first] != .latin
        let needed = Int32(isRomanised ? 24 : scalars < 24 ? 12 : 20)
        guard first >= 0, scores[first] >= needed, scores[first] * 4 >= second * 5 else { return nil }
        return first
    }

    private func fits(_ index: Int, _ text: LanguageEvidence.Script) -> Bool {
        let language = scripts[index]
        return language == text || language == .kana && text == .han || text == .latin && romanised[index]
    }
}

/// How many letters of each script a text holds.
private struct ScriptCounts {
    var latin = 0
    private var greek = 0
    private var cyrillic = 0
    private var hebrew = 0
    private var arabic = 0
    private var devanagari = 0
    private var thai = 0
    private var kana = 0
    private var hangul = 0
    private var han = 0

    var total: Int { latin + others.reduce(0) { $0 + $1.count } }

    @inline(__always)
    mutating func count(_ scalar: UInt32) {
        switch scalar {
        case 0xC0...0x24F, 0x1E00...0x1EFF: latin += 1
        case 0xE00...0xE7F: thai += 1
        case 0x600...0x77F, 0xFB50...0xFDFF, 0xFE70...0xFEFC: arabic += 1
        case 0x3400...0x9FFF, 0x20000...0x2FFFF: han += 1
        case 0x400...0x52F: cyrillic += 1
        case 0x3040...0x30FF, 0xFF66...0xFF9F: kana += 1
        case 0x1100...0x11FF, 0xAC00...0xD7A3: hangul += 1
        case 0x370...0x3FF, 0x1F00...0x1FFF: greek += 1
        case 0x590...0x5FF: hebrew += 1
        case 0x900...0x97F: devanagari += 1
        default: break
        }
    }

    private var others: [(script: LanguageEvidence.Script, count: Int)] {
        [
            (.greek, greek), (.cyrillic, cyrillic), (.hebrew, hebrew), (.arabic, arabic), (.devanagari, devanagari),
            (.thai, thai), (.kana, kana), (.hangul, hangul), (.han, han),
        ]
    }

    /// The script of most letters; a text with some kana is Japanese whatever its Han. Latin words stand in texts of all
    /// scripts, so another script leads with a third of the letters.
    var leading: LanguageEvidence.Script? {
        if latin == total { return latin > 0 ? .latin : nil }
        guard var best = others.max(by: { $0.count < $1.count }) else { return nil }
        if best.script == .han, kana > 0, kana * 8 >= han { best = (.kana, han + kana) }
        return best.count * 2 >= latin ? best.script : .latin
    }
}
