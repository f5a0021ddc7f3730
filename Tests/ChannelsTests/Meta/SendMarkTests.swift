import Channels
import Contracts
import Instants
import Testing

@Suite("Our mark in a sent message")
struct SendMarkTests {
    private static let account = "104857600000001"
    private static let conversation = EntityID.comments(account: account, originalPost: "900", root: "900_1:ü")

    private static func echoed(_ metadata: String) throws -> Event {
        let body: JSONValue = [
            "object": "page",
            "entry": [
                [
                    "id": .string(account), "time": 1_790_000_000_123,
                    "messaging": [
                        [
                            "sender": ["id": .string(account)], "recipient": ["id": "77"],
                            "timestamp": 1_790_000_000_001,
                            "message": ["mid": "m_1", "text": "Hi", "is_echo": true, "metadata": .string(metadata)],
                        ]
                    ],
                ]
            ],
        ]
        let received = Instant(seconds: 1_790_000_001)
        let updates = try MetaNormaliser(knows: { _ in true }).normalise(
            body.bytes(escaping: .unicode), received: received)
        return try #require(updates.events.first).event
    }

    @Test("a private answer's echo goes to the conversation that sent it, whatever thread it comes in")
    func privateReply() throws {
        var action = MetaRequestTests.action(.privateReply)
        action.conversation = Self.conversation.text
        let metadata = try #require(
            try MetaRequestTests.request(.facebook, action).body?["message"]?["metadata"]?.string)
        let mark = try #require(SendMark(metadata))
        #expect(mark.conversation == Self.conversation && mark.action == action.actionID)
        #expect(mark.description == metadata)
        let event = try Self.echoed(metadata)
        #expect(event.conversation == Self.conversation.text && event.contact == "77")
    }

    @Test("a message's mark names none, and its echo goes to its own thread")
    func message() throws {
        var action = MetaRequestTests.action(.send)
        action.conversation = EntityID.messages(account: Self.account, contact: "77").text
        let metadata = try #require(
            try MetaRequestTests.request(.facebook, action).body?["message"]?["metadata"]?.string)
        #expect(metadata.split(separator: ":").count == 3)
        #expect(try Self.echoed(metadata).conversation.isEmpty)
    }

    @Test(
        "a mark that names another account's conversation, a desk or none leads nowhere else",
        arguments: ["c/other/900/1", "d/tokyo", "d/104857600000001/x", "nonsense", "", "m/%31"])
    func others(conversation: String) throws {
        let event = try Self.echoed("ns1:de.0:00000000000000010000000000000002:\(conversation)")
        #expect(event.conversation.isEmpty)
    }
}
