/// The text rules of a policy: what a text says, which question it asks, and what moderation may do with it.
///
/// Choice: all phrases of all languages lie in one tree and are found in one pass; which of them count is decided
/// afterwards by the text's language, which the same pass has told. Rejected: one matcher a language, which would have to
/// know the language first. Pure and without state: the same text, language and market give the same answer.
package final class Classifier: Sendable {
    /// Phrases that cannot be found: a limit was reached.
    package var leftOut: [Phrase] { matcher.leftOut }

    let matcher: PhraseMatcher
    let facts: [Fact]
    /// Tags of the packs, in the order of their numbers.
    let languages: [String]
    /// For each language the mask of those that share its phrases: `es` and `es-MX`.
    let families: [UInt64]
    /// Languages whose packs know criticism and complaints.
    let guarded: UInt64
    private let numbers: [String: Int]
    private let markets: [String: Market]
    private let detector: LanguageDetector

    /// What is needed of a phrase at every hit.
    struct Fact: Sendable {
        let meaning: Meaning
        /// Mask of the languages in which it counts; all for one that holds everywhere.
        let languages: UInt64
        /// Its own language, or -1.
        let language: Int
        /// What it says for its language.
        let weight: Int32
        /// Long enough to mean the same in any language.
        let isStrong: Bool
        /// Offers and lures are counted before the weaker words that they may hold; 0 for what is no evidence of spam.
        let rank: UInt8
        /// As in `Phrase`, made once: a hit takes no new text.
        let rule: String
        let `class`: String
    }

    struct Market: Sendable {
        let name: String
        let languages: UInt64
        let own: Set<String>
        let competitors: Set<String>
    }

    /// - Parameters:
    ///   - evidence: one for each pack, at most 64; the packs that are not named here have no phrases.
    package init(phrases: [Phrase], evidence: [LanguageEvidence], markets: [MarketTexts] = []) {
        let evidence = Array(evidence.prefix(64))
        let languages = evidence.map(\.tag)
        var numbers: [String: Int] = [:]
        for (index, tag) in languages.enumerated() { numbers[tag] = index }
        let families = languages.map { tag in
            languages.indices.filter { Self.base(languages[$0]) == Self.base(tag) }.reduce(UInt64(0)) {
                $0 | 1 << UInt64($1)
            }
        }
        let words = evidence.flatMap { pack in
            pack.words.map { Phrase(text: $0, meaning: .language, language: pack.tag) }
        }
        let rivals = markets.flatMap { market in
            market.competitorNames.map { Phrase(text: $0, meaning: .competitor(market: market.market), language: "") }
        }
        matcher = PhraseMatcher(phrases: Self.known(phrases, numbers) + words + rivals)
        facts = Self.facts(matcher.phrases, numbers, families)
        self.languages = languages
        self.families = families
        self.numbers = numbers
        guarded = Self.speakers(of: .criticism, facts) & Self.speakers(of: .complaint, facts)
        var table: [String: Market] = [:]
        for market in markets {
            table[market.market] = Market(
                name: market.market,
                languages: Self.number(of: market.language, numbers, languages).map { families[$0] } ?? 0,
                own: Set(market.ownDomains.map { NormalisedText($0).text }),
                competitors: Set(market.competitorDomains.map { NormalisedText($0).text }))
        }
        self.markets = table
        detector = LanguageDetector(evidence)
    }

    /// Without phrases of languages that have no pack.
    private static func known(_ phrases: [Phrase], _ numbers: [String: Int]) -> [Phrase] {
        var last = ""
        let areAllKnown = phrases.allSatisfy { phrase in
            guard phrase.language != last else { return true }
            last = phrase.language
            return numbers[last] != nil
        }
        return areAllKnown ? phrases : phrases.filter { $0.language.isEmpty || numbers[$0.language] != nil }
    }

    /// Reads one text. Linear in its length; about 3 µs for 100 Latin characters.
    ///
    /// - Parameters:
    ///   - language: what is known of the language, else nil: it is told from the text. A tag without a pack counts as a
    ///     language that nothing is known of.
    ///   - market: name of the market, for its domains and competitors.
    package func classify(
        _ text: String, language: String? = nil, market: String? = nil, place: TextPlace = .comment
    ) -> Classification {
        var text = text
        let named = language.map { Self.number(of: $0, numbers, languages) }
        return text.withUTF8 { source in
            let form = NormalisedText(source)
            var reading = TextReading(self, form, market.flatMap { markets[$0] }, place)
            reading.findPhrases()
            let told = detector.language(of: source, words: reading.languageWeights)
            reading.settleLanguage(named: named, told: told)
            return reading.judged()
        }
    }

    /// What the market's domains and phrases are, by its name.
    func market(_ name: String) -> Market? { markets[name] }

    static func base(_ tag: String) -> Substring {
        tag.prefix { $0 != "-" }
    }

    /// The pack for a tag: itself, its language, or a region of its language.
    private static func number(of tag: String, _ numbers: [String: Int], _ languages: [String]) -> Int? {
        numbers[tag] ?? languages.firstIndex { base($0) == base(tag) }
    }

    private static func speakers(of name: TextClass, _ facts: [Fact]) -> UInt64 {
        facts.reduce(UInt64(0)) { $1.meaning == .class(name) ? $0 | $1.languages : $0 }
    }

    private static func facts(_ phrases: [Phrase], _ numbers: [String: Int], _ families: [UInt64]) -> [Fact] {
        var sharing: [String: Int32] = [:]
        for phrase in phrases where phrase.meaning == .language { sharing[phrase.text.lowercased(), default: 0] += 1 }
        var language = ""
        var number: Int?
        var meaning: Meaning?
        var (rule, `class`) = ("", "")
        return phrases.map { phrase in
            if phrase.language != language || phrase.meaning != meaning {
                language = phrase.language
                number = numbers[language]
                meaning = phrase.meaning
                (rule, `class`) = (phrase.rule, phrase.class)
            }
            let isStrong = phrase.form.map(Self.isStrong) ?? false
            let weight: Int32 =
                switch phrase.meaning {
                case .language: 12 / max(1, min(12, sharing[phrase.text.lowercased()] ?? 1))
                default: isStrong ? 8 : 2
                }
            return Fact(
                meaning: phrase.meaning, languages: number.map { families[$0] } ?? .max, language: number ?? -1,
                weight: weight, isStrong: isStrong, rank: phrase.meaning.rank, rule: rule, class: `class`)
        }
    }

    /// A word of another alphabet or several words mean what they mean wherever they stand.
    private static func isStrong(_ form: [UInt8]) -> Bool {
        form.count >= 12 || form.count >= 8 && form.contains { $0 == 0x20 || $0 >= 0x80 }
    }
}
