import BusinessTime
import Contracts
import Instants
import Replies

/// The after-hours reply, once per closed period, and the promise that it carries (DOMAIN 5.4).
///
/// The key of "once" is overlap with any period in which this conversation already got a text, or has one on its way: an
/// id made from the calendar would change with every edit of the calendar and let a second reply through. A text that
/// surely failed gives its period free again.
extension Turn {
    static let mostPeriods = 4

    mutating func replyAfterHours(_ words: Words, _ arrival: Arrival) {
        guard let hours = market.afterHours else { return suppress("no_after_hours") }
        guard !arrival.isLate else { return suppress("late") }
        // The cheap test first: a further message of a night costs no calendar.
        guard !talk.afterHours.contains(where: { $0.from <= now.milliseconds && now.milliseconds < $0.until }) else {
            return seeFurther(words, hours, arrival)
        }
        let coverage = coverage
        guard !coverage.isOpen(at: now), !coverage.isOpen(at: arrival.happened),
            let period = coverage.closedPeriod(containing: now)
        else { return acknowledge(words, arrival) }
        guard !isPublic || hours.answersComments else { return suppress("public") }
        let until = period.end ?? now + hours.horizon
        guard
            !talk.afterHours.contains(where: {
                $0.from < until.milliseconds && period.start.milliseconds < $0.until
            })
        else { return seeFurther(words, hours, arrival) }
        guard talk.held.isEmpty, talk.lastAgentAt == 0 || !personIsActive(hours, arrival) else {
            return suppress("person_active")
        }
        guard talk.foreignUntil <= now.milliseconds else { return suppress("foreign") }
        guard windowIsOpen else { return suppress("window_closed") }
        guard isPublic || !talk.unreachable else { return suppress("unreachable") }
        guard automationIsOn(rule: "after_hours") else { return suppress("automation_off") }
        reply(hours, words, from: period.start, until: until, opening: period.end)
    }

    private mutating func suppress(_ reason: StaticString) {
        result.rule = "suppressed.\(reason)"
    }

    /// Words of a period whose text was said: nothing more is.
    private mutating func seeFurther(_ words: Words, _ hours: AfterHoursPolicy, _ arrival: Arrival) {
        suppress("already_told")
        if talk.lastAgentAt == 0 || !personIsActive(hours, arrival) { markSeen(words) }
    }

    private func personIsActive(_ hours: AfterHoursPolicy, _ arrival: Arrival) -> Bool {
        arrival.happened - Instant(milliseconds: talk.lastAgentAt) < hours.quietAfterPerson
    }

    private mutating func reply(
        _ hours: AfterHoursPolicy, _ words: Words, from start: Instant, until: Instant, opening: Instant?
    ) {
        let owed = talk.promises.lastIndex {
            $0.standing.isOpen || ($0.standing == .broken && talk.lastAgentAt < $0.dueAt)
        }
        noteZone(of: words.contact)
        let stated = statement(hours, opening: opening, owed: owed)
        let zone = customerZone
        let slots = ReplySlots(
            due: stated.due, now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak,
            crossesHoliday: stated.due.map { coverage.hasDayOff(from: now, to: $0) } ?? false,
            brand: rules.account.brand)
        let kind: ReplyKind =
            stated.due == nil ? .afterHoursNoTime : owed == nil ? .afterHoursPromise : .apologyLate
        let isPersons = owed != nil || stated.due == nil
        guard let text = unsaid(kind, owed == nil || stated.due == nil ? nil : .afterHoursPromise, slots) else {
            // Nothing is left to be said, which is no reason for nobody to hear of it.
            if isPersons, !talk.escalated { tell(.escalation, rule: stated.rule, due: stated.due ?? platformCloses) }
            return suppress("no_text")
        }
        let notAfter = [windowCloses, opening, isPublic ? until : nil].compactMap { $0 }.min()
        let action = say(
            Saying(
                text: text, class: .answer, rule: stated.rule, notAfter: notAfter, contact: words.contact,
                comment: words.comment, subject: words.subject, kind: kind, agent: ""))
        notePeriod(from: start, until: until, action)
        result.rule = stated.rule
        result.language = languageTag
        if let due = stated.due {
            for index in talk.promises.indices where talk.promises[index].standing.isOpen {
                settle(index, as: .renewed)
            }
            promise(due, action, stated, to: isPublic ? words.subject : 0)
        }
        if isPersons {
            tell(.escalation, rule: stated.rule, due: stated.due ?? platformCloses)
        }
    }

