package import Contracts
package import Instants
internal import Redis

/// What a lane's owner notes about persons to be forgotten.
package struct ForgetNote: Sendable {
    package var lane: LaneName
    package var token: LaneToken
    fileprivate var gone: [String] = []
    fileprivate var written: [(field: String, value: [UInt8])] = []
    /// If one of them is there, nothing is written.
    fileprivate var absent: [String] = []
    private var isClaim = false

    package init(lane: LaneName, token: LaneToken) {
        self.lane = lane
        self.token = token
    }

    package var isEmpty: Bool { gone.isEmpty && written.isEmpty && !isClaim }

    /// Written even if it is empty: from then on leaders of earlier terms are kept out, and what is read stays until this one
    /// writes. For tokens of `retired(term:)`.
    package mutating func claim() { isClaim = true }

    /// Two who give one order at a time must not have it carried out again once it was.
    fileprivate mutating func onlyIfUnknown(_ order: ForgetOrder) { absent += [order.field, "d:\(order.name)"] }

    /// The order stands, and so does its tombstone.
    ///
    /// - Parameter now: the lane clock.
    package mutating func begin(_ order: ForgetOrder, now: Instant) throws {
        written.append((order.field, try order.value()))
        let hash = Person.hash(account: order.account, contact: order.contact)
        let stone = Tombstone(at: order.at, position: order.position, until: now + Tombstone.lifetime)
        written.append(("t:\(hash)", Array(stone.text.utf8)))
    }

    /// The order is carried out: nothing but hashes is left of it.
    ///
    /// - Parameter threads: what desks have to know.
    package mutating func end(_ order: ForgetOrder, _ tally: ForgetTally, _ threads: ThreadsLeft, now: Instant) {
        let hash = Person.hash(account: order.account, contact: order.contact)
        let until = now + Tombstone.lifetime
        gone += [order.field, "s:\(order.name)"]
        written.append(("d:\(order.code):\(hash)", Array("\(tally.text) \(until.milliseconds)".utf8)))
        if !threads.isEmpty { written.append(("m:\(order.name)", Array(threads.text.utf8))) }
    }

    /// Where the next owner carries on.
    package mutating func progress(_ progress: ForgetProgress, of order: ForgetOrder) {
        written.append(("s:\(order.name)", Array(progress.text.utf8)))
    }

    /// What is about to be passed over; to be noted before it counts as decided. At most `mostPlaces`.
    package mutating func late(_ places: some Sequence<Position>) {
        for place in places { written.append(("l:\(place)", [])) }
    }

    /// What came late is erased. At most `mostPlaces`.
    package mutating func erased(late places: some Sequence<Position>) {
        for place in places { gone.append("l:\(place)") }
    }

    /// As `forget.lua` has it.
    package static let mostPlaces = 256

    /// What is older than eight days goes, no more at a time than one note may take.
    package mutating func dropOld(of people: ForgottenPeople, now: Instant) {
        for (hash, _) in people.tombstones.filter({ $0.value.until <= now }).sorted(by: { $0.key < $1.key }).prefix(100)
        {
            gone.append("t:\(hash)")
        }
        for done in people.done.filter({ $0.until <= now }).prefix(70) {
            gone += ["d:\(done.name)", "m:\(done.name)"]
        }
    }
}

/// Which lanes an order was given to, for as long as tombstones stand; written before it is given, at the store's durability.
///
/// One code may stand for orders of several accounts, each given to lanes of its own: each has a note under its name, which
/// desks go by, and all have one under their code, which the page for the person goes by.
extension LaneStore {
    /// - Parameters:
    ///   - orders: lanes by the order's name. What was noted of the code before is replaced.
    ///   - retired: the same of lanes that were retired, for which desks need not wait: they hold no threads.
    package func noteOrdered(
        _ code: String, _ orders: [String: [LaneName]], retired: [String: [LaneName]] = [:]
    ) throws(LaneError) {
        let milliseconds = Tombstone.lifetime.components.seconds * 1_000
        let all = (orders.values.flatMap { $0 } + retired.values.flatMap { $0 }).sorted()
        let notes = [(code, all)] + orders.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        try plainDurably(
            notes.map { name, lanes in
                let names = lanes.map(\.text).joined(separator: " ")
                return RedisCommand("SET", keyspace.ordered(name), names, "PX", String(milliseconds))
            })
    }

    /// Nil if nothing is known of the code or name. A lane stands in it as often as it was given an order.
    package func ordered(_ name: String) throws(LaneError) -> [LaneName]? {
        guard let names = try plain([RedisCommand("GET", keyspace.ordered(name))]).first?.string else { return nil }
        return names.split(separator: " ").compactMap { try? LaneName(String($0)) }
    }
}

