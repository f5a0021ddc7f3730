import Channels
import Contracts
import Delivery
import Foundation
import Instants
import Sandbox
import Testing

@Suite("Cards and buttons against the platform's double")
struct CardDeliveryTests {
    private static func action(_ products: [String], text: String = "Bag\nhttps://shop.example/bag") -> Action {
        var action = SandboxTests.action(.send)
        action.text = text
        action.cards = products.map { product in
            var card = Card()
            card.product = product
            card.title = "Bag"
            card.subtitle = "59 €"
            card.link = "https://shop.example/bag"
            return card
        }
        return action
    }

    private static func carried(_ action: Action, at url: String) async throws -> SendAnswer {
        let carrier = GraphCarrier(
            client: MetaClient(base: url + "/v26.0", token: { "token-\($0)" }),
            channel: { _ in MetaOutbound(channel: .facebook) })
        let (answers, box) = AsyncStream<[Answered]>.makeStream()
        let attempt = Attempt(
            action: action, lane: try LaneName("fi-helsinki.0"), number: 1, deadline: .now + .seconds(60))
        async let running: Void = carrier.run()
        carrier.start([attempt], answers: AnswerBox { box.yield($0) })
        carrier.finish()
        var answered = answers.makeAsyncIterator()
        let first = try #require(await answered.next()?.first)
        await running
        return first.answer
    }

    private static func lines(_ ledger: SandboxLedger) throws -> [JSONValue] {
        try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n").map {
            try JSONValue(parsing: Array($0.utf8))
        }
    }

    private static func run(
        _ action: Action, takes: SandboxTaking = SandboxTaking(),
        _ test: @Sendable @escaping (SendAnswer, [JSONValue]) throws -> Void
    ) async throws {
        var settings = SandboxTests.settings()
        settings.catalogues = [SandboxTests.page.id: ["5551"]]
        settings.takes = takes
        try await SandboxTests.run(settings) { url, ledger, _ in
            try test(try await carried(action, at: url), try lines(ledger))
        }
    }

    @Test("a product of the catalogue is delivered by its id and stands in the ledger with our mark")
    func product() async throws {
        try await Self.run(Self.action(["5551"])) { answer, lines in
            guard case .delivered = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(lines.count == 1 && lines[0]["cards"] == ["5551"] && lines[0]["text"] == "")
            #expect(lines[0]["metadata"] == "ns1:fi-helsinki.0:00000000000000010000000000000002")
        }
    }

    @Test("a card without a catalogue is delivered as it is")
    func generic() async throws {
        try await Self.run(Self.action([""])) { _, lines in
            #expect(lines.count == 1 && lines[0]["cards"] == ["Bag https://shop.example/bag"])
        }
    }

    @Test(
        "a product that the catalogue lacks, and a platform without templates, get the text, once and with the same mark"
    )
    func plain() async throws {
        var none = SandboxTaking()
        none.templates = false
        for (products, takes) in [(["9999"], SandboxTaking()), ([""], none)] {
            try await Self.run(Self.action(products), takes: takes) { answer, lines in
                guard case .delivered = answer else {
                    Issue.record("\(answer)")
                    return
                }
                #expect(lines.count == 1 && lines[0]["cards"] == nil)
                #expect(lines[0]["text"] == "Bag\nhttps://shop.example/bag")
                #expect(lines[0]["metadata"] == "ns1:fi-helsinki.0:00000000000000010000000000000002")
            }
        }
    }

    @Test("a card without a text that may stand for it has failed, and nothing is sent")
    func nothing() async throws {
        try await Self.run(Self.action(["9999"], text: "")) { answer, lines in
            guard case .failed(let failure) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(failure.code == 100 && lines.isEmpty)
        }
    }

    @Test(
        "buttons are delivered with their text, and without them where the platform has none", arguments: [true, false])
    func buttons(isTaken: Bool) async throws {
        var action = SandboxTests.action(.send)
        action.quickReplies = (1...5).map { number in
            var reply = QuickReply()
            (reply.title, reply.payload) = ("\(number)", "ns1:rating.\(number)")
            return reply
        }
        var takes = SandboxTaking()
        takes.quickReplies = isTaken
        try await Self.run(action, takes: takes) { answer, lines in
            guard case .delivered = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(lines.count == 1 && lines[0]["text"] == "Hei!")
            #expect(lines[0]["quick_replies"] == (isTaken ? ["1", "2", "3", "4", "5"] : nil))
        }
    }
}
