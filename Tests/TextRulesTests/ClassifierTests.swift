import Testing

@testable import TextRules

@Suite("What texts say")
struct ClassifierTests {
    static let rules = Classifier(
        phrases: phrases(
            "en",
            [
                (.spam(.offer), ["guaranteed profit*", "whatsapp trading group", "invested $"]),
                (.spam(.contact), ["telegram", "message my broker"]),
                (.spam(.sign), ["profit*", "bitcoin", "forex"]), (.class(.criticism), ["scam", "too expensive"]),
                (.class(.complaint), ["never arrived"]), (.class(.praise), ["love it"]),
                (.class(.threat), ["burn your shop"]),
                (.class(.competitorLink), ["cheaper at"]), (.class(.personWanted), ["a real person"]),
                (.intent(.price), ["how much is", "price"]),
                (.intent(.shippingCost), ["how much is the shipping", "shipping cost*"]),
                (.intent(.stock), ["in stock"]), (.offDomain, ["flight"]),
            ]) + phrases("xx", [(.spam(.offer), ["zaro profitu nebo"])])
            + phrases(
                "ru",
                [
                    (.spam(.offer), ["заработок без вложений"]), (.spam(.contact), ["пиши в лс"]),
                    (.class(.criticism), ["обман"]),
                    (.class(.complaint), ["не пришел"]),
                ]),
        evidence: [
            LanguageEvidence(tag: "en", script: .latin, words: ["the", "is", "and", "my", "you", "how", "much", "it"]),
            LanguageEvidence(tag: "xx", script: .latin, words: ["nebo", "zaro", "kolis"]),
            LanguageEvidence(tag: "ru", script: .cyrillic, words: ["и", "не", "в", "без"]),
            LanguageEvidence(tag: "th", script: .thai),
        ],
        markets: [
            MarketTexts(
                market: "de", language: "en", ownDomains: ["ours.example"], competitorDomains: ["rival.example"],
                competitorNames: ["Rivalshop"])
        ])

    private static func phrases(_ tag: String, _ lists: [(Meaning, [String])]) -> [Phrase] {
        lists.flatMap { meaning, texts in texts.map { Phrase(text: $0, meaning: meaning, language: tag) } }
    }

    @Test(
        "moderation follows the order safety, criticism, spam, competitor",
        arguments: [
            ("Guaranteed profits! telegram @winner", "en", Classification.Moderation.hide, Classification.Reason.spam),
            ("guaranteed profit, invested $5,000 with forex and bitcoin, telegram t.me/x", "en", .delete, .spam),
            ("Guaranteed profits! telegram @winner it is a scam", "en", .person, .criticism),
            ("guaranteed profit telegram @winner or I burn your shop", "en", .person, .safety),
            ("cheaper at rival.example", "en", .hide, .competitorLink),
            ("too expensive, cheaper at rival.example", "en", .person, .criticism),
            ("see ours.example", "en", .none, .nothing), ("is bitcoin ok?", "en", .none, .nothing),
            ("zaro profitu nebo telegram @winner guaranteed profit", "xx", .person, .unguarded),
            ("guaranteed profit, telegram @winner", "et", .person, .unguarded),
            ("зaрaбoтoк бeз влoжeний, пиши в лс", "ru", .hide, .spam),
            ("заработок без вложений пиши в лс, обман", "ru", .person, .criticism),
            ("it never arrived", "en", .none, .nothing), ("I love it 🔥", "en", .none, .nothing),
            ("🔥🔥", "und", .none, .nothing),
            ("", "en", .none, .nothing),
        ])
    func verdicts(
        text: String, language: String, moderation: Classification.Moderation, reason: Classification.Reason
    ) {
        let said = Self.rules.classify(text, language: language == "und" ? nil : language, market: "de")
        #expect(said.moderation == moderation, "\(said)")
        #expect(said.reason == reason)
    }

    @Test("a message in private is never hidden")
    func messages() {
        let text = "Guaranteed profits! telegram @winner"
        #expect(Self.rules.classify(text, language: "en", place: .message).moderation == .person)
    }

    @Test(
        "a question is answered only where it is the only one",
        arguments: [
            ("how much is the bag?", Intent.price as Intent?), ("how much is the shipping?", .shippingCost),
            ("is it in stock, and the price?", nil), ("how much is a flight?", nil),
            ("how much is it? it never arrived", nil), ("how much is it, a real person please", nil), ("hello", nil),
        ])
    func questions(text: String, intent: Intent?) {
        #expect(Self.rules.classify(text, language: "en").intent == intent)
    }

