internal import Channels
internal import Contracts
internal import Instants
internal import Lanes
internal import SwiftProtobuf

// The first round trip of an attempt: on record before anything is sent.
extension CourierLoop {
    /// Claims in one round, all lanes together.
    private static let mostClaims = 2_048
    /// How long something waits whose server is away, on a cluster.
    static let awayPause = Duration.milliseconds(250)
    /// Items of one lane in one call.
    private static let mostItems = 256

    struct Picked {
        let scheduled: ScheduledAction
        let isExpired: Bool
    }

    /// Picks what may go, claims it, starts it.
    func claim(_ now: ContinuousClock.Instant) throws {
        let server = serverNow(now)
        var picks: [Picked] = []
        while picks.count < Self.mostClaims, let pick = schedule.next(now: server) {
            switch pick {
            case .start(let scheduled): picks.append(Picked(scheduled: scheduled, isExpired: false))
            case .expired(let scheduled): picks.append(Picked(scheduled: scheduled, isExpired: true))
            }
        }
        guard !picks.isEmpty, let store else { return }
        var picked: [LaneName: [Picked]] = [:]
        var order: [LaneName] = []
        for one in try hold(picks, now) {
            if picked[one.scheduled.lane, default: []].isEmpty { order.append(one.scheduled.lane) }
            picked[one.scheduled.lane, default: []].append(one)
        }
        guard !order.isEmpty else { return }
        var calls: [(lane: LaneName, items: [Picked])] = []
        var requests: [ClaimRequest] = []
        for lane in order {
            for items in chunks(picked[lane] ?? []) {
                if let standing = lanes[lane] {
                    calls.append((lane, items))
                    requests.append(request(lane, standing.token, items))
                } else {
                    for item in items { finish(item.scheduled.id, server) }
                }
            }
        }
        let deadline = ContinuousClock.now + setting.patience
        let replies: [ClaimReply]
        do {
            replies = try store.claim(requests)
        } catch {
            for (_, items) in calls { for item in items { giveBack(item, now) } }
            throw error
        }
        var attempts: [Attempt] = []
        for ((lane, items), reply) in zip(calls, replies) {
            attempts += take(reply, lane, items, deadline, server)
        }
        let (admitted, lost) = admit(attempts, server)
        counters.started += UInt64(admitted.count)
        let box = AnswerBox { [mailbox] answers in mailbox.post { $0.answers += answers } }
        setting.carriers.start(admitted, answers: box)
        if let lost { throw lost }
    }

    private func chunks(_ items: [Picked]) -> [[Picked]] {
        stride(from: 0, to: items.count, by: Self.mostItems).map {
            Array(items[$0..<min($0 + Self.mostItems, items.count)])
        }
    }

    private func request(_ lane: LaneName, _ token: LaneToken, _ items: [Picked]) -> ClaimRequest {
        ClaimRequest(
            lane: lane, token: token,
            items: items.map {
                ClaimRequest.Item(
                    action: $0.scheduled.id, attempt: $0.scheduled.attempts + 1, patience: setting.patience)
            })
    }

    /// Sorts a claim's answers; returns the attempts that may start.
    private func take(
        _ reply: ClaimReply, _ lane: LaneName, _ items: [Picked], _ deadline: ContinuousClock.Instant,
        _ server: Instant
    ) -> [Attempt] {
        switch reply {
        case .answered(let answers):
            return zip(items, answers).compactMap { item, answer in take(answer, item, lane, deadline, server) }
        case .fenced:
            for item in items { finish(item.scheduled.id, server) }
            drop(lane, server)
        case .paused:
            lanes[lane]?.isPaused = true
            schedule.set(lane, offset: lanes[lane]?.offset ?? .zero, isPaused: true, now: server)
            for item in items { wait(item, until: server, server) }
        case .failed(let fault) where fault.isInDoubt:
            for item in items { giveBack(item, .now) }
        case .failed:
            for item in items { wait(item, until: server + .seconds(1), server) }
        }
        return []
    }

