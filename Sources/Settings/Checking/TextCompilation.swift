internal import Replies
internal import TextRules

/// What is compiled of languages: a pack of each, and the text rules over all of them. They need nothing of each other.
enum TextCompilation {
    private enum Job: Sendable {
        case rules
        case pack(Int)
    }

    private enum Result: Sendable {
        case rules(Classifier)
        case pack(LanguagePack)
    }

    /// The packs in the order of the languages; faults are reported at the texts they are about.
    static func compile(
        _ parsed: ParsedConfig, compilesTexts: Bool, threads: Int
    ) -> (packs: [LanguagePack], texts: Classifier?) {
        // The longest first.
        let jobs = (compilesTexts ? [Job.rules] : []) + parsed.languages.indices.map { .pack($0) }
        let results = Jobs.map(jobs, threads: threads) { job -> Result in
            switch job {
            case .rules: .rules(rules(parsed))
            case .pack(let index): .pack(PackCompilation.pack(of: parsed.languages[index], among: parsed.languages))
            }
        }
        var packs: [LanguagePack] = []
        var texts: Classifier?
        for result in results {
            switch result {
            case .rules(let rules): texts = rules
            case .pack(let pack): packs.append(pack)
            }
        }
        return (packs, texts)
    }

    private static func rules(_ parsed: ParsedConfig) -> Classifier {
        // A pack without evidence of its own is still a language whose phrases count where it is named.
        let evidence = parsed.languages.map { language in
            parsed.detection.first { $0.evidence.tag == language.tag }?.evidence
                ?? LanguageEvidence(tag: language.tag, script: .latin)
        }
        let markets = parsed.markets.map {
            MarketTexts(
                market: $0.name, language: $0.language.text, ownDomains: $0.domains,
                competitorDomains: $0.competitors.filter(MarketSettings.isDomain),
                competitorNames: $0.competitors.filter { !MarketSettings.isDomain($0) })
        }
        return Classifier(phrases: parsed.phrases.flatMap(\.phrases), evidence: evidence, markets: markets)
    }
}
