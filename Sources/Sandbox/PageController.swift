internal import Channels
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Instants

/// The page and what it calls: accounts, writing as a customer, the thread, the ledger.
struct PageController: Sendable {
    /// The ledger is shown up to this size; the file has the rest.
    private static let mostLedgerBytes = 64 << 20

    let settings: SandboxSettings
    let ledger: SandboxLedger
    let threads: SandboxThreads
    let posts: SandboxPosts
    let messages: SandboxMessages
    let windows: SandboxWindows
    let sender: WebhookSender
    let outage: SandboxOutage

    func add(to router: Router<BasicRequestContext>) {
        router.get("/") { _, _ in Response.page(SandboxPage.html, type: "text/html") }
        router.get("/accounts") { _, _ in Response.json(accounts) }
        router.post("/say") { request, _ in try await say(request) }
        router.get("/thread") { request, _ in thread(request) }
        router.get("/ledger") { _, _ in try showLedger() }
        router.post("/outage") { request, _ in begin(request) }
        router.get("/summary") { _, _ in
            let summary = ledger.summary
            let duplicates = summary.duplicates.map(JSONValue.string)
            return Response.json(["accepted": .integer(Int64(summary.count)), "duplicates": .array(duplicates)])
        }
    }

    /// `?seconds=12&kind=fail`: every call of the Graph API meets this for so long. `fail` is a 502 of an edge, `error` an
    /// error of the platform's servers, `silent` takes calls and does not answer, `hang` neither takes nor answers them, `lie`
    /// takes them and answers like `fail`; no seconds end it. The answer counts the calls that met it.
    private func begin(_ request: Request) -> Response {
        let query = request.uri.queryParameters
        let seconds = query["seconds"].flatMap { Int($0) } ?? 0
        let effects: [String: SandboxFault.Effect] = [
            "fail": .fail, "error": .refuse(status: 500, code: 2), "silent": .acceptSilently,
            "hang": .hang, "lie": .acceptAndFail,
        ]
        guard let effect = effects[query["kind"].map(String.init) ?? "fail"], (0...86_400).contains(seconds) else {
            return Response.json(
                ["error": "expected seconds and a kind of fail, error, silent, hang or lie"], .badRequest)
        }
        outage.begin(effect, for: .seconds(seconds))
        return Response.json(["seconds": .integer(Int64(seconds)), "met": .integer(Int64(outage.met))])
    }

    private var accounts: JSONValue {
        .array(
            settings.accounts.map { account in
                [
                    "id": .string(account.id), "label": .string(account.label),
                    "channel": account.isInstagram ? "Instagram" : "Facebook",
                ]
            })
    }

    /// Turns what was typed into a signed webhook and posts it; the answer names the ingress's status.
    private func say(_ request: Request) async throws -> Response {
        let buffer = try await request.body.collect(upTo: 1 << 20)
        guard let body = try? JSONValue(parsing: Array(buffer.readableBytesView)),
            let account = body["account"]?.string.flatMap(settings.account),
            let contact = body["contact"]?.string, !contact.isEmpty, contact.utf8.count <= 64,
            let text = body["text"]?.string, !text.isEmpty
        else {
            return Response.json(
                ["error": "expected account, contact and text, got something else"], .badRequest)
        }
        let isComment = body["kind"]?.string == "comment"
        let now = settings.now()
        let number = threads.nextNumber()
        let person = SandboxThreads.Person(account: account.id, contact: contact)
        let id = "page_\(now.milliseconds)_\(number)"
        let update: WebhookBodies.Update
        if isComment {
            let post = "\(account.id)_sandbox"
            update = WebhookBodies.comment(
                isInstagram: account.isInstagram, contact: contact, id: id, post: post, text: text, at: now)
            posts.add(.init(id: id, contact: contact, text: text, at: now), to: post, of: account.id)
            threads.noteComment(id, by: person)
        } else {
            windows.note(person, at: now)
            messages.add(.init(id: id, text: text, at: now), account: account.id, contact: contact)
            update = WebhookBodies.message(account: account.id, contact: contact, id: id, text: text, at: now)
        }
        threads.add(
            .init(at: now, isCustomer: true, kind: isComment ? "comment" : "message", text: text), to: person)
        let bytes = WebhookBodies.body(account: account.id, isInstagram: account.isInstagram, at: now, [update])
        do {
            let status = try await sender.post(WebhookBodies.signed(bytes, secret: account.secret))
            return Response.json(["id": .string(id), "status": .integer(Int64(status))])
        } catch {
            return Response.json(["id": .string(id), "error": "the ingress did not answer"], .badGateway)
        }
    }

    private func thread(_ request: Request) -> Response {
        let query = request.uri.queryParameters
        let person = SandboxThreads.Person(
            account: query["account"].map(String.init) ?? "", contact: query["contact"].map(String.init) ?? "")
        return Response.json(["texts": .array(threads.texts(of: person).map(\.json))])
    }

    private func showLedger() throws -> Response {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: ledger.path))
        defer { try? file.close() }
        let data = try file.read(upToCount: Self.mostLedgerBytes) ?? Data()
        return Response.page(String(decoding: data, as: UTF8.self), type: "application/x-ndjson")
    }
}
