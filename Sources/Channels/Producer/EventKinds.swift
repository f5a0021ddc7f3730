package import Contracts

extension EventJSON {
    /// The keys of which an event has exactly one, in the schema's order.
    package static let kinds = [
        "message", "comment", "edit", "removal", "postback", "reaction", "echo", "agent_reply", "claim", "resolve",
        "rating", "outcome", "command", "told", "fetched", "moderated", "thread_control", "mention", "receipt",
    ]

    /// The key of an event's kind, as results name it too; nil for an event without a known kind.
    package static func word(of kind: Event.OneOf_Kind?) -> String? {
        kind.map { written($0).word }
    }

    static func readKind(_ reader: inout FieldReader, into event: inout Event) throws(EventJSONError) {
        var found: [(word: String, value: JSONValue)] = []
        for word in kinds {
            if let value = reader.value(word) { found.append((word, value)) }
        }
        guard found.count == 1, let (word, value) = found.first else {
            throw EventJSONError(
                expected: "one key among \(kinds.joined(separator: " "))",
                came: found.isEmpty ? "none" : found.map(\.word).joined(separator: " and "), place: "")
        }
        event.kind = try kind(word, value)
    }

    private static func kind(_ word: String, _ value: JSONValue) throws(EventJSONError) -> Event.OneOf_Kind? {
        switch word {
        case "message": .message(try read(value, word))
        case "comment": .comment(try read(value, word))
        case "edit": .edit(try read(value, word))
        case "removal": .removal(try read(value, word))
        case "postback": .postback(try read(value, word))
        case "reaction": .reaction(try read(value, word))
        case "echo": .echo(try read(value, word))
        case "agent_reply": .agentReply(try read(value, word))
        case "claim": .claim(try read(value, word))
        case "resolve": .resolve(try read(value, word))
        case "rating": .rating(try read(value, word))
        case "outcome": .outcome(try read(value, word))
        case "command": .command(try read(value, word))
        case "told": .told(try read(value, word))
        case "fetched": .fetched(try read(value, word))
        case "moderated": .moderated(try read(value, word))
        case "thread_control": .threadControl(try read(value, word))
        case "mention": .mention(try read(value, word))
        case "receipt": .receipt(try read(value, word))
        default: nil
        }
    }

    static func written(_ kind: Event.OneOf_Kind) -> (word: String, fields: JSONValue) {
        switch kind {
        case .message(let fields): ("message", write(fields))
        case .comment(let fields): ("comment", write(fields))
        case .edit(let fields): ("edit", write(fields))
        case .removal(let fields): ("removal", write(fields))
        case .postback(let fields): ("postback", write(fields))
        case .reaction(let fields): ("reaction", write(fields))
        case .echo(let fields): ("echo", write(fields))
        case .agentReply(let fields): ("agent_reply", write(fields))
        case .claim(let fields): ("claim", write(fields))
        case .resolve(let fields): ("resolve", write(fields))
        case .rating(let fields): ("rating", write(fields))
        case .outcome(let fields): ("outcome", write(fields))
        case .command(let fields): ("command", write(fields))
        case .told(let fields): ("told", write(fields))
        case .fetched(let fields): ("fetched", write(fields))
        case .moderated(let fields): ("moderated", write(fields))
        case .threadControl(let fields): ("thread_control", write(fields))
        case .mention(let fields): ("mention", write(fields))
        case .receipt(let fields): ("receipt", write(fields))
        }
    }

    private static func read<Fields: EventFields>(
        _ value: JSONValue, _ path: String
    ) throws(EventJSONError) -> Fields {
        var reader = try FieldReader(value, path: path)
        var fields = Fields()
        try fields.visit(&reader)
        try reader.finish()
        return fields
    }

    private static func write(_ fields: some EventFields) -> JSONValue {
        var fields = fields
        var writer = FieldWriter()
        // The writer throws nothing; the visitor's signature is the reader's.
        try? fields.visit(&writer)
        return .object(writer.fields)
    }
}
