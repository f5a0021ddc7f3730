/// One text on its way through the rules: phrases, language, links, then the verdict.
struct TextReading {
    private let rules: Classifier
    private let form: NormalisedText
    private let market: Classifier.Market?
    private let place: TextPlace
    private var hits: [Hit] = []
    private var language: Int?
    /// Languages whose phrases count in this text.
    private var spoken: UInt64 = 0
    /// How much words and phrases say for each language.
    private(set) var languageWeights: [Int32]

    private struct Hit {
        let pattern: Int
        /// UTF-8 offsets in the original.
        let start: Int
        let end: Int
        /// Found only after a trick was undone.
        let isDisguised: Bool
        /// As in `Classifier.Fact`.
        let rank: UInt8
    }

    init(_ rules: Classifier, _ form: NormalisedText, _ market: Classifier.Market?, _ place: TextPlace) {
        self.rules = rules
        self.form = form
        self.market = market
        self.place = place
        languageWeights = [Int32](repeating: 0, count: rules.languages.count)
    }

    /// All phrases of all languages, in the plain reading and, where the text shows tricks, in two that undo them.
    mutating func findPhrases() {
        collect(form, isDisguised: false)
        let plain = hits.count
        for way in [Undisguise.Way.first, .second] {
            guard let undone = Undisguise.reading(of: form, way) else { break }
            collect(undone, isDisguised: true, beside: plain)
        }
    }

    private mutating func collect(_ text: NormalisedText, isDisguised: Bool, beside plain: Int = 0) {
        rules.matcher.find(in: text) { found in
            let start = Int(text.origins[found.start])
            let end = Int(text.origins[found.end])
            let fact = rules.facts[found.pattern]
            if isDisguised, hits.contains(where: { $0.pattern == found.pattern && $0.start == start }) { return }
            if fact.language >= 0, !isDisguised { languageWeights[fact.language] += fact.weight }
            if fact.meaning == .language { return }
            hits.append(
                Hit(pattern: found.pattern, start: start, end: end, isDisguised: isDisguised, rank: fact.rank))
        }
    }

    /// - Parameters:
    ///   - named: what the caller knows; the inner nil is a language without a pack.
    ///   - told: what the text itself tells.
    mutating func settleLanguage(named: Int??, told: Int?) {
        switch named {
        case .some(let known):
            language = known
            if let known { spoken |= rules.families[known] }
        case .none: language = told
        }
        if let told { spoken |= rules.families[told] }
    }

    /// The verdict in the order of DOMAIN 1c: safety, criticism guard, spam, competitor's link, question.
    mutating func judged() -> Classification {
        let links = LinkScan.links(in: form)
        hits.sort { ($0.rank, $1.end - $1.start, $0.start) < ($1.rank, $0.end - $0.start, $1.start) }
        var classes = TextClasses()
        var score = SpamScore()
        var intents: [IntentHit] = []
        var kept: [PhraseMatch] = []
        // The same words count once, whichever languages have them in which list of spam.
        var counted: [Hit] = []
        var guardSpoke = holdsAngryEmoji
        var namesRival = false
        var isOffDomain = false
        for hit in hits {
            let fact = rules.facts[hit.pattern]
            guard counts(fact) else { continue }
            switch fact.meaning {
            case .spam(let part):
                let isKnown = counted.contains { other in
                    if other.pattern == hit.pattern || other.start <= hit.start && hit.end <= other.end { return true }
                    // Two phrases of one list that share a word are one piece of evidence.
                    return other.rank == hit.rank && other.start < hit.end && hit.start < other.end
                }
                guard !isKnown else { continue }
                counted.append(hit)
                // In a text of another language it is a borrowed word.
                let isForeign = spoken != 0 && fact.languages & spoken == 0
                score.add(isForeign ? .sign : part, isDisguised: hit.isDisguised)
            case .class(let name):
                classes.insert(name)
                if name == .criticism || name == .complaint { guardSpoke = true }
            case .intent(let intent): intents.append(IntentHit(intent: intent, start: hit.start, end: hit.end))
            case .competitor: namesRival = true
            case .offDomain:
                isOffDomain = true
                continue
            case .language: continue
            }
            kept.append(PhraseMatch(rule: fact.rule, class: fact.class, start: hit.start, end: hit.end))
        }
        var rivalLink = false
        var foreignLink = false
        for link in links {
            let host = String(decoding: link.host, as: UTF8.self)
            if !link.host.isEmpty, let market, link.kind != .email, Hosts.holds(host, in: market.own) { continue }
            let isRival = !link.host.isEmpty && isCompetitor(host)
            rivalLink = rivalLink || isRival
            foreignLink = foreignLink || [.site, .shortener, .messenger].contains(link.kind)
            score.add(link)
            if link.kind != .sum {
                kept.append(
                    PhraseMatch(
                        rule: isRival ? "link.competitor" : "link.\(link.kind)",
                        class: isRival ? TextClass.competitorLink.rawValue : "link",
                        start: Int(form.origins[link.start]), end: Int(form.origins[link.end])))
            }
        }
        score.disguisedWords = form.disguisedWords
        let isRivalLink = rivalLink || foreignLink && (namesRival || classes.contains(.competitorLink))
        if !isRivalLink { classes.remove(.competitorLink) } else { classes.insert(.competitorLink) }
        let points = score.points
        if points >= SpamScore.proof { classes.insert(.spam) }
        let (moderation, reason) = verdict(classes, guardSpoke, points, isRivalLink)
        kept.sort { ($0.start, $0.end, $0.rule) < ($1.start, $1.end, $1.rule) }
        return Classification(
            language: language.map { rules.languages[$0] }, classes: classes, matches: kept, guard: guardSpoke,
            spamPoints: points, competitorLink: isRivalLink,
            intent: points >= SpamScore.suspicion || isOffDomain ? nil : question(intents, classes, guardSpoke),
            moderation: moderation, reason: reason, form: form)
    }

