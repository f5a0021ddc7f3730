// One description of an event's JSON for both directions.
//
// Problem: the JSON that producers write and commands print is fixed, and reader and writer must not drift apart.
// Choice: each message names its fields once, to a visitor; one visitor reads strictly, one writes. Rejected:
// SwiftProtobuf's own JSON, whose instants, enums and unknown keys follow other rules than DESIGN.md's.

internal import Contracts
internal import Instants

/// What meets the fields of a message: the reader fills them, the writer takes them.
protocol FieldVisitor {
    mutating func text(_ key: String, _ value: inout String, required: Bool) throws(EventJSONError)
    mutating func flag(_ key: String, _ value: inout Bool) throws(EventJSONError)
    mutating func number(_ key: String, _ value: inout UInt32) throws(EventJSONError)
    mutating func count(_ key: String, _ value: inout UInt64) throws(EventJSONError)
    mutating func instant(_ key: String, _ value: inout Int64, required: Bool) throws(EventJSONError)
    mutating func word<Word: Equatable>(
        _ key: String, _ value: inout Word, _ words: [(String, Word)]
    ) throws(EventJSONError)
    mutating func attachments(_ key: String, _ value: inout [Attachment]) throws(EventJSONError)
    /// At most eight ids.
    mutating func texts(_ key: String, _ value: inout [String]) throws(EventJSONError)
    /// A customer's text, which is cut to what is kept.
    mutating func keptText(
        _ key: String, _ value: inout String, _ fullLength: inout UInt32
    ) throws(EventJSONError)
}

extension FieldVisitor {
    mutating func text(_ key: String, _ value: inout String) throws(EventJSONError) {
        try text(key, &value, required: false)
    }

    mutating func required(_ key: String, _ value: inout String) throws(EventJSONError) {
        try text(key, &value, required: true)
    }
}

/// A message of the schema that stands under one of the event's kind keys.
protocol EventFields {
    init()
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError)
}

extension DirectMessage: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.keptText("text", &text, &fullLength)
        try fields.attachments("attachments", &attachments)
        try fields.text("payload", &payload)
        try fields.text("ad", &ad)
        try fields.text("reply_to", &replyTo)
        try fields.flag("standby", &standby)
        try fields.flag("answered_since", &answeredSince)
        try fields.texts("products", &products)
    }
}

extension Comment: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("id", &id)
        try fields.required("post", &post)
        try fields.text("original_post", &originalPost)
        try fields.text("parent", &parent)
        try fields.text("ad", &ad)
        try fields.keptText("text", &text, &fullLength)
        try fields.attachments("attachments", &attachments)
        try fields.text("author_name", &authorName)
        try fields.flag("live", &live)
        try fields.flag("answered_since", &answeredSince)
    }
}

extension Edit: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("target", &target)
        try fields.keptText("text", &text, &fullLength)
        try fields.text("post", &post)
        try fields.text("original_post", &originalPost)
        try fields.text("parent", &parent)
    }
}

extension Removal: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("target", &target)
        try fields.text("post", &post)
        try fields.text("original_post", &originalPost)
        try fields.text("parent", &parent)
    }
}

extension Postback: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.text("payload", &payload)
        try fields.text("title", &title)
        try fields.text("ad", &ad)
        try fields.flag("standby", &standby)
        try fields.texts("products", &products)
    }
}

extension Reaction: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("target", &target)
        try fields.text("emoji", &emoji)
        try fields.flag("removed", &removed)
    }
}

extension Echo: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("message", &message)
        try fields.text("metadata", &metadata)
        try fields.text("app", &app)
        try fields.text("text", &text)
        try fields.flag("inbox", &inbox)
    }
}

extension AgentReply: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("agent", &agent)
        try fields.required("text", &text)
        try fields.text("comment", &comment)
    }
}

extension Claim: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("agent", &agent)
    }
}

extension Resolve: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("agent", &agent)
    }
}

extension Rating: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.number("score", &score)
        try fields.text("text", &text)
    }
}

extension Outcome.Status {
    /// As the JSON of events and the metrics name it.
    package var word: String { Outcome.words.first { $0.1 == self }?.0 ?? "other" }
}

extension Outcome: EventFields {
    static let words: [(String, Status)] = [
        ("delivered", .delivered), ("failed", .failed), ("ambiguous", .ambiguous), ("cancelled", .cancelled),
        ("expired", .expired), ("window_closed", .windowClosed),
        ("already_done", .alreadyDone),
    ]

    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("action", &action)
        try fields.number("attempt", &attempt)
        try fields.word("status", &status, Self.words)
        try fields.text("provider_id", &providerID)
        try fields.text("error", &error)
        try fields.flag("unreachable", &unreachable)
    }
}

extension Command: EventFields {
    static let words: [(String, Verb)] = [
        ("assign", .assign), ("cancel", .cancel), ("release", .release), ("forget", .forget), ("replay", .replay),
        ("sweep", .sweep), ("enforced", .enforced),
    ]

    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.word("verb", &verb, Self.words)
        try fields.text("subject", &subject)
        try fields.text("by", &by)
        try fields.flag("sends_only", &sendsOnly)
        try fields.flag("blocked", &blocked)
    }
}

extension Told: EventFields {
    static let words: [(String, Matter)] = [
        ("escalation", .escalation), ("claimed", .claimed), ("closed", .closed), ("broken_promise", .brokenPromise),
        ("handover", .handover), ("spike", .spike),
    ]

    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("origin", &origin)
        try fields.count("decisions", &decisions)
        try fields.word("matter", &matter, Self.words)
        try fields.text("rule", &rule)
        try fields.text("market", &market)
        try fields.text("language", &language)
        try fields.instant("due_at", &dueAt, required: false)
        try fields.text("channel", &channel)
        try fields.text("facts", &facts)
    }
}

extension Fetched: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("action", &action)
        try fields.text("subject", &subject)
        try fields.text("text", &text)
        try fields.text("author", &author)
        try fields.text("locale", &locale)
        try fields.text("utc_offset", &utcOffset)
        try fields.instant("until", &until, required: false)
        try fields.text("resume", &resume)
        try fields.number("found", &found)
        try fields.flag("restored", &restored)
        try fields.flag("unsure", &unsure)
        try fields.number("full_length", &fullLength)
        try fields.text("target", &target)
    }
}

extension Moderated: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("target", &target)
        try fields.flag("hidden", &hidden)
        try fields.required("post", &post)
        try fields.text("original_post", &originalPost)
        try fields.text("parent", &parent)
    }
}

extension ThreadControl: EventFields {
    static let words: [(String, Verb)] = [("passed", .passed), ("taken", .taken), ("requested", .requested)]

    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.word("verb", &verb, Self.words)
        try fields.text("app", &app)
        try fields.text("previous_app", &previousApp)
        try fields.flag("ours", &ours)
    }
}

extension Mention: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.required("id", &id)
        try fields.required("post", &post)
        try fields.keptText("text", &text, &fullLength)
        try fields.text("author_name", &authorName)
    }
}

extension Receipt: EventFields {
    mutating func visit(_ fields: inout some FieldVisitor) throws(EventJSONError) {
        try fields.flag("read", &read)
        try fields.instant("until", &until, required: true)
        try fields.text("message", &message)
    }
}
