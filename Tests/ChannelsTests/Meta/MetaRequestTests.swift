import Channels
import Contracts
import Instants
import Testing

@Suite("From an action to a call")
struct MetaRequestTests {
    static func action(_ kind: Action.Kind, text: String = "Hello", comment: String = "900_1") -> Action {
        var action = Action()
        action.kind = kind
        action.account = "104857600000001"
        action.contact = "7261549900000001"
        action.comment = comment
        action.text = text
        action.actionID = ActionID(high: 1, low: 2)
        return action
    }

    static let windowEnds = Instant(seconds: 1_795_370_402)

    static func request(
        _ channel: MetaChannel, _ action: Action, at now: Instant = windowEnds - .seconds(3_600)
    ) throws -> MetaRequest {
        try MetaOutbound(channel: channel).request(for: action, lane: LaneName("de-berlin.0"), at: now)
    }

    @Test("a message goes to the contact and carries our mark")
    func send() throws {
        let request = try Self.request(.facebook, Self.action(.send))
        #expect(request.method == .post)
        #expect(request.path == "/104857600000001/messages")
        let metadata = try #require(request.body?["message"]?["metadata"]?.string)
        #expect(metadata == "ns1:de-berlin.0:00000000000000010000000000000002")
        #expect(SendMark(metadata)?.action == ActionID(high: 1, low: 2))
        #expect(request.body?["recipient"] == ["id": "7261549900000001"])
        #expect(request.body?["messaging_type"] == "RESPONSE")
    }

