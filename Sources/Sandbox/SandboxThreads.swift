internal import Channels
internal import Instants
private import Synchronization

/// What the page shows: the newest texts of each person with each account, and who wrote which comment.
///
/// Bounded: 1,000 threads of 100 texts and 10,000 comments; the oldest go first.
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
        var number = 0
    }

    private static let mostThreads = 1_000
    private static let mostTexts = 100
    private static let mostComments = 10_000
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
                state.privatelyAnswered.remove(oldest)
            }
        }
    }

    func author(of comment: String) -> Person? {
        state.withLock { $0.comments[comment] }
    }

    /// False if the comment had its one private reply before.
    func takePrivateReply(of comment: String) -> Bool {
        state.withLock { state in
            guard state.comments[comment] != nil else { return true }
            return state.privatelyAnswered.insert(comment).inserted
        }
    }
}
