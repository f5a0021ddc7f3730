internal import Contracts
internal import Conversations
internal import Instants
internal import Lanes
internal import SwiftProtobuf

/// One walk through a lane, in slices.
struct ForgetJob {
    enum Stage: Equatable {
        /// Which actions are theirs, told by whom they are for.
        case waiting(cursor: String)
        case states(hash: Int, cursor: String)
        case actions(cursor: String)
        case open(cursor: String)
        /// A desk waits for what the account's lanes tell of threads.
        case asking
        case matters(hash: Int, cursor: String)
        /// What the log tells of their comments, before anything of it is erased: first what was kept of it.
        case learningKept(cursor: String)
        case learning(after: EntryID)
        /// Threads of which only the log knows that they wrote in them.
        case visits
        case log(after: EntryID)
        case kept(cursor: String)
        case dead(after: EntryID)
        case results(after: EntryID)
        case ended
    }

    let order: ForgetOrder
    var person: Person
    var stage: Stage
    var tally: ForgetTally
    /// Where events stood whose results the person's conversations do not tell.
    var places: Set<Position>
    /// Actions for them that were found waiting or under way.
    var actions: Set<ActionID> = []
    /// Threads whose states are still to be looked at, and those of others that became calm, by entity id.
    var visits: Set<String>
    var calmed: Set<String>
    private var isLearned: Bool
    /// Of a desk: hashes of the threads in which nothing is open any more, once all lanes have told.
    var calmedThreads: Set<UInt64> = []
    /// When a desk that waits for others asks again.
    var asksAgainAt: ContinuousClock.Instant?

    let isDesk: Bool

    /// Carries on where the lane's last owner noted that it was.
    init(_ order: ForgetOrder, _ progress: ForgetProgress, isDesk: Bool) {
        self.order = order
        self.isDesk = isDesk
        person = Person(account: order.account, contact: order.contact)
        person.threads = progress.threads
        person.comments = progress.comments
        places = progress.places
        visits = progress.visits
        calmed = progress.calmed
        isLearned = progress.isLearned
        tally = progress.tally
        if !progress.isPastStates {
            stage = .waiting(cursor: "0")
        } else if isDesk {
            stage = .asking
        } else {
            stage = progress.isLearned ? .visits : .learningKept(cursor: "0")
        }
    }

    /// For the next owner.
    var progress: ForgetProgress {
        var progress = ForgetProgress()
        progress.isPastStates = !isBeforeLog
        progress.isLearned = isLearned
        progress.tally = tally
        progress.threads = person.threads
        progress.calmed = calmed
        progress.visits = visits
        progress.comments = person.comments
        progress.places = places
        return progress
    }

    var isBeforeLog: Bool {
        switch stage {
        case .waiting, .states, .actions, .open: true
        default: false
        }
    }

    /// Only whole entries that are decided can be erased.
    func isRunnable(at cursor: Position) -> Bool {
        if let asksAgainAt, asksAgainAt > .now { return false }
        return isBeforeLog ? order.position < cursor : order.position.entry < cursor.entry
    }

    /// Takes in what an event tells of the person's comments: which they are, and in which threads they stand.
    mutating func learn(_ bytes: [UInt8], at position: Position) {
        guard position <= order.position,
            ByteSearch.contains(bytes, Array(person.contact.utf8)) || !person.comments.isEmpty,
            let event = try? Event(serializedBytes: bytes), person.concerns(event)
        else { return }
        if isOutside(bytes) { places.insert(position) }
        guard event.contact == person.contact, let thread = try? EntityID.of(event), thread.kind == .comments else {
            return
        }
        switch event.kind {
        case .comment(let comment): person.comments.insert(StableHash.hash(comment.id))
        case .mention(let mention): person.comments.insert(StableHash.hash(mention.id))
        case .fetched(let fetched) where !fetched.target.isEmpty:
            person.comments.insert(StableHash.hash(fetched.target))
        case .edit(let edit): person.comments.insert(StableHash.hash(edit.target))
        default: return
        }
        if !person.threads.contains(thread.text) { visits.insert(thread.text) }
    }

    /// The log was read to its end.
    mutating func learned() {
        isLearned = true
        stage = .visits
    }

    /// Whether a result may be of before; a timer's stands at what was to be decided next.
    private func isBefore(_ result: DecisionResult) -> Bool {
        result.place <= (result.timer.isEmpty ? order.position : Position.following(order.position.entry))
    }

    /// Whether an event, or bytes that are none, goes: what came after the order is somebody new's.
    func takes(_ bytes: [UInt8], at position: Position) -> Bool {
        guard position <= order.position else { return false }
        return (try? Event(serializedBytes: bytes)).map(person.concerns) ?? person.mayStand(in: bytes)
    }

    /// Whether the result at an event's place has to be found by that place.
    func isOutside(_ bytes: [UInt8]) -> Bool {
        guard let event = try? Event(serializedBytes: bytes), let id = try? EntityID.of(event) else { return true }
        return !person.owns(id.text)
    }

    /// Takes out of a batch what is left of the person; how many results that were.
    func redact(_ batch: inout ResultBatch) -> Int {
        var count = 0
        for index in batch.results.indices {
            let result = batch.results[index]
            guard result.rule != DecisionResult.erasedRule else { continue }
            let isTheirs = person.owns(result.conversation) && isBefore(result)
            guard isTheirs || (result.timer.isEmpty && places.contains(result.place)) else { continue }
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
