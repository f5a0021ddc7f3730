internal import Contracts
internal import Conversations
internal import Delivery
internal import Instants
internal import Lanes

// One round: read, states, decide, commit, for up to 32 lanes at once, each step one round trip.
extension RunnerLoop {
    /// A lane with what was read of it.
    private struct InHand {
        let lane: HeldLane
        let events: [LoggedEvent]
        let due: [EntityID]
        /// The entities whose states it may read, without their parents.
        let needs: [EntityID]
        let now: Instant
        let horizon: Instant
        let nextDue: Instant?
    }

    /// A lane whose decisions are made and not yet written.
    private struct Planned {
        let lane: HeldLane
        let plan: CommitPlan
        let commit: LaneCommit
    }

    /// True if every lane of the round got on, or, where others' servers are away, any lane did.
    func round() throws -> Bool {
        var again: [HeldLane] = []
        let isGood = try round(&again)
        try takeAgain(again)
        return isGood
    }

    /// - Parameter again: gets the lanes that must be taken again.
    private func round(_ again: inout [HeldLane]) throws -> Bool {
        let ready = popReady(setting.bounds.mostLanes)
        guard !ready.isEmpty, let store else { return true }
        let picked = try learnForgotten(ready, store)
        guard !picked.isEmpty else { return false }
        var hands: [InHand] = []
        var isSmooth = true
        let replies = try store.read(picked.map { $0.readRequest(setting.bounds) })
        for (lane, reply) in zip(picked, replies) {
            switch reply {
            case .fenced: lose(lane)
            case .failed(let fault):
                isSmooth = false
                note(fault, of: lane.name)
                if fault.wantsTaking { again.append(lane) } else { waits(lane.name, fault.isAway) }
            case .reading(let reading):
                if !waiting.isEmpty { waits(lane.name, false) }
                if let hand = take(reading, of: lane) { hands.append(hand) }
            }
        }
        hands = try loadStates(hands, store)
        let planned = try hands.compactMap { try plan($0, store) }
        guard !planned.isEmpty else { return isSmooth }
        let answers = try store.commit(planned.map(\.commit))
        var gotOn = false
        for (planned, answer) in zip(planned, answers) {
            if apply(answer, to: planned, &again) { gotOn = true } else { isSmooth = false }
        }
        return isSmooth || gotOn && !waiting.isEmpty
    }

    /// What of a reading is to be decided now; nil if nothing, or if another wants the lane.
    private func take(_ reading: Reading, of lane: HeldLane) -> InHand? {
        let before = (lane.isPaused, lane.clock.offset)
        lane.take(reading)
        if before != (lane.isPaused, lane.clock.offset) {
            courier.standing(lane.name, offset: lane.clock.offset, isPaused: lane.isPaused)
        }
        if yield(lane, to: lane.wantedBy) { return nil }
        guard !lane.isPaused else {
            // It can be read, and does no more until it goes on.
            noteSound(lane.name)
            return nil
        }
        // It goes on once a person's states are gone.
        if lane.forgetting?.holdsLane(at: lane.cursor) == true { return nil }
        var most = lane.suspect == nil ? lane.mostDecisions : 1
        // An order to forget ends a run: what follows is decided without the person's states.
        if let order = lane.ahead.prefix(most).firstIndex(where: { $0.forgetOrder != nil }) { most = order + 1 }
        let isHeld = reading.holdsTimers || setting.clocks.isOff(reading.serverTime)
        holdsTimers(lane.name, isHeld)
        var horizon = isHeld ? Instant.distantPast : reading.horizon
        if lane.ahead.count > most { horizon = min(horizon, lane.ahead[most].at) }
        let events = Array(lane.ahead.prefix(most))
        let due = isHeld ? [] : reading.dueTimers.compactMap { try? EntityID($0.entity) }
        return InHand(
            lane: lane, events: events, due: due, needs: LaneBatch.needs(events, due: due), now: reading.clock.now,
            horizon: horizon, nextDue: reading.nextDue)
    }

    /// Loads the states that the caches lack, of all lanes at once, parents included. Gives the lanes whose states are there.
    private func loadStates(_ hands: [InHand], _ store: LaneStore) throws -> [InHand] {
        var missing: [(lane: LaneName, entities: [EntityID])] = []
        var targets: [HeldLane] = []
        for hand in hands {
            hand.lane.cache.begin()
            let lacking = hand.lane.cache.lacking(hand.needs)
            guard !lacking.isEmpty else { continue }
            missing.append((lane: hand.lane.name, entities: lacking))
            targets.append(hand.lane)
        }
        guard !missing.isEmpty else { return hands }
        var away: Set<LaneName> = []
        for (index, states) in try store.states(missing).enumerated() {
            guard let states else {
                away.insert(targets[index].name)
                waits(targets[index].name, true)
                noteMisfit(of: targets[index].name)
                continue
            }
            for (id, bytes) in zip(missing[index].entities, states) { targets[index].cache.load(id, bytes) }
        }
        return away.isEmpty ? hands : hands.filter { !away.contains($0.lane.name) }
    }

