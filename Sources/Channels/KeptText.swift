/// What is kept of a customer's text: up to 20,000 characters or 48 KiB (DESIGN.md, the way of an event).
package struct KeptText: Sendable, Equatable {
    package static let mostCharacters = 20_000
    package static let mostBytes = 48 * 1_024

    package let text: String
    /// 0, or the length in characters (grapheme clusters) of a text that was cut.
    package let fullLength: UInt32

    /// Cuts at a grapheme border; only a text whose first grapheme alone is over the limit is cut within it, between
    /// scalars. O(bytes).
    package init(_ text: String) {
        guard text.utf8.count > Self.mostCharacters else {
            self.text = text
            fullLength = 0
            return
        }
        var bytes = 0
        var characters = 0
        var end = text.startIndex
        while end < text.endIndex, characters < Self.mostCharacters {
            let next = text.index(after: end)
            bytes += text.utf8.distance(from: end, to: next)
            guard bytes <= Self.mostBytes else { break }
            characters += 1
            end = next
        }
        guard end < text.endIndex else {
            self.text = text
            fullLength = 0
            return
        }
        self.text = end > text.startIndex ? String(text[..<end]) : Self.scalars(of: text)
        fullLength = UInt32(clamping: text.count)
    }

    private static func scalars(of text: String) -> String {
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= mostBytes else { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}
