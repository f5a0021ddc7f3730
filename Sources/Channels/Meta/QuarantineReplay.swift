internal import Contracts
package import Instants

/// Normalises again what lies in the quarantine: after an upgrade knows its kind, or the policy its account. Pure.
package struct QuarantineReplay: Sendable {
    private let normaliser: MetaNormaliser
    private let isInstagram: @Sendable (_ account: String) -> Bool

    /// - Parameters:
    ///   - isInstagram: which of the two objects an account's webhooks are sent for.
    package init(normaliser: MetaNormaliser, isInstagram: @escaping @Sendable (_ account: String) -> Bool) {
        self.normaliser = normaliser
        self.isInstagram = isInstagram
    }

    /// What an update is today. Its ids are those that it would have had, so one that was repeated meanwhile is a duplicate.
    ///
    /// - Parameters:
    ///   - raw: as it was set aside: an update's JSON, that of an entry or a part of it, a whole body, or an event's in our
    ///     own JSON.
    ///   - path: where it stood in its body.
    ///   - received: when the first of our processes held it.
    ///   - sent: when the platform sent it, if it said so.
    /// - Throws: `MetaBodyError` if the raw form was cut or is no JSON.
    package func updates(
        raw: [UInt8], path: String, account: String, received: Instant, sent: Instant? = nil
    ) throws(MetaBodyError) -> NormalisedUpdates {
        if path == NormalisedUpdates.wholeBody, raw.count < Quarantined.mostRawBytes {
            return try normaliser.normalise(raw, received: received)
        }
        let document: JSONValue
        do {
            document = try JSONValue(parsing: raw)
        } catch {
            throw raw.count < Quarantined.mostRawBytes ? .notJSON(error.description) : .cut
        }
        if path.hasPrefix("events["), document["happened_at"] != nil {
            // By the generic door, which says what a platform may name.
            do throws(EventJSONError) {
                let event = try GenericInbound.event(document, received: received)
                var updates = NormalisedUpdates()
                updates.events = [NormalisedEvent(event: event, path: path)]
                return updates
            } catch {
                throw .notEnvelope("an event of the generic channel: \(error.description)")
            }
        }
        if document["happened_at"] != nil, var event = try? EventJSON.event(from: document) {
            // The rest comes in by other doors, with other keys.
            guard let word = EventJSON.word(of: event.kind), GenericInbound.kinds.contains(word) else {
                throw .notEnvelope("an event of a kind that only people, couriers and desks make")
            }
            event.receivedAt = received.milliseconds
            var updates = NormalisedUpdates()
            updates.events = [NormalisedEvent(event: event, path: path)]
            return updates
        }
        let entry: JSONValue
        if let list = MetaEntry.list(of: path) {
            var fields: [String: JSONValue] = ["id": .string(account), list: .array([document])]
            fields["time"] = sent.map { .integer($0.milliseconds) }
            entry = .object(fields)
        } else {
            entry = document
        }
        let body: JSONValue = [
            "object": isInstagram(account) ? "instagram" : "page", "entry": .array([entry]),
        ]
        return try normaliser.normalise(body.bytes(), received: received)
    }
}
