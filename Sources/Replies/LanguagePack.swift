internal import Mustache

/// The texts of one language, compiled: what is said, in which variants, with which words for days and times.
package struct LanguagePack: Sendable {
    /// BCP 47, such as `fi` or `pt-BR`.
    package let tag: String

    private let words: LocaleWords
    private let variants: [ReplyKind: [CompiledTemplate]]
    private let money: MoneyFormat?

    /// A template that breaks a rule; it is left out of the pack.
    package struct Fault: Equatable, Sendable {
        package let kind: ReplyKind
        /// Index among the kind's templates; nil if the kind as a whole is at fault.
        package let variant: Int?
        package let expected: String
        package let came: String
    }

    /// Compiles a pack and names every fault: O(templates).
    ///
    /// - Parameters:
    ///   - templates: Mustache texts by kind; slots `day time zone_city first_name product brand answer`.
    ///   - disclosure: words of which each text that only automation writes must hold one.
    ///   - regret: words of which each text to a disappointed customer must hold one; none: not asked for.
    package static func compile(
        tag: String, words: LocaleWords, money: MoneyFormat? = nil, templates: [ReplyKind: [String]],
        disclosure: [String], regret: [String] = []
    ) -> (pack: LanguagePack, faults: [Fault]) {
        var variants: [ReplyKind: [CompiledTemplate]] = [:]
        var faults: [Fault] = []
        for (kind, texts) in templates.sorted(by: { $0.key < $1.key }) {
            let rule = KindRule.of(kind)
            let lint = TemplateLint(rule: rule, disclosure: disclosure, regret: regret)
            if Set(texts).count < max(rule.leastVariants, texts.count) {
                faults.append(
                    Fault(
                        kind: kind, variant: nil, expected: "at least \(rule.leastVariants) different variants",
                        came: "\(Set(texts).count)"))
            }
            for (index, text) in texts.enumerated() {
                do {
                    variants[kind, default: []].append(try compile(text, lint))
                } catch {
                    faults.append(Fault(kind: kind, variant: index, expected: error.expected, came: error.came))
                }
            }
        }
        return (LanguagePack(tag: tag, words: words, money: money, variants: variants), faults)
    }

    /// The text of `kind`, or nil if no variant of it can be filled with these slots.
    ///
    /// `variant` is any stable number; it is taken modulo the variants, and those that cannot be filled are passed
    /// over. 1 to 2 µs for a promise in release (measured).
    package func render(_ kind: ReplyKind, slots: ReplySlots, variant: UInt64) -> String? {
        guard let variants = variants[kind], !variants.isEmpty else { return nil }
        let values = SlotValues(slots: slots, words: words)
        let first = Int(variant % UInt64(variants.count))
        for step in 0..<variants.count {
            if let text = variants[(first + step) % variants.count].filled(with: values) { return text }
        }
        return nil
    }

    /// How many variants of `kind` there are; 0 if the pack does not have it.
    package func variantCount(of kind: ReplyKind) -> Int {
        variants[kind]?.count ?? 0
    }

    /// An amount as this language writes it; nil if its extract does not say how.
    package func text(_ price: Price) -> String? { money?.text(price) }

    /// What breaks the rule that customers are answered where they wrote, in a fact of a market; nil if nothing does.
    package static func redirect(in fact: String) -> (expected: String, came: String)? {
        TemplateLint.redirect(fact).map { ($0.expected, $0.came) }
    }

    private static func compile(
        _ text: String, _ lint: TemplateLint
    ) throws(TemplateTags.Fault) -> CompiledTemplate {
        if let scalar = text.unicodeScalars.first(where: { (0xE000...0xF8FF).contains($0.value) }) {
            throw TemplateTags.Fault(
                expected: "no private-use characters", came: "U+" + String(scalar.value, radix: 16, uppercase: true))
        }
        let tags = try TemplateTags(text)
        let compiled: CompiledTemplate
        if let template = PlainTemplate(text) {
            compiled = CompiledTemplate(template, tags: tags)
        } else {
            do {
                compiled = CompiledTemplate(try MustacheTemplate(string: text), tags: tags)
            } catch {
                throw TemplateTags.Fault(expected: "a Mustache template", came: "\(error)")
            }
        }
        if let broken = lint.fault(of: compiled, tags) { throw broken }
        return compiled
    }

    private init(
        tag: String, words: LocaleWords, money: MoneyFormat?, variants: [ReplyKind: [CompiledTemplate]]
    ) {
        self.tag = tag
        self.words = words
        self.money = money
        self.variants = variants
    }
}
