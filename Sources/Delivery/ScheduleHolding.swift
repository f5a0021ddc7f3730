package import Contracts
package import Instants

// What holds actions back, and what lets them go: brakes and narrow accounts, and attempts that wait for news of themselves.
extension Schedule {
    /// Lets an account have at most so many under way; nil: as many as any.
    package mutating func narrow(_ account: String, to most: Int?) {
        accounts[account, default: AccountQueue()].narrowedTo = most
        revive(account)
    }

    /// Gives back the place of what is under way, whose order key goes on waiting until `finished` or `again`.
    package mutating func rest(_ id: ActionID, now: Instant) {
        guard let item = items[id], item.state == .started else { return }
        items[id]?.state = .held
        underWay -= 1
        accounts[item.action.account]?.underWay -= 1
        revive(item.action.account)
    }

    /// Gives back the turn too of what rests: what stands behind it goes on, and it ends beside that.
    package mutating func letGo(_ id: ActionID, now: Instant) {
        guard let item = items[id], item.state == .held else { return }
        keys[item.key]?.held.removeAll { $0 == id }
        refresh(item.key, now: now)
    }

    /// Takes what waits out of its turn; it holds its order key until `finished`, for it is being settled without another
    /// attempt. The attempts that it has had; nil if it is under way or unknown.
    package mutating func end(_ id: ActionID, now: Instant) -> UInt32? {
        guard let item = items[id], item.state == .queued || item.state == .asleep else { return nil }
        hold(id, key: item.key, as: .expiring)
        refresh(item.key, now: now)
        return item.action.attempts
    }

    /// What waits for another attempt need not wait until its instant.
    package mutating func hasten(_ id: ActionID, now: Instant) {
        guard let item = items[id], item.state == .queued, let at = item.action.nextAttempt, at > now else { return }
        items[id]?.action.nextAttempt = now
        refresh(item.key, now: now)
    }

    /// Brakes an account, or with nil lets it go again.
    package mutating func brake(_ account: String, _ brake: Brake?, now: Instant) {
        accounts[account, default: AccountQueue()].brake = brake
        if let brake { setAlarm(at: brake.until, .unbrake(account)) }
        revive(account)
    }

    /// Brakes every account that it has met.
    package mutating func brakeAll(_ brake: Brake, now: Instant) {
        for account in accounts.keys.sorted() { self.brake(account, brake, now: now) }
    }
}
