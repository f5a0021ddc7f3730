internal import Channels
internal import Contracts
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Instants

/// What the Graph API tells about an account: its name, our app's permissions, the fields that come by webhook, routing.
struct GraphReads: Sendable {
    let settings: SandboxSettings
    let posts: SandboxPosts
    let messages: SandboxMessages
    let subscriptions: SandboxSubscriptions
    let faults: FaultDraw
    let throttle: SandboxThrottle
    let ledger: SandboxLedger
    let threads: SandboxThreads

    func add(to router: Router<BasicRequestContext>) {
        router.get("/:version/me/permissions") { request, _ in
            guard holder(of: request) != nil else { return Self.refused }
            let granted = settings.permissions.map { name -> JSONValue in
                ["permission": .string(name), "status": "granted"]
            }
            return Response.json(["data": .array(granted)])
        }
        router.get("/:version/me") { request, _ in
            guard let account = holder(of: request) else { return Self.refused }
            guard account.login != .instagram else {
                // Its own id there is not the one that webhooks name.
                return Response.json(["id": "app-scoped", "user_id": .string(account.id), "username": "the account"])
            }
            let id = account.login.node(of: account.id)
            return Response.json(["id": .string(id), "messaging_feature_status": ["hop_v2": true]])
        }
        router.get("/:version/app") { request, _ in
            guard let account = holder(of: request) else { return Self.refused }
            guard settings.tellsApp else { return Self.error(400, 100, "Unsupported get request") }
            return Response.json(["id": .string(settings.app(of: account.id)), "name": "nightshift"])
        }
        router.get("/:version/:node/subscribed_apps") { request, context in
            let node = context.parameters.get("node") ?? ""
            guard let account = SandboxCaller(request, settings).account(at: node) else { return Self.refused }
            if let code = settings.lookRefusal { return Self.error(400, code, "refused by the sandbox") }
            let fields = subscriptions.fields(of: node).map(JSONValue.string)
            var apps: [JSONValue] = []
            if !settings.otherAppsFields.isEmpty {
                let others = settings.otherAppsFields.map(JSONValue.string)
                apps.append(["id": "777", "name": "another", "subscribed_fields": .array(others)])
            }
            // An app without a field is not listed.
            if !fields.isEmpty {
                apps.append(
                    [
                        "id": .string(settings.app(of: account.id)), "name": "nightshift",
                        "subscribed_fields": .array(fields),
                    ])
            }
            return Response.json(["data": .array(apps)])
        }
        router.post("/:version/:node/subscribed_apps") { request, context in
            let node = context.parameters.get("node") ?? ""
            guard let account = SandboxCaller(request, settings).account(at: node) else { return Self.refused }
            let fields = request.uri.queryParameters["subscribed_fields"].map { String($0).split(separator: ",") } ?? []
            let isPage = account.login != .instagram
            let foreign = Set(isPage ? Self.instagramFields : Self.pageFields)
            if let unknown = fields.map(String.init).first(where: {
                settings.unknownFields.contains($0) || foreign.contains($0)
            }) {
                return Self.error(400, 100, "(#100) Param subscribed_fields must not hold \(unknown)")
            }
            subscriptions.set(fields.map(String.init), of: node)
            return Response.json(["success": true])
        }
        addContent(to: router)
    }

    /// What customers wrote, by the lists in which the platform keeps it, and who they are.
    private func addContent(to router: Router<BasicRequestContext>) {
        for edge in ["feed", "ads_posts", "media"] {
            router.get("/:version/:node/\(edge)") { request, context in
                let after = request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
                return try await answer(request, context) { node, account in
                    node == account ? posts.list(of: account, ads: edge == "ads_posts", after: after) : nil
                }
            }
        }
        router.get("/:version/:node/conversations") { request, context in
            let after = request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
            return try await answer(request, context) { node, account in
                settings.account(account)?.login.node(of: account) == node
                    ? messages.page(of: account, after: after, messages: 20) : nil
            }
        }
        router.get("/:version/:node/comments") { request, context in
            let query = request.uri.queryParameters
            if let node = context.parameters.get("node"), let account = subject(of: request, node)?.id,
                let code = posts.refusal(of: node, account: account)
            {
                return Self.error(400, code, "refused by the sandbox")
            }
            let since = query["since"].flatMap { Int64($0) } ?? 0
            let after = query["after"].flatMap { Int($0) } ?? 0
            return try await answer(request, context) { node, account in
                guard let isInstagram = settings.account(account)?.isInstagram else { return nil }
                if let replies = threads.replies(to: node, account: account, isInstagram: isInstagram) {
                    return replies
                }
                let page = posts.page(
                    of: node, account: account, isInstagram: isInstagram, since: Instant(seconds: since), after: after)
                // A sweep, which asks from an instant on, asks of posts; anything else may be a comment without replies.
                return page ?? (query["since"] == nil ? ["data": []] : nil)
            } gone: {
                Self.error(400, 100, "Unsupported get request. Object does not exist", subcode: 33)
            }
        }
        router.get("/:version/:node/replies") { request, context in
            let after = request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
            return try await answer(request, context) { node, account in
                // Ours stand on the first page, before the customers'.
                let own = after == 0 ? threads.replies(to: node, account: account, isInstagram: true) : nil
                guard case .object(var page)? = posts.replies(to: node, account: account, after: after) else {
                    return own ?? ["data": []]
                }
                page["data"] = .array((own?["data"]?.array ?? []) + (page["data"]?.array ?? []))
                return .object(page)
            }
        }
        router.get("/:version/:node") { request, context in
            if let mention = Mentioned(request, context.parameters.get("node") ?? "", settings) {
                return try await answer(request, context) { _, account in mention.document(account) }
            }
            let asked = context.parameters.get("node") ?? ""
            if settings.profile == nil, !isNode(asked, request) {
                return Self.error(400, 100, "Unsupported get request")
            }
            return try await answer(request, context) { node, account in
                if isNode(node, request) { return self.account(node) }
                guard let profile = settings.profile?(node) else { return nil }
                return [
                    "id": .string(node), "first_name": .string(profile.firstName), "locale": .string(profile.locale),
                    "timezone": .integer(Int64(profile.timezone)),
                ]
            }
        }
    }

