internal import Channels
internal import Hummingbird
private import Synchronization

/// The messenger profiles that the double keeps: ice breakers as the platform takes and gives them (DOMAIN.md 4.5).
struct MessengerProfiles: Sendable {
    private final class Book: Sendable {
        let sets = Mutex<[String: JSONValue]>([:])
    }

    let settings: SandboxSettings
    private let book = Book()

    init(settings: SandboxSettings) {
        self.settings = settings
    }

    func add(to router: Router<BasicRequestContext>) {
        router.get("/:version/:node/messenger_profile") { request, context in
            let platform = request.uri.queryParameters["platform"].map(String.init)
            guard let account = holder(request, context, platform) else { return GraphReads.refused }
            guard let fault = fault(of: account, platform) else {
                let sets = book.sets.withLock { $0[account.id] }
                return Response.json(["data": .array(sets.map { [["ice_breakers": $0]] } ?? [])])
            }
            return fault
        }
        router.post("/:version/:node/messenger_profile") { request, context in
            let body = try await body(of: request)
            guard let account = holder(request, context, body["platform"]?.string) else { return GraphReads.refused }
            if let fault = fault(of: account, body["platform"]?.string) { return fault }
            guard let sets = body["ice_breakers"], Self.isTaken(sets) else {
                return GraphReads.error(400, 100, "(#100) Invalid ice breakers")
            }
            book.sets.withLock { $0[account.id] = sets }
            return Response.json(["result": "success"])
        }
        router.delete("/:version/:node/messenger_profile") { request, context in
            let body = try await body(of: request)
            guard let account = holder(request, context, body["platform"]?.string) else { return GraphReads.refused }
            if let fault = fault(of: account, body["platform"]?.string) { return fault }
            book.sets.withLock { $0[account.id] = nil }
            return Response.json(["result": "success"])
        }
    }

    /// At most four questions a locale, and one locale is the default.
    private static func isTaken(_ sets: JSONValue) -> Bool {
        guard let sets = sets.array, sets.contains(where: { $0["locale"]?.string == IceBreakers.defaultLocale }) else {
            return false
        }
        return sets.allSatisfy { set in
            let questions = set["call_to_actions"]?.array ?? []
            return (1...IceBreakers.mostQuestions).contains(questions.count)
                && questions.allSatisfy { !($0["question"]?.string ?? "").isEmpty && $0["payload"]?.string != nil }
        }
    }

    /// An Instagram account is asked for by name of the platform, a page without.
    private func fault(of account: SandboxAccount, _ platform: String?) -> Response? {
        guard (platform == "instagram") != account.isInstagram else { return nil }
        return GraphReads.error(400, 100, "(#100) Param platform does not fit the account")
    }

    private func body(of request: Request) async throws -> JSONValue {
        let buffer = try await request.body.collect(upTo: 64 << 10)
        return (try? JSONValue(parsing: Array(buffer.readableBytesView))) ?? .null
    }

    private func holder(
        _ request: Request, _ context: BasicRequestContext, _ platform: String?
    ) -> SandboxAccount? {
        SandboxCaller(request, settings).account(at: context.parameters.get("node") ?? "", platform: platform)
    }
}
