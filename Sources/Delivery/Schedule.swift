package import Contracts
internal import DequeModule
internal import HeapModule
package import Instants

/// Who goes next: a pure value that is told of actions, clocks, brakes and ends, and is asked what may start.
///
/// Problem: thousands of actions wait; order within a conversation must hold, an account that brakes must not stop
/// others, what is urgent goes first, and nothing may wait for ever. Choice: each order key is a queue whose head
/// alone may start; heads that may start lie in one heap per account and class; accounts take turns; within an account
/// the most urgent class goes first and in it the oldest head, except that every eighth start takes the oldest head of
/// any class. A key's class is the most urgent one among its waiting actions, so that what is urgent pulls forward what
/// stands before it. Entries in heaps are never moved: a stamp tells a stale one. Rejected: one heap over all actions,
/// which has to be searched past braked accounts and busy keys. It fails towards waiting: an action it forgot would be
/// found again by the next `recover` of its lane.
///
/// Two clocks: `now` is the server's (liveness); `notBefore` and `notAfter` are on the lane clock, which is
/// `now + offset` of the lane.
package struct Schedule: Sendable {
    package private(set) var limits: ScheduleLimits
    package internal(set) var underWay = 0
    var items: [ActionID: Waiting] = [:]
    var keys: [OrderKey: KeyQueue] = [:]
    var accounts: [String: AccountQueue] = [:]
    private var lanes: [LaneName: LaneStanding] = [:]
    private var rotation: Deque<String> = []
    private var alarms = Heap<Alarm>()
    private var serial: UInt64 = 0

    /// What `next` hands out; both hold their order key until `finished` or `again`.
    package enum Pick: Sendable, Equatable {
        case start(ScheduledAction)
        /// `notAfter` has passed: it must not be sent any more, only settled.
        case expired(ScheduledAction)
    }

    package init(limits: ScheduleLimits = ScheduleLimits()) {
        self.limits = limits
    }

    /// Actions that it knows, under way or not.
    package var count: Int { items.count }

    package func contains(_ id: ActionID) -> Bool { items[id] != nil }

    /// The lane of an action that it knows.
    package func lane(of id: ActionID) -> LaneName? { items[id]?.action.lane }

    /// Takes an action up; one that it knows already changes nothing. O(log n).
    ///
    /// - Parameter isHeld: an attempt of it is open elsewhere; it holds its key until `finished` or `again`.
    package mutating func add(_ action: ScheduledAction, isHeld: Bool = false, now: Instant) {
        guard items[action.id] == nil else { return }
        let serial = nextStamp()
        let key = OrderKey(lane: action.lane, text: action.orderKey)
        items[action.id] = Waiting(action: action, key: key, serial: serial, state: isHeld ? .held : .asleep)
        lanes[action.lane, default: LaneStanding()].ids.insert(action.id)
        if isHeld {
            keys[key, default: KeyQueue()].held.append(action.id)
            refresh(key, now: now)
        } else {
            reset(action.id, now: now)
        }
    }

    /// The next action that may start, or one that expired; nil if nothing may go now. Amortised O(log n).
    package mutating func next(now: Instant) -> Pick? {
        while let alarm = alarms.min, alarm.at <= now {
            alarms.removeMin()
            if isLive(alarm), let expired = ring(alarm.kind, now: now) { return expired }
        }
        guard underWay < limits.underWay else { return nil }
        for _ in 0..<rotation.count {
            guard let name = rotation.popFirst() else { return nil }
            let key = accounts[name]?.pick(
                most: limits.underWayPerAccount, oldestEvery: limits.oldestEvery, keys: keys, now: now)
            guard let key else {
                accounts[name]?.isInRotation = false
                continue
            }
            rotation.append(name)
            return start(key)
        }
        return nil
    }

    /// The earliest instant of the server clock at which `next` may have something that it has not now.
    package var nextInstant: Instant? { alarms.min?.at }

    /// The action is settled or gone. Unknown ids change nothing.
    package mutating func finished(_ id: ActionID, now: Instant) {
        guard let item = remove(id) else { return }
        release(item, now: now)
    }

    /// The attempt ended without effect: the action goes again, not before `at` (server clock), in its old place.
    package mutating func again(_ id: ActionID, attempts: UInt32, at: Instant, now: Instant) {
        guard let before = items[id], before.state != .queued, before.state != .asleep else { return }
        if lanes[before.action.lane]?.isDropped == true { return finished(id, now: now) }
        items[id]?.action.attempts = attempts
        items[id]?.action.nextAttempt = at
        keys[before.key]?.held.removeAll { $0 == id }
        queue(id, now: now)
        release(before, now: now)
    }

    /// Takes an action back that is not under way; false if it is, or is unknown.
    package mutating func cancel(_ id: ActionID, now: Instant) -> Bool {
        guard let item = items[id], item.state == .queued || item.state == .asleep else { return false }
        _ = remove(id)
        release(item, now: now)
        return true
    }

    /// Forgets what waits in a lane that is no longer ours, and says what that was; what is under way ends as it would.
    @discardableResult
    package mutating func drop(_ lane: LaneName, now: Instant) -> [ActionID] {
        let dropped = (lanes[lane]?.ids ?? []).sorted().filter { cancel($0, now: now) }
        if lanes[lane]?.ids.isEmpty == true { lanes[lane] = nil } else { lanes[lane]?.isDropped = true }
        return dropped
    }

    func isPaused(_ lane: LaneName) -> Bool { lanes[lane]?.isPaused ?? false }

    /// Says where a lane's clock stands (lane clock minus server clock), whether it is paused; takes a dropped lane back.
    package mutating func set(_ lane: LaneName, offset: Duration, isPaused: Bool, now: Instant) {
        var standing = lanes[lane, default: LaneStanding()]
        let isChanged = standing.offset != offset || standing.isPaused != isPaused || standing.isDropped
        standing.offset = offset
        standing.isPaused = isPaused
        standing.isDropped = false
        lanes[lane] = standing
        guard isChanged else { return }
        for id in standing.ids.sorted() { reset(id, now: now) }
    }
}

