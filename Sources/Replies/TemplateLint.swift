/// Rules for texts that a language or a platform's customers would trip over (DOMAIN 6.2, N6, N24, section 0 item 5).
struct TemplateLint {
    let rule: KindRule
    let disclosure: [String]
    let regret: [String]

    /// The first thing that is wrong with a text, if anything is.
    func fault(of template: CompiledTemplate, _ tags: TemplateTags) -> TemplateTags.Fault? {
        let literals = template.literals
        return slots(tags) ?? Self.suffix(template) ?? Self.redirect(literals) ?? Self.promotion(literals)
            ?? (rule.isAutomatic ? Self.word(of: disclosure, in: literals, "that disclose automation") : nil)
            ?? (rule.regrets && !regret.isEmpty ? Self.word(of: regret, in: literals, "of regret") : nil)
            ?? question(literals) ?? length(literals)
    }

    private func slots(_ tags: TemplateTags) -> TemplateTags.Fault? {
        if tags.slots.contains(.time), !tags.slots.contains(.zoneCity) {
            return TemplateTags.Fault(
                expected: "{{#zone_city}} beside {{time}}, for customers whose zone is a guess", came: "none")
        }
        if let missing = rule.required.first(where: { !tags.slots.contains($0) }) {
            return TemplateTags.Fault(expected: "{{\(missing.rawValue)}} in a text of \(rule.kind)", came: "none")
        }
        if let forbidden = rule.forbidden.first(where: { tags.slots.contains($0) }) {
            return TemplateTags.Fault(
                expected: "a text of \(rule.kind) without {{\(forbidden.rawValue)}}, which is not known then",
                came: "{{\(forbidden.rawValue)}}")
        }
        return nil
    }

    /// Questions end in a mark in all languages but Thai, Lao and their like; Japanese may ask with か alone.
    private func question(_ text: String) -> TemplateTags.Fault? {
        guard rule.asks, !text.unicodeScalars.contains(where: { (0xE00...0xEFF).contains($0.value) }) else {
            return nil
        }
        let bytes = Array(text.utf8)
        guard !Self.marks.contains(where: { Self.holds(bytes, $0) }) else { return nil }
        return TemplateTags.Fault(expected: "a question to the customer in a text of \(rule.kind)", came: "none")
    }

    private static let marks = ["?", "？", "؟", "\u{37E}", ";", "か。"].map { Array($0.utf8) }

    private func length(_ text: String) -> TemplateTags.Fault? {
        guard text.utf8.count > rule.mostCharacters, text.count > rule.mostCharacters else { return nil }
        return TemplateTags.Fault(
            expected: "at most \(rule.mostCharacters) characters in a text of \(rule.kind)", came: "\(text.count)")
    }

    /// Support is no place to sell (F5, F9).
    static func promotion(_ text: String) -> TemplateTags.Fault? {
        guard let sign = text.unicodeScalars.first(where: { ["%", "٪", "％"].contains($0) }) else { return nil }
        return TemplateTags.Fault(expected: "no promotion in an answer to a customer", came: String(sign))
    }

    /// A day or a time takes no suffix: no language's slot text can be inflected by us.
    static func suffix(_ template: CompiledTemplate) -> TemplateTags.Fault? {
        for (slot, literal) in template.followers {
            let scalars = Array(literal.unicodeScalars.prefix(2))
            guard let first = scalars.first else { continue }
            let glued = scalars.count == 2 && "-‐‑'’ʼ:".unicodeScalars.contains(first) && isInflecting(scalars[1])
            if glued || isInflecting(first) {
                return TemplateTags.Fault(
                    expected: "a space or punctuation after {{\(slot.rawValue)}}, which takes no suffix",
                    came: String(literal.prefix(12)))
            }
        }
        return nil
    }

    /// Customers are answered where they wrote: no address of another channel in a text.
    static func redirect(_ text: String) -> TemplateTags.Fault? {
        let expected = "no link, e-mail address or telephone number: customers are answered where they wrote"
        // Bytes, since comparing characters took a tenth of the time that a command needs to start.
        let bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        for word in ["http://", "https://", "www.", "@"] where holds(bytes, Array(word.utf8)) {
            return TemplateTags.Fault(expected: expected, came: word)
        }
        var digits = 0
        for byte in bytes {
            digits = (0x30...0x39).contains(byte) ? digits + 1 : 0
            if digits >= 7 { return TemplateTags.Fault(expected: expected, came: "a number of 7 digits") }
        }
        return nil
    }

    private static func holds(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        guard let first = word.first, bytes.count >= word.count else { return false }
        for start in 0...(bytes.count - word.count) where bytes[start] == first {
            if bytes[start..<start + word.count].elementsEqual(word) { return true }
        }
        return false
    }

    /// One of a pack's words must stand in a text.
    static func word(of words: [String], in text: String, _ what: String) -> TemplateTags.Fault? {
        let lower = Array(text.lowercased().utf8)
        guard !words.contains(where: { holds(lower, Array($0.lowercased().utf8)) }) else { return nil }
        return TemplateTags.Fault(
            expected: "one of the words \(what): \(words.joined(separator: ", "))", came: "none of them")
    }

    /// Letters of scripts in which a suffix would be glued on; not Han, Kana, Hangul, Thai and their neighbours.
    private static func isInflecting(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.properties.isAlphabetic else { return false }
        switch scalar.value {
        case 0xE00...0x109F, 0x1780...0x17FF, 0x2E80...0x9FFF, 0xAC00...0xD7FF, 0xF900...0xFAFF: return false
        default: return true
        }
    }
}
