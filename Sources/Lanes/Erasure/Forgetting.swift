package import Contracts
package import Instants
internal import SwiftProtobuf

// Forgetting a person.
//
// Problem: a person stands in every lane of a partition, in desks' lanes, under many keys, and only a lane's owner may
// write there. Choice: one `forget` event to each lane. When an owner is about to decide it, it first notes the order and
// a tombstone in the lane's `forgotten` hash, fenced; once it is decided, the owner looks through the lane in bounded
// slices and erases. A new owner finds the order there, and how far it was carried out (`ForgetProgress`), and carries on.
// The tombstone, a hash, keeps out for eight days what comes late: events of the person that happened before, and outcomes
// of what was under way; where such a thing was passed over is noted before it counts as decided, and only that goes.
// Whoever writes again afterwards is somebody new. A desk knows threads under posts by name only: its owner waits until the
// lanes of the account have told, as hashes, which threads went (`ThreadsLeft`), and closes or erases what it has of them.
// Rejected: a command that erases by itself, which races with the owner.
// How it fails: a lane without an owner, or a paused one, forgets when it has one again; `standing` says who has not.

/// One person to be forgotten in one lane.
package struct ForgetOrder: Sendable, Equatable {
    /// Names the order in all lanes: `[a-z0-9]{1,64}`.
    package let code: String
    package let account: String
    package let contact: String
    /// Where the order stands in this lane's log: what lies before it goes.
    package let position: Position
    /// What happened up to this instant and comes later goes too.
    package let at: Instant

    package init(code: String, account: String, contact: String, position: Position, at: Instant) {
        self.code = code
        self.account = account
        self.contact = contact
        self.position = position
        self.at = at
    }

    /// Reads an event; nil if it is no order to forget.
    package init?(_ event: Event, at position: Position) {
        guard case .command(let command) = event.kind, command.verb == .forget, Self.isCode(command.subject),
            !event.account.isEmpty, !event.contact.isEmpty
        else { return nil }
        self.init(
            code: command.subject, account: event.account, contact: event.contact, position: position,
            at: Instant(milliseconds: event.happenedAt))
    }

    package static func isCode(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// The event that gives the order.
    package static func event(code: String, account: String, contact: String, by: String, at: Instant) -> Event {
        var event = Event()
        event.id = "forget.\(code).\(Person.hash(account: account, contact: contact))"
        event.account = account
        event.contact = contact
        event.conversation = EntityID.messages(account: account, contact: contact).text
        event.happenedAt = at.milliseconds
        event.receivedAt = at.milliseconds
        event.command.verb = .forget
        event.command.subject = code
        event.command.by = by
        return event
    }

    /// What it is known by in a lane: the same code for the same person is the same order.
    package var name: String { "\(code):\(Person.hash(account: account, contact: contact))" }

    var field: String { "o:\(name)" }

    /// `<position> ` and the event itself, until the order is carried out.
    func value() throws -> [UInt8] {
        let event = Self.event(code: code, account: account, contact: contact, by: "", at: at)
        let bytes: [UInt8] = try event.serializedBytes()
        return Array("\(position) ".utf8) + bytes
    }

    init?(value: [UInt8]) {
        guard let space = value.firstIndex(of: 0x20),
            let position = Position(text: String(decoding: value[..<space], as: UTF8.self)),
            let event = try? Event(serializedBytes: Array(value[(space + 1)...]))
        else { return nil }
        self.init(event, at: position)
    }
}

/// Somebody who was forgotten: what comes late of them is not decided and goes.
package struct Tombstone: Sendable, Equatable {
    package let at: Instant
    package let position: Position
    /// On the lane clock.
    package let until: Instant

    /// Ids of events are remembered for as long (DESIGN.md, erasure).
    package static let lifetime = Duration.seconds(8 * 86_400)

    package init(at: Instant, position: Position, until: Instant) {
        self.at = at
        self.position = position
        self.until = until
    }

    var text: String { "\(position) \(at.milliseconds) \(until.milliseconds)" }
}

/// What was erased in one lane.
package struct ForgetTally: Sendable, Equatable {
    package var events = 0
    package var states = 0
    package var actions = 0
    package var openItems = 0
    package var deadLetters = 0
    package var results = 0

    package init() {}

    package static let names = ["events", "states", "actions", "open_items", "dead_letters", "results"]
    package var counts: [Int] { [events, states, actions, openItems, deadLetters, results] }

    var text: String { counts.map(String.init).joined(separator: " ") }

    init?(_ words: some Sequence<String>) {
        let counts = words.compactMap { Int($0) }
        guard counts.count == Self.names.count else { return nil }
        (events, states, actions) = (counts[0], counts[1], counts[2])
        (openItems, deadLetters, results) = (counts[3], counts[4], counts[5])
    }

    package mutating func add(_ other: ForgetTally) {
        events += other.events
        states += other.states
        actions += other.actions
        openItems += other.openItems
        deadLetters += other.deadLetters
        results += other.results
    }
}

/// How far one lane has come with an order.
package enum ForgetStanding: Sendable, Equatable {
    /// Nothing is known of it: it waits in the log, in a spool, or was never given.
    case unknown
    case underWay
    case done(ForgetTally)

    /// How far several lanes are together: done only once all of them are.
    ///
    /// - Parameter lanes: each one's answer, nil for none, and how many orders it was given: one of each account. What was
    ///   erased is counted without the orders themselves.
    package init(of code: String, _ lanes: [(people: ForgottenPeople?, orders: Int)]) {
        var tally = ForgetTally()
        for (people, orders) in lanes {
            let done = (people?.done ?? []).filter { $0.code == code }
            guard done.count >= orders else {
                self = .underWay
                return
            }
            for one in done {
                var found = one.tally
                found.events = max(0, found.events - 1)
                tally.add(found)
            }
        }
        self = .done(tally)
    }
}

/// An order that a lane has carried out.
package struct Forgotten: Sendable, Equatable {
    package let code: String
    /// The person's.
    package let hash: String
    package let tally: ForgetTally
    package let until: Instant

    /// The order's.
    package var name: String { "\(code):\(hash)" }

    package init(code: String, hash: String, tally: ForgetTally, until: Instant) {
        self.code = code
        self.hash = hash
        self.tally = tally
        self.until = until
    }
}

/// A lane's `forgotten` hash: `o:<code>:<hash>` an order, `s:<code>:<hash>` how far it is, `t:<hash>` a tombstone,
/// `d:<code>:<hash>` what was done, `m:<code>:<hash>` the threads that desks have to know of then, `l:<position>` what came
/// late and is still to be erased.
package struct ForgottenPeople: Sendable, Equatable {
    /// Orders that are not carried out, in the order of their positions.
    package var orders: [ForgetOrder] = []
    /// By the person's hash.
    package var tombstones: [String: Tombstone] = [:]
    package var done: [Forgotten] = []
    /// By the order's name.
    package var progress: [String: ForgetProgress] = [:]
    /// By the order's name, once it is carried out.
    package var threads: [String: ThreadsLeft] = [:]
    /// Events that were passed over and lie in the log.
    package var late: Set<Position> = []

    package init() {}

    package var isEmpty: Bool { orders.isEmpty && tombstones.isEmpty && done.isEmpty }

    /// Whether the lane has the order already, from another place of its log.
    package func knows(_ order: ForgetOrder) -> Bool {
        orders.contains { $0.name == order.name && $0.position != order.position }
            || done.contains { $0.name == order.name }
    }

    /// What the lane tells desks of an order's threads; nil until it has carried the order out.
    package func threadsLeft(of order: String) -> ThreadsLeft? {
        guard done.contains(where: { $0.name == order }), !orders.contains(where: { $0.name == order }) else {
            return nil
        }
        return threads[order] ?? ThreadsLeft()
    }

    /// How far the lane is with an order.
    package func standing(of code: String) -> ForgetStanding {
        if orders.contains(where: { $0.code == code }) { return .underWay }
        let done = done.filter { $0.code == code }
        guard !done.isEmpty else { return .unknown }
        return .done(done.reduce(into: ForgetTally()) { $0.add($1.tally) })
    }

    /// Reads a field; what has another form is passed over.
    mutating func read(_ field: String, _ value: [UInt8]) {
        let parts = field.split(separator: ":").map(String.init)
        let words = String(decoding: value, as: UTF8.self).split(separator: " ").map(String.init)
        switch (parts.first, parts.count) {
        case ("o", 3): ForgetOrder(value: value).map { orders.append($0) }
        case ("t", 2):
            guard words.count == 3, let position = Position(text: words[0]), let at = Int64(words[1]),
                let until = Int64(words[2])
            else { return }
            tombstones[parts[1]] = Tombstone(
                at: Instant(milliseconds: at), position: position, until: Instant(milliseconds: until))
        case ("d", 3):
            guard let until = words.last.flatMap({ Int64($0) }), let tally = ForgetTally(words.dropLast()) else {
                return
            }
            done.append(
                Forgotten(code: parts[1], hash: parts[2], tally: tally, until: Instant(milliseconds: until)))
        case ("s", 3): progress["\(parts[1]):\(parts[2])"] = ForgetProgress(words)
        case ("m", 3): threads["\(parts[1]):\(parts[2])"] = ThreadsLeft(words)
        case ("l", 2): Position(text: parts[1]).map { _ = late.insert($0) }
        default: break
        }
    }
}

extension Position {
    /// Reads `<ms>-<sequence>/<index>`.
    package init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let entry = EntryID(String(parts[0])), let index = Int(parts[1]),
            (0...255).contains(index)
        else { return nil }
        self.init(entry: entry, index: index)
    }
}
