internal import Channels
internal import Contracts
internal import Instants
internal import Lanes

// What stands between a picked action and the platform: brakes, kill switches, claims on comments.
//
// Problem: an account's lanes lie with many workers, and an operator's switch must work within a second whatever else
// stands still. Choice: brakes, tokens and claims live in the account's own slot, switches in the control slot; the courier
// reads them itself. Brakes are read before an attempt is claimed, if what is known of the account is older than
// `brakesLast`, so that a braked action spends no attempt; the same call leases tokens of the account's limits (`Limits/`). Switches are read twice a second, and looked at after the
// claim, since an action that they stop is settled, and its outcome says so. The claim on a comment comes last.
// What a platform says about its limits brakes this courier at once and is shared before anything else is sent.
// Rejected: a call for each token, a round trip more for each text. How it fails: for up to `brakesLast` another worker may still call an account that was
// just braked, besides what is under way. Without Redis nothing is sent at all.
struct SendingGate {
    /// For how long what was read of an account's brake is relied on.
    static let brakesLast = Duration.milliseconds(100)
    /// How often switches are read: half of the second that they may be old.
    static let switchesLast = Duration.milliseconds(500)

    struct Known {
        var readAt: ContinuousClock.Instant
        var brake: AccountBrake?
    }

    struct Braking {
        let scope: BrakedScope
        let until: Instant
        let lets: Int
        let reason: String
        /// The platform blocks the account: the end of the block is the end of this.
        let isBlock: Bool
    }

    var switches = AutomationSwitches()
    /// Accounts that somebody has paused.
    var pauses: [String: AccountPause] = [:]
    /// The brake on all accounts.
    var everybody: AccountBrake?
    var known: [String: Known] = [:]
    /// Since when the server of an account cannot be reached.
    var awaySince: [String: ContinuousClock.Instant] = [:]
    /// To be told to the other workers.
    var toShare: [Braking] = []
    /// Claims of actions that did nothing, or whose effect was undone.
    var toFree: [OnceClaim] = []
    /// The same, of accounts whose server is away: a few times a second, beside the others.
    var toShareLater: [Braking] = []
    var toFreeLater: [OnceClaim] = []
    var tellAgainAt = ContinuousClock.now

    /// More claims to give back than this are not kept for a server that is away: they end after their lifetime.
    static let mostToFreeLater = 4_096

    var hasWork: Bool { !toShare.isEmpty || !toFree.isEmpty || hasLater }
    var hasLater: Bool { !toShareLater.isEmpty || !toFreeLater.isEmpty }

    /// The account's brake and everybody's, whichever is stricter and later; nil if neither stands.
    func brake(on account: String, now: Instant) -> Brake? {
        let standing = [known[account]?.brake, everybody].compactMap { $0 }.filter { $0.until > now }
        guard let until = standing.map(\.until).max(), let lets = standing.map(\.lets).min() else { return nil }
        return Brake(until: until, lets: Urgency(rank: lets))
    }

    /// Accounts of this process that wait for a person.
    func stopped(at now: Instant) -> Int {
        known.values.count { $0.brake.map { $0.isStop && $0.until > now } ?? false }
    }
}

extension CourierLoop {
    /// Reads the switches and everybody's brake, and the brakes that stand, since they may have been released.
    func readRules(_ store: LaneStore, _ now: ContinuousClock.Instant) throws(LaneError) -> Instant {
        let rules = try store.sendingRules()
        gate.switches = rules.switches
        gate.pauses = rules.pauses
        gate.everybody = rules.brake
        let braked = gate.known.keys.filter { gate.known[$0]?.brake != nil }
        try readBrakes(of: Set(braked).union(fetchingAccounts).sorted(), store, now)
        if rules.brake != nil { applyBrakes(to: gate.known.keys.sorted(), rules.read) }
        counters.stoppedAccounts = gate.stopped(at: rules.read)
        holdFetches(rules.read)
        return rules.read
    }

    private func readBrakes(
        of accounts: [String], _ store: LaneStore, _ now: ContinuousClock.Instant
    ) throws(LaneError) {
        guard !accounts.isEmpty else { return }
        let brakes = try store.brakesWhereReached(accounts.map(BrakedScope.account))
        var changed: [String] = []
        for (account, reading) in zip(accounts, brakes) {
            guard case .known(let brake) = reading else { continue }
            if gate.known[account]?.brake != brake || brake != nil { changed.append(account) }
            gate.known[account] = SendingGate.Known(readAt: now, brake: brake)
        }
        applyBrakes(to: changed, serverNow(now))
    }

    func applyBrakes(to accounts: [String], _ server: Instant) {
        for account in accounts {
            heedRest(of: account, server)
            schedule.brake(account, gate.brake(on: account, now: server), now: server)
        }
    }

    /// Brakes at once here; the other workers are told in this turn.
    func brake(
        _ scope: BrakedScope, _ account: String, for time: Duration, lets: Int, _ reason: String, isBlock: Bool = false
    ) {
        let server = serverNow(.now)
        let brake = AccountBrake(until: server + time, lets: lets, reason: reason, by: setting.name)
        gate.toShare.append(
            .init(scope: scope, until: brake.until, lets: lets, reason: reason, isBlock: isBlock))
        counters.brakes += 1
        if case .everybody = scope { gate.everybody = brake }
        gate.known[account] = SendingGate.Known(readAt: .now, brake: brake)
        applyBrakes(to: scope == .everybody ? gate.known.keys.sorted() : [account], server)
        holdFetches(server)
    }