// Picking and starting.
extension Schedule {
    private mutating func start(_ key: OrderKey) -> Pick? {
        guard let id = keys[key]?.waiting.first, let item = items[id] else { return nil }
        hold(id, key: key, as: .started)
        underWay += 1
        return .start(item.action)
    }

    mutating func hold(_ id: ActionID, key: OrderKey, as state: Waiting.State) {
        items[id]?.state = state
        keys[key, default: KeyQueue()].waiting.removeAll { $0 == id }
        keys[key]?.held.append(id)
        let stamp = nextStamp()
        keys[key]?.stamp = stamp
    }

    private mutating func ring(_ kind: Alarm.Kind, now: Instant) -> Pick? {
        switch kind {
        case .wake(let id):
            if items[id]?.state == .asleep { reset(id, now: now) }
        case .ready(let key):
            refresh(key, now: now)
        case .unbrake(let account):
            revive(account)
        case .expire(let id):
            return expire(id, now: now)
        }
        return nil
    }

    private mutating func expire(_ id: ActionID, now: Instant) -> Pick? {
        guard let item = items[id], item.state == .queued || item.state == .asleep, let end = item.action.notAfter
        else { return nil }
        guard laneNow(item.action.lane, now) >= end else {
            let serial = setAlarm(at: end - offset(item.action.lane), .expire(id))
            items[id]?.expiry = serial
            return nil
        }
        hold(id, key: item.key, as: .expiring)
        refresh(item.key, now: now)
        return .expired(item.action)
    }
}

// Queues and clocks.
extension Schedule {
    private func offset(_ lane: LaneName) -> Duration { lanes[lane]?.offset ?? .zero }

    private func laneNow(_ lane: LaneName, _ now: Instant) -> Instant { now + offset(lane) }

    private mutating func nextStamp() -> UInt64 {
        serial += 1
        return serial
    }

