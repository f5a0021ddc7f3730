internal import Contracts
internal import Conversations
internal import Instants
internal import Lanes
internal import SwiftProtobuf

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

    let order: ForgetOrder
    var person: Person
    var stage: Stage
    var tally: ForgetTally
    /// Where events stood whose results the person's conversations do not tell.
    var places: Set<Position>

    /// Carries on where the lane's last owner noted that it was.
    init(_ order: ForgetOrder, _ progress: ForgetProgress) {
        self.order = order
        person = Person(account: order.account, contact: order.contact)
        person.threads = progress.threads
        places = progress.places
        tally = progress.tally
        stage = progress.isPastStates ? .log(after: .start) : .states(hash: 0, cursor: "0")
    }

    /// For the next owner.
    var progress: ForgetProgress {
        var progress = ForgetProgress()
        progress.isPastStates = !isBeforeLog
        progress.tally = tally
        progress.threads = person.threads
        progress.places = places
        return progress
    }

    var isBeforeLog: Bool {
        switch stage {
        case .states, .actions, .open: true
        default: false
        }
    }

    /// Only whole entries that are decided can be erased.
    func isRunnable(at cursor: Position) -> Bool {
        isBeforeLog ? order.position < cursor : order.position.entry < cursor.entry
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
