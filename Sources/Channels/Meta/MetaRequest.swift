// From an action to the call that carries it out (DOMAIN.md 4.5, 4.8).

package import Contracts
package import Instants

/// One call of the Graph API, without host, version and token: those are the client's.
package struct MetaRequest: Sendable, Equatable {
    package enum Method: String, Sendable {
        case post = "POST"
        case delete = "DELETE"
    }

    package let method: Method
    /// Begins with a slash; ids are percent-encoded.
    package let path: String
    /// In this order, not encoded.
    package let query: [Parameter]
    package let body: JSONValue?

    package struct Parameter: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    init(_ method: Method, _ path: [String], query: [(String, String)] = [], body: JSONValue? = nil) {
        self.method = method
        self.path = path.map { "/" + Self.encoded($0) }.joined()
        self.query = query.map { Parameter(name: $0.0, value: $0.1) }
        self.body = body
    }

    /// Subscribes our app to the webhooks of a node: a page, or an Instagram account by Instagram Login.
    package static func subscribe(_ node: String, fields: [String]) -> MetaRequest {
        MetaRequest(
            .post, [node, "subscribed_apps"], query: [("subscribed_fields", fields.joined(separator: ","))])
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986, for paths and query values alike.
    package static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                bytes += Array("%\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The two Meta products whose calls differ.
package enum MetaChannel: String, Sendable, CaseIterable {
    case facebook
    case instagram

    /// Usual limit of a direct message (DOMAIN.md 4.5); settings may name others.
    package var messageLimit: TextLimit {
        switch self {
        case .facebook: TextLimit(unit: .utf16, most: 2_000)
        case .instagram: TextLimit(unit: .bytes, most: 1_000)
        }
    }

    /// Usual limit of a public comment; from memory, so a setting wherever it matters.
    package var commentLimit: TextLimit {
        switch self {
        case .facebook: TextLimit(unit: .utf16, most: 8_000)
        case .instagram: TextLimit(unit: .utf16, most: 2_200)
        }
    }
}

/// An action that no call of this channel can carry out; final for the action.
package struct Unsendable: Error, Equatable, CustomStringConvertible {
    package let expected: String
    package let came: String
    package var description: String { "expected \(expected), got \(came)" }
}

/// What differs from account to account when an action is written as a call.
package struct MetaOutbound: Sendable {
    /// A call reaches the platform within this or not at all: the courier's patience.
    static let onItsWay = Duration.seconds(30)

    package let channel: MetaChannel
    package let messageLimit: TextLimit
    package let commentLimit: TextLimit
    /// By which node messages go.
    package var login: MetaLogin

    /// Limits default to the channel's usual ones.
    package init(
        channel: MetaChannel, login: MetaLogin = .page, messageLimit: TextLimit? = nil, commentLimit: TextLimit? = nil
    ) {
        self.channel = channel
        self.login = login
        self.messageLimit = messageLimit ?? channel.messageLimit
        self.commentLimit = commentLimit ?? channel.commentLimit
    }

    /// The call that carries out the action. Pure.
    ///
    /// - Parameter now: the lane clock at the attempt. From the end of the standard window on a person's text carries the tag
    ///   for people; a text that nobody wrote never does.
    /// - Parameter isPlain: without cards and buttons, for a platform that refused them.
    /// - Throws: `Unsendable` for kinds that no channel carries out, for actions that lack what their kind needs, and for texts over
    ///   the limit: who decides makes pieces of them, and half a text must not count as delivered.
    package func request(
        for action: Action, lane: LaneName, at now: Instant, isPlain: Bool = false
    ) throws(Unsendable) -> MetaRequest {
        let conversation = action.kind == .privateReply ? action.conversation : ""
        let mark = SendMark(lane: lane, action: action.actionID, conversation: try? EntityID(conversation)).description
        switch action.kind {
        case .send:
            var message: [String: JSONValue] = ["metadata": .string(mark)]
            if !isPlain, !action.cards.isEmpty {
                message["attachment"] = try MetaCards.attachment(action.cards)
            } else {
                message["text"] = .string(try text(action, messageLimit))
            }
            if !isPlain, !action.quickReplies.isEmpty {
                message["quick_replies"] = try MetaCards.quickReplies(action.quickReplies)
            }
            return try messages(action, contact(action), .object(message), isTagged: Self.needsTag(action, now))
        case .privateReply:
            let message: JSONValue = [
                "text": .string(try text(action, messageLimit)), "metadata": .string(mark),
            ]
            return try messages(action, ["comment_id": .string(comment(action))], message, isTagged: false)
        case .senderAction:
            let known: Set<String> = ["mark_seen", "typing_on", "typing_off"]
            let word = known.contains(action.text) ? action.text : "mark_seen"
            return MetaRequest(
                .post, [try node(action), "messages"],
                body: ["recipient": try contact(action), "sender_action": .string(word)])
        case .reply: return try reply(action)
        case .hide: return try hide(action, true)
        case .unhide: return try hide(action, false)
        case .delete: return MetaRequest(.delete, [try comment(action)])
        case .fetch, .notify, .standDown, .tell, .publish, .unspecified, .UNRECOGNIZED:
            throw Unsendable(expected: "an action of a channel", came: action.kind.word)
        }
    }

    /// The tag may stand on a text within the window too, so one that is on its way at its end carries it.
    private static func needsTag(_ action: Action, _ now: Instant) -> Bool {
        guard !action.agent.isEmpty, action.windowEnds > 0 else { return false }
        return now + onItsWay >= Instant(milliseconds: action.windowEnds)
    }

    private func messages(
        _ action: Action, _ recipient: JSONValue, _ message: JSONValue, isTagged: Bool
    ) throws(Unsendable) -> MetaRequest {
        var body: [String: JSONValue] = [
            "recipient": recipient, "message": message,
            "messaging_type": .string(isTagged ? "MESSAGE_TAG" : "RESPONSE"),
        ]
        if isTagged { body["tag"] = "HUMAN_AGENT" }
        return MetaRequest(.post, [try node(action), "messages"], body: .object(body))
    }

    private func reply(_ action: Action) throws(Unsendable) -> MetaRequest {
        let text = try text(action, commentLimit)
        return switch channel {
        case .facebook: MetaRequest(.post, [try comment(action), "comments"], body: ["message": .string(text)])
        case .instagram: MetaRequest(.post, [try comment(action), "replies"], query: [("message", text)])
        }
    }

    private func hide(_ action: Action, _ hidden: Bool) throws(Unsendable) -> MetaRequest {
        switch channel {
        case .facebook: MetaRequest(.post, [try comment(action)], body: ["is_hidden": .bool(hidden)])
        case .instagram: MetaRequest(.post, [try comment(action)], query: [("hide", hidden ? "true" : "false")])
        }
    }

    private func node(_ action: Action) throws(Unsendable) -> String {
        guard !action.account.isEmpty else { throw Unsendable(expected: "an account", came: "none, account") }
        return login.node(of: action.account)
    }

    private func contact(_ action: Action) throws(Unsendable) -> JSONValue {
        guard !action.contact.isEmpty else { throw Unsendable(expected: "a contact", came: "none, contact") }
        return ["id": .string(action.contact)]
    }

    private func comment(_ action: Action) throws(Unsendable) -> String {
        guard !action.comment.isEmpty else { throw Unsendable(expected: "a comment id", came: "none, comment") }
        return action.comment
    }

    private func text(_ action: Action, _ limit: TextLimit) throws(Unsendable) -> String {
        guard !action.text.isEmpty else { throw Unsendable(expected: "a text", came: "none, text") }
        guard limit.holds(action.text) else {
            throw Unsendable(
                expected: "at most \(limit.most) \(limit.unit.rawValue)",
                came: "\(limit.length(of: action.text)), text")
        }
        return action.text
    }
}
