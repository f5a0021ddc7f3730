import Channels
import Contracts
import Instants
import Testing

@Suite("Cards and buttons as calls")
struct MetaCardsTests {
    private static func card(_ number: Int, product: String = "") -> Card {
        var card = Card()
        card.product = product
        card.title = "Bag \(number)"
        card.subtitle = "59 €"
        card.image = "https://cdn.example/\(number).jpg"
        card.link = "https://shop.example/\(number)"
        return card
    }

    private static func reply(_ title: String) -> QuickReply {
        var reply = QuickReply()
        (reply.title, reply.payload) = (title, "ns1:rating.\(title)")
        return reply
    }

    @Test(
        "products of the account's catalogue go by their ids, with our mark and without a text",
        arguments: MetaChannel.allCases)
    func products(channel: MetaChannel) throws {
        var action = MetaRequestTests.action(.send, text: "Bag 1 https://shop.example/1")
        action.cards = [Self.card(1, product: "5551"), Self.card(2, product: "5552")]
        let message = try MetaRequestTests.request(channel, action).body?["message"]
        #expect(message?["text"] == nil && message?["metadata"]?.string?.hasPrefix("ns1:") == true)
        let payload = message?["attachment"]?["payload"]
        #expect(message?["attachment"]?["type"] == "template" && payload?["template_type"] == "product")
        #expect(payload?["elements"] == [["id": "5551"], ["id": "5552"]])
    }

    @Test("one that the catalogue lacks makes all of them plain cards")
    func generic() throws {
        var action = MetaRequestTests.action(.send)
        action.cards = [Self.card(1, product: "5551"), Self.card(2)]
        let payload = try MetaRequestTests.request(.facebook, action).body?["message"]?["attachment"]?["payload"]
        #expect(payload?["template_type"] == "generic")
        #expect(
            payload?["elements"]?.array?.first == [
                "title": "Bag 1", "subtitle": "59 €", "image_url": "https://cdn.example/1.jpg",
                "default_action": ["type": "web_url", "url": "https://shop.example/1"],
            ])
    }

    @Test("buttons stand under the text")
    func quickReplies() throws {
        var action = MetaRequestTests.action(.send)
        action.quickReplies = ["1", "2"].map(Self.reply)
        let message = try MetaRequestTests.request(.facebook, action).body?["message"]
        #expect(message?["text"] == "Hello")
        #expect(
            message?["quick_replies"] == [
                ["content_type": "text", "title": "1", "payload": "ns1:rating.1"],
                ["content_type": "text", "title": "2", "payload": "ns1:rating.2"],
            ])
        let plain = try MetaOutbound(channel: .facebook).request(
            for: action, lane: LaneName("de-berlin.0"), at: MetaRequestTests.windowEnds, isPlain: true)
        #expect(plain.body?["message"]?["quick_replies"] == nil && plain.body?["message"]?["text"] == "Hello")
    }

    private static func refusal(of action: Action) throws -> String? {
        let lane = try LaneName("de-berlin.0")
        do throws(Unsendable) {
            _ = try MetaOutbound(channel: .facebook).request(for: action, lane: lane, at: MetaRequestTests.windowEnds)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("more than the platform takes is sent by nobody")
    func bounds() throws {
        var many = MetaRequestTests.action(.send)
        many.cards = (0..<11).map { Self.card($0) }
        #expect(try Self.refusal(of: many) == "expected at most 10 cards, got 11, cards")
        var buttons = MetaRequestTests.action(.send)
        buttons.quickReplies = (0..<14).map { Self.reply("\($0)") }
        #expect(try Self.refusal(of: buttons) == "expected at most 13 quick replies, got 14, quick_replies")
        buttons.quickReplies = [Self.reply(String(repeating: "x", count: 21))]
        #expect(try Self.refusal(of: buttons) == "expected a title of 1 to 20 characters, got 21, quick_replies")
    }
}
