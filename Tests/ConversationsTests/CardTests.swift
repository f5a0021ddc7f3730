import Contracts
import Conversations
import Instants
import Replies
import Testing

@Suite("Cards and buttons")
struct CardTests {
    private static let noon = Instant.november(19, 12)
    private static let link = "https://shop.example/bag"
    private static let bags = [
        Product(
            sku: "BAG-1", name: "Blue bag", price: Price("20", currency: "EUR"), stock: .available,
            catalogue: ["5551"], link: link, image: "https://cdn.example/bag.jpg"),
        Product(sku: "BAG-2", name: "Red bag", price: Price("30", currency: "EUR"), stock: .soldOut, link: link),
        Product(sku: "BAG-3", name: "Grey bag", price: Price("40", currency: "EUR")),
        Product(sku: "BAG-4", name: "Odd bag", price: Price("9", currency: "EUR"), catalogue: ["6", "7"], link: link),
    ]

    private func scene(
        _ cards: CardLimit? = CardLimit(most: 10, showsCatalogue: true),
        limit: TextLimit = TextLimit(unit: .characters, most: 2_000)
    ) -> Scene {
        var policy = TestPolicy()
        policy.cards = cards
        policy.limit = limit
        policy.products = ProductList(Self.bags)
        policy.answers = [
            AnswerRule(rule: "faq.price", payloads: ["PRICE"], usesProducts: true),
            AnswerRule(rule: "faq.stock", usesProducts: true),
        ]
        return Scene(policy.built())
    }

