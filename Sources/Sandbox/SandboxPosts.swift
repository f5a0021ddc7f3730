internal import Channels
package import Instants
private import Synchronization

/// What stands on the platform: posts with their comments, whether a webhook ever told of them or not.
///
/// Bounded for the page and the drills: the newest 200,000 comments.
package final class SandboxPosts: Sendable {
    package struct Comment: Sendable, Equatable {
        package let id: String
        package let contact: String
        package let text: String
        package let at: Instant
        package let parent: String?

        package init(id: String, contact: String, text: String, at: Instant, parent: String? = nil) {
            self.id = id
            self.contact = contact
            self.text = text
            self.at = at
            self.parent = parent
        }
    }

    private struct Post {
        var isAd = false
        var comments: [Comment] = []
        /// Reads of it are refused with this code.
        var refusal: Int64?
    }

    private struct State {
        /// Account -> post.
        var posts: [String: [String: Post]] = [:]
        /// Account -> comment.
        var comments: [String: [String: Comment]] = [:]
        var count = 0
    }

    private static let mostComments = 200_000
    private static let pageSize = 100
    /// Of answers beside their comment, and of a page of them.
    private static let repliesPage = 25
    private let state = Mutex(State())

    package init() {}

    /// - Parameter isAd: it is listed among the ads, not in the feed.
    package func add(_ comment: Comment, to post: String, of account: String, isAd: Bool = false) {
        state.withLock { state in
            guard state.count < Self.mostComments else { return }
            state.count += 1
            state.posts[account, default: [:]][post, default: Post(isAd: isAd)].comments.append(comment)
            state.comments[account, default: [:]][comment.id] = comment
        }
    }

    /// Who wrote it and when; nil for one that nobody wrote here.
    func comment(_ id: String, of account: String) -> Comment? { state.withLock { $0.comments[account]?[id] } }

    /// Whether a post or comment of this id stands at the account.
    func holds(_ id: String, of account: String) -> Bool {
        state.withLock { $0.comments[account]?[id] != nil || $0.posts[account]?[id] != nil }
    }

    /// Reads of the post are refused from now on; with nil they are answered again.
    package func refuse(_ post: String, of account: String, code: Int64?) {
        state.withLock { $0.posts[account, default: [:]][post, default: Post()].refusal = code }
    }

    func refusal(of post: String, account: String) -> Int64? {
        state.withLock { $0.posts[account]?[post]?.refusal }
    }

    /// One page of the account's posts.
    func list(of account: String, ads: Bool, after: Int) -> JSONValue {
        let posts = state.withLock { state in
            (state.posts[account] ?? [:]).filter { $0.value.isAd == ads }.keys.sorted()
        }
        let page = posts.dropFirst(max(0, after)).prefix(Self.pageSize)
        var answer: [String: JSONValue] = ["data": .array(page.map { ["id": .string($0)] })]
        if after + page.count < posts.count {
            answer["paging"] = ["cursors": ["after": .string("\(after + page.count)")], "next": "more"]
        }
        return .object(answer)
    }

    /// One page of a post's comments, the newest first; nil for a post that there is not. Instagram gives answers beside
    /// the comment that they answer, the oldest first.
    func page(of post: String, account: String, isInstagram: Bool, since: Instant, after: Int) -> JSONValue? {
        let found = state.withLock { $0.posts[account]?[post]?.comments }
        guard let found else { return nil }
        let wanted = found.filter { $0.at >= since && !(isInstagram && $0.parent != nil) }.sorted {
            ($0.at, $0.id) > ($1.at, $1.id)
        }
        guard isInstagram else {
            return Self.page(wanted, after: after, size: Self.pageSize) { Self.json($0, false) }
        }
        let answers = Dictionary(grouping: found.filter { $0.parent != nil }) { $0.parent ?? "" }
        return Self.page(wanted, after: after, size: Self.pageSize) { comment in
            let beside = answers[comment.id].map { Self.replies($0, after: 0) }
            return Self.json(comment, true, replies: beside)
        }
    }

    /// One page of the answers to an Instagram comment; nil where there are none.
    func replies(to comment: String, account: String, after: Int) -> JSONValue? {
        let found = state.withLock { $0.comments[account]?.values.filter { $0.parent == comment } ?? [] }
        return found.isEmpty ? nil : Self.replies(found, after: after)
    }

    private static func replies(_ found: [Comment], after: Int) -> JSONValue {
        page(found.sorted { ($0.at, $0.id) < ($1.at, $1.id) }, after: after, size: repliesPage) { json($0, true) }
    }

    private static func page(
        _ found: [Comment], after: Int, size: Int, _ json: (Comment) -> JSONValue
    ) -> JSONValue {
        let page = found.dropFirst(max(0, after)).prefix(size)
        var answer: [String: JSONValue] = ["data": .array(page.map(json))]
        if after + page.count < found.count {
            answer["paging"] = ["cursors": ["after": .string("\(after + page.count)")], "next": "more"]
        }
        return .object(answer)
    }

    private static func json(_ comment: Comment, _ isInstagram: Bool, replies: JSONValue? = nil) -> JSONValue {
        var fields: [String: JSONValue] = [
            "id": .string(comment.id), (isInstagram ? "text" : "message"): .string(comment.text),
            (isInstagram ? "timestamp" : "created_time"): .integer(comment.at.seconds),
            "from": ["id": .string(comment.contact)],
        ]
        if let parent = comment.parent, !isInstagram { fields["parent"] = ["id": .string(parent)] }
        if let replies { fields["replies"] = replies }
        return .object(fields)
    }
}

/// Which webhook fields our app gets; calls change them.
final class SandboxSubscriptions: Sendable {
    /// Of every node that no call changed.
    private let usual: [String]
    private let state = Mutex<[String: [String]]>([:])

    init(_ fields: [String]) {
        usual = fields
    }

    func fields(of node: String) -> [String] { state.withLock { $0[node] } ?? usual }

    func set(_ fields: [String], of node: String) { state.withLock { $0[node] = fields } }
}
