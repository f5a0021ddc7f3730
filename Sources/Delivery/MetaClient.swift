package import AsyncHTTPClient
package import Channels
package import Contracts
internal import Instants
internal import NIOCore
internal import NIOHTTP1

/// Carries out calls of the Graph API over HTTP and says what each came to.
package struct MetaClient: Sendable {
    /// Answers are short; what is longer is no answer of the Graph API.
    private static let mostAnswerBytes = 256 << 10
    /// A page of a hundred comments of full length, escaped.
    private static let mostFetchedBytes = 8 << 20
    /// One that is in use, one that takes its place, and one that somebody forgot.
    private static let mostTokens = 3

    private let client: HTTPClient
    private let base: String
    private let instagram: String
    private let logins: @Sendable (String) -> MetaLogin
    private let tokens: @Sendable (String) -> [String]
    private let onRefusal: @Sendable (RefusedToken) -> Void
    private let refusals = RefusedTokens()
    private var heard: (@Sendable (_ account: String, MetaUsage) -> Void)?

    /// The pool of connections of this process for the platform; like `HTTPClient.shared` it lives as long as the process.
    static let platformClient = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: clientConfiguration())

    /// How the HTTP client for this must be set up: a connection that cannot be made fails at once, so that a request
    /// that never left is told from one that may have; no pause within an answer longer than 20 s; no redirects;
    /// connections for what eight accounts have under way (`ScheduleLimits`). 64 of them held a worker at 1,216 sends a second with answers after 50 ms (`bench deliver`).
    package static func clientConfiguration(connections: Int = 256) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(3)
        configuration.timeout.read = .seconds(20)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        return configuration
    }

    /// - Parameters:
    ///   - client: made with `clientConfiguration`; nil takes the process's own, which is.
    ///   - base: host and version without a slash at the end, such as `https://graph.facebook.com/v26.0`.
    ///   - instagram: the same of the host for accounts by Instagram Login; nil: `base`.
    ///   - login: where calls about an account go.
    ///   - tokens: the access tokens of a page or account (`MetaLogin.node`), the newest first; without one none is sent. A call
    ///     whose token the platform refuses (190) has done nothing and is made again with the next. They travel in a header, never in an
    ///     address, which ends up in logs.
    ///   - onRefusal: hears once of a token that the platform refuses.
    package init(
        client: HTTPClient? = nil, base: String, instagram: String? = nil,
        login: @escaping @Sendable (_ account: String) -> MetaLogin = { _ in .page },
        tokens: @escaping @Sendable (_ holder: String) -> [String],
        onRefusal: @escaping @Sendable (RefusedToken) -> Void = { _ in }
    ) {
        self.onRefusal = onRefusal
        self.client = client ?? Self.platformClient
        self.base = base
        self.instagram = instagram ?? base
        logins = login
        self.tokens = tokens
    }

    /// The same with one token at the most.
    package init(
        client: HTTPClient? = nil, base: String, instagram: String? = nil,
        login: @escaping @Sendable (_ account: String) -> MetaLogin = { _ in .page },
        token: @escaping @Sendable (_ holder: String) -> String?
    ) {
        self.init(
            client: client, base: base, instagram: instagram, login: login,
            tokens: { holder in token(holder).map { [$0] } ?? [] })
    }

    /// How many tokens its calls may be made with.
    func tokenCount(of account: String) -> Int { min(Self.mostTokens, tokens(node(of: account)).count) }

    /// One of a holder's tokens, without itself.
    package struct RefusedToken: Sendable, Equatable {
        package let holder: String
        /// From 1, the newest, in the order of the holder's tokens; and how many there are.
        package let place: Int
        package let count: Int
    }

    /// The same; whatever call it makes, what the answer says of the platform's limits is told.
    package func telling(_ heard: @escaping @Sendable (_ account: String, MetaUsage) -> Void) -> MetaClient {
        var client = self
        client.heard = heard
        return client
    }

    /// Where calls about an account go.
    package func login(of account: String) -> MetaLogin { logins(account) }

    /// The node of an account's messages, conversations, ice breakers and webhooks.
    package func node(of account: String) -> String { logins(account).node(of: account) }

    /// What one attempt came to, and how much of the limits is used if the answer says so.
    package struct Attempt: Sendable, Equatable {
        package let answer: SendAnswer
        package let usage: MetaUsage?
    }

    /// Makes one attempt. It returns by the deadline, whatever the network does.
    ///
    /// - Parameters:
    ///   - attempt: from 1.
    ///   - earlier: whether an earlier one may have had its effect; nil: nobody knows.
    package func carryOut(
        _ call: MetaRequest, account: String, kind: Action.Kind, attempt: Int, earlier: Bool? = nil,
        deadline: Duration
    ) async -> Attempt {
        let exchange = await exchange(
            request(for: call, account: account), account, body: call.body?.bytes(), most: Self.mostAnswerBytes,
            deadline)
        switch exchange {
        case .answer(let status, let headers, let body):
            let answer = MetaAnswer(status: status, headers: headers, body: masked(status, body, account))
            return Attempt(
                answer: answer.outcome(
                    of: kind, attempt: attempt, earlier: earlier, node: node(of: account)),
                usage: MetaUsage(headers: headers))
        case .none(let mayHaveGone, let reason, let isOurs):
            let answer = MetaAnswer.outcomeWithoutAnswer(
                of: kind, attempt: attempt, requestMayHaveGone: mayHaveGone, reason: reason, isOurs: isOurs)
            return Attempt(answer: answer, usage: nil)
        }
    }

    /// Reads for a fetch: the document, or what the attempt came to instead.
    package func fetch(
        _ read: MetaRead, account: String, attempt: Int, deadline: Duration
    ) async -> (document: JSONValue?, answer: SendAnswer) {
        let exchange = await exchange(
            request(for: read, account: account), account, most: Self.mostFetchedBytes, deadline)
        switch exchange {
        case .answer(let status, let headers, let body):
            let outcome = MetaAnswer(status: status, headers: headers, body: masked(status, body, account))
                .outcome(of: .fetch, attempt: attempt)
            guard case .delivered = outcome, let document = try? JSONValue(parsing: body) else {
                return (nil, outcome)
            }
            return (document, outcome)
        case .none(let mayHaveGone, let reason, let isOurs):
            let outcome = MetaAnswer.outcomeWithoutAnswer(
                of: .fetch, attempt: attempt, requestMayHaveGone: mayHaveGone, reason: reason, isOurs: isOurs)
            return (nil, outcome)
        }
    }

    /// Reads a node or edge of the Graph API; nil without an answer, or with one that is not JSON.
    package func read(
        _ path: [String], query: [(String, String)], account: String, deadline: Duration
    ) async -> (status: Int, document: JSONValue)? {
        let exchange = await exchange(
            request(for: MetaRead(path, query), account: account), account, most: Self.mostAnswerBytes, deadline)
        guard case .answer(let status, _, let body) = exchange,
            let document = try? JSONValue(parsing: masked(status, body, account))
        else { return nil }
        return (status, document)
    }

    /// An error may repeat the token that came with the call; whatever else is made of it, the token itself is taken out.
    private func masked(_ status: Int, _ body: [UInt8], _ account: String) -> [UInt8] {
        let tokens = tokens(node(of: account))
        guard !(200...299).contains(status), !tokens.isEmpty else { return body }
        return TokenMask.masked(body, values: tokens)
    }

    /// Makes a call with the tokens of its account, one after the other while the platform refuses them. The deadline is that of all.
    private func exchange(
        _ request: HTTPClientRequest, _ account: String, body: [UInt8]? = nil, most: Int, _ deadline: Duration
    ) async -> HTTPExchange {
        let start = ContinuousClock.now
        let holder = node(of: account)
        let held = Array(tokens(holder).prefix(Self.mostTokens))
        var request = request
        var refused: HTTPExchange?
        for token in refusals.ordered(held, of: holder, at: start) {
            let left = deadline - (.now - start)
            if let refused, left <= .zero { return refused }
            request.headers.replaceOrAdd(name: "authorization", value: "Bearer \(token)")
            let made = await make(request, account, body, most, left)
            guard Self.refusesToken(made) else {
                if case .answer(let status, _, _) = made, status < 500 { refusals.accepted(token, of: holder) }
                return made
            }
            refused = made
            if refusals.refused(token, of: holder, at: .now) {
                let place = (held.firstIndex(of: token) ?? 0) + 1
                onRefusal(RefusedToken(holder: holder, place: place, count: held.count))
            }
        }
        if let refused { return refused }
        return await make(request, account, body, most, deadline)
    }

    /// Reads with each of an account's tokens for itself; the places of those that the platform refuses. Nil where it gave no
    /// answer to one of them.
    package func refusedTokens(
        _ path: [String], account: String, deadline: Duration
    ) async -> (places: [Int], count: Int)? {
        let held = Array(tokens(node(of: account)).prefix(Self.mostTokens))
        var places: [Int] = []
        for (number, token) in held.enumerated() {
            var request = request(for: MetaRead(path, [("fields", "id")]), account: account)
            request.headers.replaceOrAdd(name: "authorization", value: "Bearer \(token)")
            let made = await make(request, account, nil, Self.mostAnswerBytes, deadline)
            guard case .answer = made else { return nil }
            if Self.refusesToken(made) { places.append(number + 1) }
        }
        return (places, held.count)
    }

    /// Every call of this client is made here.
    private func make(
        _ request: HTTPClientRequest, _ account: String, _ body: [UInt8]?, _ most: Int, _ deadline: Duration
    ) async -> HTTPExchange {
        let made = await HTTPExchange.make(request, body: body, client: client, most: most, deadline: deadline)
        if let heard, case .answer(_, let headers, _) = made, let usage = MetaUsage(headers: headers) {
            heard(account, usage)
        }
        return made
    }

    /// Whether the platform says that the token is not valid, and so did nothing (DOMAIN 4.10).
    private static func refusesToken(_ exchange: HTTPExchange) -> Bool {
        guard case .answer(let status, _, let body) = exchange, (400...499).contains(status) else { return false }
        return (try? JSONValue(parsing: body))?["error"]?["code"]?.integer == 190
    }

    /// Address of a call about an account.
    private func begun(_ path: String, _ account: String) -> HTTPClientRequest {
        let login = logins(account)
        return HTTPClientRequest(url: (login == .instagram ? instagram : base) + path)
    }

    private func request(for read: MetaRead, account: String) -> HTTPClientRequest {
        let query = read.query.map { "\(MetaRequest.encoded($0.0))=\(MetaRequest.encoded($0.1))" }
        let path = read.path.map { "/" + MetaRequest.encoded($0) }.joined()
        return begun(path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")), account)
    }

    private func request(for call: MetaRequest, account: String) -> HTTPClientRequest {
        let query = call.query.map { "\(MetaRequest.encoded($0.name))=\(MetaRequest.encoded($0.value))" }
        var request = begun(call.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")), account)
        request.method = call.method == .post ? .POST : .DELETE
        if call.body != nil { request.headers.add(name: "content-type", value: "application/json") }
        return request
    }
}
