internal import Channels
package import Contracts
package import Instants

/// Whether another platform's address behaves as CHANNELS.md asks: what a third party runs against its own bridge.
///
/// It sends two texts to one contact of a test account, each more than once, and requests that must be refused. What a
/// platform then shows its customer is for people to look at: two texts, no more.
package struct GenericConformance: Sendable {
    package struct Check: Sendable, Equatable {
        package let name: String
        /// Nil if it passed; else what was expected and what came.
        package let fault: String?
    }

    private let post: SignedPost
    private let address: GenericAddress
    private let account: String
    private let contact: String
    private let lane: LaneName
    private let now: @Sendable () -> Instant
    private let patience: Duration

    package init(
        post: SignedPost, address: GenericAddress, account: String, contact: String, lane: LaneName,
        patience: Duration = .seconds(10), now: @escaping @Sendable () -> Instant
    ) {
        self.post = post
        self.address = address
        self.account = account
        self.contact = contact
        self.lane = lane
        self.patience = patience
        self.now = now
    }

    /// Makes all checks, in order.
    ///
    /// - Parameter run: names the actions; another run with the same number sends nothing new.
    package func checks(run: UInt64) async -> [Check] {
        let first = action(.send, ActionID(high: run, low: 1))
        let second = action(.send, ActionID(high: run, low: 2))
        let one = await send(first)
        let again = await send(first, attempt: 2)
        let two = await send(second)
        var checks = [
            Check(name: "a text is answered delivered, with the platform's id", fault: Self.undelivered(one)),
            Check(
                name: "the same action again is answered delivered with the same id",
                fault: Self.undelivered(again) ?? Self.unequal(one, again)),
            Check(
                name: "another action is answered delivered with another id",
                fault: Self.undelivered(two) ?? (one == two ? "expected another id, got the same" : nil)),
        ]
        checks.append(await unsupported(ActionID(high: run, low: 3)))
        checks += await refusals(ActionID(high: run, low: 4))
        return checks
    }

    /// A kind of which no version of ours knows: a platform must not fall over what comes later.
    private func unsupported(_ id: ActionID) async -> Check {
        var body = body(of: action(.send, id))
        if case .object(var fields) = body["action"] {
            fields["kind"] = "conformance_unknown"
            fields["field_of_the_future"] = ["a": 1]
            body = ["version": 1, "action": .object(fields)]
        }
        let answer = GenericCarrier.outcome(await request(body.bytes(), id, secrets: address.secrets), 1)
        let name = "a kind that it does not know is answered unsupported"
        guard case .failed = answer else {
            return Check(name: name, fault: "expected status unsupported, got \(Self.word(answer))")
        }
        return Check(name: name, fault: nil)
    }

    private func refusals(_ id: ActionID) async -> [Check] {
        let bytes = body(of: action(.send, id)).bytes()
        let stale = RequestSignature.headers(
            for: bytes, at: now() + .seconds(-3_600), secrets: address.secrets)
        let changed = RequestSignature.headers(for: bytes + [0x20], at: now(), secrets: address.secrets)
        let wrong = address.secrets.map { $0 + [0x21] }
        return [
            refused("a request without a signature", await request(bytes, id, secrets: [])),
            refused("a signature by another secret", await request(bytes, id, secrets: wrong)),
            refused("a signature of another body", await request(bytes, id, secrets: [], changed)),
            refused("a signature that is an hour old", await request(bytes, id, secrets: [], stale)),
        ]
    }

    private func refused(_ what: String, _ reply: SignedPost.Reply) -> Check {
        let name = "\(what) is answered 401 or 403"
        if case .answer(let status, _, _) = reply {
            return Check(name: name, fault: [401, 403].contains(status) ? nil : "expected 401 or 403, got \(status)")
        }
        return Check(name: name, fault: "expected 401 or 403, got no answer")
    }

    private func send(_ action: Action, attempt: UInt32 = 1) async -> SendAnswer {
        let bytes = body(of: action, attempt: attempt).bytes()
        return GenericCarrier.outcome(await request(bytes, action.actionID, secrets: address.secrets), 1)
    }

    private func request(
        _ bytes: [UInt8], _ id: ActionID, secrets: [[UInt8]], _ headers: [(name: String, value: String)] = []
    ) async -> SignedPost.Reply {
        await post.post(
            bytes, to: address.url, secrets: secrets,
            headers: [(GenericOutbound.keyHeader, id.description)] + headers, deadline: patience)
    }

    private func action(_ kind: Action.Kind, _ id: ActionID) -> Action {
        var action = Action()
        action.kind = kind
        action.account = account
        action.contact = contact
        action.conversation = EntityID.messages(account: account, contact: contact).text
        action.text = "Nightshift conformance \(id)"
        action.language = "en"
        action.rule = "conformance"
        action.actionID = id
        return action
    }

    private func body(of action: Action, attempt: UInt32 = 1) -> JSONValue {
        (try? GenericOutbound.body(of: action, lane: lane, attempt: attempt)) ?? .null
    }

    private static func undelivered(_ answer: SendAnswer) -> String? {
        guard case .delivered(let id) = answer else { return "expected delivered, got \(word(answer))" }
        return id.isEmpty ? "expected an id, got none" : nil
    }

    private static func unequal(_ left: SendAnswer, _ right: SendAnswer) -> String? {
        left == right ? nil : "expected the same id, got another"
    }

    private static func word(_ answer: SendAnswer) -> String {
        switch answer {
        case .delivered: "delivered"
        case .failed(let failure): "failed (\(failure))"
        case .again(_, let failure): "no usable answer (\(failure))"
        case .ambiguous(let failure): "ambiguous (\(failure))"
        case .windowClosed(let failure): "window_closed (\(failure))"
        case .stopAccount(let failure): "a refusal of our signature (\(failure))"
        case .braked(_, _, let failure): "a request to wait (\(failure))"
        }
    }
}
