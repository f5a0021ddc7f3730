import Channels
import Contracts
import Instants
import Testing

@Suite("Bodies of the generic channel")
struct GenericInboundTests {
    private static let secret = Array("bridge".utf8)

    private static let samples: [String] =
        EventJSONTests.lines.prefix(7).map { #"{"events":[\#($0)]}"# } + [
            #"{"events":[\#(EventJSONTests.lines.joined(separator: ","))],"more":1}"#
        ]

    @Test("kinds that only people, couriers and desks may tell of are set aside")
    func kinds() throws {
        let body = #"{"events":[\#(EventJSONTests.lines.joined(separator: ","))]}"#
        let (updates, faults) = try GenericInbound.read(Array(body.utf8), received: Fixture.received)
        let words = Set(updates.events.compactMap { EventJSON.word(of: $0.event.kind) })
        #expect(words == GenericInbound.kinds)
        #expect(updates.events.count + faults.count == EventJSONTests.lines.count)
        #expect(updates.quarantined.count == faults.count)
    }

    @Test(
        "what is ours to know is refused, so that no platform writes into a desk or another's conversation",
        arguments: [
            (#""conversation":"d/tokyo/evil","#, "", "conversation"),
            (#""conversation":"m/a/c","#, "", "conversation"), (#""swept":true,"#, "", "swept"),
            ("", #","answered_since":true"#, "message.answered_since"),
            (#""comment":{"id":"9","post":"8","answered_since":true}"#, "", "comment.answered_since"),
        ])
    func ours(field: String, ofMessage: String, place: String) throws {
        func body(_ field: String, _ ofMessage: String) -> [UInt8] {
            let head = #"{"events":[{"id":"1","account":"a","contact":"c","happened_at":"2026-11-22T18:00:00Z","#
            let kind = field.contains("comment") ? "" : #""message":{"text":"hi"\#(ofMessage)}"#
            return Array((head + field + kind + "}]}").utf8)
        }
        #expect(try GenericInbound.read(body("", ""), received: Fixture.received).updates.events.count == 1)
        let (updates, faults) = try GenericInbound.read(body(field, ofMessage), received: Fixture.received)
        #expect(updates.events.isEmpty && updates.quarantined.count == 1)
        #expect(faults.map(\.error.place) == [place])
    }

    @Test(
        "mutated bodies neither stop the process nor lose an event without a word, and pass with no other's signature",
        arguments: UInt64(1)...4)
    func mutations(part: UInt64) throws {
        let seed = 20_261_123 + part
        let whole = Fixture.mutations / 4
        var random = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            [0xFF], Array("null".utf8), Array("[".utf8), Array("{".utf8), Array("\"".utf8), Array("\\ud800".utf8),
            Array("1e999".utf8), Array(",{}".utf8),
        ]
        var read = 0
        for _ in 0..<whole {
            guard let sample = Self.samples.randomElement(using: &random) else { continue }
            let original = Array(sample.utf8)
            var body = original
            let at = Int.random(in: 0..<body.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: body[at] = UInt8.random(in: 0...255, using: &random)
            case 1: body.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
            default: body.removeSubrange(at..<min(body.count, at + Int.random(in: 1...8, using: &random)))
            }
            if body != original { checkSignature(of: body, not: original) }
            guard let (updates, faults) = try? GenericInbound.read(body, received: Fixture.received) else { continue }
            read += 1
            let count = (try JSONValue(parsing: body))["events"]?.array?.count
            #expect(updates.count == count && updates.quarantined.count == faults.count, "seed \(seed)")
            #expect(
                updates.events.allSatisfy { $0.event.receivedAt == Fixture.received.milliseconds }, "seed \(seed)")
        }
        #expect(read > whole / 10, "seed \(seed): too few stayed readable for this to mean something")
    }

    private func checkSignature(of body: [UInt8], not whole: [UInt8]) {
        typealias Headers = [(name: String, value: String)]
        func verdict(_ headers: Headers, _ secret: [UInt8] = Self.secret) -> RequestSignature.Verdict {
            RequestSignature.verify(
                body, signature: headers.last?.value, timestamp: headers.first?.value, now: Fixture.received,
                among: [("bridge", secret)])
        }
        let now = Fixture.received
        let right = RequestSignature.headers(for: body, at: now, secrets: [Self.secret])
        #expect(verdict(right) == .signed(by: ["bridge"]))
        #expect(verdict(RequestSignature.headers(for: whole, at: now, secrets: [Self.secret])) == .wrong)
        #expect(verdict(right, Array("another".utf8)) == .wrong)
        #expect(verdict(RequestSignature.headers(for: body, at: now + .seconds(301), secrets: [Self.secret])) == .stale)
    }
}