    @Test("a product that is for sale is shown behind the words about it, once, in the same order of sending")
    func shown() throws {
        var scene = scene()
        let decision = try scene.take(.message("m1", "how much is the blue bag?", at: Self.noon), at: Self.noon)
        let (text, card) = try (#require(decision.actions.first), #require(decision.actions.last))
        #expect(decision.actions.count == 2 && text.text.hasPrefix("Blue bag costs") && text.cards.isEmpty)
        #expect(card.kind == .send && card.orderKey == text.orderKey && card.notAfter == text.notAfter)
        #expect(card.cards.map(\.product) == ["5551"] && card.cards.map(\.title) == ["Blue bag"])
        #expect(card.cards.map(\.subtitle) == ["20 €"] && card.cards.map(\.link) == [Self.link])
        #expect(card.text == "Blue bag\n\(Self.link)", "what is sent where the platform refuses it")
        #expect(card.agent.isEmpty && card.actionID != text.actionID)
        let again = try scene.take(
            .message("m2", "is the blue bag in stock?", at: Self.noon + .seconds(60)), at: Self.noon + .seconds(60))
        #expect(again.actions.allSatisfy { $0.cards.isEmpty } && again.actions.count == 1)
    }

    @Test("what is sold out, has nothing to see or stands under a post is not shown")
    func notShown() throws {
        for text in ["how much is the red bag?", "how much is the grey bag?"] {
            var scene = scene()
            let decision = try scene.take(.message("m", text, at: Self.noon), at: Self.noon)
            #expect(decision.actions.count == 1 && decision.actions.first?.cards.isEmpty == true, "\(text)")
        }
        var scene = scene()
        let decision = try scene.take(.comment("c1", "how much is the blue bag?", at: Self.noon), at: Self.noon)
        #expect(decision.actions.count == 1 && decision.actions.first?.text.contains("https") == false)
    }

    @Test(
        "without a catalogue, or with two ids of which either may be another account's, the platform is given the card itself"
    )
    func generic() throws {
        var plain = scene(CardLimit(most: 10))
        let decision = try plain.take(.message("m", "how much is the blue bag?", at: Self.noon), at: Self.noon)
        #expect(decision.actions.last?.cards.map(\.product) == [""])
        #expect(decision.actions.last?.cards.map(\.image) == ["https://cdn.example/bag.jpg"])
        var two = scene()
        let odd = try two.take(.message("m", "how much is the odd bag?", at: Self.noon), at: Self.noon)
        #expect(odd.actions.last?.cards.map(\.product) == [""] && odd.actions.last?.cards.map(\.link) == [Self.link])
    }

    @Test("where the platform takes no cards its address stands behind the words")
    func address() throws {
        var scene = scene(nil)
        let decision = try scene.take(.message("m", "how much is the blue bag?", at: Self.noon), at: Self.noon)
        #expect(decision.actions.count == 1 && decision.actions.first?.text.hasSuffix("\n" + Self.link) == true)
    }

    @Test("a card that never arrives takes nothing from the answer; a person's words stop one that waits")
    func ends() throws {
        var scene = scene()
        let decision = try scene.take(.message("m1", "how much is the blue bag?", at: Self.noon), at: Self.noon)
        let card = try #require(decision.actions.last)
        try scene.settle(try #require(decision.actions.first), .delivered)
        let status = scene.talk().status
        try scene.settle(card, .failed)
        #expect(scene.talk().status == status && scene.openItems[.anna] == nil && scene.talk().pending.isEmpty)

        var other = self.scene()
        let asked = try other.take(.message("m1", "how much is the blue bag?", at: Self.noon), at: Self.noon)
        try other.take(.reply("r", "I am here", at: Self.noon + .seconds(5)), at: Self.noon + .seconds(5))
        #expect(Set(other.cancels) == Set(asked.actions.map(\.actionID)))
    }

    @Test(
        "a button or words ask about the product that the customer shows, in this message or the one before, for a day")
    func asked() throws {
        var scene = scene()
        var event = Event.message("m1", "is it in stock?", at: Self.noon)
        event.message.products = ["5551"]
        let first = try scene.take(event, at: Self.noon)
        #expect(first.actions.first?.text == "Blue bag is in stock.")
        let next = try scene.take(
            .message("m2", "how much is it?", at: Self.noon + .seconds(60)), at: Self.noon + .seconds(60))
        #expect(next.actions.first?.text.hasPrefix("Blue bag costs") == true)
        let named = try scene.take(
            .message("m3", "and how much is the red bag?", at: Self.noon + .seconds(120)), at: Self.noon + .seconds(120)
        )
        #expect(named.actions.first?.text.hasPrefix("Red bag costs") == true, "what a text names goes before")
        let late = try scene.take(
            .message("m4", "how much is it?", at: Self.noon + .seconds(86_500)), at: Self.noon + .seconds(86_500))
        #expect(late.result.abstained == "faq.price: no product of the list is meant")
    }

    @Test("a product's page as the way in, then the question")
    func referral() throws {
        var scene = scene()
        try scene.take(.of("ref", at: Self.noon) { $0.postback.products = ["BAG-1"] }, at: Self.noon)
        let decision = try scene.take(
            .message("m", "is it in stock?", at: Self.noon + .seconds(9)), at: Self.noon + .seconds(9))
        #expect(decision.actions.first?.text == "Blue bag is in stock.")
    }

    @Test(
        "of a product that the list does not have nothing is said, nor of several",
        arguments: [
            (["9999"], "faq.stock: the product that is shown is not in the list"),
            (["5551", "BAG-2"], "faq.stock: several products are meant"),
        ])
    func unknown(shown: [String], reason: String) throws {
        var scene = scene()
        var event = Event.message("m1", "is it in stock?", at: Self.noon)
        event.message.products = shown
        let decision = try scene.take(event, at: Self.noon)
        #expect(decision.result.abstained == reason)
        #expect(!decision.actions.contains { $0.rule.hasPrefix("faq.") })
    }

    @Test(
        "the question of satisfaction has a button for each mark where the channel takes five, and a pressed one answers it"
    )
    func marks() throws {
        for (limit, count) in [
            (QuickReplyLimit(most: 13, longestTitle: 20), 5), (QuickReplyLimit(most: 3, longestTitle: 20), 0), (nil, 0),
        ] as [(QuickReplyLimit?, Int)] {
            var policy = TestPolicy()
            policy.service = ServicePolicy(asksSatisfaction: true)
            policy.quickReplies = limit
            var scene = Scene(policy.built())
            let at = Instant.november(16, 10)
            try scene.take(.message("m", "Hello", at: at), at: at)
            try scene.take(.of("r", at: at + .seconds(60)) { $0.resolve.agent = "kim" }, at: at + .seconds(60))
            let question = try #require(scene.texts().last)
            #expect(question.rule == "satisfaction" && question.quickReplies.count == count)
            guard let button = question.quickReplies.dropFirst(3).first else { continue }
            var pressed = Event.message("p", button.title, at: at + .seconds(90))
            pressed.message.payload = button.payload
            try scene.take(pressed, at: at + .seconds(90))
            #expect(scene.rules.last == "rating.4" && scene.talk().status == .resolved)
        }
    }
}
