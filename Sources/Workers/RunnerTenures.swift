internal import Contracts
internal import Delivery
internal import Instants
internal import Lanes
internal import Membership

// How lanes come to a runner and leave it.
extension RunnerLoop {
    /// Takes the lanes that were granted, in one pipeline.
    func takeWanted() throws {
        let requests = wanted.sorted { $0.key < $1.key }.map { request($0.key, assignment: $0.value) }
        let replies = try store?.take(requests) ?? []
        for (request, reply) in zip(requests, replies) {
            wanted[request.lane] = nil
            switch reply {
            case .taken(let tenure):
                hold(HeldLane(tenure, assignment: request.assignment, now: .now))
                setting.report(.taken(request.lane))
            case .olderAssignment:
                setting.report(.refused(request.lane))
            case .failed(let fault):
                noteRefused(fault, of: request.lane)
                setting.report(.refused(request.lane))
            }
        }
        showCount()
    }

    /// After a new connection: takes again what nobody else has taken meanwhile.
    func takeAgain() throws {
        let names = lanes.keys.sorted()
        guard !names.isEmpty, let store else { return }
        var mine: [HeldLane] = []
        // Whose server is away is not among those looked at: it is asked again soon.
        var away = Set(names)
        for look in try store.glance(names) {
            away.remove(look.lane)
            guard let lane = lanes[look.lane] else { continue }
            if look.owner == setting.owner || look.owner == nil { mine.append(lane) } else { lose(lane) }
        }
        for name in away { waits(name, true) }
        try takeAgain(mine)
    }

    /// Takes lanes again, such as those whose commit's fate is unclear, in one pipeline.
    func takeAgain(_ lanes: [HeldLane]) throws {
        guard !lanes.isEmpty, let store else { return }
        let replies = try store.take(lanes.map { request($0.name, assignment: $0.assignment) })
        for (lane, reply) in zip(lanes, replies) { takenAgain(lane, reply) }
    }

    private func takenAgain(_ lane: HeldLane, _ reply: TakeReply) {
        switch reply {
        case .taken(let tenure):
            waits(lane.name, false)
            hold(HeldLane(tenure, assignment: lane.assignment, now: .now))
        case .failed(let fault) where fault.isAway:
            // Its server cannot be reached: a look finds it again when it can, and then it must be taken before it is read.
            waits(lane.name, true)
            lane.forgetStates()
        case .failed(let fault):
            lose(lane)
            noteRefused(fault, of: lane.name)
        case .olderAssignment:
            lose(lane)
        }
    }

    /// Drops everything of a lane that is another's now.
    func lose(_ lane: HeldLane) {
        lanes[lane.name] = nil
        waits(lane.name, false)
        noteSound(lane.name)
        holdsTimers(lane.name, false)
        courier.lost(lane.name)
        setting.report(.lost(lane.name))
        showCount()
    }

    func revoke(_ name: LaneName) {
        wanted[name] = nil
        noteSound(name)
        if lanes[name] == nil {
            setting.report(.released(name))
        } else {
            revoked.append(name)
        }
    }

    func releaseRevoked() throws {
        let names = revoked
        revoked = []
        try release(names.compactMap { lanes[$0] })
    }

    /// Gives lanes back between two rounds, when nothing of them is in hand. Their owner's courier stops first.
    func release(_ given: [HeldLane]) throws {
        guard !given.isEmpty, let store else { return }
        for lane in given {
            courier.lost(lane.name)
            lanes[lane.name] = nil
            waits(lane.name, false)
            noteSound(lane.name)
            holdsTimers(lane.name, false)
        }
        defer { showCount() }
        do {
            let replies = try store.release(given.map { (lane: $0.name, token: $0.token) })
            for (lane, reply) in zip(given, replies) {
                if case .released = reply {
                    setting.report(.released(lane.name))
                } else {
                    setting.report(.lost(lane.name))
                }
            }
        } catch {
            for lane in given { setting.report(.lost(lane.name)) }
            throw error
        }
    }

    /// Releases a lane if another member has asked for it.
    func yield(_ lane: HeldLane, to wanting: String?) -> Bool {
        guard let wanting, wanting != setting.owner else { return false }
        if !revoked.contains(lane.name) { revoked.append(lane.name) }
        return true
    }

    func releaseAll() {
        do {
            try release(lanes.values.sorted { $0.name < $1.name })
        } catch {
            // The connection is gone: whoever takes the lanes next fences this run.
            store = nil
        }
        for lane in lanes.values.sorted(by: { $0.name < $1.name }) { lose(lane) }
        store = nil
    }

    /// Finds what no wake-up told: undecided events, due timers, pauses, heirs, a new owner.
    func look(_ names: [LaneName]) throws {
        let names = names.filter { lanes[$0]?.isQueued == false }
        guard !names.isEmpty, let store else { return }
        let now = ContinuousClock.now
        // Whose server is away, or whose hash is none, is not among those looked at, busy or idle.
        var missing = Set(names)
        for look in try store.glance(names) {
            missing.remove(look.lane)
            guard let lane = lanes[look.lane] else { continue }
            lane.backlog = look.pending
            guard look.owner == setting.owner else {
                lose(lane)
                continue
            }
            if yield(lane, to: look.wantedBy) { continue }
            if waiting.contains(lane.name) || damaged.contains(lane.name) {
                enqueue(lane)
                continue
            }
            let laneNow = max(look.now, look.serverTime + look.offset)
            let isDue = look.nextDue.map { $0 <= laneNow } ?? false
            if look.isPaused != lane.isPaused || (!look.isPaused && (look.hasUndecided || isDue)) {
                enqueue(lane)
            } else if lane.dueAt == nil {
                lane.setDue(look.nextDue, now: now)
                settle(lane, now: now)
            }
        }
        for name in missing where !waiting.contains(name) {
            noteMisfit(of: name)
            if !damaged.contains(name) { waits(name, true) }
        }
    }

    /// Notes whether a lane's timers are held back, since a clock cannot be right.
    func holdsTimers(_ lane: LaneName, _ isHeld: Bool) {
        guard holding.contains(lane) != isHeld else { return }
        if isHeld { holding.insert(lane) } else { holding.remove(lane) }
        let count = holding.count
        status.count { $0.holding = count }
    }

    /// Notes that a lane's server is away, or is back.
    func waits(_ lane: LaneName, _ isWaiting: Bool) {
        guard waiting.contains(lane) != isWaiting else { return }
        if isWaiting { waiting.insert(lane) } else { waiting.remove(lane) }
        let count = waiting.count
        status.count { $0.waiting = count }
    }

    private func hold(_ lane: HeldLane) {
        lanes[lane.name] = lane
        refusedAt[lane.name] = nil
        courier.taken(lane.name, token: lane.token, offset: lane.clock.offset, isPaused: lane.isPaused)
        enqueue(lane)
    }

    private func request(_ lane: LaneName, assignment: UInt64) -> TakeRequest {
        var generator = SystemRandomNumberGenerator()
        return TakeRequest(
            lane: lane, owner: setting.owner, assignment: assignment, token: .random(using: &generator))
    }

    private func showCount() {
        let count = lanes.count
        status.count { $0.lanes = count }
    }
}
