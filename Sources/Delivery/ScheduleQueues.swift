internal import Contracts
internal import HeapModule
internal import Instants

/// What waits for what, within its lane.
struct OrderKey: Sendable, Hashable, Comparable {
    let lane: LaneName
    let text: String

    static func < (left: OrderKey, right: OrderKey) -> Bool { (left.lane, left.text) < (right.lane, right.text) }
}

/// An action that the schedule knows, with where it is.
struct Waiting: Sendable {
    enum State: Sendable {
        /// Before its `notBefore`; holds nothing up.
        case asleep
        /// In its key's queue.
        case queued
        case started
        /// Picked as expired, not yet settled.
        case expiring
        /// An attempt of a former owner is open.
        case held
    }

    var action: ScheduledAction
    let key: OrderKey
    let serial: UInt64
    var state: State
    /// Serials of its newest alarms.
    var waking: UInt64 = 0
    var expiry: UInt64 = 0

    var age: Age { Age(decidedAt: action.decidedAt, place: action.place, serial: serial) }
}

/// Who is older: by the lane clock, then by the place in the lane, then by who came first.
struct Age: Sendable, Comparable {
    let decidedAt: Instant
    let place: UInt64
    let serial: UInt64

    static func < (left: Age, right: Age) -> Bool {
        (left.decidedAt, left.place, left.serial) < (right.decidedAt, right.place, right.serial)
    }
}

/// The queue of one order key. Only `waiting.first` may start, and only while `held` is empty.
struct KeyQueue: Sendable {
    /// Oldest first.
    var waiting: [ActionID] = []
    /// Started, expiring or held elsewhere; at most one was started here.
    var held: [ActionID] = []
    /// Tells entries of a heap that speak of an older head.
    var stamp: UInt64 = 0
    /// The most urgent class among `waiting`.
    var urgency = Urgency.least
}

/// A key whose head may start.
struct Ready: Sendable, Comparable {
    let age: Age
    let key: OrderKey
    let stamp: UInt64

    static func == (left: Ready, right: Ready) -> Bool { left.age == right.age && left.stamp == right.stamp }
    static func < (left: Ready, right: Ready) -> Bool { (left.age, left.stamp) < (right.age, right.stamp) }
}

/// Something to look at again at an instant of the server clock. Alarms are never taken back: a stale one finds nothing.
struct Alarm: Sendable, Comparable {
    enum Kind: Sendable {
        case wake(ActionID)
        case expire(ActionID)
        case ready(OrderKey)
        case unbrake(String)
    }

    let at: Instant
    let serial: UInt64
    let kind: Kind

    static func == (left: Alarm, right: Alarm) -> Bool { left.at == right.at && left.serial == right.serial }
    static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.serial) < (right.at, right.serial) }
}

struct LaneStanding: Sendable {
    var ids: Set<ActionID> = []
    /// Lane clock minus server clock.
    var offset = Duration.zero
    var isPaused = false
    /// No longer ours; only what is under way is left.
    var isDropped = false
}

/// What waits for one account, by class.
struct AccountQueue: Sendable {
    var ready = [Heap<Ready>](repeating: Heap(), count: Urgency.least.rank)
    var underWay = 0
    var brake: Brake?
    var narrowedTo: Int?
    var isInRotation = false
    private var starts = 0

    init() {}

    mutating func insert(_ entry: Ready, _ urgency: Urgency) {
        ready[urgency.rank - 1].insert(entry)
    }

    /// Takes the head that goes next out of its heap; nil if the account is full, braked or has nothing. Amortised
    /// O(log n).
    mutating func pick(most: Int, oldestEvery: Int, keys: [OrderKey: KeyQueue], now: Instant) -> OrderKey? {
        if let brake, brake.until <= now { self.brake = nil }
        guard underWay < min(most, narrowedTo ?? most) else { return nil }
        let isOldestsTurn = (starts + 1) % oldestEvery == 0
        guard let rank = isOldestsTurn ? oldestRank(keys) : ready.indices.first(where: { isReady($0, keys) }),
            let entry = ready[rank].popMin()
        else { return nil }
        starts += 1
        underWay += 1
        return entry.key
    }

    private mutating func oldestRank(_ keys: [OrderKey: KeyQueue]) -> Int? {
        var best: (rank: Int, entry: Ready)?
        for rank in ready.indices where isReady(rank, keys) {
            guard let entry = ready[rank].min else { continue }
            if let found = best, found.entry < entry { continue }
            best = (rank, entry)
        }
        return best?.rank
    }

    /// Whether a class's heap has a head that may go; throws stale entries away.
    private mutating func isReady(_ index: Int, _ keys: [OrderKey: KeyQueue]) -> Bool {
        while let entry = ready[index].min {
            if let key = keys[entry.key], key.stamp == entry.stamp, !key.waiting.isEmpty {
                return brake?.stops(key.urgency) != true
            }
            ready[index].removeMin()
        }
        return false
    }
}
