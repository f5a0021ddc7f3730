/// What a state belongs to: a conversation, a post, a desk, or a matter that a desk hears of.
///
/// Text forms: `m/<account>/<contact>`, `c/<account>/<original post>/<root comment>`, `p/<account>/<original post>`,
/// `d/<team>`, `d/<team>/<conversation>`; bytes outside `[A-Za-z0-9._-]` are percent-encoded, so a part never holds a
/// slash and the text can be taken apart again.
package struct EntityID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String
    package let kind: Kind

    package enum Kind: Sendable, Hashable {
        case messages
        case comments
        case post
        case desk
        case matter
    }

    package static func == (left: EntityID, right: EntityID) -> Bool { left.text == right.text }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// Reads a text form.
    ///
    /// - Throws: `NameError` if it has none of the five shapes or is longer than 1,024 bytes.
    package init(_ text: String) throws(NameError) {
        guard let kind = Self.kind(of: text), text.utf8.count <= 1_024 else {
            throw NameError(expected: "an entity id such as m/<account>/<contact>", came: text)
        }
        self.text = text
        self.kind = kind
    }

    private init(_ kind: Kind, parts: String...) {
        var text = ""
        text.reserveCapacity(parts.reduce(parts.count) { $0 + $1.utf8.count })
        for part in parts {
            if !text.isEmpty { text += "/" }
            text += part
        }
        self.text = text
        self.kind = kind
    }

    /// The conversation of an account with a customer.
    package static func messages(account: String, contact: String) -> EntityID {
        EntityID(.messages, parts: "m", encoded(account), encoded(contact))
    }

    /// The conversation under a root comment.
    package static func comments(account: String, originalPost: String, root: String) -> EntityID {
        EntityID(.comments, parts: "c", encoded(account), encoded(originalPost), encoded(root))
    }

    package static func post(account: String, originalPost: String) -> EntityID {
        EntityID(.post, parts: "p", encoded(account), encoded(originalPost))
    }

    /// The account's own entity, which watches for what its webhooks leave out: its own page, read as a post.
    package static func watch(of account: String) -> EntityID { post(account: account, originalPost: account) }

    package var isWatch: Bool {
        guard kind == .post else { return false }
        let parts = text.split(separator: "/")
        return parts.count == 3 && parts[1] == parts[2]
    }

    package static func desk(team: String) -> EntityID {
        EntityID(.desk, parts: "d", encoded(team))
    }

    package static func matter(team: String, conversation: EntityID) -> EntityID {
        EntityID(.matter, parts: "d", encoded(team), encoded(conversation.text))
    }

    package var description: String { text }

    /// Whether the part after the leading letter is this account. O(length), without taking the text apart.
    package func isOf(account: String) -> Bool {
        let encoded = Self.encoded(account)
        let text = text.utf8.dropFirst(2)
        return text.starts(with: encoded.utf8) && text.dropFirst(encoded.utf8.count).first == 0x2F
    }

    /// The parts after the leading letter, decoded.
    package var parts: [String] {
        text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(Self.decoded)
    }

    /// The post of a comment's conversation, the desk of a matter; nil for the others.
    package var parent: EntityID? {
        let pieces = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch kind {
        case .comments: return EntityID(.post, parts: "p", pieces[1], pieces[2])
        case .matter: return EntityID(.desk, parts: "d", pieces[1])
        case .messages, .post, .desk: return nil
        }
    }

    package static func < (left: EntityID, right: EntityID) -> Bool { left.text < right.text }

    /// The kind that a text's letter and its number of parts say; nil if a part is empty or a byte is none of a name's.
    private static func kind(of text: String) -> Kind? {
        var letter: UInt8 = 0
        var parts = 0
        var length = 0
        for byte in text.utf8 {
            if byte == 0x2F {
                guard length > 0, parts > 0 || length == 1 else { return nil }
                parts += 1
                length = 0
            } else {
                guard byte == 0x25 || isPlain(byte) else { return nil }
                if parts == 0 { letter = byte }
                length += 1
            }
        }
        guard length > 0 else { return nil }
        switch (letter, parts) {
        case (UInt8(ascii: "m"), 2): return .messages
        case (UInt8(ascii: "c"), 3): return .comments
        case (UInt8(ascii: "p"), 2): return .post
        case (UInt8(ascii: "d"), 1): return .desk
        case (UInt8(ascii: "d"), 2): return .matter
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
