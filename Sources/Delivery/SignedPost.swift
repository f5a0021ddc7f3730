package import AsyncHTTPClient
internal import Channels
package import Instants
internal import NIOHTTP1

/// Posts a JSON body that is signed with the instant of sending: actions to other platforms, notices to people's tools.
package struct SignedPost: Sendable {
    /// What came back.
    package enum Reply: Sendable, Equatable {
        /// Header names in lower case; a body over `GenericOutbound.mostAnswerBytes` is no answer.
        case answer(status: Int, headers: [String: String], body: [UInt8])
        /// - Parameters:
        ///   - requestMayHaveGone: false only if no byte of the request left.
        ///   - isOurs: this process failed, not the other side or the way to it.
        case none(requestMayHaveGone: Bool, reason: String, isOurs: Bool)
    }

    private let client: HTTPClient
    private let now: @Sendable () -> Instant

    /// - Parameters:
    ///   - client: made with `MetaClient.clientConfiguration`; nil takes the process's own.
    ///   - now: the system's clock; a receiver compares it with its own.
    package init(client: HTTPClient? = nil, now: @escaping @Sendable () -> Instant) {
        self.client = client ?? MetaClient.platformClient
        self.now = now
    }

    /// Makes one attempt. It returns by the deadline, whatever the network does.
    ///
    /// - Parameter secrets: without any the body goes unsigned.
    package func post(
        _ body: [UInt8], to url: String, secrets: [[UInt8]], headers: [(name: String, value: String)] = [],
        deadline: Duration
    ) async -> Reply {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "nightshift")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !secrets.isEmpty {
            for (name, value) in RequestSignature.headers(for: body, at: now(), secrets: secrets) {
                request.headers.add(name: name, value: value)
            }
        }
        let exchange = await HTTPExchange.make(
            request, body: body, client: client, most: GenericOutbound.mostAnswerBytes, deadline: deadline)
        switch exchange {
        case .answer(let status, let headers, let body):
            return .answer(status: status, headers: headers, body: body)
        case .none(let mayHaveGone, let reason, let isOurs):
            return .none(requestMayHaveGone: mayHaveGone, reason: reason, isOurs: isOurs)
        }
    }
}
