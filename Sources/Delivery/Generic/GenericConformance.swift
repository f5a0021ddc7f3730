internal import Channels
package import Contracts
package import Instants

/// Whether another platform's address behaves as CHANNELS.md asks: what a third party runs against its own bridge.
///
/// It sends three texts to one contact of a test account, one more than once, one twice at a time and one with a card and a button,
/// what is done about a comment, and requests that must be refused. What a platform then shows its customer is for people to look at:
/// three texts, no more, and below the comment what its bridge says that it can.
package struct GenericConformance: Sendable {
    package struct Check: Sendable, Equatable {
        package let name: String
        /// Nil if it passed; else what was expected and what came.
        package let fault: String?
    }

    private let post: SignedPost
    let address: GenericAddress
    private let account: String
    private let contact: String
    let comment: String
    private let lane: LaneName
    private let now: @Sendable () -> Instant
    private let patience: Duration

    package init(
        post: SignedPost, address: GenericAddress, account: String, contact: String, comment: String, lane: LaneName,
        patience: Duration = .seconds(10), now: @escaping @Sendable () -> Instant
    ) {
        self.post = post
        self.address = address
        self.account = account
        self.contact = contact
        self.comment = comment
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
        async let left = send(second)
        async let right = send(second)
        let both = await (left, right)
        // Either may be the one that is asked to come later.
        let (two, twin) = Self.isWaiting(both.0) ? (both.1, both.0) : both
        let rotated = await send(first, attempt: 3, secrets: address.secrets.map { $0 + [0x21] } + address.secrets)
        var checks = [
            Check(name: "a text is answered delivered, with the platform's id", fault: Self.undelivered(one)),
            Check(
                name: "the same action again is answered delivered with the same id",
                fault: Self.undelivered(again) ?? Self.unequal(one, again)),
            Check(
                name: "another action is answered delivered with another id",
                fault: Self.undelivered(two) ?? (one == two ? "expected another id, got the same" : nil)),
            Check(
                name: "an action that comes twice at once is carried out once",
                fault: Self.isWaiting(twin) ? nil : Self.undelivered(twin) ?? Self.unequal(two, twin)),
            Check(
                name: "of several signatures one that fits is enough",
                fault: Self.undelivered(rotated) ?? Self.unequal(one, rotated)),
        ]
        let shown = await send(Self.shown(action(.send, ActionID(high: run, low: 5))))
        checks.append(
            Check(
                name: "a text with a card and buttons is answered delivered, shown or as its text",
                fault: Self.undelivered(shown)))
        checks.append(await unsupported(ActionID(high: run, low: 3)))
        checks += await comments(run)
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
        let reply = await request(body.bytes(), id, secrets: address.secrets)
        let name = "a kind that it does not know is answered unsupported"
        if case .answer(_, _, let bytes) = reply,
            (try? JSONValue(parsing: bytes))?["status"]?.string == "unsupported"
        {
            return Check(name: name, fault: nil)
        }
        let came = Self.word(GenericCarrier.outcome(reply, 1))
        return Check(name: name, fault: "expected status unsupported, got \(came)")
    }

    private func refusals(_ id: ActionID) async -> [Check] {
        let bytes = body(of: action(.send, id)).bytes()
        let stale = RequestSignature.headers(
            for: bytes, at: now() + .seconds(-3_600), secrets: address.secrets)
        let early = RequestSignature.headers(for: bytes, at: now() + .seconds(3_600), secrets: address.secrets)
        let changed = RequestSignature.headers(for: bytes + [0x20], at: now(), secrets: address.secrets)
        let wrong = address.secrets.map { $0 + [0x21] }
        return [
            refused("a request without a signature", await request(bytes, id, secrets: [])),
            refused("a signature by another secret", await request(bytes, id, secrets: wrong)),
            refused("a signature of another body", await request(bytes, id, secrets: [], changed)),
            refused("a signature that is an hour old", await request(bytes, id, secrets: [], stale)),
            refused("a signature that is an hour ahead", await request(bytes, id, secrets: [], early)),
        ]
    }

    private func refused(_ what: String, _ reply: SignedPost.Reply) -> Check {
        let name = "\(what) is answered 401 or 403"
        if case .answer(let status, _, _) = reply {
            return Check(name: name, fault: [401, 403].contains(status) ? nil : "expected 401 or 403, got \(status)")
        }
        return Check(name: name, fault: "expected 401 or 403, got no answer")
    }

    /// - Parameter secrets: nil means the address' own.
    private func send(_ action: Action, attempt: UInt32 = 1, secrets: [[UInt8]]? = nil) async -> SendAnswer {
        let bytes = body(of: action, attempt: attempt).bytes()
        return GenericCarrier.outcome(
            await request(bytes, action.actionID, secrets: secrets ?? address.secrets), 1)
    }

    func request(
        _ bytes: [UInt8], _ id: ActionID, secrets: [[UInt8]], _ headers: [(name: String, value: String)] = []
    ) async -> SignedPost.Reply {
        await post.post(
            bytes, to: address.url, secrets: secrets,
            headers: [(GenericOutbound.keyHeader, id.description)] + headers, deadline: patience)
    }

    func action(_ kind: Action.Kind, _ id: ActionID) -> Action {
        var action = Action()
        action.kind = kind
        action.account = account
        action.contact = contact
        action.conversation = EntityID.messages(account: account, contact: contact).text
        action.text = "Nightshift conformance – Grüße, καλησπέρα, こんばんは 👋 – \(id)"
        action.language = "en"
        action.rule = "conformance"
        action.actionID = id
        return action
    }

    /// With what a platform may have no place for.
    private static func shown(_ action: Action) -> Action {
        var action = action
        var card = Card()
        (card.title, card.subtitle, card.link) = ("Nightshift conformance", "59 €", "https://shop.example/bag")
        var button = QuickReply()
        (button.title, button.payload) = ("5", "ns1:rating.5")
        action.cards = [card]
        action.quickReplies = [button]
        return action
    }

    func body(of action: Action, attempt: UInt32 = 1) -> JSONValue {
        (try? GenericOutbound.body(of: action, lane: lane, attempt: attempt)) ?? .null
    }

    private static func undelivered(_ answer: SendAnswer) -> String? {
        guard case .delivered(let id) = answer else { return "expected delivered, got \(word(answer))" }
        return id.isEmpty ? "expected an id, got none" : nil
    }

    private static func unequal(_ left: SendAnswer, _ right: SendAnswer) -> String? {
        left == right ? nil : "expected the same id, got another"
    }

    /// Of two requests at once a bridge may ask one to come later.
    private static func isWaiting(_ answer: SendAnswer) -> Bool {
        switch answer {
        case .again, .braked: true
        default: false
        }
    }

    static func word(_ answer: SendAnswer) -> String {
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
