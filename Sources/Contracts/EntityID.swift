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

    /// Writes letter and encoded parts in one piece: every event's entity is made this way, some more than once.
    private init(
        _ kind: Kind, _ letter: Unicode.Scalar, _ first: String, _ second: String? = nil, _ third: String? = nil
    ) {
        var length = 2 + Self.encodedLength(of: first)
        if let second { length += 1 + Self.encodedLength(of: second) }
        if let third { length += 1 + Self.encodedLength(of: third) }
        text = String(unsafeUninitializedCapacity: length) { buffer in
            var offset = 0
            buffer[offset] = UInt8(ascii: letter)
            offset += 1
            Self.write(first, to: buffer, &offset)
            if let second { Self.write(second, to: buffer, &offset) }
            if let third { Self.write(third, to: buffer, &offset) }
            return offset
        }
        self.kind = kind
    }

    /// The beginning of another id, with another letter in front.
    private init(_ kind: Kind, _ letter: String, of other: EntityID, parts: Int) {
        var end = other.text.utf8.startIndex
        var slashes = 0
        while end < other.text.utf8.endIndex {
            if other.text.utf8[end] == 0x2F {
                slashes += 1
                if slashes > parts { break }
            }
            other.text.utf8.formIndex(after: &end)
        }
        text = letter + other.text[..<end].dropFirst()
        self.kind = kind
    }

    /// The conversation of an account with a customer.
    package static func messages(account: String, contact: String) -> EntityID {
        EntityID(.messages, "m", account, contact)
    }

    /// The conversation under a root comment.
    package static func comments(account: String, originalPost: String, root: String) -> EntityID {
        EntityID(.comments, "c", account, originalPost, root)
    }

    package static func post(account: String, originalPost: String) -> EntityID {
        EntityID(.post, "p", account, originalPost)
    }

    /// The account's own entity, which watches for what its webhooks leave out: its own page, read as a post.
    package static func watch(of account: String) -> EntityID { post(account: account, originalPost: account) }

    package var isWatch: Bool {
        guard kind == .post else { return false }
        let parts = text.split(separator: "/")
        return parts.count == 3 && parts[1] == parts[2]
    }

    package static func desk(team: String) -> EntityID {
        EntityID(.desk, "d", team)
    }

    package static func matter(team: String, conversation: EntityID) -> EntityID {
        EntityID(.matter, "d", team, conversation.text)
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
        switch kind {
        case .comments: return EntityID(.post, "p", of: self, parts: 2)
        case .matter: return EntityID(.desk, "d", of: self, parts: 1)
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
        guard part.isEmpty || !part.utf8.allSatisfy(isPlain) else { return part }
        return String(unsafeUninitializedCapacity: encodedLength(of: part)) { buffer in
            var offset = 0
            write(bare: part, to: buffer, &offset)
            return offset
        }
    }

    private static func encodedLength(of part: String) -> Int {
        part.isEmpty ? 1 : part.utf8.reduce(0) { $0 + (isPlain($1) ? 1 : 3) }
    }

    private static func write(_ part: String, to buffer: UnsafeMutableBufferPointer<UInt8>, _ offset: inout Int) {
        buffer[offset] = 0x2F
        offset += 1
        write(bare: part, to: buffer, &offset)
    }

    private static func write(
        bare part: String, to buffer: UnsafeMutableBufferPointer<UInt8>, _ offset: inout Int
    ) {
        guard !part.isEmpty else {
            buffer[offset] = 0x25
            offset += 1
            return
        }
        for byte in part.utf8 {
            if isPlain(byte) {
                buffer[offset] = byte
                offset += 1
            } else {
                buffer[offset] = 0x25
                buffer[offset + 1] = hexDigit(byte >> 4)
                buffer[offset + 2] = hexDigit(byte & 15)
                offset += 3
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

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
