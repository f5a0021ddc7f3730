package import Contracts
package import Instants

/// The pure step: states, event or timer, `now`, policy and signals in; states, actions, cancels and a result out.
///
/// It reads nothing else: no clock, no randomness, no order of a dictionary. The same input gives the same bytes, today, in
/// a replay and on another machine. It is total: whatever a customer or a platform sends is decided or thrown as a
/// `DecisionError`, and nothing traps.
///
/// - Parameters:
///   - id: the entity of the input, as `EntityID.of` says.
///   - own: its state; nil if it never had one. It is moved out and changed in place, and comes back in the decision: a
///     copy of a state costs as much as a decision. After an error it stands as it was, or is nil if the error came too
///     late for that; the caller then has to read it again.
///   - parent: the post's of a comment's conversation, the desk's of a matter; nil if there is none yet. As `own`.
///   - input: a timer must be one that `own` carries, with its instant not after `now`. Timers due at or before an event's
///     entry are to be given first.
///   - now: the lane clock at the decision, not before the event's entry.
/// - Throws: `DecisionError`; the event is then a dead letter.
/// - Complexity: linear in the event's text; everything else is bounded by the limits of a state.
package func decide(
    _ id: EntityID, own: inout EntityState?, parent: inout EntityState?, input: Input, now: Instant, policy: Policy,
    signals: SignalReader
) throws(DecisionError) -> Decision {
    switch input {
    case .event(let event, let position, let at):
        return try decide(
            id, own: &own, parent: &parent, event: event, position: position, at: at, now: max(now, at),
            policy: policy, signals: signals)
    case .timer(let timer):
        return try decide(id, own: &own, parent: &parent, timer: timer, now: now, policy: policy, signals: signals)
    }
}

/// The same on copies, for callers that keep the states they had.
package func decide(
    _ id: EntityID, own: EntityState?, parent: EntityState?, input: Input, now: Instant, policy: Policy,
    signals: SignalReader
) throws(DecisionError) -> Decision {
    var own = own
    var parent = parent
    return try decide(id, own: &own, parent: &parent, input: input, now: now, policy: policy, signals: signals)
}

private func decide(
    _ id: EntityID, own: inout EntityState?, parent: inout EntityState?, event: Event, position: Position, at: Instant,
    now: Instant, policy: Policy, signals: SignalReader
) throws(DecisionError) -> Decision {
    try event.checkNames()
    let arrival = Arrival(event, at: at, now: now)
    let hash = StableHash.hash(event.id)
    if !event.id.isEmpty, own?.remembers(hash) == true {
        return .duplicate(
            own.take() ?? EntityState(), parent.take(),
            DecisionResult(id, event: event, position: position, arrival: arrival, now: now))
    }
    guard id.kind == .messages || id.kind == .comments else {
        return try decideBeside(
            id, own: &own, parent: &parent, policy: policy, event: event, hash: hash, position: position, at: at,
            now: now,
            result: DecisionResult(id, event: event, position: position, arrival: arrival, now: now))
    }
    guard let rules = policy.rules(of: event.account.isEmpty ? id.parts.first ?? "" : event.account) else {
        throw .unknownAccount(event.account)
    }
    guard event.kind != nil else { throw .unknownKind }
    if case .receipt(let receipt) = event.kind {
        return decideReceipt(
            receipt, own: own.take(), parent: parent.take(), now: now, received: at,
            result: DecisionResult(id, event: event, position: position, arrival: arrival, now: now))
    }
    let isUnknown = own?.mayHaveForgotten(eventAt: arrival.happened) ?? false
    var turn = Turn(
        id, own: own.take(), parent: parent.take(), cause: event.id, at: at, now: now, rules: rules, signals: signals,
        result: DecisionResult(id, event: event, position: position, arrival: arrival, now: now))
    turn.state.remember(hash, at: position, on: turn.now)
    try turn.decide(event, arrival, isUnknown: isUnknown)
    return try turn.finished()
}

