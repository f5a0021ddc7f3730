package import Contracts
internal import Instants
internal import SwiftProtobuf

/// What is wrong with a producer's line: what was expected, what came, where.
package struct EventJSONError: Error, Equatable, CustomStringConvertible {
    package let expected: String
    package let came: String
    /// A path of keys such as `message.text`, with the line before it once `at(line:)` was asked.
    package let place: String

    package init(expected: String, came: String, place: String) {
        self.expected = expected
        self.came = came
        self.place = place
    }

    package var description: String { "expected \(expected), got \(came), at \(place)" }

    /// The same error with its line, counted from 1.
    package func at(line: Int) -> EventJSONError {
        EventJSONError(
            expected: expected, came: came, place: place.isEmpty ? "line \(line)" : "line \(line), \(place)")
    }

    /// The fixed form of an answer: `{"expected","came","where"}`.
    package var json: JSONValue {
        ["expected": .string(expected), "came": .string(came), "where": .string(place)]
    }
}

/// The fixed JSON of an event (DESIGN.md, "JSON, fixed"): what producers send, what commands print.
package enum EventJSON {
    /// Longest line that is looked at: an event of 64 KiB written with every character escaped.
    package static let mostLineBytes = 512 * 1_024
    /// Longest event id.
    package static let longestID = 512
    /// Longest account and contact.
    package static let longestName = 128

    /// Reads one event. Texts over the limit are cut and marked; unknown keys, wrong types, missing fields, ids that are
    /// too long and events over 64 KiB are errors. `received_at` is 0 if it was not given. O(bytes).
    package static func event(from line: [UInt8]) throws(EventJSONError) -> Event {
        guard line.count <= mostLineBytes else {
            throw EventJSONError(expected: "at most \(mostLineBytes) bytes", came: "\(line.count) bytes", place: "")
        }
        let document: JSONValue
        do {
            document = try JSONValue(parsing: line)
        } catch {
            throw EventJSONError(expected: "a JSON object", came: error.detail, place: "")
        }
        return try event(from: document)
    }

    /// Reads one event from a parsed object.
    package static func event(from document: JSONValue) throws(EventJSONError) -> Event {
        var reader = try FieldReader(document, path: "")
        var event = Event()
        try reader.required("id", &event.id)
        try reader.required("account", &event.account)
        try reader.text("contact", &event.contact)
        try reader.instant("happened_at", &event.happenedAt, required: true)
        try reader.instant("received_at", &event.receivedAt, required: false)
        try reader.text("conversation", &event.conversation)
        try reader.flag("clock_flagged", &event.clockFlagged)
        try reader.flag("swept", &event.swept)
        try readKind(&reader, into: &event)
        try reader.finish()
        try check(event)
        return event
    }

    /// The event as a JSON object; fields that are empty or zero are left out.
    package static func value(of event: Event) -> JSONValue {
        var event = event
        var writer = FieldWriter()
        writer.text("id", &event.id, required: true)
        writer.text("account", &event.account, required: true)
        writer.text("contact", &event.contact, required: false)
        writer.instant("happened_at", &event.happenedAt, required: true)
        writer.instant("received_at", &event.receivedAt, required: false)
        writer.text("conversation", &event.conversation, required: false)
        writer.flag("clock_flagged", &event.clockFlagged)
        writer.flag("swept", &event.swept)
        if let kind = event.kind {
            let (word, fields) = written(kind)
            writer.fields[word] = fields
        }
        return .object(writer.fields)
    }

    /// Who did it must be known from one of the fields that lanes and conversations are found by.
    private static func check(_ event: Event) throws(EventJSONError) {
        for (text, longest, key) in [
            (event.id, longestID, "id"), (event.account, longestName, "account"),
            (event.contact, longestName, "contact"),
        ] where text.utf8.count > longest {
            throw EventJSONError(expected: "at most \(longest) bytes", came: "\(text.utf8.count) bytes", place: key)
        }
        if !event.conversation.isEmpty {
            do {
                _ = try EntityID(event.conversation)
            } catch {
                throw EventJSONError(
                    expected: error.expected, came: "\"\(error.came.prefix(80))\"", place: "conversation")
            }
        } else if event.contact.isEmpty {
            switch event.kind {
            case .comment, .command: break
            case .edit(let edit) where !edit.post.isEmpty: break
            case .removal(let removal) where !removal.post.isEmpty: break
            case .moderated, .mention: break
            default:
                throw EventJSONError(expected: "contact or conversation", came: "neither", place: "contact")
            }
        }
        let size = (try? event.serializedData().count) ?? .max
        guard size <= EventFraming.mostEventBytes else {
            throw EventJSONError(
                expected: "an event of at most \(EventFraming.mostEventBytes) bytes", came: "\(size) bytes", place: "")
        }
    }
}
