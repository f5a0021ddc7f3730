package import Contracts

/// A customer of one account, as far as a lane can know them: by their id there, by their comments, and by the threads that
/// are theirs alone.
package struct Person: Sendable, Hashable {
    package let account: String
    package let contact: String
    /// Their direct conversation.
    package let messages: EntityID
    /// Threads under posts in which nobody else wrote, by entity id; learned while they are erased.
    package var threads: Set<String> = []
    /// The same as XXH64 of the ids, as desks are told.
    package var goneThreads: Set<UInt64> = []
    /// XXH64 of the ids of comments that they wrote, as far as the lane knows them by now.
    package var comments: Set<UInt64> = []

    package init(account: String, contact: String) {
        self.account = account
        self.contact = contact
        messages = .messages(account: account, contact: contact)
    }

    /// What the person is remembered by: hex of the first 16 bytes of SHA-256 over account and contact, joined by 0x1F.
    package var hash: String { Self.hash(account: account, contact: contact) }

    package static func hash(account: String, contact: String) -> String {
        let digest = Digest.sha256(Array(account.utf8) + [0x1F] + Array(contact.utf8))
        return digest.prefix(16).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    /// Whether a conversation, or a desk's matter about it, is theirs.
    package func owns(_ conversation: String) -> Bool {
        guard !conversation.isEmpty else { return false }
        if isTheirs(conversation) { return true }
        guard conversation.hasPrefix("d/"), let entity = try? EntityID(conversation), entity.kind == .matter,
            let origin = entity.parts.last
        else { return false }
        return isTheirs(origin)
    }

    private func isTheirs(_ conversation: String) -> Bool {
        conversation == messages.text || threads.contains(conversation)
            || (!goneThreads.isEmpty && goneThreads.contains(StableHash.hash(conversation)))
    }

    /// Whether an event is theirs or about their conversations.
    package func concerns(_ event: Event) -> Bool {
        if event.contact == contact, event.account == account || event.account.isEmpty { return true }
        if owns(event.conversation) { return true }
        switch event.kind {
        case .told(let told): return owns(told.origin)
        case .agentReply(let reply): return wrote(reply.comment, event)
        case .edit(let edit): return wrote(edit.target, event)
        case .removal(let removal): return wrote(removal.target, event)
        case .moderated(let moderated): return wrote(moderated.target, event)
        default: return false
        }
    }

    /// Whether a comment that an event is about is theirs.
    private func wrote(_ comment: String, _ event: Event) -> Bool {
        !comment.isEmpty && !comments.isEmpty && (event.account == account || event.account.isEmpty)
            && comments.contains(StableHash.hash(comment))
    }

    /// Whether an action is for them or about their conversations.
    package func concerns(_ action: Action) -> Bool {
        if action.account == account {
            if action.contact == contact { return true }
            if !action.comment.isEmpty, comments.contains(StableHash.hash(action.comment)) { return true }
        }
        return owns(action.conversation) || (action.kind == .tell && concerns(action.event))
    }

    /// Whether bytes that cannot be read hold their id. Ids of fewer than four bytes stand in everything, and short ones within
    /// longer ones.
    package func mayStand(in bytes: some Collection<UInt8>) -> Bool {
        let id = Array(contact.utf8)
        guard id.count >= 4 else { return false }
        return id.count < 16 ? ByteSearch.contains(Array(bytes), word: id) : ByteSearch.contains(Array(bytes), id)
    }
}

/// Looks for bytes among bytes.
package enum ByteSearch {
    /// The same with neither a letter nor a digit beside it: a short id stands in longer ones.
    package static func contains(_ bytes: [UInt8], word needle: [UInt8]) -> Bool {
        guard !needle.isEmpty, bytes.count >= needle.count else { return false }
        return (0...(bytes.count - needle.count)).contains { start in
            let end = start + needle.count
            return bytes[start] == needle[0] && bytes[start..<end].elementsEqual(needle)
                && (start == 0 || !isWord(bytes[start - 1])) && (end == bytes.count || !isWord(bytes[end]))
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// O(bytes), but for repetitions of a needle's start.
    package static func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        guard let first = needle.first, bytes.count >= needle.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            needle.withUnsafeBufferPointer { needle in
                var start = 0
                let last = bytes.count - needle.count
                while start <= last {
                    if bytes[start] == first {
                        var length = 1
                        while length < needle.count, bytes[start + length] == needle[length] { length += 1 }
                        if length == needle.count { return true }
                    }
                    start += 1
                }
                return false
            }
        }
    }
}
