internal import Contracts
internal import Instants
internal import Lanes

/// Whom a held lane is to forget and has forgotten, and how far its owner has come. Known once the lane's hash was read.
struct LaneForgetting {
    private(set) var people: ForgottenPeople
    /// What is being erased now.
    var job: ForgetJob?
    /// Entries with something that came late, to be erased once they are decided.
    private(set) var late: [EntryID] = []
    /// The log was not looked through since its last owner noted how far it was.
    private var hasToSweep: Bool

    init(_ people: ForgottenPeople) {
        self.people = people
        hasToSweep = !people.tombstones.isEmpty
    }

    /// Nothing is decided until states, timers and actions of a person are gone: what they write meanwhile must not
    /// meet them.
    func holdsLane(at cursor: Position) -> Bool {
        if let job { return job.isBeforeLog }
        return people.orders.first.map { $0.position < cursor } ?? false
    }

    /// Whether there is anything to do now.
    func isRunnable(at cursor: Position) -> Bool {
        if let job { return job.isRunnable(at: cursor) }
        if let order = people.orders.first, order.position < cursor { return true }
        return hasToSweep || late.contains { $0 < cursor.entry }
    }

    /// Whether nothing is left to be done, now or later.
    var isIdle: Bool { job == nil && people.orders.isEmpty && late.isEmpty && !hasToSweep }

    /// Whether an event is an order, or comes late of somebody who was forgotten.
    ///
    /// - Parameter isKnown: its entity has a state, so that it belongs to what came afterwards.
    func passesOver(_ event: Event, _ position: Position, isKnown: Bool) -> Bool {
        if ForgetOrder(event, at: position) != nil { return true }
        guard !people.tombstones.isEmpty, let stone = stone(of: event), stone.position < position else { return false }
        return event.saysWhatHappened ? event.happenedAt <= stone.at.milliseconds : !isKnown
    }

    /// The same of an event that was decided by a former owner: what was under way then ends within minutes.
    func cameLate(_ event: Event, _ position: Position) -> Bool {
        if let order = ForgetOrder(event, at: position) { return !people.orders.contains { $0.code == order.code } }
        guard let stone = stone(of: event), stone.position < position else { return false }
        let grace: Duration = event.saysWhatHappened ? .zero : .seconds(600)
        return event.happenedAt <= (stone.at + grace).milliseconds
    }

    mutating func began(_ order: ForgetOrder, now: Instant) {
        let hash = Person.hash(account: order.account, contact: order.contact)
        people.orders.removeAll { $0.code == order.code && $0.contact == order.contact && $0.account == order.account }
        people.orders.append(order)
        people.tombstones[hash] = Tombstone(
            at: order.at, position: order.position, until: now + Tombstone.lifetime)
    }

    mutating func noteLate(_ entries: [EntryID]) {
        for entry in entries where late.last != entry { late.append(entry) }
    }

    /// The next job, if none is under way.
    mutating func begin() {
        guard job == nil else { return }
        if let order = people.orders.first {
            job = ForgetJob(order)
        } else if hasToSweep {
            let oldest = people.tombstones.values.map(\.position.entry).min() ?? .start
            job = ForgetJob(sweepingAfter: people.swept ?? oldest)
        }
    }

    /// The job is done, and the log was looked through up to the entry.
    mutating func ended(_ job: ForgetJob, swept: EntryID, now: Instant) {
        if let order = job.order {
            people.orders.removeAll { $0 == order }
            let hash = Person.hash(account: order.account, contact: order.contact)
            people.done.append(
                Forgotten(code: order.code, hash: hash, tally: job.tally, until: now + Tombstone.lifetime))
        }
        if job.order == nil { hasToSweep = false }
        people.swept = swept
        self.job = nil
    }

    mutating func erased(late entries: Set<EntryID>) { late.removeAll { entries.contains($0) } }

    mutating func dropOld(now: Instant) {
        people.tombstones = people.tombstones.filter { $0.value.until > now }
        people.done.removeAll { $0.until <= now }
    }

