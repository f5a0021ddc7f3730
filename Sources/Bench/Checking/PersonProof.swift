import Contracts
package import Redis
import SwiftProtobuf

/// What a search for a person found, what stays of them and why, and what could not be searched for.
package struct PersonProof: Sendable {
    package let trace: PersonTrace
    /// What must not be there; keys and names of needles, never the text.
    package let finds: [PersonTrace.Find]
    /// Threads that they began and others wrote in: the name is the id of their first comment.
    package let stays: [String]
    /// Threads of which nobody can tell who began them.
    package let lostRoots: [String]
    /// Sentences about what was not searched for.
    package let unsearched: [String]

    package var isWhole: Bool { finds.isEmpty && lostRoots.isEmpty }

    /// - Parameter except: keys that hold what is searched for, on purpose.
    package init(
        _ subject: PersonWords.Subject, _ words: PersonWords, except: Set<String>, files: [String: [UInt8]],
        connection: RedisConnection
    ) throws(RedisError) {
        let threads = try Self.states(of: words.threads.union(words.lostRoots), subject, connection)
        let stays = words.threads.filter { name in
            threads[name]?.comments.contains { ![subject.contact, ""].contains($0.author) } == true
        }
        // What is a name's part cannot be told from what should be gone.
        let roots = Set(stays.compactMap { try? EntityID($0).parts.last })
        var searched = words
        searched.comments.subtract(roots)
        let needles = PersonTrace.needles(account: subject.account, contact: subject.contact, words: searched)
        trace = try PersonTrace(
            namespace: subject.namespace, connection: connection, needles: needles, except: except)
        finds =
            trace.finds
            + files.sorted { $0.key < $1.key }.flatMap { PersonTrace.finds(in: $0.value, named: $0.key, needles) }
        self.stays = stays.sorted()
        lostRoots = words.lostRoots.filter { name in
            guard let talk = threads[name], let root = try? EntityID(name).parts.last else { return false }
            return talk.contact.isEmpty && !talk.rootForgotten && !talk.comments.contains { $0.id == root }
        }.sorted()
        unsearched = PersonTrace.unsearched(contact: subject.contact, words: words)
    }

    /// The threads that have a state, wherever it lies.
    private static func states(
        of threads: Set<String>, _ subject: PersonWords.Subject, _ connection: RedisConnection
    ) throws(RedisError) -> [String: Conversation] {
        var found: [String: Conversation] = [:]
        for name in threads.sorted() {
            let hash = StableHash.hash(name) >> 58
            for lane in subject.lanes {
                let key = "\(subject.namespace):{\(lane)}:state:\(hash)"
                guard let bytes = try connection.call(RedisCommand("HGET", key, name)).bytes else { continue }
                found[name] = (try? EntityState(serializedBytes: bytes))?.conversation
            }
        }
        return found
    }
}