/// Desks, their matters, and events that name a post itself.
private func decideBeside(
    _ id: EntityID, own: inout EntityState?, parent: inout EntityState?, policy: Policy, event: Event, hash: UInt64,
    position: Position, at: Instant, now: Instant, result: DecisionResult
) throws(DecisionError) -> Decision {
    if case .told(let told) = event.kind, id.kind == .matter {
        if let own, own.hasHeard(told, of: event) { return .duplicate(own, parent.take(), result) }
        var turn = DeskTurn(
            id, own: own.take(), desk: parent.take(), cause: event.id, now: now, policy: policy, result: result)
        turn.state.remember(hash, at: position, on: turn.now)
        turn.hear(told, at: Instant(milliseconds: event.happenedAt))
        return turn.finished()
    }
    guard event.kind != nil else { throw .unknownKind }
    if case .matter = own?.entity {
        var turn = DeskTurn(
            id, own: own.take(), desk: parent.take(), cause: event.id, now: now, policy: policy, result: result)
        turn.state.remember(hash, at: position, on: turn.now)
        turn.hear(event)
        return turn.finished()
    }
    if id.isWatch {
        guard let rules = policy.rules(of: id.parts.first ?? "") else {
            throw .unknownAccount(id.parts.first ?? "")
        }
        var turn = WatchTurn(id, own: own.take(), cause: event.id, now: now, rules: rules, result: result)
        turn.state.remember(hash, at: position, on: turn.now)
        turn.hear(event)
        return turn.finished()
    }
    if id.kind == .desk {
        var turn = DeskCallsTurn(id, own: own.take(), cause: event.id, now: now, result: result)
        turn.remember(hash, at: position)
        turn.hear(event)
        return turn.finished()
    }
    var state = own.take() ?? EntityState()
    state.decisions &+= 1
    state.lastNow = max(state.lastNow, now.milliseconds)
    state.remember(hash, at: position, on: now)
    var result = result
    result.rule = "noted"
    return Decision(own: state, parent: parent.take(), result: result, changesStates: true)
}

private func decide(
    _ id: EntityID, own: inout EntityState?, parent: inout EntityState?, timer: ArmedTimer, now: Instant,
    policy: Policy, signals: SignalReader
) throws(DecisionError) -> Decision {
    let account = id.parts.first ?? ""
    var result = DecisionResult()
    result.conversation = id.text
    result.timer = timer.word
    result.now = now.milliseconds
    result.verdict = .decided
    if case .matter = own?.entity {
        var turn = DeskTurn(
            id, own: own.take(), desk: parent.take(), cause: timer.word, now: now, policy: policy, result: result)
        turn.fire(timer)
        return turn.finished()
    }
    if case .desk = own?.entity {
        var turn = DeskCallsTurn(id, own: own.take(), cause: timer.word, now: now, result: result)
        turn.fire(timer)
        return turn.finished()
    }
    if id.isWatch, let rules = policy.rules(of: account) {
        var turn = WatchTurn(id, own: own.take(), cause: timer.word, now: now, rules: rules, result: result)
        turn.fire(timer)
        return turn.finished()
    }
    guard case .conversation = own?.entity else {
        result.rule = "timer.settled"
        return Decision(own: own.take() ?? EntityState(), parent: parent.take(), result: result, changesStates: false)
    }
    guard let rules = policy.rules(of: account) else { throw .unknownAccount(account) }
    var turn = Turn(
        id, own: own.take(), parent: parent.take(), cause: timer.word, at: Instant(milliseconds: timer.dueAt), now: now,
        rules: rules, signals: signals, result: result)
    turn.fire(timer)
    return try turn.finished()
}

extension Turn {
    /// The pipeline by kind (DOMAIN 5.3): own words first, then bookkeeping, then what wants an answer.
    fileprivate mutating func decide(
        _ event: Event, _ arrival: Arrival, isUnknown: Bool
    ) throws(DecisionError) {
        holdToldTimes()
        if event.outcome.action.isEmpty { settleUnclearReplies() }
        if event.isCustomers { askForProfile(of: event) }
        switch event.kind {
        case .message(let message):
            if isOwn(event) { return }
            decide(message: message, of: event, arrival, isUnknown: isUnknown)
        case .comment(let comment):
            if isOwn(event) { return hear(ownComment: comment, arrival, isUnknown: isUnknown) }
            decide(comment: comment, of: event, arrival, isUnknown: isUnknown)
        case .postback(let postback): decide(postback: postback, of: event, arrival, isUnknown: isUnknown)
        case .reaction(let reaction): decide(reaction: reaction, arrival)
        case .edit(let edit):
            if isOwn(event) { return }
            decide(edit: edit, arrival, isUnknown: isUnknown)
        case .removal(let removal): decide(removal: removal, arrival)
        case .echo(let echo): decide(echo: echo, arrival)
        case .agentReply(let reply): decide(reply: reply, arrival, isUnknown: isUnknown)
        case .claim(let claim): decide(claim: claim)
        case .resolve(let resolve): decide(resolve: resolve, arrival)
        case .outcome(let outcome): decide(outcome: outcome)
        case .command(let command): decide(command: command)
        case .rating(let rating): rate(Int(clamping: rating.score))
        case .fetched(let fetched): take(fetched, of: event, arrival)
        case .moderated(let moderated): decide(moderated: moderated)
        case .threadControl(let control): decide(control: control, arrival)
        case .mention(let mention): decide(mention: mention, of: event, arrival, isUnknown: isUnknown)
        case .told, .receipt: result.rule = "noted"
        case nil: throw .unknownKind
        }
    }

    /// Words of the account itself that came without an echo's mark, such as our public replies.
    private mutating func isOwn(_ event: Event) -> Bool {
        guard event.contact == event.account, !event.contact.isEmpty else { return false }
        result.rule = "own_words"
        return true
    }
}
