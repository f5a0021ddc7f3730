/// What a state belongs to: a conversation, a post, a desk, or a matter that a desk hears of.
///
/// Text forms: `m/<account>/<contact>`, `c/<account>/<original post>/<root comment>`, `p/<account>/<original post>`,
/// `d/<team>`, `d/<team>/<conversation>`; bytes outside `[A-Za-z0-9._-]` are percent-encoded, so a part never holds a
/// slash and the text can be taken apart again.
package struct EntityID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    package enum Kind: Sendable, Hashable {
        case messages
        case comments
        case post
        case desk
        case matter
    }

    /// Reads a text form.
    ///
    /// - Throws: `NameError` if it has none of the five shapes or is longer than 1,024 bytes.
    package init(_ text: String) throws(NameError) {
        guard Self.kind(of: text) != nil, text.utf8.count <= 1_024,
            text.utf8.allSatisfy({ $0 == 0x2F || $0 == 0x25 || Self.isPlain($0) })
        else {
            throw NameError(expected: "an entity id such as m/<account>/<contact>", came: text)
        }
        self.text = text
    }

    private init(parts: String...) {
        text = parts.joined(separator: "/")
    }

    /// The conversation of an account with a customer.
    package static func messages(account: String, contact: String) -> EntityID {
        EntityID(parts: "m", encoded(account), encoded(contact))
    }

    /// The conversation under a root comment.
    package static func comments(account: String, originalPost: String, root: String) -> EntityID {
        EntityID(parts: "c", encoded(account), encoded(originalPost), encoded(root))
    }

    package static func post(account: String, originalPost: String) -> EntityID {
        EntityID(parts: "p", encoded(account), encoded(originalPost))
    }

    package static func desk(team: String) -> EntityID {
        EntityID(parts: "d", encoded(team))
    }

    package static func matter(team: String, conversation: EntityID) -> EntityID {
        EntityID(parts: "d", encoded(team), encoded(conversation.text))
    }

    package var description: String { text }

    package var kind: Kind { Self.kind(of: text) ?? .messages }

    /// The parts after the leading letter, decoded.
    package var parts: [String] {
        text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(Self.decoded)
    }

    /// The post of a comment's conversation, the desk of a matter; nil for the others.
    package var parent: EntityID? {
        let pieces = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch kind {
        case .comments: return EntityID(parts: "p", pieces[1], pieces[2])
        case .matter: return EntityID(parts: "d", pieces[1])
        case .messages, .post, .desk: return nil
        }
    }

    package static func < (left: EntityID, right: EntityID) -> Bool { left.text < right.text }

    private static func kind(of text: String) -> Kind? {
        let pieces = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let letter = pieces.first, pieces.dropFirst().allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (letter, pieces.count) {
        case ("m", 3): return .messages
        case ("c", 4): return .comments
        case ("p", 3): return .post
        case ("d", 2): return .desk
        case ("d", 3): return .matter
        default: return nil
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
            || byte == 0x2E || byte == 0x5F || byte == 0x2D
    }

    /// `part` with every byte outside `[A-Za-z0-9._-]` percent-encoded; the empty text is `%`, which no other gives.
    package static func encoded(_ part: String) -> String {
        guard !part.utf8.allSatisfy(isPlain) else { return part.isEmpty ? "%" : part }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in part.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decoded(_ part: Substring) -> String {
        guard part.utf8.contains(0x25), part != "%" else { return part == "%" ? "" : String(part) }
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                rest = rest.dropFirst(2)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
