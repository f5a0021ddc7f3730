// Access tokens that a platform repeats in its words, such as "Malformed access token EAAB…".
//
// Problem: an error's message goes on into outcomes, brakes, logs and what commands show. Choice: whatever becomes a
// `SendFailure` or is shown of an answer passes here, and what looks like a token is masked; the client that knows the
// token takes it out by its value before that. Rejected: showing no message of errors about tokens, since such words come
// with other codes too. How it fails: a long word that begins like a token is masked although it is none.

/// Takes out of a text what looks like an access token. Pure, O(length).
package enum TokenMask {
    package static let mask = "[token]"
    /// Tokens of pages and users, of app and client, have far more; ordinary words that begin so have fewer.
    private static let least = 12
    /// What stands before a token of any form.
    private static let heralds: Set<String> = [
        "access_token", "bearer", "token", "oauth", "input_token", "client_secret",
    ]

    package static func masked(_ text: String) -> String {
        var out = ""
        var word = ""
        var herald = ""
        func flush() {
            guard !word.isEmpty else { return }
            out += isToken(word, after: herald) ? mask : word
            herald = word.lowercased()
            word = ""
        }
        for character in text.unicodeScalars {
            if isPart(character) {
                word.unicodeScalars.append(character)
            } else {
                flush()
                out.unicodeScalars.append(character)
            }
        }
        flush()
        return out
    }

    /// Replaces these values themselves, whatever they look like.
    package static func masked(_ bytes: [UInt8], values: [String]) -> [UInt8] {
        values.filter { $0.utf8.count >= 4 }.reduce(bytes) { replaced($1, in: $0) }
    }

    private static func replaced(_ value: String, in bytes: [UInt8]) -> [UInt8] {
        let wanted = Array(value.utf8)
        guard bytes.count >= wanted.count else { return bytes }
        var out: [UInt8] = []
        var rest = bytes[...]
        while let first = rest.first {
            if rest.starts(with: wanted) {
                out += Array(mask.utf8)
                rest = rest.dropFirst(wanted.count)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return out
    }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_", "|", "%", ".": true
        default: false
        }
    }

    private static func isToken(_ word: String, after herald: String) -> Bool {
        let length = word.utf8.count
        guard length >= least else { return false }
        if word.hasPrefix("EAA") || word.hasPrefix("IGQ") || word.hasPrefix("IGA") { return true }
        let hasDigit = word.utf8.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if heralds.contains(herald), hasDigit { return true }
        // The token of an app: its id, a bar, a secret.
        if let bar = word.firstIndex(of: "|"), word[..<bar].allSatisfy(\.isNumber), bar != word.startIndex {
            return true
        }
        // No id of the platform is so long and has letters.
        return length >= 60 && hasDigit && word.contains(where: \.isLetter)
    }
}
