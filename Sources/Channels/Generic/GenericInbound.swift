internal import Contracts
package import Instants

/// What another platform posts: `{"events":[…]}`, each in our fixed JSON (CHANNELS.md). Pure.
package enum GenericInbound {
    /// Events of one body.
    package static let mostEvents = 1_000
    /// The kinds that a platform may tell of. What people, couriers and desks do comes in by other doors, with other keys.
    package static let kinds: Set<String> = [
        "message", "comment", "edit", "removal", "postback", "reaction", "echo", "moderated", "thread_control",
        "mention",
    ]

    /// Why an event of a body was set aside; told to its sender.
    package struct Fault: Sendable, Equatable {
        /// Its place in `events`, from 0.
        package let index: Int
        package let error: EventJSONError
    }

    package struct BodyError: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Reads a body that was verified. An event that cannot be read is set aside by itself.
    ///
    /// - Throws: `BodyError` if it is not JSON, has no array `events`, or holds too many.
    package static func read(
        _ body: [UInt8], received: Instant
    ) throws(BodyError) -> (updates: NormalisedUpdates, faults: [Fault]) {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: body)
        } catch {
            throw BodyError(description: error.description)
        }
        guard let list = document["events"]?.array else {
            throw BodyError(description: "expected an object with an array events, got \(document.typeWord)")
        }
        guard list.count <= mostEvents else {
            throw BodyError(description: "expected at most \(mostEvents) events, got \(list.count)")
        }
        var updates = NormalisedUpdates()
        var faults: [Fault] = []
        for (index, value) in list.enumerated() {
            let path = "events[\(index)]"
            do throws(EventJSONError) {
                updates.events.append(NormalisedEvent(event: try event(value, received: received), path: path))
            } catch {
                faults.append(Fault(index: index, error: error))
                updates.quarantined.append(
                    Quarantined(
                        reason: .unreadable, detail: error.description,
                        account: TextLimit(unit: .bytes, most: 128).cut(value["account"]?.string ?? ""), path: path,
                        raw: value.bytes(), received: received))
            }
        }
        return (updates, faults)
    }

    /// One event, as it is taken from a platform: at the door, and out of the quarantine.
    static func event(_ value: JSONValue, received: Instant) throws(EventJSONError) -> Event {
        var event = try EventJSON.event(from: value)
        let word = EventJSON.word(of: event.kind) ?? "none"
        guard kinds.contains(word) else {
            throw EventJSONError(expected: "one of \(kinds.sorted().joined(separator: " "))", came: word, place: word)
        }
        try refuseOurs(event, value)
        // Only we say when we received something.
        event.receivedAt = 0
        event.stamp(received: received)
        return event
    }

    /// What follows from other fields or is ours to know: a platform that names it would write into conversations of others,
    /// a team's desk among them.
    private static func refuseOurs(_ event: Event, _ value: JSONValue) throws(EventJSONError) {
        if !event.conversation.isEmpty {
            throw EventJSONError(
                expected: "none: it follows from the account, and the contact or the post", came: "one",
                place: "conversation")
        }
        if event.swept { throw EventJSONError(expected: "none from a platform", came: "true", place: "swept") }
        for kind in ["message", "comment"] where value[kind]?["answered_since"]?.bool == true {
            throw EventJSONError(expected: "none from a platform", came: "true", place: "\(kind).answered_since")
        }
    }
}
