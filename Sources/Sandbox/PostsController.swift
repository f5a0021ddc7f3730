internal import Channels
internal import Hummingbird
internal import Instants

/// Puts comments and direct messages on the platform, whether a webhook tells of them or not: what drills and tests write as customers.
struct PostsController: Sendable {
    let posts: SandboxPosts
    let messages: SandboxMessages
    let windows: SandboxWindows

    func add(to router: Router<BasicRequestContext>) {
        router.post("/posts") { request, _ in
            let buffer = try await request.body.collect(upTo: 1 << 20)
            guard let body = try? JSONValue(parsing: Array(buffer.readableBytesView)),
                let account = body["account"]?.string, let post = body["post"]?.string,
                let comments = body["comments"]?.array
            else { return Response.json(["error": "expected account, post and comments"], .badRequest) }
            for comment in comments {
                guard let id = comment["id"]?.string, let contact = comment["contact"]?.string,
                    let text = comment["text"]?.string, let at = comment["at_ms"]?.integer
                else { continue }
                posts.add(
                    .init(id: id, contact: contact, text: text, at: Instant(milliseconds: at)), to: post, of: account)
            }
            return Response.json(["success": true])
        }
        router.post("/messages") { request, _ in
            let buffer = try await request.body.collect(upTo: 1 << 20)
            guard let body = try? JSONValue(parsing: Array(buffer.readableBytesView)),
                let account = body["account"]?.string, let texts = body["messages"]?.array
            else { return Response.json(["error": "expected account and messages"], .badRequest) }
            for text in texts {
                guard let id = text["id"]?.string, let contact = text["contact"]?.string,
                    let words = text["text"]?.string, let at = text["at_ms"]?.integer
                else { continue }
                let instant = Instant(milliseconds: at)
                messages.add(.init(id: id, text: words, at: instant), account: account, contact: contact)
                windows.note(.init(account: account, contact: contact), at: instant)
            }
            return Response.json(["success": true])
        }
    }
}