    /// Sets an alarm and gives its serial, by which a newer one for the same thing makes it stale.
    @discardableResult
    mutating func setAlarm(at instant: Instant, _ kind: Alarm.Kind) -> UInt64 {
        if alarms.count > 1_024 + 4 * items.count { alarms = Heap(alarms.unordered.filter(isLive)) }
        let serial = nextStamp()
        alarms.insert(Alarm(at: instant, serial: serial, kind: kind))
        return serial
    }

    /// Stale alarms lie in the heap until their instant; a sweep throws them out before they are most of it.
    private func isLive(_ alarm: Alarm) -> Bool {
        switch alarm.kind {
        case .wake(let id): items[id]?.waking == alarm.serial
        case .expire(let id): items[id]?.expiry == alarm.serial
        case .ready(let key): keys[key]?.stamp == alarm.serial
        case .unbrake(let account): accounts[account]?.brake?.until == alarm.at
        }
    }

    /// Puts a waiting action where its lane's clock says that it belongs: asleep, or in its key's queue.
    private mutating func reset(_ id: ActionID, now: Instant) {
        guard let item = items[id], item.state == .queued || item.state == .asleep else { return }
        let lane = item.action.lane
        if let end = item.action.notAfter {
            let serial = setAlarm(at: end - offset(lane), .expire(id))
            items[id]?.expiry = serial
        }
        if item.state == .queued {
            refresh(item.key, now: now)
        } else if let start = item.action.notBefore, start > laneNow(lane, now) {
            let serial = setAlarm(at: start - offset(lane), .wake(id))
            items[id]?.waking = serial
        } else {
            queue(id, now: now)
        }
    }

    /// Puts an action into its key's queue at the place of its age.
    private mutating func queue(_ id: ActionID, now: Instant) {
        guard let item = items[id] else { return }
        items[id]?.state = .queued
        var place = keys[item.key]?.waiting.count ?? 0
        while place > 0, let before = keys[item.key]?.waiting[place - 1], let other = items[before],
            item.age < other.age
        {
            place -= 1
        }
        keys[item.key, default: KeyQueue()].waiting.insert(id, at: place)
        refresh(item.key, now: now)
    }

    /// Offers a key's head to its account if it may start, at the place that it has now.
    mutating func refresh(_ key: OrderKey, now: Instant) {
        guard let queue = keys[key] else { return }
        guard let first = queue.waiting.first, let head = items[first] else {
            if queue.held.isEmpty { keys[key] = nil }
            return
        }
        let stamp = nextStamp()
        keys[key]?.stamp = stamp
        let urgency = queue.waiting.compactMap { items[$0]?.action.urgency }.min() ?? .least
        keys[key]?.urgency = urgency
        guard queue.held.isEmpty, lanes[key.lane]?.isPaused != true else { return }
        if let at = head.action.nextAttempt, at > now {
            let serial = setAlarm(at: at, .ready(key))
            keys[key]?.stamp = serial
            return
        }
        let entry = Ready(age: head.age, key: key, stamp: stamp)
        accounts[head.action.account, default: AccountQueue()].insert(entry, urgency)
        revive(head.action.account)
    }

    mutating func revive(_ account: String) {
        guard accounts[account]?.isInRotation == false else { return }
        accounts[account]?.isInRotation = true
        rotation.append(account)
    }

    private mutating func remove(_ id: ActionID) -> Waiting? {
        guard let item = items.removeValue(forKey: id) else { return nil }
        keys[item.key]?.waiting.removeAll { $0 == id }
        keys[item.key]?.held.removeAll { $0 == id }
        let lane = item.action.lane
        lanes[lane]?.ids.remove(id)
        if let standing = lanes[lane], standing.isDropped, standing.ids.isEmpty { lanes[lane] = nil }
        return item
    }

    /// What a removed or re-scheduled action held goes back: its account's place and its key's turn.
    private mutating func release(_ item: Waiting, now: Instant) {
        if item.state == .started {
            underWay -= 1
            accounts[item.action.account]?.underWay -= 1
            revive(item.action.account)
        }
        refresh(item.key, now: now)
    }
}