    @Test("I7 the tag for people is put on a person's message alone, whatever the action and whoever asks for it")
    func tagForPeople() throws {
        for kind in [Action.Kind.send, .privateReply, .reply, .senderAction, .hide, .unhide, .delete] {
            for (agent, seconds) in ["", "kim"].flatMap({ agent in [-3_600, -31, -30, 0, 90_000].map { (agent, $0) } })
            {
                for channel in [MetaChannel.facebook, .instagram] {
                    for `class` in Action.Class.allCases {
                        var action = Self.action(kind)
                        action.agent = agent
                        action.class = `class`
                        action.windowEnds = Self.windowEnds.milliseconds
                        let request = try Self.request(channel, action, at: Self.windowEnds + .seconds(seconds))
                        let isTagged = request.body?.text().contains("HUMAN_AGENT") == true
                        #expect(
                            isTagged == (kind == .send && agent == "kim" && seconds >= -30),
                            "\(kind) \(agent) \(seconds)")
                    }
                }
            }
        }
    }

    @Test("a person's text in a thread without a window is never tagged")
    func withoutWindow() throws {
        var action = Self.action(.send)
        action.agent = "kim"
        let request = try Self.request(.facebook, action, at: Self.windowEnds)
        #expect(request.body?["messaging_type"] == "RESPONSE" && request.body?["tag"] == nil)
    }

    @Test("each kind has its call on either channel")
    func kinds() throws {
        let table: [(MetaChannel, Action.Kind, String, String?, String?)] = [
            (.facebook, .reply, "POST /900_1/comments", nil, #"{"message":"Hello"}"#),
            (.instagram, .reply, "POST /900_1/replies", "message=Hello", nil),
            (.facebook, .hide, "POST /900_1", nil, #"{"is_hidden":true}"#),
            (.facebook, .unhide, "POST /900_1", nil, #"{"is_hidden":false}"#),
            (.instagram, .hide, "POST /900_1", "hide=true", nil),
            (.instagram, .unhide, "POST /900_1", "hide=false", nil),
            (.facebook, .delete, "DELETE /900_1", nil, nil),
            (.instagram, .delete, "DELETE /900_1", nil, nil),
            (
                .facebook, .senderAction, "POST /104857600000001/messages", nil,
                #"{"recipient":{"id":"7261549900000001"},"sender_action":"mark_seen"}"#
            ),
        ]
        for (channel, kind, call, query, body) in table {
            let request = try Self.request(channel, Self.action(kind))
            #expect("\(request.method.rawValue) \(request.path)" == call)
            #expect(request.query.map { "\($0.name)=\($0.value)" }.first == query)
            #expect(request.body?.text() == body)
        }
        let reply = try Self.request(.instagram, Self.action(.privateReply))
        #expect(reply.body?["recipient"] == ["comment_id": "900_1"])
    }

    @Test("ids from outside cannot leave their place in the path")
    func paths() throws {
        let request = try Self.request(.facebook, Self.action(.delete, comment: "../me?x=1&ü"))
        #expect(request.path == "/..%2Fme%3Fx%3D1%26%C3%BC")
    }

    @Test(
        "a text over the limit is refused whole, in the channel's own unit",
        arguments: [Action.Kind.send, .privateReply])
    func limits(kind: Action.Kind) throws {
        let family = "👩‍👩‍👧‍👦"
        for (channel, text, isTaken) in [
            (MetaChannel.facebook, String(repeating: "ä", count: 2_000), true),
            (.facebook, String(repeating: "ä", count: 2_001), false),
            (.facebook, String(repeating: "न\u{93F}", count: 1_001), false),
            (.instagram, String(repeating: "ä", count: 500), true),
            (.instagram, String(repeating: "ä", count: 501), false),
            (.instagram, String(repeating: family, count: 41), false),
        ] {
            let sent = try? Self.request(channel, Self.action(kind, text: text)).body?["message"]?["text"]?.string
            #expect(sent == (isTaken ? text : nil), "\(channel) \(text.count)")
        }
    }

    @Test("the limit is the policy's where it names one")
    func limitOfPolicy() throws {
        let outbound = MetaOutbound(channel: .facebook, messageLimit: TextLimit(unit: .utf16, most: 4))
        let now = Self.windowEnds - .seconds(3_600)
        let lane = try LaneName("de-berlin.0")
        #expect(throws: Unsendable.self) { try outbound.request(for: Self.action(.send), lane: lane, at: now) }
        _ = try outbound.request(for: Self.action(.send, text: "Hell"), lane: lane, at: now)
    }

    @Test("kinds that no channel carries out, and actions without what they need, are unsendable")
    func unsendable() throws {
        for kind in [Action.Kind.fetch, .notify, .standDown, .tell, .publish, .unspecified, .UNRECOGNIZED(99)] {
            #expect(throws: Unsendable.self) { try Self.request(.facebook, Self.action(kind)) }
        }
        #expect(throws: Unsendable.self) { try Self.request(.facebook, Self.action(.send, text: "")) }
        #expect(throws: Unsendable.self) { try Self.request(.facebook, Self.action(.hide, comment: "")) }
    }

    @Test("a mark of others is not ours", arguments: ["", "ns1", "ns1:a-0001", "ns2:de.0:00", "ns1:de.0:zz", "x:y:z"])
    func foreignMarks(text: String) {
        #expect(SendMark(text) == nil)
    }

    @Test(
        "messages and private replies go by the node of the login; comments keep their own",
        arguments: [
            (MetaLogin.page, "17841"), (.instagram, "17841"), (.linkedPage("1048"), "1048"),
        ])
    func nodes(login: MetaLogin, node: String) throws {
        let outbound = MetaOutbound(channel: .instagram, login: login)
        func path(_ kind: Action.Kind) throws -> String {
            var action = Self.action(kind, comment: "17901")
            action.account = "17841"
            return try outbound.request(for: action, lane: LaneName("de-berlin.0"), at: Self.windowEnds).path
        }
        for kind in [Action.Kind.send, .privateReply, .senderAction] {
            #expect(try path(kind) == "/\(node)/messages")
        }
        #expect(try path(.reply) == "/17901/replies" && path(.hide) == "/17901" && path(.delete) == "/17901")
        let sweep = MetaMessageSweep(channel: .instagram, account: "17841", login: login)
        #expect(sweep.conversations(after: nil).path == [node, "conversations"])
    }
}
