import Contracts
package import Redis
import SwiftProtobuf

/// What else than their name is searched for of a person: what they wrote, and the ids of it, as far as logs and states tell.
///
/// It has to be gathered before anything is erased, and is kept under a key of its own until a proof has found nothing: an
/// order that takes longer than the command waits leaves nothing that could tell it a second time. It names no key and reads
/// by plain commands, page by page; of others it holds hashes only. O(bytes of the lanes).
package struct PersonWords: Sendable, Equatable {
    /// What they wrote and nobody else did.
    package var texts: Set<String> = []
    package var comments: Set<String> = []
    /// Ids of messages, without what a channel puts before them.
    package var messages: Set<String> = []
    /// Threads that they began, by entity id.
    package var threads: Set<String> = []
    /// Threads of the account of which neither state nor log tells who began them.
    package var lostRoots: Set<String> = []

    package init() {}

    /// Whose words they are, and where they stand.
    package struct Subject: Sendable {
        package let account: String
        package let contact: String
        package let lanes: [String]
        package let namespace: String

        package init(account: String, contact: String, lanes: [String], namespace: String) {
            self.account = account
            self.contact = contact
            self.lanes = lanes
            self.namespace = namespace
        }
    }

    package static func gather(
        _ subject: Subject, connection: RedisConnection
    ) throws(RedisError) -> PersonWords {
        var gathering = Gathering(account: subject.account, contact: subject.contact)
        for lane in subject.lanes {
            let prefix = "\(subject.namespace):{\(lane)}:"
            try LaneRecord.pages(of: prefix + "in", connection) { _, body in
                for range in (try? EventFraming.ranges(of: body)) ?? [] { gathering.take(event: Array(body[range])) }
            }
            try fields(of: prefix + "kept", connection) { name, value in
                if !name.hasPrefix("r/") { gathering.take(event: value) }
            }
            for number in 0..<64 {
                try fields(of: "\(prefix)state:\(number)", connection) { gathering.take(state: $0, $1) }
            }
        }
        return gathering.whole
    }

    package mutating func add(_ other: PersonWords) {
        texts.formUnion(other.texts)
        comments.formUnion(other.comments)
        messages.formUnion(other.messages)
        threads.formUnion(other.threads)
        lostRoots.formUnion(other.lostRoots)
    }

    private static func fields(
        of key: String, _ connection: RedisConnection, _ each: (String, [UInt8]) -> Void
    ) throws(RedisError) {
        var cursor = "0"
        repeat {
            let reply = try connection.call(RedisCommand("HSCAN", key, cursor, "COUNT", "200"))
            cursor = reply.array?.first?.string ?? "0"
            let flat = reply.array?.last?.array ?? []
            for index in stride(from: 0, to: flat.count - 1, by: 2) {
                if let name = flat[index].string, let value = flat[index + 1].bytes { each(name, value) }
            }
        } while cursor != "0"
    }
}

// Until the proof is made. It goes by itself with the tombstones, after eight days.
extension PersonWords {
    private static let lifetime = 8 * 86_400
    private static let slice = 500

    package static func kept(under key: String, connection: RedisConnection) throws(RedisError) -> PersonWords {
        var words = PersonWords()
        var cursor = "0"
        repeat {
            let reply = try connection.call(RedisCommand("SSCAN", key, cursor, "COUNT", "500"))
            cursor = reply.array?.first?.string ?? "0"
            for member in reply.array?.last?.array ?? [] { member.string.map { words.insert($0) } }
        } while cursor != "0"
        return words
    }

    package func keep(under key: String, connection: RedisConnection) throws(RedisError) {
        let members =
            texts.sorted().map { "t" + $0 } + comments.sorted().map { "c" + $0 } + messages.sorted().map { "m" + $0 }
            + threads.sorted().map { "r" + $0 } + lostRoots.sorted().map { "l" + $0 }
        for start in stride(from: 0, to: members.count, by: Self.slice) {
            var command = RedisCommand("SADD", key)
            for member in members[start...].prefix(Self.slice) { command.add(member) }
            _ = try connection.call(command)
        }
        _ = try connection.call(RedisCommand("EXPIRE", key, "\(Self.lifetime)"))
    }

    private mutating func insert(_ member: String) {
        let word = String(member.dropFirst())
        switch member.first {
        case "t": texts.insert(word)
        case "c": comments.insert(word)
        case "m": messages.insert(word)
        case "r": threads.insert(word)
        case "l": lostRoots.insert(word)
        default: break
        }
    }
}

/// What was seen so far.
private struct Gathering {
    /// So many marks a thread keeps; with as many it may have dropped the one of its beginning.
    private static let mostMarks = 32

    let account: String
    let contact: String
    private var words = PersonWords()
    private var othersTexts: Set<UInt64> = []
    /// Of all comments that the logs still hold.
    private var logged: Set<UInt64> = []

    init(account: String, contact: String) {
        self.account = account
        self.contact = contact
    }

    var whole: PersonWords {
        var words = words
        words.texts = words.texts.filter { !othersTexts.contains(StableHash.hash($0)) }
        words.lostRoots = words.lostRoots.filter { name in
            guard let root = try? EntityID(name).parts.last else { return false }
            return !logged.contains(StableHash.hash(root))
        }
        return words
    }

    mutating func take(event bytes: [UInt8]) {
        guard let event = try? Event(serializedBytes: bytes) else { return }
        let isTheirs = event.account == account && event.contact == contact
        if let text = event.saidText, !text.isEmpty {
            if isTheirs { words.texts.insert(text) } else { othersTexts.insert(StableHash.hash(text)) }
        }
        switch event.kind {
        case .comment(let comment):
            logged.insert(StableHash.hash(comment.id))
            guard isTheirs else { return }
            words.comments.insert(comment.id)
            let post = comment.originalPost.isEmpty ? comment.post : comment.originalPost
            guard ["", comment.post, post].contains(comment.parent) else { return }
            words.threads.insert(
                EntityID.comments(account: account, originalPost: post, root: comment.id).text)
        case .mention(let mention) where isTheirs:
            words.comments.insert(mention.id)
            words.threads.insert(
                EntityID.comments(account: account, originalPost: mention.post, root: mention.id).text)
        case .fetched(let fetched) where isTheirs && !fetched.target.isEmpty:
            words.comments.insert(fetched.target)
        case .message where isTheirs, .postback where isTheirs:
            words.messages.insert(
                ["dm:", "pb:"].contains(String(event.id.prefix(3))) ? String(event.id.dropFirst(3)) : event.id)
        default: break
        }
    }

    mutating func take(state name: String, _ bytes: [UInt8]) {
        guard name.hasPrefix("c/"), let id = try? EntityID(name), id.parts.first == account,
            let root = id.parts.last, let talk = (try? EntityState(serializedBytes: bytes))?.conversation
        else { return }
        for mark in talk.comments where mark.author == contact { words.comments.insert(mark.id) }
        let mark = talk.comments.first { $0.id == root }
        if mark?.author == contact || talk.contact == contact {
            words.comments.insert(root)
            words.threads.insert(name)
        } else if mark == nil, talk.contact.isEmpty, !talk.rootForgotten, talk.comments.count >= Self.mostMarks {
            words.lostRoots.insert(name)
        }
    }
}

extension Event {
    /// What its author wrote.
    fileprivate var saidText: String? {
        switch kind {
        case .message(let message): message.text
        case .comment(let comment): comment.text
        case .edit(let edit): edit.text
        case .rating(let rating): rating.text
        case .mention(let mention): mention.text
        case .fetched(let fetched) where !fetched.target.isEmpty: fetched.text
        default: nil
        }
    }
}
