internal import Contracts
internal import Instants
internal import Lanes

/// Whom a held lane is to forget and has forgotten, and how far its owner has come. Known once the lane's hash was read.
struct LaneForgetting {
    private(set) var people: ForgottenPeople
    /// One an order, in the order of their positions.
    private(set) var jobs: [ForgetJob]
    /// Events that were passed over; each goes once its entry is decided.
    private(set) var late: Set<Position>

    private let isDesk: Bool

    init(_ people: ForgottenPeople, cursor: Position, isDesk: Bool) {
        self.people = people
        self.isDesk = isDesk
        jobs = people.orders.map { ForgetJob($0, people.progress[$0.name] ?? ForgetProgress(), isDesk: isDesk) }
        // What an owner was about to pass over and did not is met again.
        late = people.late.filter { $0 < cursor }
    }

    /// Nothing is decided until states, timers and actions of every person are gone: what they write meanwhile must not
    /// meet them.
    func holdsLane(at cursor: Position) -> Bool { jobs.contains { $0.isBeforeLog && $0.order.position < cursor } }

    /// Whether there is anything to do now.
    func isRunnable(at cursor: Position) -> Bool {
        jobs.contains { $0.isRunnable(at: cursor) } || late.contains { $0.entry < cursor.entry }
    }

    /// Whether nothing is left to be done, now or later.
    var isIdle: Bool { jobs.isEmpty && late.isEmpty }

    /// Whether an event is an order, or comes late of somebody who was forgotten.
    ///
    /// - Parameter isKnown: what it is about is still there, so that it belongs to what came afterwards.
    func passesOver(_ event: Event, _ position: Position, isKnown: @autoclosure () -> Bool) -> Bool {
        if ForgetOrder(event, at: position) != nil { return true }
        guard !people.tombstones.isEmpty, let stone = stone(of: event), stone.position < position else { return false }
        if event.saysWhatHappened { return event.happenedAt <= stone.at.milliseconds }
        switch event.kind {
        // A new conversation counts its decisions anew: what a desk is told is told apart by its instant alone, and
        // a call for help is heard rather than lost.
        case .told: return event.happenedAt <= stone.at.milliseconds
        // Of something that was under way: a new conversation has none without a state.
        case .outcome, .fetched: return !isKnown()
        default: return !isKnown() && event.happenedAt <= (stone.at + Self.underWay).milliseconds
        }
    }

    /// What was under way when a person was forgotten ends within this time.
    private static let underWay = Duration.seconds(600)

    mutating func began(_ order: ForgetOrder, now: Instant) {
        let hash = Person.hash(account: order.account, contact: order.contact)
        people.orders.removeAll { $0.name == order.name }
        people.orders.append(order)
        jobs.removeAll { $0.order.name == order.name }
        jobs.append(ForgetJob(order, ForgetProgress(), isDesk: isDesk))
        people.tombstones[hash] = Tombstone(
            at: order.at, position: order.position, until: now + Tombstone.lifetime)
    }

    mutating func noteLate(_ places: [Position]) { late.formUnion(places) }

    /// The job whose turn it is: those that hold the lane first.
    func next(at cursor: Position) -> ForgetJob? {
        jobs.first { $0.isBeforeLog && $0.isRunnable(at: cursor) } ?? jobs.first { $0.isRunnable(at: cursor) }
    }

    /// The job has come further.
    mutating func put(_ job: ForgetJob) {
        guard let index = jobs.firstIndex(where: { $0.order == job.order }) else { return }
        jobs[index] = job
    }

    mutating func ended(_ job: ForgetJob, now: Instant) {
        let order = job.order
        people.orders.removeAll { $0 == order }
        jobs.removeAll { $0.order == order }
        let hash = Person.hash(account: order.account, contact: order.contact)
        people.done.append(
            Forgotten(code: order.code, hash: hash, tally: job.tally, until: now + Tombstone.lifetime))
    }

    mutating func erased(late places: some Sequence<Position>) { late.subtract(places) }

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
        case .message, .comment, .edit, .removal, .postback, .reaction, .rating, .mention, .receipt:
            true
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
