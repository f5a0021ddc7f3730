// From a webhook body to events.
//
// Problem: one body carries up to 1,000 updates of many accounts, whose shapes vary, grow and sometimes break; the
// platform must get its 200 for all of them, and for a body that holds more. Choice: a body is read in pieces, and the envelope is read strictly, each update by itself in a function
// that either gives an event, says why it is dropped, or throws a fault that sets aside this update with its JSON. What an
// entry holds is said in `MetaEntry`.
// Vocabularies of the platform (attachment types, items, apps) stay texts. Rejected: typed decoding of the whole body,
// where one wrong type costs the batch. How it fails: a kind that we do not know waits in the quarantine, counted.

internal import Contracts
package import Instants
internal import SwiftProtobuf

/// Turns the body of a Meta webhook into events. Pure: `received` comes in, ids are derived from the payload.
package struct MetaNormaliser: Sendable {
    /// Updates that are read and held at once: the platform's own limit on a body (DOMAIN.md 4.3).
    package static let mostUpdates = 1_000
    /// A body of more is none of the platform's: 10 MiB of the shortest messages hold half of it.
    package static let mostUpdatesOfBody = 100_000
    /// A provider's clock further ahead than this is flagged (DOMAIN.md 5.3).
    package static let clockTolerance: Duration = .seconds(2)

    private let knows: @Sendable (String) -> Bool
    let wantsReceipts: @Sendable (String) -> Bool
    let app: @Sendable (String) -> String?
    let inboxApps: @Sendable (String) -> Set<String>

    /// - Parameters:
    ///   - inboxApps: app ids whose echoes on an account are written by people in the platform's inbox.
    ///   - app: the platform's id of our own app on an account; nil if nobody wrote it down.
    ///   - wantsReceipts: whether deliveries and reads of an account become events; else they are dropped.
    ///   - knows: whether an account is configured.
    package init(
        inboxApps: @escaping @Sendable (_ account: String) -> Set<String> = { _ in MetaInbox.usualApps },
        app: @escaping @Sendable (_ account: String) -> String? = { _ in nil },
        wantsReceipts: @escaping @Sendable (_ account: String) -> Bool = { _ in false },
        knows: @escaping @Sendable (_ account: String) -> Bool
    ) {
        self.inboxApps = inboxApps
        self.app = app
        self.wantsReceipts = wantsReceipts
        self.knows = knows
    }

    /// Normalises one body that was verified. O(bytes).
    ///
    /// - Parameter received: the instant at which the first of our processes held it.
    /// - Throws: `MetaBodyError` if nothing of it can be used.
    package func normalise(_ body: [UInt8], received: Instant) throws(MetaBodyError) -> NormalisedUpdates {
        var whole = NormalisedUpdates()
        for piece in try pieces(of: body, received: received) { whole.append(piece) }
        return whole
    }

    /// The same in pieces of at most `mostUpdates` updates, in the body's order, each made when it is asked for: what a
    /// body of many updates takes in memory is its JSON and one piece.
    package func pieces(
        of body: [UInt8], received: Instant
    ) throws(MetaBodyError) -> some Sequence<NormalisedUpdates> {
        let (document, repaired) = try Self.parse(body)
        guard let entries = document["entry"]?.array else {
            throw .notEnvelope(document["entry"].map { "entry as \($0.typeWord)" } ?? document.typeWord)
        }
        var updates = 0
        for value in entries {
            updates += MetaEntry(value).updateCount
            guard updates <= Self.mostUpdatesOfBody else { throw .tooManyUpdates(updates) }
        }
        let object = document["object"]?.string
        let isKnown = object == "page" || object == "instagram"
        var slices = entries.lazy.enumerated().lazy.flatMap { index, value in
            MetaEntry(value).slices(of: Self.mostUpdates).map { (index: index, entry: $0.entry, first: $0.first) }
        }.makeIterator()
        var next = slices.next()
        return AnyIterator<NormalisedUpdates> {
            guard var slice = next else { return nil }
            var walk = Walk(received: received, repaired: repaired)
            var updates = 0
            repeat {
                updates += slice.entry.updateCount
                normalise(slice.entry, at: slice.index, from: slice.first, isKnown, &walk)
                next = slices.next()
                guard let following = next else { break }
                slice = following
            } while updates + slice.entry.updateCount <= Self.mostUpdates
            return walk.result
        }
    }

    private static func parse(_ body: [UInt8]) throws(MetaBodyError) -> (JSONValue, repaired: Bool) {
        do {
            return (try JSONValue(parsing: body), false)
        } catch {
            guard let repaired = JSONRepair.repaired(body), let document = try? JSONValue(parsing: repaired) else {
                throw .notJSON(error.description)
            }
            return (document, true)
        }
    }

    /// - Parameter first: where in its list the entry's first update stood.
    private func normalise(
        _ entry: MetaEntry, at index: Int, from first: Int, _ isKnownObject: Bool, _ walk: inout Walk
    ) {
        let value = entry.value
        let path = "entry[\(index)]"
        walk.path = path
        walk.account = (try? value.identifier("id")) ?? ""
        walk.sent = nil
        do throws(UpdateFault) {
            guard isKnownObject else {
                throw UpdateFault(
                    reason: .unknownObject, detail: "expected page or instagram, got another word, object")
            }
            guard case .object = value else { throw .expected("an object", value, "entry") }
            walk.account = try value.requiredIdentifier("id")
            walk.sent = try? value.milliseconds("time").map(Instant.init(milliseconds:))
            guard !entry.isEmpty else {
                throw UpdateFault(
                    reason: .unknownKind, detail: "expected messaging, standby or changes, got none of them, entry")
            }
        } catch {
            walk.setAside(value, entry, error)
            return
        }
        for (name, value) in entry.wrong {
            walk.setAside(entry.part(name, value), .expected("an array", value, name))
        }
        for list in entry.lists {
            for (index, update) in list.updates.enumerated() {
                walk.path = "\(path).\(MetaEntry.word(list.name))[\(first + index)]"
                one(update, of: list.name, &walk)
            }
        }
    }

    private func one(_ update: JSONValue, of list: String, _ walk: inout Walk) {
        do throws(UpdateFault) {
            if walk.account == "0" {
                walk.result.drop(.testNotification)
                return
            }
            guard knows(walk.account) else {
                throw UpdateFault(
                    reason: .unknownAccount, detail: "expected a configured account, got \(walk.account), entry.id")
            }
            guard MetaEntry.known.contains(list) else {
                throw UpdateFault(
                    reason: .unknownKind,
                    detail: "expected messaging, standby or changes, got \(MetaEntry.word(list)), entry")
            }
            guard case .object = update else { throw .expected("an object", update, "update") }
            if walk.repaired, JSONRepair.isMarked(update), !MetaEnforcement.isOne(update) {
                throw UpdateFault(
                    reason: .invalidText, detail: "expected UTF-8 and whole surrogate pairs, got others, update")
            }
            switch try read(update, of: list, walk) {
            case .dropped(let reason): walk.result.drop(reason)
            case .event(let event): try walk.keep(event)
            }
        } catch {
            walk.setAside(update, error)
        }
    }

    private func read(_ update: JSONValue, of list: String, _ walk: Walk) throws(UpdateFault) -> Reading {
        switch list {
        case "messaging": try messaging(update, walk)
        case "standby": try standby(update, walk)
        default: try change(update, walk)
        }
    }
}

