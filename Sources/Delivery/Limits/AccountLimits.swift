internal import Contracts
internal import Instants
internal import Lanes

// What of a round's picks may go: brakes and tokens of accounts, in one look at the accounts' slots.
extension CourierLoop {
    /// The classes that may have what is kept of a slot: safety, people, moderation on running ads.
    static let urgentRank = Urgency(.adModeration)

    /// On a cluster: so long after an account's server was lost texts go on with a share of the limits that nobody
    /// counts together, under the brake that was known last. Less would hurry past a primary that is just replaced.
    static let goesOnAlone = Duration.seconds(30)

    /// Puts back what a brake or a limit stops, and calls for accounts of which nobody can tell; the rest in its order.
    ///
    /// Tokens go to what is urgent first, then in the order of the picks, which is that of the classes.
    func hold(_ picks: [Picked], _ now: ContinuousClock.Instant) throws -> [Picked] {
        let server = serverNow(now)
        let picks = holdPaused(picks, server)
        let calls = picks.filter { !$0.isExpired && actions[$0.scheduled.id]?.kind.isOutward == true }
        guard !calls.isEmpty else { return picks }
        let away: Set<String>
        do {
            away = try learn(calls, now)
        } catch {
            for one in picks { wait(one, until: server, server) }
            throw error
        }
        // The round trip may have outlasted the slot of tokens that were held before it.
        let spent = serverNow(max(now, .now))
        var waits: [ActionID: Instant] = [:]
        let ordered =
            calls.filter { $0.scheduled.urgency <= Self.urgentRank }
            + calls.filter { $0.scheduled.urgency > Self.urgentRank }
        for one in ordered {
            let account = one.scheduled.account
            if away.contains(account) {
                waits[one.scheduled.id] = server + Self.awayPause
            } else if let brake = gate.brake(on: account, now: server), brake.stops(one.scheduled.urgency) {
                waits[one.scheduled.id] = server
            } else if let until = pace.wait(for: one.scheduled.orderKey, now: server) {
                waits[one.scheduled.id] = until
            } else if let until = purse.take(
                account, limits(of: one), calls: self.calls(of: one), now: spent)
            {
                waits[one.scheduled.id] = until
                counters.limited += 1
            }
        }
        purse.closeRound()
        return picks.filter { one in
            guard let until = waits[one.scheduled.id] else { return true }
            wait(one, until: until, server)
            return false
        }
    }

    /// How soon what waits for a paused account is looked at again.
    private static let pausedPause = Duration.seconds(1)

    /// Puts back what waits until somebody lets a paused account go on. What has expired is settled all the same.
    private func holdPaused(_ picks: [Picked], _ server: Instant) -> [Picked] {
        guard !gate.pauses.isEmpty else { return picks }
        return picks.filter { one in
            guard !one.isExpired, let pause = gate.pauses[one.scheduled.account],
                actions[one.scheduled.id]?.kind.isOutward == true,
                pause.holds(decidedAt: one.scheduled.decidedAt - (lanes[one.scheduled.lane]?.offset ?? .zero))
            else { return true }
            wait(one, until: server + Self.pausedPause, server)
            return false
        }
    }

    /// Learns the brakes of accounts of which nothing recent is known, and leases the tokens that their calls lack; gives
    /// the accounts of which nobody can tell now.
    private func learn(_ calls: [Picked], _ now: ContinuousClock.Instant) throws(LaneError) -> Set<String> {
        guard let store else { return [] }
        let server = serverNow(now)
        var needs: [String: [TokenLimit: TokenPurse.Need]] = [:]
        for one in calls {
            var need = needs[one.scheduled.account] ?? [:]
            for limit in limits(of: one) {
                need[limit, default: TokenPurse.Need()].total += self.calls(of: one)
                if one.scheduled.urgency <= Self.urgentRank { need[limit]?.urgent += self.calls(of: one) }
            }
            needs[one.scheduled.account] = need
        }
        var requests: [LeaseRequest] = []
        for (account, need) in needs.sorted(by: { $0.key < $1.key }) {
            let asks = purse.asks(account, need, now: server)
            let age = gate.known[account].map { now - $0.readAt }
            guard !asks.isEmpty || age.map({ $0 > SendingGate.brakesLast }) ?? true else { continue }
            requests.append(LeaseRequest(account: account, asks: asks))
        }
        guard !requests.isEmpty else { return [] }
        counters.leases += UInt64(requests.count)
        var changed: [String] = []
        var away: Set<String> = []
        for (request, reading) in zip(requests, try store.lease(requests, worker: setting.name)) {
            let account = request.account
            switch reading {
            case .known(let brake, let grants):
                gate.awaySince[account] = nil
                if gate.known[account]?.brake != brake || brake != nil { changed.append(account) }
                gate.known[account] = SendingGate.Known(readAt: now, brake: brake)
                purse.put(account, request.asks, grants)
            case .away:
                let since = gate.awaySince[account] ?? now
                gate.awaySince[account] = since
                if gate.known[account] != nil, now - since >= Self.goesOnAlone {
                    let place = StableHash.hash(setting.name)
                    for limit in setting.tokens(account) {
                        purse.putAlone(account, limit, now: server, place: place)
                    }
                } else {
                    away.insert(account)
                }
            }
        }
        applyBrakes(to: changed, serverNow(now))
        return away
    }

    private func calls(of one: Picked) -> Int {
        actions[one.scheduled.id].map(GraphCarrier.mostCalls) ?? 1
    }

    private func limits(of one: Picked) -> [TokenLimit] {
        guard let kind = actions[one.scheduled.id]?.kind else { return [] }
        return TokenPurse.limits(of: kind, among: setting.tokens(one.scheduled.account))
    }

    /// Gives back what others can use, once, when this courier ends.
    func returnTokens() {
        let requests = purse.leftovers(now: serverNow(.now))
        guard !requests.isEmpty, let store else { return }
        // What is not given back lapses with its slot.
        _ = try? store.lease(requests, worker: setting.name)
    }
}
