package import Channels
private import Glibc
package import Instants
private import Synchronization

/// One call that the sandbox accepted.
package struct LedgerLine: Sendable, Equatable {
    package let at: Instant
    /// `send`, `private_reply`, `reply`, `hide`, `unhide`, `delete`, `sender_action`.
    package let kind: String
    package let account: String
    /// The contact, or the comment that was answered or moderated.
    package let recipient: String
    package let metadata: String
    package let text: String
    package let id: String
    /// False if the caller got no answer although it was accepted.
    package let answered: Bool
    /// The message's tag; empty: it had none.
    package var tag = ""
    /// What was left of the message's window; nil where the double knew of none.
    package var left: Duration?
    /// Products' ids, or titles with addresses; the titles of buttons.
    package var cards: [String] = []
    package var quickReplies: [String] = []

    package var json: JSONValue {
        var fields: [String: JSONValue] = [
            "at": .string(at.description), "kind": .string(kind), "account": .string(account),
            "recipient": .string(recipient), "metadata": .string(metadata), "text": .string(text),
            "id": .string(id), "answered": .bool(answered),
        ]
        if !tag.isEmpty { fields["tag"] = .string(tag) }
        if let left { fields["window_left_ms"] = .integer(left.wholeMilliseconds) }
        if !cards.isEmpty { fields["cards"] = .array(cards.map { .string($0) }) }
        if !quickReplies.isEmpty { fields["quick_replies"] = .array(quickReplies.map { .string($0) }) }
        return .object(fields)
    }
}

/// Everything that the sandbox accepted: an append-only file, one JSON line each, written before the call is answered.
/// It is the witness of drills, so it never forgives a repeated send and never drops one.
package final class SandboxLedger: Sendable {
    package let path: String
    private let descriptor: CInt
    private let state = Mutex(State())

    private struct State {
        var count = 0
        var seen: Set<String> = []
        var duplicates: [String] = []
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Opens the file, or makes it.
    package init(path: String) throws(Failure) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure(description: "expected a file to append to, got errno \(errno), \(path)")
        }
    }

    deinit { close(descriptor) }

    package func append(_ line: LedgerLine) throws(Failure) {
        let bytes = line.json.bytes() + [0x0A]
        let written = state.withLock { state in
            let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard written == bytes.count else { return false }
            state.count += 1
            if !line.metadata.isEmpty, !state.seen.insert(line.metadata).inserted {
                state.duplicates.append(line.metadata)
            }
            return true
        }
        guard written else { throw Failure(description: "expected a line to be written, got errno \(errno), \(path)") }
    }

    /// Calls accepted since the start, and the marks that came more than once, in the order of their repetition.
    package var summary: (count: Int, duplicates: [String]) {
        state.withLock { ($0.count, $0.duplicates) }
    }
}
