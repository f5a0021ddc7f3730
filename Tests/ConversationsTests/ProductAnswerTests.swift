import Contracts
import Conversations
import Instants
import Replies
import SwiftProtobuf
import Testing
import TextRules

@Suite("Price and stock from a list of products")
struct ProductAnswerTests {
    private static let noon = Instant.november(19, 12)
    private static let bags = [
        Product(
            sku: "BAG-1", name: "Blue bag", names: ["fi": "Sininen laukku"], aliases: ["sky tote"], posts: ["p1"],
            ads: ["a1"], price: Price("1290.50", currency: "EUR"), stock: .available,
            validUntil: .day(CivilDate(year: 2026, month: 11, day: 19) ?? .init(daysSince1970: 0))),
        Product(
            sku: "BAG-2", name: "Blue bag large", posts: ["p2"], price: Price("20", currency: "EUR"), stock: .soldOut),
        Product(
            sku: "BAG-3", name: "Red bag", posts: ["p2"], stock: .soldOut,
            restock: CivilDate(year: 2026, month: 11, day: 25)),
        Product(
            sku: "BAG-4", name: "Old bag", price: Price("5", currency: "EUR"), validUntil: .instant(.november(19, 12))),
        Product(sku: "BAG-5", name: "Twin", price: Price("5", currency: "EUR")),
        Product(sku: "BAG-6", name: "Twin", price: Price("6", currency: "EUR")),
    ]

    private func ask(
        _ text: String, at: Instant = noon, post: String = "", ad: String = "", facts: [String: String] = [:],
        scope: AnswerScope = AnswerScope()
    ) throws -> (text: String?, decision: Decision) {
        var policy = TestPolicy()
        policy.products = ProductList(Self.bags)
        policy.answers = [
            AnswerRule(rule: "faq.price", scope: scope, facts: facts, payloads: ["PRICE"], usesProducts: true),
            AnswerRule(rule: "faq.stock", usesProducts: true),
        ]
        var scene = Scene(policy.built())
        var event = Event.message("m", text, at: at)
        event.message.ad = ad
        if !post.isEmpty {
            event = .comment("c1", text, at: at)
            event.comment.post = post
        }
        let decision = try scene.take(event, at: at)
        return (decision.actions.first { $0.rule.hasPrefix("faq.") }?.text, decision)
    }

    @Test(
        "a product is known by its name, its longest name, an alias or its SKU",
        arguments: [
            ("how much is the BLUE bag?", "Blue bag costs 1,290.50 €."),
            ("how much is the blue bag large", "Blue bag large costs 20 €."),
            ("how much for a Sky Tote??", "Blue bag costs 1,290.50 €."),
            ("bag-2 how much", "Blue bag large costs 20 €."),
            ("how much is sininen laukku", "Blue bag costs 1,290.50 €."),
        ])
    func named(text: String, answer: String) throws {
        let asked = try ask(text)
        #expect(asked.text == answer)
        let span = try #require(asked.decision.result.spans.first { $0.class == "product" })
        #expect(span.rule.hasPrefix("BAG-") && span.end > span.start)
    }

    @Test("a product is known by the post or ad that shows it, unless the text names another")
    func shown() throws {
        #expect(try ask("how much?", post: "p1").text == "Blue bag costs 1,290.50 €.")
        #expect(try ask("how much?", ad: "a1").text == "Blue bag costs 1,290.50 €.")
        #expect(try ask("how much is the blue bag large?", post: "p1").text == "Blue bag large costs 20 €.")
    }

    @Test(
        "nobody is told what is not known for sure",
        arguments: [
            ("how much?", "", "faq.price: no product of the list is meant"),
            ("how much?", "p2", "faq.price: several products are meant"),
            ("how much is the blue bag or the red bag?", "", "faq.price: several products are meant"),
            ("how much is the twin?", "", "faq.price: several products are meant"),
            ("how much is the red bag?", "", "faq.price: BAG-3 has no price"),
            ("how much is the old bag?", "", "faq.price: BAG-4 is out of date"),
            ("is the old bag in stock?", "", "faq.stock: BAG-4 is out of date"),
            ("is the twin in stock?", "", "faq.stock: several products are meant"),
        ])
    func abstains(text: String, post: String, reason: String) throws {
        let asked = try ask(text, post: post)
        #expect(asked.text == nil)
        #expect(asked.decision.result.abstained == reason)
        #expect(asked.decision.openItem != .unchanged, "a person sees it")
    }

    @Test("stock: there, sold out, back on a day, and nobody is told of a day that is over")
    func stock() throws {
        #expect(try ask("is the blue bag in stock?").text == "Blue bag is in stock.")
        #expect(try ask("is the blue bag large in stock?").text == "Blue bag large is sold out.")
        #expect(try ask("is the red bag in stock?").text == "Red bag is back: Wed 25 M11.")
        let late = Instant.november(26, 0)
        #expect(
            try ask("is the red bag in stock?", at: late).decision.result.abstained
                == "faq.stock: BAG-3 should be back by now")
    }

    @Test("a row holds to the end of its last day on the market's clock, by the lane's clock")
    func staleness() throws {
        #expect(try ask("how much is the blue bag?", at: .november(19, 23, 59)).text != nil)
        #expect(try ask("how much is the blue bag?", at: .november(20, 0)).text == nil)
        #expect(try ask("how much is the old bag?", at: Instant.november(19, 12) + .milliseconds(-1)).text != nil)
    }

    @Test("facts answer where no product is meant, never in the place of one")
    func facts() throws {
        #expect(try ask("how much?", facts: ["en": "from 10"]).text?.contains("from 10") == true)
        #expect(try ask("how much is the old bag?", facts: ["en": "from 10"]).text == nil)
    }

    @Test("a rule may hold for some products only")
    func scope() throws {
        let scope = AnswerScope(products: ["BAG-1"])
        #expect(try ask("how much is the blue bag?", scope: scope).text != nil)
        let other = try ask("how much is the blue bag large?", scope: scope)
        #expect(other.text == nil && other.decision.result.abstained == "price: not here, or not today")
    }

    @Test("of 5,000 products the one that is named is found, and each of its variants")
    func many() throws {
        let list = (0..<5_000).map {
            Product(sku: "SKU-\($0)", name: "Lamp number \($0)", price: Price("\($0)", currency: "EUR"))
        }
        var policy = TestPolicy()
        policy.products = ProductList(list)
        policy.answers = [AnswerRule(rule: "faq.price", usesProducts: true)]
        var scene = Scene(policy.built())
        for number in [0, 7, 4_999, 1_234] {
            let event = Event.comment("c\(number)", "how much is lamp number \(number)?", at: Self.noon)
            let decision = try scene.take(event, at: Self.noon)
            #expect(decision.actions.first?.text.hasPrefix("Lamp number \(number) costs") == true)
        }
    }
}
