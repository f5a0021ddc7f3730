internal import Channels
internal import Instants
private import Synchronization

/// What the page shows: the newest texts of each person with each account, and who wrote which comment.
///
/// Bounded: 1,000 threads of 100 texts, 10,000 comments and 100,000 that were answered; the oldest go first.
final class SandboxThreads: Sendable {
    struct Text: Sendable {
        let at: Instant
        let isCustomer: Bool
        /// `message`, `comment`, `reply`, `private_reply`, `hide`, …
        let kind: String
        let text: String

        var json: JSONValue {
            [
                "at": .string(at.description), "from": isCustomer ? "customer" : "shop", "kind": .string(kind),
                "text": .string(text),
            ]
        }
    }

    struct Person: Sendable, Hashable {
        let account: String
        let contact: String
    }

    private struct State {
        var threads: [Person: [Text]] = [:]
        var order: [Person] = []
        var comments: [String: Person] = [:]
        var commentOrder: [String] = []
        var privatelyAnswered: Set<String> = []
        var answeredOrder: [String] = []
        /// Ids and texts of our replies, by comment.
        var replies: [String: [(id: String, text: String)]] = [:]
        var repliedOrder: [String] = []
        var number = 0
    }

    private static let mostThreads = 1_000
    private static let mostTexts = 100
    private static let mostComments = 10_000
    private static let mostAnswered = 100_000
    private let state = Mutex(State())

    /// A number that no earlier call gave.
    func nextNumber() -> Int {
        state.withLock { state in
            state.number += 1
            return state.number
        }
    }

    func add(_ text: Text, to person: Person) {
        state.withLock { state in
            if state.threads[person] == nil {
                state.order.append(person)
                if state.order.count > Self.mostThreads { state.threads[state.order.removeFirst()] = nil }
            }
            state.threads[person, default: []].append(text)
            if state.threads[person]?.count ?? 0 > Self.mostTexts { state.threads[person]?.removeFirst() }
        }
    }

    func texts(of person: Person) -> [Text] {
        state.withLock { $0.threads[person] ?? [] }
    }

    func noteComment(_ id: String, by person: Person) {
        state.withLock { state in
            guard state.comments.updateValue(person, forKey: id) == nil else { return }
            state.commentOrder.append(id)
            if state.commentOrder.count > Self.mostComments {
                let oldest = state.commentOrder.removeFirst()
                state.comments[oldest] = nil
            }
        }
    }

    func author(of comment: String) -> Person? {
        state.withLock { $0.comments[comment] }
    }

    /// False if the comment had its one private reply before; the newest 100,000 are known.
    func takePrivateReply(of comment: String) -> Bool {
        state.withLock { state in
            guard state.privatelyAnswered.insert(comment).inserted else { return false }
            state.answeredOrder.append(comment)
            if state.answeredOrder.count > Self.mostAnswered {
                state.privatelyAnswered.remove(state.answeredOrder.removeFirst())
            }
            return true
        }
    }

    func noteReply(_ id: String, to comment: String, _ text: String) {
        state.withLock { state in
            if state.replies[comment] == nil {
                state.repliedOrder.append(comment)
                if state.repliedOrder.count > Self.mostAnswered {
                    state.replies[state.repliedOrder.removeFirst()] = nil
                }
            }
            state.replies[comment, default: []].append((id, text))
        }
    }

    /// What our app said below a comment, as the platform lists it; nil where that is nothing.
    func replies(to comment: String, account: String, isInstagram: Bool) -> JSONValue? {
        guard let replies = state.withLock({ $0.replies[comment] }) else { return nil }
        let list = replies.map { reply -> JSONValue in
            [
                "id": .string(reply.id), (isInstagram ? "text" : "message"): .string(reply.text),
                "from": ["id": .string(account)],
            ]
        }
        return ["data": .array(list)]
    }
}