    /// Decides and makes the commit; nil if there is nothing to write.
    private func plan(_ hand: InHand, _ store: LaneStore) throws -> Planned? {
        let lane = hand.lane
        guard try noteOrder(hand.events, lane, store) else {
            lane.forgetStates()
            return nil
        }
        var bounds = LaneBatch.Bounds()
        bounds.mostDecisions = lane.suspect == nil ? lane.mostDecisions : 1
        var batch = LaneBatch(
            cursor: lane.cursor, sequence: lane.sequence, events: hand.events, due: hand.due, now: hand.now,
            horizon: hand.horizon, bounds: bounds, forgetting: lane.forgetting)
        batch.begin(hand.needs, lane.cache)
        while let step = batch.next(lane.cache) {
            var reason: String?
            if let suspect = lane.suspect {
                guard try mark(step, lane, suspect, store, &reason) else { return nil }
            }
            if lane.setsAsideNext {
                reason = "expected a decision that fits into one commit of \(LaneCommit.mostBytes) bytes"
                lane.setsAsideNext = false
            } else if let spoiler = lane.spoiler, spoiler.step == step {
                reason = spoiler.reason
            }
            batch.perform(
                step, settingAside: reason, strikes: reason == nil ? 0 : lane.suspect?.strikes ?? 0, &lane.cache,
                setting.decider, policy.policy, signals)
            if let spoilt = batch.spoilt {
                lane.spoilt(by: step, spoilt)
                enqueue(lane)
                return nil
            }
        }
        guard !batch.plan.isEmpty else {
            noteSound(lane.name)
            // A due instant that nothing could be done about waits for the next look.
            if let due = hand.nextDue, due > hand.now { lane.setDue(due, now: .now) }
            settle(lane, now: .now)
            return nil
        }
        let (commit, bytes) = try batch.plan.commit(lane, policy: policy, now: hand.now, horizon: batch.horizon)
        guard bytes <= LaneCommit.mostBytes else {
            lane.tooLarge()
            enqueue(lane)
            return nil
        }
        guard try noteLate(batch.plan.late, lane, store) else {
            lane.forgetStates()
            return nil
        }
        return Planned(lane: lane, plan: batch.plan, commit: commit)
    }

    /// Writes down what a suspect lane decides next; false if the lane was lost. Three deaths with this mark are a
    /// reason to set it aside.
    private func mark(
        _ step: LaneBatch.Step, _ lane: HeldLane, _ suspect: Suspect, _ store: LaneStore, _ reason: inout String?
    ) throws -> Bool {
        let mark: LaneMark =
            switch step {
            case .event(let position): .event(position)
            case .timer(let id, _): .timer(id)
            }
        if suspect.mark == mark, suspect.strikes >= Suspect.mostStrikes {
            reason = "\(suspect.strikes) owners died while this was decided"
            return true
        }
        switch try store.control(.mark(mark, lane.token), lane.name) {
        case .fenced:
            lose(lane)
            return false
        case .done: return true
        case .failed(let fault) where fault.isAway:
            waits(lane.name, true)
            lane.forgetStates()
            return false
        case .differs, .missing, .failed:
            lane.forgetStates()
            return false
        }
    }

    /// What a commit's answer means; false if the lane did not get on.
    private func apply(_ answer: CommitReply, to planned: Planned, _ again: inout [HeldLane]) -> Bool {
        let lane = planned.lane
        switch answer {
        case .committed(let committed):
            confirm(planned, committed)
            return true
        case .fenced:
            status.count { $0.refusedCommits += 1 }
            lose(lane)
            return true
        case .wrongSequence:
            status.count { $0.refusedCommits += 1 }
            again.append(lane)
            return false
        case .failed(let fault) where fault.wantsTaking:
            again.append(lane)
            return false
        case .failed(let fault) where fault.isInDoubt:
            // It may have been committed; the lane's sequence knows.
            waits(lane.name, true)
            again.append(lane)
            return false
        case .failed(let fault) where fault.isAway:
            // It was not committed: its server cannot serve now, and is asked again soon.
            waits(lane.name, true)
            lane.forgetStates()
            return false
        case .failed(let fault) where fault.isOfKey:
            note(fault, of: lane.name)
            lane.forgetStates()
            return false
        case .deadFull, .failed:
            // The lane has paused itself, or Redis refuses to write: the next look tells when it goes on.
            status.count { $0.refusedCommits += 1 }
            lane.forgetStates()
            return false
        }
    }

    private func confirm(_ planned: Planned, _ committed: Committed) {
        let (lane, plan) = (planned.lane, planned.plan)
        let now = ContinuousClock.now
        noteSound(lane.name)
        report(planned, at: committed.clock.now)
        let isFresh = now - lane.takenAt < Courier.longestPatience
        courier.handed(
            HandOver(
                lane: lane.name, actions: plan.actions, cancelled: committed.cancelled, stopped: committed.stopped,
                closed: isFresh ? plan.closedActions : [], echoed: plan.echoed))
        if lane.clock.offset != committed.clock.offset {
            courier.standing(lane.name, offset: committed.clock.offset, isPaused: lane.isPaused)
        }
        if !plan.late.isEmpty {
            lane.forgetting?.noteLate(plan.late)
            forgetters.insert(lane.name)
        }
        lane.committed(committed, cursor: plan.cursor, decided: plan.decided, now: now)
        if !yield(lane, to: committed.wantedBy) { settle(lane, now: now) }
    }

    private func report(_ planned: Planned, at instant: Instant) {
        let plan = planned.plan
        status.count { counters in
            counters.decided += UInt64(plan.decided)
            if !plan.missed.isEmpty { counters.missed.merge(plan.missed, uniquingKeysWith: +) }
            counters.platformReplies.merge(plan.platformReplies, uniquingKeysWith: max)
            counters.firedTimers += UInt64(plan.firedTimers)
            counters.committedBatches += 1
            counters.deadLetters += UInt64(plan.deadLetters.count)
            counters.actions += UInt64(plan.actions.count)
            for accepted in plan.acceptedAt { counters.acceptedToCommitted.add(instant - accepted) }
        }
        guard let committed = setting.committed else { return }
        committed(
            planned.lane.name,
            plan.results.filter { !$0.event.isEmpty }.map {
                CommittedEvent(id: $0.event, receivedAt: Instant(milliseconds: $0.receivedAt))
            })
    }
}
