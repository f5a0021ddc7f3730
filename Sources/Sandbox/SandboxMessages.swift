internal import Channels
package import Instants
private import Synchronization

/// The direct messages that stand on the platform, whether a webhook ever told of them or not, by conversation.
///
/// Bounded for the page and the drills: 20,000 conversations, each with its newest hundred messages.
package final class SandboxMessages: Sendable {
    package struct Message: Sendable, Equatable {
        package let id: String
        package let text: String
        package let at: Instant
        /// The account wrote it.
        package let isOwn: Bool

        package init(id: String, text: String, at: Instant, isOwn: Bool = false) {
            self.id = id
            self.text = text
            self.at = at
            self.isOwn = isOwn
        }
    }

    private static let mostConversations = 20_000
    private static let mostMessages = 100
    private static let pageSize = 25
    /// Account -> contact -> messages.
    private let state = Mutex<[String: [String: [Message]]]>([:])

    package init() {}

    package func add(_ message: Message, account: String, contact: String) {
        state.withLock { state in
            let count = state[account]?.count ?? 0
            guard state[account]?[contact] != nil || count < Self.mostConversations else { return }
            state[account, default: [:]][contact, default: []].append(message)
            if state[account]?[contact]?.count ?? 0 > Self.mostMessages {
                state[account]?[contact]?.removeFirst()
            }
        }
    }

    /// Whether this contact ever wrote to the account, or was written to.
    func knows(_ contact: String, of account: String) -> Bool { state.withLock { $0[account]?[contact] != nil } }

    /// One page of an account's conversations, the one that changed last first, with the newest messages of each.
    func page(of account: String, after: Int, messages: Int) -> JSONValue {
        let conversations = state.withLock { $0[account] ?? [:] }.map { contact, messages in
            (contact: contact, messages: messages.sorted { ($0.at, $0.id) > ($1.at, $1.id) })
        }.sorted { left, right in
            let (one, other) = (left.messages.first?.at ?? .epoch, right.messages.first?.at ?? .epoch)
            return one == other ? left.contact < right.contact : one > other
        }
        let page = conversations.dropFirst(max(0, after)).prefix(Self.pageSize)
        var answer: [String: JSONValue] = [
            "data": .array(page.map { Self.json($0.contact, $0.messages.prefix(messages), account) })
        ]
        if after + page.count < conversations.count {
            answer["paging"] = ["cursors": ["after": .string("\(after + page.count)")], "next": "more"]
        }
        return .object(answer)
    }

    private static func json(
        _ contact: String, _ messages: ArraySlice<Message>, _ account: String
    ) -> JSONValue {
        func time(_ instant: Instant) -> JSONValue {
            let text = Instant(seconds: instant.seconds).description
            return .string(String(text.prefix { $0 != "." && $0 != "Z" }) + "+0000")
        }
        let data = messages.map { message -> JSONValue in
            [
                "id": .string(message.id), "message": .string(message.text), "created_time": time(message.at),
                "from": ["id": .string(message.isOwn ? account : contact)],
            ]
        }
        return [
            "id": .string("t_\(contact)"), "updated_time": time(messages.first?.at ?? .epoch),
            "messages": ["data": .array(data)],
        ]
    }
}