    @Test(
        "tricks are undone",
        arguments: [
            "t e l e g r a m", "t.e.l.e.g.r.a.m", "t3legram", "tele.gram", "te\u{200B}le\u{AD}gram", "ｔｅｌｅｇｒａｍ",
            "tеlеgrаm",
            "ᴛᴇʟᴇɢʀᴀᴍ", "𝐭𝐞𝐥𝐞𝐠𝐫𝐚𝐦", "t*e*l*e*g*r*a*m", "telegraaam", "te1egram", "TELEGRAM", "t-e-l-e-g-r-a-m",
        ])
    func tricks(text: String) {
        let said = Self.rules.classify("hello " + text + " now", language: "en")
        #expect(said.matches.contains { $0.rule == "en.spam.contact" }, "\(said.matches)")
    }

    @Test("invisible letters and wider spaces never change what is found", arguments: [UInt64(1), 2, 3, 4, 5])
    func insertions(seed: UInt64) {
        var draw = Draw(seed)
        for text in [
            "Guaranteed profits! telegram @winner", "too expensive, cheaper at rival.example", "how much is the bag",
        ] {
            let plain = Self.rules.classify(text, language: "en", market: "de")
            for _ in 0..<20 {
                var changed = String.UnicodeScalarView()
                for scalar in text.unicodeScalars {
                    if draw.next(3) == 0 {
                        changed.append(["\u{200B}", "\u{2060}", "\u{FE0F}", "\u{AD}"][draw.next(4)])
                    }
                    changed.append(scalar)
                    if scalar == " ", draw.next(2) == 0 { changed.append(["\u{A0}", "\n", "\u{3000}"][draw.next(3)]) }
                }
                let said = Self.rules.classify(String(changed), language: "en", market: "de")
                #expect(
                    said.classes == plain.classes && said.moderation == plain.moderation, "seed \(seed): \(changed)")
                #expect(said.intent == plain.intent)
            }
        }
    }

    @Test("random bytes are read to their end, and spans stand on scalar borders", arguments: [UInt64(1), 2, 3, 4])
    func randomBytes(seed: UInt64) {
        var draw = Draw(seed)
        let pieces = [
            "telegram", "t.", "@", "#a_", "$1 000", "т", "α", "ก", "價", "🔥", "\u{301}", " ", ".", "xn--", "1", "dot",
            "é",
        ]
        for round in 0..<300 {
            let text =
                round % 2 == 0
                ? String(decoding: (0..<draw.next(200)).map { _ in UInt8(draw.next(256)) }, as: UTF8.self)
                : (0..<draw.next(60)).map { _ in pieces[draw.next(pieces.count)] }.joined()
            let bytes = Array(text.utf8)
            for match in Self.rules.classify(text, market: "de").matches {
                #expect(match.start <= match.end && match.end <= bytes.count, "seed \(seed)")
                for offset in [match.start, match.end] where offset < bytes.count {
                    #expect(bytes[offset] & 0xC0 != 0x80, "seed \(seed): \(text)")
                }
            }
        }
    }

    @Test("the matching form of a matching form is itself", arguments: [UInt64(1), 2])
    func idempotent(seed: UInt64) {
        var draw = Draw(seed)
        let pieces = [
            "Größe", "ＡＢ", "ＧＩÁ", "ﬁ", "Ёлка", "зaр", "カ\u{3099}", "ᴀʙ", "…", "\u{200B}", "𝗣", "٣", " ", "-", "ς",
        ]
        for _ in 0..<200 {
            let once = NormalisedText((0..<draw.next(12)).map { _ in pieces[draw.next(pieces.count)] }.joined()).text
            #expect(NormalisedText(once).text == once, "seed \(seed)")
        }
    }

    @Test(
        "a language is told by script, words and letters, and not where they are weak",
        arguments: [
            ("สวัสดี", "th" as String?), ("how much is it and the", "en"), ("nebo zaro kolis", "xx"), ("и не в", "ru"),
            ("ok", nil), ("Größe", nil),
            ("12345", nil), ("", nil), ("привет", nil),
        ])
    func languages(text: String, tag: String?) {
        #expect(Self.rules.classify(text).language == tag)
    }

    @Test("100,000 phrases and a text without end are bounded work")
    func large() {
        let many = (0..<100_000).map { Phrase(text: "phrase number \($0)", meaning: .spam(.sign), language: "en") }
        let rules = Classifier(phrases: many, evidence: [LanguageEvidence(tag: "en", script: .latin)])
        #expect(rules.leftOut.isEmpty)
        #expect(rules.classify("see phrase number 77777 now", language: "en").matches.count == 1)
        for piece in ["a", ".", "@", "$1", "t.e.", "1", "xn--", "🔥", "ก"] {
            _ = rules.classify(String(repeating: piece, count: 30_000))
        }
    }
}

/// Knuth's linear congruence, so that a seed is a test.
struct Draw {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return bound == 0 ? 0 : Int(state >> 33) % bound
    }
}
