internal import Contracts
internal import Conversations
internal import Instants
internal import Lanes
internal import SwiftProtobuf

// What need not be kept any longer goes, lane by lane.
//
// Problem: logs, results, dead letters and states of people who never write again would fill Redis. Choice: a lane's owner
// trims it by the lane's clock, each lane once in `trimsEvery`, a few in a turn and at most 256 entries a call, so that no
// trim holds up a decision by more than a millisecond. With each trim one of the lane's 64 hashes of states is looked through,
// a page a turn, if the policy says how long states stay: half a day for all of them. Rejected: one sweeper for all, which
// must be elected and does nothing while it is away; an index of states by age, which every commit would pay for. How it
// fails: a lane without an owner keeps what it has; the next owner goes on.
struct RunnerUpkeep {
    static let mostLanesATurn = 4

    private let every: Duration
    /// Lanes that are still to be trimmed in this round.
    private var toTrim: ArraySlice<LaneName> = []
    private var nextRound: ContinuousClock.Instant
    /// Where each lane's states are to be looked through next; at its first hash if missing.
    private var sweeps: [LaneName: StateSweep] = [:]

    init(every: Duration, now: ContinuousClock.Instant) {
        self.every = every
        nextRound = now + every
    }

    /// The lanes whose turn it is.
    mutating func lanes(of held: some Collection<LaneName>, now: ContinuousClock.Instant) -> [LaneName] {
        if toTrim.isEmpty, now >= nextRound {
            toTrim = held.sorted()[...]
            nextRound = now + every
        }
        let lanes = Array(toTrim.prefix(Self.mostLanesATurn))
        toTrim = toTrim.dropFirst(lanes.count)
        return lanes
    }

    /// More of a lane is left.
    mutating func goOn(with lane: LaneName) { toTrim.append(lane) }

    func sweep(of lane: LaneName) -> StateSweep { sweeps[lane] ?? StateSweep() }

    mutating func swept(_ lane: LaneName, next: StateSweep) { sweeps[lane] = next }

    /// Forgets the lanes that are not held any more.
    mutating func keep(_ held: some Collection<LaneName>) {
        let held = Set(held)
        sweeps = sweeps.filter { held.contains($0.key) }
    }
}

/// A place among a lane's states: which of its hashes, and how far in it.
struct StateSweep: Equatable {
    var hash = 0
    /// Redis's; `0` is the start.
    var cursor = "0"

    /// Behind a page that ended at a cursor.
    func following(_ next: String) -> StateSweep {
        next == "0" ? StateSweep(hash: (hash + 1) % StateHash.count) : StateSweep(hash: hash, cursor: next)
    }
}

extension RunnerLoop {
    /// A turn's share of trimming.
    func trimSome(_ now: ContinuousClock.Instant) throws {
        guard let store else { return }
        let keep = policy.policy.keep
        let retention = Retention(
            log: keep.logs, mostLogBytes: keep.mostLogBytes, results: keep.results, deadLetters: keep.deadLetters)
        let due = upkeep.lanes(of: lanes.keys, now: now).filter { lanes[$0] != nil }
        guard !due.isEmpty else { return }
        upkeep.keep(lanes.keys)
        for (lane, reply) in zip(due, try store.trim(due, retention: retention)) {
            if case .failed(let fault) = reply { note(fault, of: lane) }
            guard case .trimmed(let trimmed) = reply else { continue }
            let hasMore = try contained(lane) {
                try trimKept(lane, keep, store)
                return try sweep(lane, keep.states, store)
            }
            if trimmed.hasMore || hasMore { upkeep.goOn(with: lane) }
            status.count { $0.trimmedEntries += UInt64(trimmed.entries + trimmed.results + trimmed.deadLetters) }
        }
    }

    /// Removes what was kept of entries and batches that would have aged by now, and tombstones that are over.
    private func trimKept(_ name: LaneName, _ keep: KeepPolicy, _ store: LaneStore) throws {
        guard let lane = lanes[name], let people = lane.forgetting?.people else { return }
        let now = max(lane.clock.now, try store.serverTime() + lane.clock.offset)
        if !people.isEmpty {
            var note = ForgetNote(lane: name, token: lane.token)
            note.dropOld(of: people, now: now)
            guard try store.note(note) else { return }
            lane.forgetting?.dropOld(now: now)
        }
        _ = try ForgetSlices(courier: nil).age(lane, log: keep.logs, results: keep.results, now: now, store)
    }

    /// Looks through one page of a lane's states and removes those that may go; true if its hash has more pages.
    private func sweep(_ name: LaneName, _ states: Duration?, _ store: LaneStore) throws -> Bool {
        guard let states, let lane = lanes[name], !lane.isPaused, !name.isDesk else { return false }
        let place = upkeep.sweep(of: name)
        guard let page = try store.statePage(name, hash: place.hash, after: place.cursor) else { return false }
        let now = max(lane.clock.now, try store.serverTime() + lane.clock.offset)
        let before = now - max(states, KeepPolicy.leastStates)
        var request = EraseRequest(lane: name, token: lane.token)
        request.states = page.states.prefix(1_000).compactMap { stored in
            guard let state = try? EntityState(serializedBytes: stored.bytes), QuietState.mayGo(state, before: before)
            else { return nil }
            return stored.entity
        }
        let next = place.following(page.next)
        if !request.states.isEmpty {
            guard case .erased = try store.erase([request])[0] else { return false }
            lane.forgetStates()
            let count = UInt64(request.states.count)
            status.count { $0.trimmedEntries += count }
        }
        upkeep.swept(name, next: next)
        return next.cursor != "0"
    }
}
