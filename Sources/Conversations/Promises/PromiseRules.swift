import Contracts
import Instants

/// The life of a promise: made with its text, binding once the text was or may have been delivered, kept by a person's
/// delivered reply, broken at its instant otherwise; renewed by a later one, void only if its text surely failed.
///
/// A state keeps the open promises and the newest settled one. Everything that changes a standing goes through `settle`
/// or `bind`, so that the result says it and no timer stays behind.
extension Promise.Standing {
    var isOpen: Bool { self == .made || self == .binding }
}

extension Promise {
    var due: Instant { Instant(milliseconds: dueAt) }

    func isCarried(by action: ActionID) -> Bool {
        actionHigh == action.high && actionLow == action.low && (actionHigh != 0 || actionLow != 0)
    }
}

extension Conversation {
    static let mostPromises = 8

    /// Only the newest settled promise is kept, without what only an open one needs, and only the newest periods.
    mutating func dropSettled() {
        guard !promises.isEmpty else { return }
        var list = promises
        promises = []
        let newest = list.lastIndex { !$0.standing.isOpen }
        for index in list.indices.reversed() where !list[index].standing.isOpen {
            if index != newest {
                list.remove(at: index)
            } else {
                var kept = Promise()
                kept.id = list[index].id
                kept.dueAt = list[index].dueAt
                kept.standing = list[index].standing
                list[index] = kept
            }
        }
        if list.count > Self.mostPromises { list.removeFirst(list.count - Self.mostPromises) }
        promises = list
    }
}

extension Turn {
    /// The desk is called since a reply that would keep a promise does not get through.
    static let undelivered = "promise.undelivered"

    /// A reply of a person is being sent that would keep a promise due then.
    func isHeld(for due: Instant) -> Bool {
        talk.held.contains { !$0.unsure && $0.at <= due.milliseconds }
    }

    mutating func settle(_ index: Int, as standing: Promise.Standing) {
        talk.promises[index].standing = standing
        noteStanding(talk.promises[index])
        disarm(subject: talk.promises[index].id)
    }

    func openPromise(_ id: String) -> Int? {
        talk.promises.firstIndex { $0.id == id && $0.standing.isOpen }
    }

    /// The text was delivered, or may have been.
    mutating func bind(carriedBy action: ActionID) {
        guard let index = talk.promises.firstIndex(where: { $0.isCarried(by: action) && $0.standing == .made }) else {
            return
        }
        talk.promises[index].standing = .binding
        talk.promises[index].actionHigh = 0
        talk.promises[index].actionLow = 0
        noteStanding(talk.promises[index])
        if talk.promises[index].due <= now, !isHeld(for: talk.promises[index].due) { breakPromise(index) }
    }

    /// The text surely never reached the customer: nothing was promised.
    mutating func void(carriedBy action: ActionID) {
        guard let index = talk.promises.firstIndex(where: { $0.isCarried(by: action) && $0.standing == .made }) else {
            return
        }
        settle(index, as: .void)
    }

    /// A person's words, written at that instant, reached the customer: what was promised before them is kept.
    mutating func keepPromises(asOf instant: Instant) {
        for index in talk.promises.indices where talk.promises[index].standing.isOpen {
            guard talk.promises[index].madeAt <= instant.milliseconds else { continue }
            if instant <= talk.promises[index].due {
                settle(index, as: .kept)
            } else {
                breakPromise(index)
            }
        }
    }

    mutating func breakPromise(_ index: Int) {
        let due = talk.promises[index].due
        settle(index, as: .broken)
        talk.list(since: due)
        tell(.brokenPromise, rule: "promise.broken", due: due)
    }

    /// Nothing holds the open promises any more: those past due break, those whose lead has passed are escalated.
    mutating func reconsiderPromises() {
        for index in talk.promises.indices where talk.promises[index].standing.isOpen {
            let promise = talk.promises[index]
            if promise.due <= now, promise.standing == .binding, !isHeld(for: promise.due) {
                breakPromise(index)
            } else if !promise.escalated, !isHeld(for: promise.due), !isArmed(.promisePreBreach, promise.id) {
                escalate(index)
            }
        }
    }

    mutating func escalate(_ index: Int) {
        talk.promises[index].escalated = true
        tell(.escalation, rule: "promise.pre_breach", due: talk.promises[index].due)
    }

    mutating func noteStanding(_ promise: Promise) {
        var mark = PromiseMark()
        mark.id = promise.id
        mark.dueAt = promise.dueAt
        mark.standing = UInt32(clamping: promise.standing.rawValue)
        result.promises.append(mark)
    }
}