    /// Answers a read with what `find` has for the node, or as the faults say.
    private func answer(
        _ request: Request, _ context: BasicRequestContext, _ find: (_ node: String, _ account: String) -> JSONValue?,
        gone: () -> Response = { GraphReads.error(400, 100, "Unsupported get request") }
    ) async throws -> Response {
        let node = context.parameters.get("node").map { $0.removingPercentEncoding ?? $0 } ?? ""
        guard let account = subject(of: request, node) else { return Self.refused }
        if let standing = throttle.standing(of: account.id) {
            return try GraphController.refuse(account.id, standing, ledger, now: settings.now())
        }
        if settings.latency > .zero { try await Task.sleep(for: settings.latency) }
        switch faults.next() {
        case .fail, .acceptAndFail: return Response.page("Bad gateway", type: "text/plain", .badGateway)
        case .refuse(let status, let code):
            return Self.error(status, code, "injected by the sandbox")
        case .acceptSilently, .hang:
            try await Task.sleep(for: settings.silence)
            return Response.page("Gateway timeout", type: "text/plain", .gatewayTimeout)
        case nil: break
        }
        guard let found = find(node, account.id) else { return gone() }
        return Response.json(found)
    }

    static func error(_ status: Int, _ code: Int64, _ message: String, subcode: Int64? = nil) -> Response {
        var error: [String: JSONValue] = [
            "message": .string(message), "type": "OAuthException", "code": .integer(code),
        ]
        if let subcode { error["error_subcode"] = .integer(subcode) }
        return Response.json(["error": .object(error)], .init(code: status))
    }

    /// The account whose token came: `token-<page or account>`, unless the settings name others.
    private func holder(of request: Request) -> SandboxAccount? { SandboxCaller(request, settings).accounts.first }

    /// The account that a read is about.
    private func subject(of request: Request, _ node: String) -> SandboxAccount? {
        let caller = SandboxCaller(request, settings)
        let platform = request.uri.queryParameters["platform"].map(String.init)
        if platform != nil, let account = caller.account(at: node, platform: platform) { return account }
        return caller.account(of: node, threads, posts)
    }

    /// Whether it is an account's own node, or that of its page.
    private func isNode(_ node: String, _ request: Request) -> Bool {
        let caller = SandboxCaller(request, settings)
        return caller.account(at: node) != nil || caller.accounts.contains { $0.id == node }
    }

    /// What an account or page says of itself; a page names the Instagram account that is linked to it.
    private func account(_ node: String) -> JSONValue {
        var fields: [String: JSONValue] = ["id": .string(node), "name": "the account"]
        if let linked = settings.accounts.first(where: { $0.login == .linkedPage(node) }) {
            fields["instagram_business_account"] = ["id": .string(linked.id)]
        }
        return .object(fields)
    }

    /// Fields that only the other edge knows.
    private static let instagramFields = ["comments", "live_comments", "mentions", "message_edit"]
    private static let pageFields = ["feed", "mention", "message_echoes", "message_edits"]

    static var refused: Response {
        let error: JSONValue = [
            "error": ["message": "Invalid OAuth access token.", "type": "OAuthException", "code": 190]
        ]
        var response = Response.json(error)
        response.status = .badRequest
        return response
    }
}

/// A read of what somebody said of an account elsewhere: on Facebook by its own id, on Instagram by way of the account.
private struct Mentioned {
    let mention: SandboxMention
    let id: String
    let fields: String
    private let edge: String?

    init?(_ request: Request, _ node: String, _ settings: SandboxSettings) {
        let fields = request.uri.queryParameters["fields"].map(String.init) ?? ""
        self.fields = fields.removingPercentEncoding ?? fields
        guard let open = self.fields.firstIndex(of: "("), let close = self.fields.firstIndex(of: ")"), open < close
        else {
            guard let mention = settings.mentions[node] else { return nil }
            (self.mention, id, edge) = (mention, node, nil)
            return
        }
        let id = String(self.fields[self.fields.index(after: open)..<close])
        guard let mention = settings.mentions[id] else { return nil }
        (self.mention, self.id) = (mention, id)
        edge = self.fields.hasPrefix("mentioned_media") ? "mentioned_media" : "mentioned_comment"
    }

    /// Nil, which is refused with 100, for a comment whose author is asked for on Instagram.
    func document(_ account: String) -> JSONValue? {
        guard let edge else {
            return [
                "id": .string(id), "message": .string(mention.text),
                "from": ["id": .string(mention.author), "name": .string(mention.name)],
            ]
        }
        let isComment = edge == "mentioned_comment"
        if isComment, fields.contains("username") { return nil }
        var inner: [String: JSONValue] = [
            "id": .string(id), (isComment ? "text" : "caption"): .string(mention.text),
        ]
        if !isComment { inner["username"] = .string(mention.name) }
        return [edge: .object(inner), "id": .string(account)]
    }
}
