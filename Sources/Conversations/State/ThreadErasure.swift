package import Contracts

/// Takes one person's comments, with all that hangs on them, out of a thread under a post.
///
/// Problem: several people write in one thread, and one state holds what they asked, what they were promised and what is on
/// its way to them. Choice: what is one person's is told by their comments: marks by id, pending texts and promises by the
/// comment that they answer, timers by the promise. All of it goes together, so that nothing waits for an outcome or an
/// instant that never comes; everything else stays as it was. A promise under which somebody else waits too is theirs from
/// then on, since they were told nothing of their own. Rejected: to drop the state with whoever began the thread, which
/// loses those who asked there. How it fails: promises of states that do not say whom they were given go with the last open
/// comment; since when somebody waits, language and team are the thread's and stay.
package struct ThreadErasure: Sendable {
    package enum Remains: Sendable, Equatable {
        /// Nothing in it was theirs.
        case unchanged
        /// Nobody else has written in it: the state goes.
        case nothing
        /// Others have.
        ///
        /// - Parameter isCalm: its desk had it, and nothing is open in it any more.
        case part(isCalm: Bool)
    }

    /// XXH64 of their comments' ids.
    package let comments: Set<UInt64>
    /// Actions for them that wait or are under way.
    package let actions: Set<ActionID>

    package init(comments: Set<UInt64>, actions: Set<ActionID>) {
        self.comments = comments
        self.actions = actions
    }

    /// The comments of a thread that a person wrote, as far as its state tells: by marks, and the root by its author.
    package static func comments(of contact: String, in state: EntityState, _ id: EntityID) -> Set<UInt64> {
        let talk = state.conversation
        var found = Set(talk.comments.filter { $0.author == contact }.map { StableHash.hash($0.id) })
        if talk.contact == contact, let root = id.parts.last { found.insert(StableHash.hash(root)) }
        return found
    }

    /// Whether so much was written since that a state of before does not tell any more who wrote the first comment.
    package static func hasLostRoot(_ state: EntityState, _ id: EntityID) -> Bool {
        let talk = state.conversation
        return talk.contact.isEmpty && !talk.rootForgotten && talk.comments.count >= Conversation.mostComments
            && talk.comment(id.parts.last ?? "") == nil
    }

    /// Whether the thread may hold anything of theirs: a cheap look before the state is changed.
    package func isNeeded(for state: EntityState, _ id: EntityID) -> Bool {
        let talk = state.conversation
        if let root = id.parts.last, comments.contains(StableHash.hash(root)) { return true }
        return talk.comments.contains(where: isTheirs)
            || talk.pending.contains { isGone($0) }
            || talk.promises.contains { $0.subject != 0 && comments.contains($0.subject) }
    }

    private func isGone(_ pending: PendingAction) -> Bool {
        pending.subject != 0 && comments.contains(pending.subject)
            || actions.contains(ActionID(high: pending.idHigh, low: pending.idLow))
    }

    /// Changes the state, unless nothing of it stays.
    ///
    /// - Parameter listed: how the inbox shows it now; nil if it does not.
    /// - Returns: what is left, and how the inbox shows that.
    package func take(
        from state: inout EntityState, _ id: EntityID, listed: OpenItem?
    ) -> (remains: Remains, item: OpenItemChange) {
        guard id.kind == .comments, case .conversation(var talk)? = state.entity, let root = id.parts.last else {
            return (.unchanged, .unchanged)
        }
        let before = (talk: talk, facts: OpenFacts(talk), timers: state.timers)
        let hasLostRoot = Self.hasLostRoot(state, id)
        let isRoots = comments.contains(StableHash.hash(root))
        takeMarks(&talk, root, isRoots)
        let gone = takeActions(&talk)
        takePromises(&talk, &state.timers, before.talk, gone)
        guard talk != before.talk || isRoots else { return (.unchanged, .unchanged) }
        let isOthers = !talk.contact.isEmpty || talk.comments.contains { !$0.author.isEmpty } || isOwedToOthers(talk)
        guard isOthers || (hasLostRoot && !isRoots) else {
            state.timers = before.timers
            return (.nothing, listed == nil ? .unchanged : .remove)
        }
        guard talk != before.talk else { return (.unchanged, .unchanged) }
        if !talk.hasOpenComment, before.talk.hasOpenComment { calm(&talk, &state.timers) }
        state.conversation = talk
        let item = before.facts.change(to: OpenFacts(talk), of: id) { listed?.language ?? "" }
        return (.part(isCalm: before.talk.escalated && !talk.escalated), item)
    }

    /// Marks are bounded: somebody whose mark was pushed out may still be promised something, or be sent it.
    private func isOwedToOthers(_ talk: Conversation) -> Bool {
        talk.pending.contains { $0.subject != 0 && !comments.contains($0.subject) }
            || talk.promises.contains { $0.standing.isOpen && $0.subject != 0 && !comments.contains($0.subject) }
    }

    private func isTheirs(_ mark: CommentMark) -> Bool { comments.contains(StableHash.hash(mark.id)) }

    /// The thread's own name tells that there was a root: it stays known, as nobody's and answered.
    private func takeMarks(_ talk: inout Conversation, _ root: String, _ isRoots: Bool) {
        var mark = talk.comment(root) ?? CommentMark()
        talk.comments.removeAll(where: isTheirs)
        guard isRoots else { return }
        talk.contact = ""
        mark.id = root
        mark.author = ""
        mark.answered = true
        if talk.comments.count >= Conversation.mostComments {
            guard let closed = talk.comments.firstIndex(where: { $0.answered || $0.removed }) else {
                talk.rootForgotten = true
                return
            }
            talk.comments.remove(at: closed)
        }
        talk.comments.insert(mark, at: 0)
    }

    /// What was on its way to them; gives all of these actions.
    private func takeActions(_ talk: inout Conversation) -> Set<ActionID> {
        var gone = actions
        for pending in talk.pending where isGone(pending) {
            gone.insert(ActionID(high: pending.idHigh, low: pending.idLow))
        }
        talk.pending.removeAll { gone.contains(ActionID(high: $0.idHigh, low: $0.idLow)) }
        talk.held.removeAll { gone.contains(ActionID(high: $0.actionHigh, low: $0.actionLow)) }
        // Its text never arrives: the closed period is free again.
        talk.afterHours.removeAll { !$0.given && gone.contains(ActionID(high: $0.actionHigh, low: $0.actionLow)) }
        return gone
    }

    private func takePromises(
        _ talk: inout Conversation, _ timers: inout [ArmedTimer], _ before: Conversation, _ gone: Set<ActionID>
    ) {
        let isAnythingTheirs = talk != before
        for index in talk.promises.indices.reversed() where talk.promises[index].standing.isOpen {
            let promise = talk.promises[index]
            let isCarried = gone.contains { promise.isCarried(by: $0) }
            let isOrphan = promise.subject == 0 && isAnythingTheirs && !talk.hasOpenComment
            guard isCarried || isOrphan || (promise.subject != 0 && comments.contains(promise.subject)) else {
                continue
            }
            if promise.standing == .binding, let heir = heir(of: promise, before) {
                talk.promises[index].subject = StableHash.hash(heir.id)
                continue
            }
            talk.promises.remove(at: index)
            timers.removeAll { $0.subject == promise.id }
        }
    }

    /// Who has asked since the promise was given and waits: told nothing of their own, as one text serves a closed period.
    private func heir(of promise: Promise, _ before: Conversation) -> CommentMark? {
        let given = before.comments.firstIndex { StableHash.hash($0.id) == promise.subject } ?? 0
        return before.comments[given...].first { mark in
            !mark.answered && !mark.removed && !mark.author.isEmpty && !isTheirs(mark)
        }
    }

    /// Nothing is open in the thread any more, as if the last comment had been answered.
    private func calm(_ talk: inout Conversation, _ timers: inout [ArmedTimer]) {
        if talk.status == .waitingTeam { talk.unlist(as: .waitingCustomer) }
        talk.escalated = false
        let isOwed = talk.promises.contains { $0.standing.isOpen }
        timers.removeAll { $0.kind == .firstResponse || ($0.kind == .handover && !isOwed) }
        if !isOwed { talk.team = "" }
    }
}

extension Conversation {
    /// Whether something here waits for the outcome of an action.
    package func awaits(_ action: ActionID) -> Bool {
        pending.contains { $0.isCarrying(action) } || promises.contains { $0.isCarried(by: action) }
            || held.contains { $0.actionHigh == action.high && $0.actionLow == action.low }
            || afterHours.contains { !$0.given && $0.actionHigh == action.high && $0.actionLow == action.low }
    }
}
