import Testing

@testable import TextRules

@Suite("Finding phrases")
struct PhraseMatcherTests {
    private static func matcher(_ phrases: String...) -> PhraseMatcher {
        PhraseMatcher(phrases: phrases.map { Phrase(text: $0, meaning: .intent(.price), language: "en") })
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
            Phrase(text: "how much is it", meaning: .intent(.price), language: "en"),
            Phrase(text: "how much", meaning: .intent(.price), language: "sv"),
            Phrase(text: "how much", meaning: .intent(.shippingCost), language: "en"),
            Phrase(text: "is it", meaning: .class(.praise), language: ""),
        ])
        let hits = matcher.matches(in: "how much is it")
        #expect(hits.map(\.rule) == ["sv.price", "en.shipping_cost", "en.price", "praise"])
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
            Phrase(text: String(repeating: "a", count: $0) + "*", meaning: .spam(.offer), language: "en")
        }
        let others = ["いくら", "ら*", "🔥", "🔥*"].map { Phrase(text: $0, meaning: .spam(.offer), language: "en") }
        let text = String(repeating: piece, count: 100_000)
        let matcher = PhraseMatcher(phrases: nested + others)
        let hits = matcher.matches(in: text)
        #expect(!hits.isEmpty)
        #expect(hits.count <= PhraseMatcher.mostMatches)
        #expect(hits.allSatisfy { $0.start < $0.end && $0.end <= text.utf8.count })
    }

    @Test(
        "a * at the end of any word stands for the rest of that word",
        arguments: [
            ("jalk* hinta*", "mikä on jalkineiden hintanne?", ["jalkineiden hintanne"]),
            ("no funciona* bien", "no funcionaba bien", ["no funcionaba bien"]),
            ("no funciona* bien", "no funciona bien", ["no funciona bien"]),
            ("no funciona* bien", "no funciona tan bien", []), ("a* b* c*", "ab bc cd", ["ab bc cd"]),
            ("价格*", "价格是多少", ["价格"]),
        ])
    func stars(phrase: String, text: String, expected: [String]) {
        #expect(Self.found(phrase, in: text) == expected)
    }

    @Test("a * elsewhere than at a word's end is no phrase", arguments: ["f*ck", "*size", "a * b", "* *", "a **"])
    func misplacedStars(phrase: String) {
        #expect(!Phrase(text: phrase, meaning: .language, language: "").isFindable)
    }

    @Test("the tree finds what a plain search at word starts finds", arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func againstPlainSearch(seed: UInt64) {
        var state = seed
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let letters = Array("ab c".unicodeScalars)
        func written(_ count: Int) -> String {
            var text = String.UnicodeScalarView()
            for _ in 0..<count { text.append(letters[draw(4)]) }
            return String(text)
        }
        let patterns = (0..<40).map { _ in written(1 + draw(6)) }.filter {
            Phrase(text: $0, meaning: .language, language: "").isFindable
        }
        let text = written(400)
        let words = Array(NormalisedText(text).text.utf8)
        var expected = Set<[Int]>()
        for (index, pattern) in patterns.enumerated() {
            let form = Phrase(text: pattern, meaning: .language, language: "").form ?? []
            for start in 0..<max(0, words.count - form.count + 1) where Array(words[start..<start + form.count]) == form
            {
                let end = start + form.count
                let starts = start == 0 || words[start - 1] == 0x20
                if starts, end == words.count || words[end] == 0x20 { expected.insert([index, start, end]) }
            }
        }
        var found = Set<[Int]>()
        let matcher = PhraseMatcher(
            phrases: patterns.map { Phrase(text: $0, meaning: .language, language: "") })
        matcher.find(in: NormalisedText(text)) { found.insert([$0.pattern, $0.start, $0.end]) }
        #expect(found == expected, "seed \(seed)")
    }
}
