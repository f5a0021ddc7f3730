import Channels
import Contracts
import Conversations
import Instants
import Testing
import TextRules

@testable import Settings

@Suite("Ice breakers in the configuration")
struct IceBreakerFileTests {
    private static func config(_ faq: String) -> SmallConfig {
        var config = SmallConfig()
        config.faq = faq
        return config
    }

    private static func answer(_ rule: String, _ iceBreaker: String, payloads: String = "") -> String {
        let fact = rule == "price" ? "from $59." : "yes."
        return "  - {rule: \(rule), facts: {en: \"\(fact)\"}, ice_breaker: \(iceBreaker)\(payloads)}\n"
    }

    private static func policy(_ config: SmallConfig) throws -> Policy {
        try Policy.build(PolicyBundle(try config.files(), zones: ZoneFolder()), number: 1)
    }

    @Test("they reach the account in each locale, with the payload of their answer")
    func read() throws {
        let config = Self.config(
            Self.answer("price", "{default: \"How much?\", vi_VN: \"Bao nhiêu?\"}")
                + Self.answer("stock", "{default: \"In stock?\"}", payloads: ", payloads: [STOCK]"))
        let policy = try Self.policy(config)
        let locales = policy.iceBreakers(of: "shop").locales
        let (price, stock) = ("ns1:faq.price", "STOCK")
        #expect(
            locales["default"] == [.init(text: "How much?", payload: price), .init(text: "In stock?", payload: stock)])
        #expect(
            locales["vi_VN"] == [.init(text: "Bao nhiêu?", payload: price), .init(text: "In stock?", payload: stock)])
        #expect(policy.iceBreakers(of: "nobody").isEmpty)
    }

    @Test("one that is pressed is answered like its question", arguments: ["ns1:faq.price", "STOCK"])
    func pressed(payload: String) throws {
        let config = Self.config(
            Self.answer("price", "{default: \"How much?\"}")
                + Self.answer("stock", "{default: \"In stock?\"}", payloads: ", payloads: [STOCK]"))
        let policy = try Self.policy(config)
        // Monday 2026-11-23, within the hours of Berlin.
        let now = Instant(seconds: 1_795_428_000)
        var event = Event()
        event.id = "p1"
        event.account = "shop"
        event.contact = "ana"
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.postback.payload = payload
        event.postback.title = "Pressed"
        let decision = try decide(
            try EntityID.of(event), own: nil, parent: nil,
            input: .event(event, position: Position(entry: .start, index: 0), at: now), now: now, policy: policy,
            signals: SignalReader(.none))
        #expect(decision.result.rule == (payload == "STOCK" ? "faq.stock" : "faq.price"))
        #expect(decision.actions.contains { $0.kind == .send && $0.rule == decision.result.rule })
    }

    @Test(
        "what the platform would not take is named at its place",
        arguments: [
            ("{vi_VN: \"?\"}", "a question under default"),
            ("{default: \"?\", vi: \"?\"}", "default or a locale of the platform such as en_US"),
            ("{default: \"\(String(repeating: "x", count: 81))\"}", "a question of at most 80 characters"),
        ])
    func broken(iceBreaker: String, expected: String) throws {
        let faults = try Self.config(Self.answer("price", iceBreaker)).faults()
        #expect(faults.count == 1 && faults.first?.contains("expected \(expected)") == true, "\(faults)")
    }

    @Test("more than four are one too many")
    func tooMany() throws {
        var config = Self.config("")
        let rules = ["price", "stock", "size", "location", "returns"]
        config.rules = rules.map { "\($0): {intent: \($0)}\n" }.joined()
        config.faq = rules.map { Self.answer($0, "{default: \"\($0)?\"}") }.joined()
        #expect(try config.faults().filter { $0.contains("at most 4 answers") }.count == 1)
    }
}