    private func take(
        _ claimed: Claimed, _ item: Picked, _ lane: LaneName, _ deadline: ContinuousClock.Instant, _ server: Instant
    ) -> Attempt? {
        let id = item.scheduled.id
        guard let action = actions[id] else {
            finish(id, server)
            return nil
        }
        let attempt = item.scheduled.attempts + 1
        switch claimed {
        case .claimed:
            underWay[id] = UnderWay(action: action, lane: lane, attempt: attempt)
            if heardEarly.contains(id), let one = underWay[id] {
                underWay[id]?.isAnswered = true
                settle(.delivered(providerID: ""), id, one)
                return nil
            }
            if item.isExpired {
                counters.expired += 1
                if earlier(id, before: attempt) != false {
                    close(id, as: .ambiguous, "its end came before anybody could tell whether it was sent", server)
                } else {
                    close(id, as: .expired, "it could not be sent before its end", server)
                }
                return nil
            }
            if action.kind == .send, let spacing = setting.threadSpacing(action.account) {
                pace.began(item.scheduled.orderKey, spacing: spacing, now: server)
            }
            deadlines.append((at: deadline, id: id, attempt: attempt))
            var made = Attempt(
                action: action, lane: lane, number: attempt, deadline: deadline,
                laneNow: server + (lanes[lane]?.offset ?? .zero), earlier: earlier(id, before: attempt),
                tries: tries(of: id, attempt))
            if action.kind == .fetch { made.isHeld = holdMark(id) }
            made.heard = { [mailbox, account = action.account] usage in
                // Most answers ask for nothing.
                guard UsageBrake(usage) != nil else { return }
                mailbox.post { mail in
                    if mail.usages.count < Courier.mostUsages { mail.usages.append((account, usage)) }
                }
            }
            return made
        case .gone:
            finish(id, server)
        case .attemptOpen(let until):
            inherited[id] = (until, attempt)
        case .noRetry:
            let one = UnderWay(action: action, lane: lane, attempt: item.scheduled.attempts, isAnswered: true)
            underWay[id] = one
            settle(answerToCancelled(id), id, one)
        case .stale(let attempts) where attempts > StoredAction.mostAttempts:
            finish(id, server)
        case .stale(let attempts):
            schedule.again(id, attempts: attempts, at: server, now: server)
        }
        return nil
    }

    func wait(_ item: Picked, until: Instant, _ server: Instant) {
        schedule.again(item.scheduled.id, attempts: item.scheduled.attempts, at: until, now: server)
    }

    /// The claim's reply was lost. Nothing was sent, so the attempt is given back, if it was taken at all.
    private func giveBack(_ item: Picked, _ now: ContinuousClock.Instant) {
        let id = item.scheduled.id
        guard let action = actions[id] else { return finish(id, serverNow(now)) }
        let attempt = item.scheduled.attempts + 1
        remember(id, attempt, mayHaveGone: false)
        spared[id, default: 0] += 1
        underWay[id] = UnderWay(action: action, lane: item.scheduled.lane, attempt: attempt, isAnswered: true)
        let trace = trace(of: id)
        queue(id, lane: item.scheduled.lane) { laneNow in
            Settling(
                item: try Settlement.givingBack(action, attempt: attempt, trace: trace, now: laneNow), isInDoubt: true)
        }
    }

    /// Reads the outboxes of lanes that were taken, one by one.
    func recover(_ now: ContinuousClock.Instant) throws {
        guard let store, !toRecover.isEmpty, now >= recoverNotBefore else { return }
        var away: Set<Int> = []
        for lane in toRecover.sorted() {
            guard lanes[lane] != nil else {
                toRecover.remove(lane)
                continue
            }
            if away.contains(store.shard(of: lane)) { continue }
            let stored: [StoredAction]
            do throws(LaneError) {
                stored = try store.recover(lane)
            } catch {
                // Keys that somebody edited, or on a cluster the lane's server, are the lane's own matter: the other lanes'
                // actions go on.
                guard error.isAway || error.isOfKeys else { throw error }
                if error.isAway { away.insert(store.shard(of: lane)) }
                recoverNotBefore = now + Self.awayPause
                continue
            }
            toRecover.remove(lane)
            for one in stored { take(one, lane, serverNow(.now)) }
        }
        // Echoes of what had ended before.
        if toRecover.isEmpty { heardEarly.ageAll(but: { schedule.contains($0) }, now: now) }
    }

    private func take(_ stored: StoredAction, _ lane: LaneName, _ server: Instant) {
        guard !schedule.contains(stored.id) else { return }
        guard let action = try? Action(serializedBytes: stored.bytes) else {
            // Nobody can carry out what nobody can read: it stays in the outbox, where the audit finds it.
            return
        }
        actions[stored.id] = action
        let scheduled = ScheduledAction(
            action, lane: lane, attempts: stored.attempts, nextAttempt: stored.isOpen ? nil : stored.nextAttempt)
        schedule.add(scheduled, isHeld: stored.isOpen, now: server)
        if stored.isOpen { inherited[stored.id] = (stored.deadline, stored.attempts) }
        if stored.isUnclear { gone[stored.id] = true }
    }
}