    private func stone(of event: Event) -> Tombstone? {
        if !event.contact.isEmpty, let stone = stone(event.account, event.contact) { return stone }
        var conversation = event.conversation
        if case .told(let told) = event.kind { conversation = told.origin }
        guard !conversation.isEmpty, let entity = try? EntityID(conversation) else { return nil }
        let origin = entity.kind == .matter ? entity.parts.last.flatMap { try? EntityID($0) } : entity
        guard let origin, origin.kind == .messages else { return nil }
        return stone(origin.parts[0], origin.parts[1])
    }

    private func stone(_ account: String, _ contact: String) -> Tombstone? {
        people.tombstones[Person.hash(account: account, contact: contact)]
    }
}

extension Event {
    /// What a customer did, at the instant that it says; the rest is what became of it.
    fileprivate var saysWhatHappened: Bool {
        switch kind {
        case .message, .comment, .edit, .removal, .postback, .reaction, .rating, .mention: true
        default: false
        }
    }
}

extension LoggedEvent {
    /// The order to forget that it gives.
    var forgetOrder: ForgetOrder? {
        guard case .event(let event, _) = content, case .command = event.kind else { return nil }
        return ForgetOrder(event, at: position)
    }
}

/// One walk through a lane, in slices.
struct ForgetJob {
    enum Stage: Equatable {
        case states(hash: Int, cursor: String)
        case actions(cursor: String)
        case open(cursor: String)
        case log(after: EntryID)
        case kept(cursor: String)
        case dead(after: EntryID)
        case results(after: EntryID)
        case ended
    }

    /// Nil: only what came late of those with a tombstone.
    let order: ForgetOrder?
    var person: Person?
    var stage: Stage
    var tally = ForgetTally()
    /// Where erased events stood: their results hold what is left of them.
    var erased: Set<Position> = []
    /// The log was looked through up to here.
    var swept: EntryID

    init(_ order: ForgetOrder) {
        self.order = order
        person = Person(account: order.account, contact: order.contact)
        stage = .states(hash: 0, cursor: "0")
        swept = order.position.entry
    }

    init(sweepingAfter entry: EntryID) {
        order = nil
        stage = .log(after: entry)
        swept = entry
    }

    var isBeforeLog: Bool {
        switch stage {
        case .states, .actions, .open: true
        default: false
        }
    }

    /// Only whole entries that are decided can be erased.
    func isRunnable(at cursor: Position) -> Bool {
        guard let order, !isBeforeLog else { return true }
        return order.position.entry < cursor.entry
    }

    /// What a result may stand at and still be of before.
    var lastPlace: Position? { order.map { Position.following($0.position.entry) } }

    /// Takes out of a batch what is left of the person; how many results that were.
    func redact(_ batch: inout ResultBatch) -> Int {
        guard let person, let lastPlace else { return 0 }
        var count = 0
        for index in batch.results.indices {
            let result = batch.results[index]
            guard result.rule != DecisionResult.erasedRule else { continue }
            let isTheirs = person.owns(result.conversation) && result.place <= lastPlace
            guard isTheirs || (result.timer.isEmpty && erased.contains(result.place)) else { continue }
            batch.results[index] = result.redacted
            count += 1
        }
        return count
    }
}

extension DecisionResult {
    /// The rule of a result of which only place, instant and verdict are left.
    static let erasedRule = "erased"

    /// The place as results carry it.
    var place: Position {
        Position(entry: EntryID(milliseconds: entryMs, sequence: UInt64(entrySequence)), index: Int(index))
    }

    /// What stays for whoever counts: where and when something was decided, and under which post or desk.
    var redacted: DecisionResult {
        var left = DecisionResult()
        (left.entryMs, left.entrySequence, left.index) = (entryMs, entrySequence, index)
        (left.now, left.verdict, left.market, left.kind, left.late) = (now, verdict, market, kind, late)
        left.rule = Self.erasedRule
        left.timer = timer.isEmpty ? "" : Self.erasedRule
        left.conversation = (try? EntityID(conversation))?.parent?.text ?? ""
        return left
    }
}