/// Retired lanes: no append reaches them, so an order is written where an owner would have noted it.
extension LaneStore {
    /// Gives the order to lanes that were retired. States, actions and open items left them with the move, so it goes on with
    /// what their logs tell. A lane that has the order is left alone.
    ///
    /// - Parameter answersEmpty: lanes that never held anything say that they are done, for those who wait for their answer.
    /// - Returns: the lanes that have the order now, or have carried it out; and those that could not be given it, since they are
    ///   away or in use again. Lanes that never held anything are neither, unless they are to answer.
    package func orderRetired(
        _ event: Event, _ lanes: [LaneName], answersEmpty: Bool = false
    ) throws(LaneError) -> (given: [LaneName], refused: [LaneName]) {
        guard !lanes.isEmpty else { return ([], []) }
        var (given, refused): ([LaneName], [LaneName]) = ([], [])
        let looks = Dictionary(try look(lanes).map { ($0.lane, $0) }) { first, _ in first }
        for (lane, people) in zip(lanes, try forgotten(lanes)) {
            guard let look = looks[lane], let people, look.move == "retired" else {
                refused.append(lane)
                continue
            }
            let end = min(look.lastEntry, look.cursor.entry.previous)
            let isEmpty = look.lastEntry == .start || look.cursor.entry == .start
            guard answersEmpty || !isEmpty,
                let order = ForgetOrder(event, at: Position(entry: end, index: EventFraming.mostEvents - 1))
            else { continue }
            var isGiven =
                people.orders.contains { $0.name == order.name } || people.done.contains { $0.name == order.name }
            if !isGiven {
                let now = max(look.now, look.serverTime + look.offset)
                isGiven = try note(
                    isEmpty ? Self.end(of: order, in: lane, now: now) : Self.beginning(order, in: lane, now: now))
            }
            if isGiven { given.append(lane) } else { refused.append(lane) }
        }
        return (given, refused)
    }

    private static func end(of order: ForgetOrder, in lane: LaneName, now: Instant) -> ForgetNote {
        var note = ForgetNote(lane: lane, token: .retired)
        note.end(order, started.tally, ThreadsLeft(), now: now)
        note.onlyIfUnknown(order)
        return note
    }

    /// Nothing but the log is left in a retired lane. `ForgetStanding` takes one event off each lane's count for the order itself,
    /// which is none of this log.
    private static var started: ForgetProgress {
        var progress = ForgetProgress()
        progress.isPastStates = true
        progress.tally.events = 1
        return progress
    }

    private static func beginning(
        _ order: ForgetOrder, in lane: LaneName, now: Instant
    ) throws(LaneError) -> ForgetNote {
        var note = ForgetNote(lane: lane, token: .retired)
        do {
            try note.begin(order, now: now)
        } catch {
            throw .invalidRequest("expected an order that can be serialised, got \(error)")
        }
        note.progress(Self.started, of: order)
        note.onlyIfUnknown(order)
        return note
    }
}

extension LaneStore {
    /// Whom each lane is to forget, and has forgotten; nil for a lane that is away. Redis: O(fields).
    package func forgotten(_ lanes: [LaneName]) throws(LaneError) -> [ForgottenPeople?] {
        let commands = lanes.map { lane in
            var command = RedisCommand("HGETALL")
            command.add(keys(of: lane).forgotten)
            return command
        }
        return try plainWhereReached(commands).map { (reply) throws(LaneError) in
            if reply.error != nil { return nil }
            guard let flat = reply.array else { throw .unexpectedReply(call: "HGETALL", came: reply.kind) }
            var people = ForgottenPeople()
            for index in stride(from: 0, to: flat.count - 1, by: 2) {
                guard let field = flat[index].string, let value = flat[index + 1].bytes else { continue }
                people.read(field, value)
            }
            people.orders.sort { ($0.position, $0.code) < ($1.position, $1.code) }
            return people
        }
    }

    /// Writes a note, fenced. False: the lane is another's, or away; nothing was written then. True also where the lane has the
    /// order already that a note gives. Redis: O(fields).
    package func note(_ note: ForgetNote) throws(LaneError) -> Bool {
        guard !note.isEmpty else { return true }
        let keys = keys(of: note.lane)
        var command = RedisCommand(function: LaneLibrary.forget, keys: 2)
        command.add(keys.hash)
        command.add(keys.forgotten)
        command.add(note.token.text)
        command.add(note.gone.count)
        command.add(note.written.count)
        command.add(note.absent.count)
        for field in note.gone { command.add(field) }
        for field in note.absent { command.add(field) }
        for (field, value) in note.written {
            command.add(field)
            command.add(value)
        }
        let replies = try run([command], durably: true)
        return try each([note], replies, call: "forget", fault: { _ in false }) { _, answer in answer.word != "fenced"
        }[
            0]
    }
}
