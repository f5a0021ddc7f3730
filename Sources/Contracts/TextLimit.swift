/// The longest text of one message, in the unit in which its channel counts. Who decides and who sends go by the same one.
package struct TextLimit: Sendable, Hashable {
    package enum Unit: String, Sendable, Hashable, CaseIterable {
        /// Grapheme clusters: what a reader calls a character.
        case characters
        /// UTF-8 bytes.
        case bytes
        /// UTF-16 code units: the strictest reading of a platform's "characters".
        case utf16
    }

    package let unit: Unit
    package let most: Int

    package init(unit: Unit, most: Int) {
        self.unit = unit
        self.most = max(1, most)
    }

    /// How long a text is in this unit. O(text).
    package func length(of text: String) -> Int {
        switch unit {
        case .characters: text.count
        case .bytes: text.utf8.count
        case .utf16: text.utf16.count
        }
    }

    package func holds(_ text: String) -> Bool { text.utf8.count <= most || length(of: text) <= most }

    /// The longest start of the text that ends at a grapheme border and fits; the text itself if it fits. O(bytes).
    package func cut(_ text: String) -> String { start(of: text, most) }

    /// The text with a mark that something was left out behind it; as much of the text as fits beside the mark.
    package func marked(_ text: String) -> String {
        let mark = "…"
        return start(of: text, most - length(of: mark)) + mark
    }

    /// The text in pieces of at most this length, cut between graphemes; one piece in the ordinary case. A grapheme
    /// that is longer than the limit by itself is cut between its scalars, since no channel would take it. O(text).
    package func pieces(of text: String) -> [String] {
        if text.utf8.count <= most { return [text] }
        var pieces: [String] = []
        var piece = ""
        var length = 0
        func add(_ part: String) {
            let more = self.length(of: part)
            if length + more > most, !piece.isEmpty {
                pieces.append(piece)
                piece = ""
                length = 0
            }
            piece.append(part)
            length += more
        }
        for character in text {
            let part = String(character)
            if self.length(of: part) <= most {
                add(part)
            } else {
                for scalar in part.unicodeScalars { add(String(scalar)) }
            }
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }

    private func start(of text: String, _ most: Int) -> String {
        var left = most
        var end = text.startIndex
        while end < text.endIndex {
            let next = text.index(after: end)
            switch unit {
            case .characters: left -= 1
            case .bytes: left -= text[end..<next].utf8.count
            case .utf16: left -= text[end..<next].utf16.count
            }
            guard left >= 0 else { return String(text[..<end]) }
            end = next
        }
        return text
    }
}
