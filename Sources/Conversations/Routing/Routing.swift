package import Contracts

/// From an event to its entity, and from an entity to its lane key and lane (DESIGN.md, words).
///
/// Ingress, the command line and runners must agree on this to the byte, so it exists once. What is spooled keeps the
/// lane *key*; the lane follows from the topology of the moment at which it drains.

/// Why an event has no place.
package enum RoutingError: Error, Equatable, CustomStringConvertible {
    case unknownAccount(String)
    /// A field that the event's kind needs is empty.
    case missing(field: String, kind: String)
    /// The event names a conversation that is none, or that belongs to another account.
    case conversation(String, account: String)

    package var description: String {
        switch self {
        case .unknownAccount(let account): "expected an account of the policy, got \"\(account.prefix(80))\""
        case .missing(let field, let kind): "expected \(field), got nothing, in an event of kind \(kind)"
        case .conversation(let came, let account):
            "expected a conversation of account \"\(account.prefix(80))\", got \"\(came.prefix(80))\""
        }
    }
}

/// The originals of ads' own media, per account: `ns:{acct:ID}` holds them.
package struct PostAliases: Sendable {
    private let originals: [String: [String: String]]

    package static let none = PostAliases([:])

    /// - Parameter originals: account -> ad's media id -> original post.
    package init(_ originals: [String: [String: String]]) {
        self.originals = originals
    }

    package func original(of post: String, account: String) -> String? { originals[account]?[post] }
}

extension EntityID {
    /// The entity that decides about an event.
    ///
    /// A direct thread's is (account, contact); a comment's the thread under its root comment; what people, couriers
    /// and desks write names its conversation.
    package static func of(_ event: Event, aliases: PostAliases = .none) throws(RoutingError) -> EntityID {
        switch event.kind {
        case .comment(let comment):
            return try comments(
                event, target: comment.id, post: comment.post, original: comment.originalPost,
                parent: comment.parent, aliases: aliases)
        case .edit(let edit) where !edit.post.isEmpty:
            return try comments(
                event, target: edit.target, post: edit.post, original: edit.originalPost, parent: edit.parent,
                aliases: aliases)
        case .removal(let removal) where !removal.post.isEmpty:
            return try comments(
                event, target: removal.target, post: removal.post, original: removal.originalPost,
                parent: removal.parent, aliases: aliases)
        case .moderated(let moderated):
            return try comments(
                event, target: moderated.target, post: moderated.post, original: moderated.originalPost,
                parent: moderated.parent, aliases: aliases)
        case .mention(let mention):
            return try comments(
                event, target: mention.id, post: mention.post, original: "", parent: "", aliases: .none)
        default:
            if !event.conversation.isEmpty { return try named(event) }
            guard !event.account.isEmpty else { throw .missing(field: "account", kind: event.kindWord) }
            guard !event.contact.isEmpty else { throw .missing(field: "contact", kind: event.kindWord) }
            return .messages(account: event.account, contact: event.contact)
        }
    }

    private static func named(_ event: Event) throws(RoutingError) -> EntityID {
        let id: EntityID
        do {
            id = try EntityID(event.conversation)
        } catch {
            throw .conversation(event.conversation, account: event.account)
        }
        switch id.kind {
        case .desk, .matter: return id
        case .messages, .comments, .post:
            guard event.account.isEmpty || id.isOf(account: event.account) else {
                throw .conversation(event.conversation, account: event.account)
            }
            return id
        }
    }

    private static func comments(
        _ event: Event, target: String, post: String, original: String, parent: String, aliases: PostAliases
    ) throws(RoutingError) -> EntityID {
        guard !event.account.isEmpty else { throw .missing(field: "account", kind: event.kindWord) }
        guard !target.isEmpty else { throw .missing(field: "the comment's id", kind: event.kindWord) }
        guard !post.isEmpty || !original.isEmpty else { throw .missing(field: "post", kind: event.kindWord) }
        let known = original.isEmpty ? aliases.original(of: post, account: event.account) : original
        let isRoot = parent.isEmpty || parent == post || parent == original || parent == known
        return .comments(account: event.account, originalPost: known ?? post, root: isRoot ? target : parent)
    }
}

extension Policy {
    /// The lane of an entity under this policy's partitions.
    ///
    /// - Throws: `RoutingError.unknownAccount` if no account or no desk of that name can be.
    package func lane(of entity: EntityID) throws(RoutingError) -> LaneName { try lane(of: entity.laneKey) }

    /// The lane of a key under this policy's partitions; throws as for an entity.
    package func lane(of key: LaneKey) throws(RoutingError) -> LaneName {
        switch key {
        case .desk(let team):
            guard let lane = try? LaneName.desk(team: team) else { throw .unknownAccount("desk-\(team)") }
            return lane
        case .account(let account, let key):
            guard let partition = accounts[account].flatMap({ partitions[$0.partition] }) else {
                throw .unknownAccount(account)
            }
            return partition.name.lane(account: account, contact: key, of: partition.lanes)
        }
    }

    /// The lane of an event; `Routing` says how.
    package func lane(of event: Event, aliases: PostAliases = .none) throws(RoutingError) -> LaneName {
        try lane(of: try EntityID.of(event, aliases: aliases))
    }
}

extension Event {
    /// The name of the kind as the JSON edge and results write it; `unknown` if this version knows it not.
    package var kindWord: String {
        switch kind {
        case .message: "message"
        case .comment: "comment"
        case .edit: "edit"
        case .removal: "removal"
        case .postback: "postback"
        case .reaction: "reaction"
        case .echo: "echo"
        case .agentReply: "agent_reply"
        case .claim: "claim"
        case .resolve: "resolve"
        case .rating: "rating"
        case .outcome: "outcome"
        case .command: "command"
        case .told: "told"
        case .fetched: "fetched"
        case .moderated: "moderated"
        case .threadControl: "thread_control"
        case .mention: "mention"
        case .receipt: "receipt"
        case nil: "unknown"
        }
    }
}
