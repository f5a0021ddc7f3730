internal import Channels
internal import Contracts
internal import Instants
internal import Lanes

/// A settlement that waits to be written.
extension SettleRequest.Item {
    /// How long an attempt that is to be made again has to wait; at least a second, also where none is.
    fileprivate var delay: Duration {
        guard case .again(let delay, _) = verdict else { return .seconds(1) }
        return max(.seconds(1), delay)
    }
}

extension SendAnswer {
    /// Whether the attempt may have had its effect although the action goes on.
    fileprivate var mayHaveGone: Bool {
        switch self {
        case .again(_, let failure), .ambiguous(let failure): failure.mayHaveGone
        default: false
        }
    }
}

struct Settling {
    var item: SettleRequest.Item
    /// It gives back a claim of which nobody knows whether it took effect.
    var isInDoubt = false
    /// What is counted if this closes the action; nil: nothing.
    var outcome: CourierCounters.OutcomeCount?
}

// The second round trip of an attempt: its end, and the outcome into the log.
extension CourierLoop {
    private static let mostItems = 256
    private static let mostBytes = 192 * 1_024

    /// An answer of a carrier. One for another attempt than the one under way is ignored.
    func take(_ answered: Answered, _ now: ContinuousClock.Instant) {
        guard let one = underWay[answered.id], one.attempt == answered.attempt, !one.isAnswered else { return }
        if answered.isHeld {
            giveBack(answered.id, after: .seconds(1))
        } else {
            underWay[answered.id]?.isAnswered = true
            answer(answered.answer, answered.id, one)
        }
    }

    /// An attempt ended, by its carrier or by its deadline.
    private func answer(_ answer: SendAnswer, _ id: ActionID, _ one: UnderWay) {
        weigh(answer, of: one.action)
        if case .ambiguous(let failure) = answer, one.action.kind == .send, !heardEarly.contains(id),
            waitForEcho(id, failure, one, .now)
        {
            return
        }
        settle(answer, id, one)
    }

    /// Queues what an answer means for its action.
    func settle(_ answer: SendAnswer, _ id: ActionID, _ one: UnderWay) {
        remember(id, one.attempt, mayHaveGone: answer.mayHaveGone)
        let tries = tries(of: id, one.attempt)
        let trace = trace(of: id)
        switch answer {
        case .ambiguous where trace != .echoed: counters.ambiguous += 1
        case .braked, .stopAccount: spared[id, default: 0] += 1
        default: break
        }
        queue(id, lane: one.lane) { laneNow in
            let settlement = try Settlement(
                answer, one.action, attempt: one.attempt, tries: tries, trace: trace, now: laneNow, using: &generator)
            if let brake = settlement.brake {
                let account = one.action.account
                // Other apps, and other platforms, have limits of their own.
                let braked = brake.scope == .app ? setting.siblings(account) : [account]
                for one in Set(braked + [account]).sorted() {
                    self.brake(
                        .account(one), one, for: brake.for, lets: 0, brake.reason, isBlock: brake.isBlock)
                }
            }
            if settlement.item.verdict == .close { free(one.action, after: settlement.status) }
            guard one.action.kind.isOutward else { return Settling(item: settlement.item) }
            // What an echo delivered did what it was meant to, whatever the last attempt met.
            let why =
                settlement.status == .delivered ? .none : FailureClass(answer, isRead: one.action.kind == .fetch)
            return Settling(item: settlement.item, outcome: .init(status: settlement.status, why: why))
        }
    }

    /// From 1: attempts of the action that count, up to this one.
    func tries(of id: ActionID, _ attempt: UInt32) -> UInt32 {
        guard let spared = spared[id], spared < attempt else { return attempt }
        return attempt - spared
    }

    /// Ends an attempt that is under way without asking a carrier.
    func close(_ id: ActionID, as status: Outcome.Status, _ reason: String, _ server: Instant) {
        guard let one = underWay[id] else { return }
        underWay[id]?.isAnswered = true
        free(one.action, after: status)
        queue(id, lane: one.lane) { laneNow in
            Settling(item: try Settlement.closing(status, reason, one.action, attempt: one.attempt, now: laneNow))
        }
    }

    /// Queues a settlement. One that cannot be encoded leaves the attempt open until its deadline, for the next owner.
    func queue(_ id: ActionID, lane: LaneName, _ make: (Instant) throws -> Settling) {
        let server = serverNow(.now)
        do {
            var settling = try make(server + (lanes[lane]?.offset ?? .zero))
            if case .again(let delay, _) = settling.item.verdict, gone[id] == true {
                settling.item.verdict = .again(after: delay, isUnclear: true)
            }
            settlements[lane, default: []].append(settling)
        } catch {
            finish(id, server)
        }
    }

