// Whose token came, and which of its accounts a call is about.
//
// Problem: the token of a page serves the page and the Instagram account that is linked to it, and on the platform an
// Instagram account is called at one of two hosts. Choice: one server plays both hosts, told apart by the first part of the
// path, `v26.0` or `instagram-v26.0`; a token counts at its own host alone. Which account of a page is meant says the node,
// else the comment or the person that the call is about, else the word `platform`. Rejected: a second port, which every
// drill would have to know. How it fails: of a person of whom nothing is known here the page itself is taken to be meant.

internal import Channels
internal import Contracts
internal import HTTPTypes
internal import Hummingbird
internal import Instants

struct SandboxCaller: Sendable {
    /// What the path's first part begins with where Instagram's own host is played.
    static let instagramHost = "instagram-"

    /// The accounts that the token is for, the page itself first; none for a token that is nobody's.
    let accounts: [SandboxAccount]

    init(_ request: Request, _ settings: SandboxSettings) {
        let given = request.headers[.authorization] ?? ""
        let isInstagramHost = request.uri.path.split(separator: "/").first?.hasPrefix(Self.instagramHost) == true
        accounts = settings.accounts.filter { account in
            (account.login == .instagram) == isInstagramHost
                && given == "Bearer \(settings.token(of: account.login.node(of: account.id)))"
        }.sorted { left, right in left.login == .page && right.login != .page }
    }

    /// The account that a node names, by its own id or as its linked page's; nil for a node that is another's.
    ///
    /// - Parameter platform: what the call says of the platform; nil where it says nothing.
    func account(at node: String, platform: String? = nil) -> SandboxAccount? {
        let served = accounts.filter { $0.login.node(of: $0.id) == node }
        if let platform { return served.first { $0.isInstagram == (platform == "instagram") } ?? served.first }
        return served.first
    }

    /// The account that an object of the platform belongs to: itself, a comment, or by what is said of it elsewhere.
    func account(of node: String, _ threads: SandboxThreads, _ posts: SandboxPosts) -> SandboxAccount? {
        accounts.first { $0.id == node } ?? accounts.first { $0.id == threads.author(of: node)?.account }
            ?? accounts.first { posts.holds(node, of: $0.id) } ?? accounts.first
    }

    /// The account to whose contact a message at this node goes.
    func account(
        at node: String, recipient: JSONValue?, _ threads: SandboxThreads, _ posts: SandboxPosts,
        _ messages: SandboxMessages
    ) -> SandboxAccount? {
        let served = accounts.filter { $0.login.node(of: $0.id) == node }
        guard served.count > 1 else { return served.first }
        if let comment = recipient?["comment_id"]?.string {
            return served.first { $0.id == threads.author(of: comment)?.account }
                ?? served.first { posts.holds(comment, of: $0.id) } ?? served.first
        }
        let contact = recipient?["id"]?.string ?? ""
        return served.first { messages.knows(contact, of: $0.id) } ?? served.first
    }
}