    /// A text that was not said here lately. Where nights follow each other so closely that every variant was, the date in
    /// place of `tomorrow` makes another text of it; without a time there is nothing more to say.
    private func unsaid(_ kind: ReplyKind, _ other: ReplyKind?, _ slots: ReplySlots) -> String? {
        if let text = render(kind, slots) ?? other.flatMap({ render($0, slots) }) { return text }
        guard slots.due != nil else { return nil }
        var dated = slots
        dated.namesDate = true
        return render(kind, dated) ?? other.flatMap { render($0, dated) }
    }

    /// What can be said about when a person answers.
    private struct Statement {
        /// Nil: no time is stated.
        var due: Instant?
        var rule: String
        var isPersonOnly = false
    }

    /// Steps 3 to 6: opening, working time, backlog, rounding up, feasibility.
    private mutating func statement(_ hours: AfterHoursPolicy, opening: Instant?, owed: Int?) -> Statement {
        guard let opening, opening - now <= hours.horizon else { return Statement(rule: "after_hours.no_opening") }
        let work = hours.target + backlog(hours)
        guard let exact = coverage.advance(from: opening, by: work) else {
            return Statement(rule: "after_hours.no_opening")
        }
        var due = exact.roundedUp(in: customerZone.rules, to: hours.rounding)
        for promise in talk.promises where promise.standing.isOpen { due = max(due, promise.due) }
        let rule = owed == nil ? "after_hours.promise" : "after_hours.renewed"
        guard let closes = platformCloses else { return Statement(due: due, rule: rule) }
        if due + hours.safety <= closes { return Statement(due: due, rule: rule) }
        if rules.account.personsMayWriteLate, let late = personWindowCloses, due <= late {
            return Statement(due: due, rule: rule + ".person_only", isPersonOnly: true)
        }
        return Statement(rule: "after_hours.infeasible")
    }

    /// Waiting conversations over the team's pace, capped; nothing if either signal is missing.
    private mutating func backlog(_ hours: AfterHoursPolicy) -> Duration {
        guard let waiting = signals.readCount(SignalName.backlog(team: market.team)), waiting > 0,
            let pace = signals.readCount(SignalName.capacity(team: market.team)), pace > 0
        else { return .zero }
        let seconds = waiting.multipliedSaturated(by: 3_600) / pace
        return min(.seconds(seconds), hours.mostBacklog)
    }

    private mutating func promise(
        _ due: Instant, _ action: ActionID, _ stated: Statement, to subject: UInt64
    ) {
        var promise = Promise()
        promise.id = "p\(state.decisions)"
        promise.dueAt = due.milliseconds
        promise.madeAt = at.milliseconds
        promise.standing = .made
        promise.actionHigh = action.high
        promise.actionLow = action.low
        promise.personOnly = stated.isPersonOnly
        promise.subject = subject
        noteToldTime(&promise)
        talk.promises.append(promise)
        noteStanding(promise)
        armPromise(promise.id, due: due)
    }

    private mutating func notePeriod(from start: Instant, until: Instant, _ action: ActionID) {
        var given = ClosedPeriodText()
        given.from = start.milliseconds
        given.until = until.milliseconds
        given.actionHigh = action.high
        given.actionLow = action.low
        if talk.afterHours.count >= Self.mostPeriods { talk.afterHours.removeFirst() }
        talk.afterHours.append(given)
        result.closedFrom = given.from
        result.closedUntil = given.until
        result.servedBy = market.served.able(language: languageTag, channel: rules.account.channel).map(\.name)
    }
}