    /// Attempts whose patience is over count as ambiguous; so do those of former owners past their deadline.
    func passDeadlines(_ now: ContinuousClock.Instant) {
        while let first = deadlines.first {
            let isOver = underWay[first.id].map { $0.attempt != first.attempt || $0.isAnswered } ?? true
            guard isOver || first.at <= now else { break }
            deadlines.removeFirst()
            guard !isOver, let one = underWay[first.id] else { continue }
            underWay[first.id]?.isAnswered = true
            answer(Settlement.answerAtDeadline(of: one.action.kind, attempt: one.attempt), first.id, one)
        }
        guard !inherited.isEmpty, !isStopping else { return }
        let server = serverNow(now)
        let due = inherited.filter { $0.value.until <= server }.sorted { $0.key < $1.key }
        for (id, open) in due {
            inherited[id] = nil
            guard let action = actions[id], let lane = schedule.lane(of: id) else { continue }
            counters.inherited += 1
            let one = UnderWay(action: action, lane: lane, attempt: open.attempt, isAnswered: true)
            underWay[id] = one
            // Its echo has had the time of the deadline to come.
            let isHeard = heardEarly.contains(id)
            let answer = Settlement.answerAtDeadline(of: action.kind, attempt: open.attempt)
            settle(isHeard ? .delivered(providerID: "") : answer, id, one)
        }
    }

    /// Writes what waits, all lanes in one round trip. What Redis refuses is tried again after a second; other lanes do
    /// not wait for it.
    func settle(_ now: ContinuousClock.Instant) throws {
        guard !settlements.isEmpty, let store else { return }
        let ready = settlements.filter { now >= settleNotBefore[$0.key] ?? now }
        let batches = ready.sorted { $0.key < $1.key }.map { (lane: $0.key, settlings: batch($0.value)) }
        guard !batches.isEmpty else { return }
        let requests = batches.map { SettleRequest(lane: $0.lane, items: $0.settlings.map(\.item)) }
        let replies = try store.settle(requests)
        let server = serverNow(.now)
        for (batch, reply) in zip(batches, replies) {
            guard case .answered(let settled, _) = reply else {
                settleNotBefore[batch.lane] = now + .seconds(1)
                continue
            }
            settleNotBefore[batch.lane] = nil
            settlements[batch.lane]?.removeFirst(batch.settlings.count)
            if settlements[batch.lane]?.isEmpty == true { settlements[batch.lane] = nil }
            for (settling, one) in zip(batch.settlings, settled) { take(one, settling, batch.lane, server) }
        }
    }

    /// As many as one call may carry; always at least one.
    private func batch(_ waiting: [Settling]) -> [Settling] {
        var bytes = 0
        let count = waiting.prefix(Self.mostItems).prefix { settling in
            bytes += settling.item.outcome.count + 8
            return bytes <= Self.mostBytes
        }.count
        return Array(waiting.prefix(max(1, count)))
    }

    private func take(_ settled: Settled, _ settling: Settling, _ lane: LaneName, _ server: Instant) {
        let id = settling.item.action
        let attempt = settling.item.attempt
        switch settled {
        case .closed:
            counters.closed += 1
            if let outcome = settling.outcome { counters.outcomes[outcome, default: 0] += 1 }
            finish(id, server)
        case .rescheduled(let at):
            counters.rescheduled += 1
            underWay[id] = nil
            schedule.again(id, attempts: attempt, at: heardEarly.contains(id) ? server : at, now: server)
        case .stale where settling.isInDoubt:
            // The claim never took effect, so there is no attempt to spare.
            spared[id] = spared[id].flatMap { $0 > 1 ? $0 - 1 : nil }
            underWay[id] = nil
            schedule.again(id, attempts: attempt - 1, at: server, now: server)
        case .stale where lanes[lane] != nil:
            // Somebody else ended this attempt, perhaps putting the action back. It keeps its turn, and the next claim says
            // how it stands: forgotten here it would lie in the outbox until the lane changes hands.
            underWay[id] = nil
            schedule.again(id, attempts: attempt, at: server + settling.item.delay, now: server)
        case .stale, .gone:
            finish(id, server)
        }
        if !schedule.contains(id) { leave(id) }
    }
}
