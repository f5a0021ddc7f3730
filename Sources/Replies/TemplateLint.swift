/// Rules for texts that a language or a platform's customers would trip over (DOMAIN 6.2, N6, N24, section 0 item 5).
enum TemplateLint {
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
        let lower = text.lowercased()
        let expected = "no link, e-mail address or telephone number: customers are answered where they wrote"
        for word in ["http://", "https://", "www.", "@"] where lower.contains(word) {
            return TemplateTags.Fault(expected: expected, came: word)
        }
        var digits = 0
        for character in text {
            if character.isASCII, character.isNumber {
                digits += 1
                if digits >= 7 { return TemplateTags.Fault(expected: expected, came: "a number of 7 digits") }
            } else {
                digits = 0
            }
        }
        return nil
    }

    /// A text that only automation writes says so in one of the pack's words for it.
    static func disclosure(_ template: CompiledTemplate, words: [String]) -> TemplateTags.Fault? {
        let text = template.literals.lowercased()
        guard !words.contains(where: { !$0.isEmpty && text.contains($0.lowercased()) }) else { return nil }
        return TemplateTags.Fault(
            expected: "one of the words that disclose automation: \(words.joined(separator: ", "))",
            came: "none of them")
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
