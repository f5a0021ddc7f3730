import Channels
import Contracts
import TestEffort
import Testing

@Suite("The fixed JSON of events")
struct EventJSONTests {
    static let frame = #""account":"1","contact":"2","happened_at":"2026-11-22T18:00:00.000Z","id":"e""#

    static let lines = [
        #"{\#(frame),"message":{"text":"Hei"}}"#,
        #"{\#(frame),"message":{"attachments":[{"type":"image","url":"https://x"}],"payload":"P","reply_to":"m"}}"#,
        #"{\#(frame),"comment":{"ad":"9","id":"c","original_post":"o","parent":"r","post":"p","text":"?"}}"#,
        #"{\#(frame),"edit":{"full_length":30000,"post":"p","target":"c","text":"x"}}"#,
        #"{\#(frame),"removal":{"target":"m"}}"#,
        #"{\#(frame),"postback":{"payload":"GET_STARTED","title":"Start"}}"#,
        #"{\#(frame),"reaction":{"emoji":"❤","removed":true,"target":"m"}}"#,
        #"{\#(frame),"echo":{"inbox":true,"message":"m","text":"Hi"}}"#,
        #"{\#(frame),"agent_reply":{"agent":"liisa","text":"Moi"},"conversation":"m/1/2"}"#,
        #"{\#(frame),"claim":{"agent":"liisa"}}"#,
        #"{\#(frame),"resolve":{"agent":"liisa"}}"#,
        #"{\#(frame),"rating":{"score":5,"text":"good"}}"#,
        #"{\#(frame),"outcome":{"action":"00","attempt":2,"provider_id":"m","status":"delivered"}}"#,
        #"{\#(frame),"command":{"by":"ops","subject":"2","verb":"forget"}}"#,
        #"{\#(frame),"told":{"decisions":7,"due_at":"2026-11-23T08:00:00.000Z","matter":"broken_promise","origin":"m/1/2"}}"#,
        #"{\#(frame),"fetched":{"action":"00","text":"found"}}"#,
        #"{\#(frame),"message":{"standby":true,"text":"Hei"}}"#,
        #"{\#(frame),"message":{"products":["SKU-1","5551"],"text":"still there?"}}"#,
        #"{\#(frame),"postback":{"products":["5551"]}}"#,
        #"{\#(frame),"moderated":{"hidden":true,"post":"p","target":"c"}}"#,
        #"{\#(frame),"thread_control":{"app":"7","ours":true,"previous_app":"8","verb":"passed"}}"#,
        #"{\#(frame),"mention":{"id":"c","post":"p","text":"?"}}"#,
        #"{\#(frame),"receipt":{"read":true,"until":"2026-11-22T18:00:00.000Z"}}"#,
    ]

    @Test("every kind is written as it was read")
    func roundTrip() throws {
        for line in Self.lines {
            let event = try EventJSON.event(from: Array(line.utf8))
            let written = EventJSON.value(of: event)
            #expect(written == (try JSONValue(parsing: Array(line.utf8))), "\(line)")
            #expect(try EventJSON.event(from: written.bytes(escaping: .unicode)) == event)
        }
        let words = try Self.lines.map { EventJSON.word(of: try EventJSON.event(from: Array($0.utf8)).kind) }
        #expect(Set(words) == Set(EventJSON.kinds.map(Optional.some)))
    }

    @Test("keys are written sorted, so the same event is the same line")
    func sorted() throws {
        let event = try EventJSON.event(from: Array(Self.lines[0].utf8))
        #expect(
            EventJSON.value(of: event).text()
                == #"{"account":"1","contact":"2","happened_at":"2026-11-22T18:00:00.000Z","id":"e","message":{"text":"Hei"}}"#
        )
    }

    static let faults: [(line: String, place: String, came: String)] = [
        ("hello", "", ""),
        ("[1]", "", "an array"),
        (#"{"account":"1","contact":"2","happened_at":"2026-11-22T18:00:00Z","message":{}}"#, "id", "nothing"),
        (#"{\#(frame),"message":{"text":"x","colour":"red"}}"#, "message.colour", "\"colour\""),
        (#"{\#(frame),"message":{},"zone":"x"}"#, "zone", "\"zone\""),
        (#"{\#(frame)}"#, "", "none"),
        (#"{\#(frame),"message":{},"claim":{"agent":"a"}}"#, "", "message and claim"),
        (#"{\#(frame),"message":{"text":7}}"#, "message.text", "a number"),
        (#"{\#(frame),"message":{"products":[7]}}"#, "message.products", "an array"),
        (#"{\#(frame),"message":"x"}"#, "message", "a string"),
        (#"{\#(frame),"comment":{"id":"c"}}"#, "comment.post", "nothing"),
        (#"{\#(frame),"command":{"verb":"explode"}}"#, "command.verb", "\"explode\""),
        (
            #"{"account":"1","contact":"2","happened_at":"yesterday","id":"e","message":{}}"#, "happened_at",
            "\"yesterday\""
        ),
        (#"{"account":"1","happened_at":"2026-11-22T18:00:00Z","id":"e","message":{}}"#, "contact", "neither"),
        (#"{\#(frame),"conversation":"nonsense","message":{}}"#, "conversation", "\"nonsense\""),
        (#"{\#(frame),"message":{"full_length":-1}}"#, "message.full_length", "-1"),
        (#"{\#(frame),"message":{"attachments":[{"url":"x"}]}}"#, "message.attachments[0].type", "nothing"),
    ]

    @Test("a fault says what was expected, what came and where", arguments: faults.indices)
    func faultIsNamed(index: Int) throws {
        let (line, place, came) = Self.faults[index]
        let error = try #require(throws: EventJSONError.self) { try EventJSON.event(from: Array(line.utf8)) }
        #expect(error.place == place)
        if !came.isEmpty { #expect(error.came == came) }
        #expect(!error.expected.isEmpty)
        #expect(error.at(line: 3).place.hasPrefix("line 3"))
    }

    @Test("a long text is cut and marked; an event over 64 KiB is an error")
    func limits() throws {
        let long = String(repeating: "x", count: 100_000)
        let event = try EventJSON.event(from: Array(#"{\#(Self.frame),"message":{"text":"\#(long)"}}"#.utf8))
        #expect(event.message.text.utf8.count == 20_000)
        #expect(event.message.fullLength == 100_000)
        let links = (0..<16).map { _ in #"{"type":"image","url":"\#(long.prefix(4_000))"}"# }.joined(separator: ",")
        #expect(throws: EventJSONError.self) {
            try EventJSON.event(
                from: Array(#"{\#(Self.frame),"message":{"attachments":[\#(links)],"text":"\#(long)"}}"#.utf8))
        }
    }

    @Test("ten thousand mutated lines give an event or an error")
    func mutations() throws {
        let seed: UInt64 = 7
        var random = SeededGenerator(seed: seed)
        var read = 0
        for _ in 0..<Effort.cases(10_000) {
            guard var line = Self.lines.randomElement(using: &random).map({ Array($0.utf8) }) else { continue }
            let at = Int.random(in: 0..<line.count, using: &random)
            line[at] = UInt8.random(in: 0x20...0x7E, using: &random)
            if (try? EventJSON.event(from: line)) != nil { read += 1 }
        }
        #expect(read > Effort.cases(500) && read < Effort.cases(10_000), "seed \(seed)")
    }
}