    /// What an answer's headers say of the limits.
    func heed(_ usage: MetaUsage, of account: String) {
        guard let asked = UsageBrake(usage) else { return }
        let server = serverNow(.now)
        if !asked.isTold {
            // What only halves tokens does not lengthen what stops more.
            if asked.lets == Urgency.least.rank, let brake = gate.brake(on: account, now: server),
                brake.lets != .least
            {
                return
            }
            // Every answer says it: told again only when it is about to end, or has become stricter.
            if let known = gate.known[account]?.brake, known.lets <= asked.lets,
                known.until > server + .seconds(30)
            {
                return
            }
        }
        brake(.account(account), account, for: asked.time, lets: asked.lets, asked.reason)
    }

    /// Tells other workers of brakes, and gives claims back. On a cluster, what concerns an account whose server is away
    /// is told later.
    func tellOthers(_ now: ContinuousClock.Instant) throws(LaneError) {
        if gate.hasLater, now >= gate.tellAgainAt {
            gate.toShare = gate.toShareLater + gate.toShare
            gate.toFree = gate.toFreeLater + gate.toFree
            (gate.toShareLater, gate.toFreeLater) = ([], [])
            gate.tellAgainAt = now + Self.awayPause
        }
        guard let store else { return }
        while let first = gate.toShare.first {
            do throws(LaneError) {
                try share(first, store)
            } catch {
                guard error.isAway else { throw error }
                gate.toShareLater.append(first)
            }
            gate.toShare.removeFirst()
        }
        guard !gate.toFree.isEmpty else { return }
        let replies = try store.once(gate.toFree)
        for (claim, reply) in zip(gate.toFree, replies) {
            // One that may have been cleared is not cleared again: by then it may be another's.
            guard case .failed(let fault) = reply, fault.isPassing || fault.isInDoubt && claim.way != .clear,
                gate.toFreeLater.count < SendingGate.mostToFreeLater
            else { continue }
            gate.toFreeLater.append(claim)
        }
        gate.toFree = []
    }

    private func share(_ braking: SendingGate.Braking, _ store: LaneStore) throws(LaneError) {
        let left = braking.until - serverNow(.now)
        guard left > .zero else { return }
        let stands = try store.brake(
            braking.scope, for: left, lets: braking.lets, reason: braking.reason, by: setting.name,
            isBlock: braking.isBlock)
        if case .account(let account) = braking.scope { gate.known[account]?.brake = stands }
    }

    /// The claimed attempts that may be sent; the others are settled, or given back.
    func admit(_ attempts: [Attempt], _ server: Instant) -> (admitted: [Attempt], lost: (any Error)?) {
        var admitted: [Attempt] = []
        var claims: [(attempt: Attempt, claim: OnceClaim)] = []
        for attempt in attempts {
            if let scope = stops(attempt) {
                counters.switchedOff += 1
                // What an earlier attempt may have said is not taken back by the switch.
                close(
                    attempt.id, as: attempt.earlier == true ? .ambiguous : .cancelled, "automation is off for \(scope)",
                    server)
            } else if let claim = OnceClaim(attempt.action) {
                claims.append((attempt, claim))
            } else {
                admitted.append(attempt)
            }
        }
        guard !claims.isEmpty, let store else { return (admitted, nil) }
        do {
            for ((attempt, _), reply) in zip(claims, try store.once(claims.map(\.claim))) {
                switch reply {
                case .yours: admitted.append(attempt)
                case .anothers(let other):
                    counters.alreadyDone += 1
                    close(attempt.id, as: .alreadyDone, "action \(other) does this to the comment", server)
                case .failed: giveBack(attempt.id, after: .seconds(1))
                }
            }
            return (admitted, nil)
        } catch {
            for (attempt, _) in claims { giveBack(attempt.id, after: .zero) }
            return (admitted, error)
        }
    }

    private func stops(_ attempt: Attempt) -> AutomationScope? {
        let action = attempt.action
        guard !gate.switches.isEmpty, action.agent.isEmpty, action.kind.isShownToCustomers else { return nil }
        return gate.switches.stops(account: action.account, market: setting.market(attempt.lane), rule: action.rule)
    }

    /// Nothing was sent: the action goes again.
    func giveBack(_ id: ActionID, after: Duration) {
        guard let one = underWay[id] else { return }
        underWay[id]?.isAnswered = true
        remember(id, one.attempt, mayHaveGone: false)
        spared[id, default: 0] += 1
        let trace = trace(of: id)
        queue(id, lane: one.lane) { laneNow in
            Settling(
                item: try Settlement.givingBack(
                    one.action, attempt: one.attempt, after: after, trace: trace, now: laneNow))
        }
    }

    /// What was claimed for an action that did nothing, or undid something, is free again.
    func free(_ action: Action, after status: Outcome.Status) {
        switch status {
        case .failed, .windowClosed, .expired, .cancelled:
            guard var claim = OnceClaim(action) else { return }
            claim.way = .free
            gate.toFree.append(claim)
        case .delivered:
            if let undone = OnceClaim(undoneBy: action) { gate.toFree.append(undone) }
        default: return
        }
    }
}

extension Action.Kind {
    /// Whether the platform is called for it; the rest stays in the house.
    package var isOutward: Bool {
        switch self {
        case .send, .reply, .privateReply, .hide, .unhide, .delete, .senderAction, .fetch: true
        default: false
        }
    }

    /// Whether customers see it: what a kill switch stops.
    var isShownToCustomers: Bool { isOutward && self != .fetch }
}
