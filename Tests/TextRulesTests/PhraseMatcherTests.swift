import Testing

@testable import TextRules

@Suite("Finding phrases")
struct PhraseMatcherTests {
    private static func matcher(_ phrases: String...) -> PhraseMatcher {
        PhraseMatcher(phrases: phrases.map { Phrase(text: $0, rule: "faq.\($0)", class: "price") })
    }

    private static func found(_ phrase: String, in text: String) -> [String] {
        let bytes = Array(text.utf8)
        return matcher(phrase).matches(in: text).map { String(decoding: bytes[$0.start..<$0.end], as: UTF8.self) }
    }

    @Test(
        "a phrase is found in the original's bytes, whatever its spelling",
        arguments: [
            ("bao nhiêu", "Cái này BAO  NHIÊU vậy?", ["BAO  NHIÊU"]),
            ("bao nhieu", "giá bao nhie\u{302}u?", ["bao nhie\u{302}u"]),
            ("bao nhiêu", "gia bao nhieu", ["bao nhieu"]),
            ("how much", "So HOW\nmuch is it? how much", ["HOW\nmuch", "how much"]),
            ("ship*", "Shipping? ship!", ["Shipping", "ship"]),
            ("versand*", "Was kosten die Versandkosten", ["Versandkosten"]),
            ("いくら", "これはいくらですか", ["いくら"]),
            ("เท่าไหร่", "ตัวนี้ราคาเท่าไหร่คะ", ["เท่าไหร่"]),
            ("배송비*", "배송비는 얼마예요", ["배송비는"]),
            ("多少钱", "请问这个多少钱", ["多少钱"]),
            ("price", "the 𝗽𝗿𝗶𝗰𝗲 please", ["𝗽𝗿𝗶𝗰𝗲"]),
            ("größe", "Welche GROESSE oder Grösse?", ["Grösse"]),
            ("🔥🔥", "wow🔥🔥", ["🔥🔥"]),
        ])
    func found(phrase: String, text: String, expected: [String]) {
        #expect(Self.found(phrase, in: text) == expected)
    }

    @Test(
        "a phrase is not found inside another word",
        arguments: [
            ("lie", "I believe you"), ("size", "resized"), ("ship", "shipping"), ("ship*", "membership"),
            ("gia", "giao hang"), ("цена", "оценка"), ("كم", "لكم"),
        ])
    func borders(phrase: String, text: String) {
        #expect(Self.found(phrase, in: text).isEmpty)
    }

    @Test("hits overlap, carry rule and class, and come by start, end and the phrases' order")
    func order() {
        let matcher = PhraseMatcher(phrases: [
            Phrase(text: "how much is it", rule: "b", class: "price"),
            Phrase(text: "how much", rule: "a", class: "price"),
            Phrase(text: "how much", rule: "c", class: "shipping_cost"),
            Phrase(text: "is it", rule: "d", class: "stock"),
        ])
        let hits = matcher.matches(in: "how much is it")
        #expect(hits.map(\.rule) == ["a", "c", "b", "d"])
        #expect(hits.map(\.start) == [0, 0, 0, 9])
        #expect(hits.map(\.end) == [8, 8, 14, 14])
        #expect(hits[1].class == "shipping_cost")
    }

    @Test("a span covers the marks and invisible scalars of its last letter, on scalar borders")
    func spans() throws {
        let hit = try #require(Self.matcher("gia").matches(in: "→gia\u{301}\u{200B} 5").first)
        #expect(hit.start == 3)
        #expect(hit.end == 11)
    }

    @Test("a phrase of which nothing is left is named and never matches")
    func leftOut() {
        let matcher = Self.matcher("\u{200B}", "*", "ok")
        #expect(matcher.leftOut.map(\.text) == ["\u{200B}", "*"])
        #expect(matcher.matches(in: "ok").count == 1)
    }

    @Test("a matcher without phrases finds nothing, and an empty text holds nothing")
    func empty() {
        #expect(PhraseMatcher(phrases: []).matches(in: "how much").isEmpty)
        #expect(Self.matcher("a").matches(in: "").isEmpty)
    }

    @Test(
        "a text built to be slow has bounded hits",
        arguments: ["a", "a ", "いくら", "🔥", "aa\u{301}", "аa "])
    func pathological(piece: String) {
        let nested = (1...40).map {
            Phrase(text: String(repeating: "a", count: $0) + "*", rule: "r\($0)", class: "spam")
        }
        let others = ["いくら", "ら*", "🔥", "🔥*"].map { Phrase(text: $0, rule: $0, class: "spam") }
        let text = String(repeating: piece, count: 100_000)
        let matcher = PhraseMatcher(phrases: nested + others)
        let hits = matcher.matches(in: text)
        #expect(!hits.isEmpty)
        #expect(hits.count <= PhraseMatcher.mostMatches)
        #expect(hits.allSatisfy { $0.start < $0.end && $0.end <= text.utf8.count })
    }

    @Test("the automaton finds what a plain search finds", arguments: [UInt64(1), 2, 3, 4, 5])
    func againstPlainSearch(seed: UInt64) {
        var state = seed
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let letters = Array("ab c".utf8)
        let patterns = (0..<12).map { _ in (0...draw(4)).map { _ in letters[draw(4)] } }
        let text = (0..<400).map { _ in letters[draw(4)] }
        var expected = Set<[Int]>()
        for (index, pattern) in patterns.enumerated() {
            for start in 0...(text.count - pattern.count)
            where Array(text[start..<start + pattern.count]) == pattern {
                expected.insert([index, start + pattern.count])
            }
        }
        var found = Set<[Int]>()
        ByteAutomaton(patterns: patterns).scan(text) { pattern, end in
            found.insert([pattern, end])
            return true
        }
        #expect(found == expected, "seed \(seed)")
    }
}