/// What one update turned out to be.
enum Reading {
    case event(Event)
    case dropped(DropReason)
}

/// Where the normaliser stands in the body, and what it has so far.
struct Walk {
    let received: Instant
    let repaired: Bool
    var path = ""
    var account = ""
    /// `entry.time`: when the platform sent it.
    var sent: Instant?
    var result = NormalisedUpdates()

    init(received: Instant, repaired: Bool) {
        self.received = received
        self.repaired = repaired
    }

    /// An event of this entry's account: `happened_at` is the earlier of the provider's instant and `received`.
    func event(_ id: String, contact: String, at provider: Int64?, _ kind: Event.OneOf_Kind) -> Event {
        let happened = provider.map(Instant.init(milliseconds:)) ?? sent ?? received
        var event = Event()
        event.id = id
        event.account = account
        event.contact = contact
        event.happenedAt = min(happened, received).milliseconds
        event.receivedAt = received.milliseconds
        event.clockFlagged = happened > received + MetaNormaliser.clockTolerance
        event.kind = kind
        return event
    }

    mutating func keep(_ event: Event) throws(UpdateFault) {
        let size = (try? event.serializedData().count) ?? .max
        guard size <= EventFraming.mostEventBytes else {
            throw UpdateFault(
                reason: .eventTooLarge,
                detail: "expected at most \(EventFraming.mostEventBytes) bytes, got \(size), update")
        }
        result.events.append(NormalisedEvent(event: event, path: path))
    }

    /// A whole entry, in parts that are small enough to be kept.
    mutating func setAside(_ value: JSONValue, _ entry: MetaEntry, _ fault: UpdateFault) {
        guard case .object = value else { return setAside(value, fault) }
        for part in entry.parts { setAside(part, fault) }
    }

    mutating func setAside(_ update: JSONValue, _ fault: UpdateFault) {
        var (text, detail) = (update.text(), fault.detail)
        // It is obeyed, so what is kept of it must be read as the whole is.
        if fault.reason == .policyEnforcement, text.utf8.count > Quarantined.mostRawBytes {
            detail += "; its measure and reason are kept of \(text.utf8.count) bytes"
            text = MetaEnforcement.shortened(update).text()
        }
        result.quarantined.append(
            Quarantined(
                reason: fault.reason, detail: detail, account: account, path: path,
                raw: repaired ? JSONRepair.restored(text) : Array(text.utf8), received: received, sent: sent))
    }
}
