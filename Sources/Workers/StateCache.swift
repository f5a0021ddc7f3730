internal import Contracts
internal import Conversations
internal import Instants
internal import SwiftProtobuf

/// Decoded states of one lane, as they stand in Redis or as the batch in hand has made them.
///
/// Problem: decoding a state costs as much as deciding with it. Choice: the owner keeps decoded states while it holds
/// the token, since it is their only writer; they are dropped whole when the token is lost or a commit was not taken.
/// It is bounded; what was used longest ago goes first, a quarter at a time, which costs a sort every so many entities
/// and no list to keep in order. A missing state is remembered too.
///
/// States are held by reference and moved out for a decision: copying one costs as much as deciding with it.
struct StateCache {
    let capacity: Int
    private(set) var batch: UInt64 = 0
    private var entries: [EntityID: CachedState] = [:]

    init(capacity: Int) {
        self.capacity = max(16, capacity)
    }

    var count: Int { entries.count }

    /// Starts the next batch: whatever it asks for counts as used now.
    mutating func begin() {
        batch += 1
        if entries.count > capacity { evict() }
    }

    /// Of these and their parents, what is not known, each once; what is known is marked as used.
    mutating func lacking(_ ids: [EntityID]) -> [EntityID] {
        var lacking: [EntityID] = []
        var parents: [EntityID] = []
        for id in ids {
            if let entry = entries[id] {
                entry.lastUsed = batch
                if let parent = entry.parent, !touch(parent) { parents.append(parent) }
            } else {
                lacking.append(id)
                if let parent = CachedState.parent(of: id), !touch(parent) { parents.append(parent) }
            }
        }
        guard !parents.isEmpty else { return lacking }
        var seen = Set(lacking)
        for parent in parents where seen.insert(parent).inserted { lacking.append(parent) }
        return lacking
    }

    /// Takes in what Redis gave; nil bytes: it holds none. Bytes that are no state make the entity undecidable.
    mutating func load(_ id: EntityID, _ bytes: [UInt8]?) {
        entries[id] = CachedState(id, bytes, usedBy: batch)
    }

    /// What is known of an entity; nil if it was not loaded.
    subscript(id: EntityID) -> CachedState? { entries[id] }

    /// What is known of an entity; one that was not loaded begins here.
    mutating func entry(_ id: EntityID) -> CachedState {
        if let known = entries[id] { return known }
        let new = CachedState(id, nil, usedBy: batch)
        entries[id] = new
        return new
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: false)
    }

    mutating func remove(_ id: EntityID) {
        entries[id] = nil
    }

    /// Whether an entity is known; a known one is marked as used.
    private func touch(_ id: EntityID) -> Bool {
        guard let entry = entries[id] else { return false }
        entry.lastUsed = batch
        return true
    }

    private mutating func evict() {
        let ages = entries.values.map(\.lastUsed).sorted()
        let oldestKept = ages[min(ages.count - 1, ages.count - capacity * 3 / 4)]
        entries = entries.filter { $0.value.lastUsed >= oldestKept }
    }
}

/// One entity's decoded state. One thread's.
final class CachedState {
    let id: EntityID
    /// The entity whose state decides along: a comment's post, a matter's desk.
    let parent: EntityID?
    /// nil: Redis holds none.
    private(set) var state: EntityState?
    /// When its first timer is due.
    private(set) var earliest: Instant?
    /// Redis holds bytes that are no state. What is to be decided with it becomes a dead letter.
    let isUnreadable: Bool
    /// An upper bound of the score of the entity's member among the lane's timers; nil: it may have none.
    var armed: Instant?
    /// Bytes of the state as it was last read or written.
    var size: Int
    fileprivate var lastUsed: UInt64
    /// The batch that changed it last; such an entry is not thrown out while that batch is in hand.
    private var touchedBy: UInt64 = 0

    fileprivate init(_ id: EntityID, _ bytes: [UInt8]?, usedBy batch: UInt64) {
        self.id = id
        parent = Self.parent(of: id)
        size = bytes?.count ?? 0
        lastUsed = batch
        do {
            state = try bytes.map { try EntityState(serializedBytes: $0) }
            isUnreadable = false
        } catch {
            state = nil
            isUnreadable = true
        }
        earliest = state?.earliestTimer
        armed = earliest
    }

    /// Moves the state out, so that it can be changed in place; `put` or `store` gives it back.
    func take() -> EntityState? { state.take() }

    /// Gives back what was taken, unchanged.
    func put(_ state: consuming EntityState?) {
        self.state = state
    }

    /// Holds a changed state and says whether this is the batch's first change of it.
    func store(_ state: consuming EntityState, by batch: UInt64) -> Bool {
        earliest = state.timers.isEmpty ? nil : state.earliestTimer
        self.state = state
        defer { touchedBy = batch }
        return touchedBy != batch
    }

    /// Cheap for what has no parent: only conversations under posts and matters of desks do.
    fileprivate static func parent(of id: EntityID) -> EntityID? {
        switch id.kind {
        case .comments, .matter: id.parent
        case .messages, .post, .desk: nil
        }
    }
}