    /// A phrase of a language that is not this text's counts only if it can hardly mean anything else; one of the guard
    /// also if the market's people speak it, and so does a question in a text whose language nobody can tell.
    private func counts(_ fact: Classifier.Fact) -> Bool {
        if fact.languages & spoken != 0 { return true }
        switch fact.meaning {
        case .intent: return spoken == 0 && (fact.isStrong || fact.languages & (market?.languages ?? 0) != 0)
        case .competitor(let name): return name == market?.name
        case .class(.criticism), .class(.complaint):
            return fact.isStrong || spoken == 0 || fact.languages & (market?.languages ?? 0) != 0
        default: return fact.isStrong
        }
    }

    private func verdict(
        _ classes: TextClasses, _ guardSpoke: Bool, _ points: Int, _ isRivalLink: Bool
    ) -> (Classification.Moderation, Classification.Reason) {
        if classes.contains(.threat) || classes.contains(.selfHarm) { return (.person, .safety) }
        let isProven = points >= SpamScore.proof
        let isSuspect = isProven || isRivalLink
        if guardSpoke { return isSuspect ? (.person, .criticism) : (.none, .nothing) }
        guard isSuspect else { return points >= SpamScore.suspicion ? (.person, .suspicion) : (.none, .nothing) }
        if place == .message { return (.person, .privately) }
        guard let language, rules.guarded & (1 << UInt64(language)) != 0 else { return (.person, .unguarded) }
        if isProven { return (points >= SpamScore.certain ? .delete : .hide, .spam) }
        return (.hide, .competitorLink)
    }

    private func isCompetitor(_ host: String) -> Bool {
        guard let market, !market.competitors.isEmpty else { return false }
        if Hosts.holds(host, in: market.competitors) { return true }
        let plain = String(
            host.map { letter in
                switch letter {
                case "0": "o"
                case "1": "l"
                case "3": "e"
                case "4": "a"
                case "5": "s"
                default: letter
                }
            })
        return plain != host && Hosts.holds(plain, in: market.competitors)
    }

    // MARK: Questions

    private struct IntentHit {
        let intent: Intent
        let start: Int
        let end: Int
    }

    /// The one question that a text asks. A hit inside a longer one of another question is part of that; two that stand
    /// apart are two questions, and half an answer is none.
    private func question(_ hits: [IntentHit], _ classes: TextClasses, _ guardSpoke: Bool) -> Intent? {
        guard !hits.isEmpty, !guardSpoke else { return nil }
        let barring: [TextClass] = [.threat, .selfHarm, .sensitive, .personWanted, .competitorLink, .spam]
        guard !barring.contains(where: { classes.contains($0) }) else { return nil }
        let own = hits.filter { hit in
            !hits.contains { other in
                other.intent != hit.intent && other.start < hit.end && hit.start < other.end
                    && other.end - other.start > hit.end - hit.start
            }
        }
        guard let first = own.first else { return nil }
        let asked = Set(own.map(\.intent))
        if asked.count == 1 { return first.intent }
        // What the shipping costs is asked in words of price.
        return asked == [.price, .shippingCost] ? .shippingCost : nil
    }

    /// Signs of anger that need no word.
    private var holdsAngryEmoji: Bool {
        form.bytes.withUnsafeBufferPointer { bytes in
            var offset = 0
            while offset + 3 < bytes.count {
                if bytes[offset] == 0xF0 {
                    let (scalar, _) = UTF8Scalar.decode(bytes, at: offset)
                    if Self.angry.contains(scalar) { return true }
                    offset += 4
                } else {
                    offset += 1
                }
            }
            return false
        }
    }

    private static let angry: Set<UInt32> = [
        0x1F621, 0x1F620, 0x1F92C, 0x1F44E, 0x1F4A9, 0x1F92E, 0x1F922, 0x1F624, 0x1F595,
    ]
}

extension SpamScore {
    mutating func add(_ part: Meaning.Spam, isDisguised: Bool) {
        switch part {
        case .offer: offers += 1
        case .contact: contacts += 1
        case .sign: signs += 1
        case .hint: hints += 1
        }
        if isDisguised { disguisedPhrases += 1 }
    }

    mutating func add(_ link: LinkScan.Link) {
        switch link.kind {
        case .site: sites += 1
        case .shortener: shorteners += 1
        case .messenger: messengers += 1
        case .email: emails += 1
        case .handle: handles += 1
        case .phone: phones += 1
        case .sum:
            sums += 1
            if link.isLarge { largeSums += 1 }
        case .wallet: wallets += 1
        }
        if link.isDisguised { disguisedPhrases += 1 }
    }
}
