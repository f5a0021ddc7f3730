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
struct StateCache {
    /// What is known of one entity.
    struct Entry {
        /// nil: Redis holds none.
        var state: EntityState?
        /// Redis holds bytes that are no state. What is to be decided with it becomes a dead letter.
        var isUnreadable = false
        /// The entity whose state decides along: a comment's post, a matter's desk.
        let parent: EntityID?
        /// An upper bound of the score of the entity's member among the lane's timers; nil: it may have none.
        var armed: Instant?
        /// Bytes of the state as it was last read or written.
        var size: Int
        var lastUsed: UInt64
        /// The batch that changed it last; such an entry is not thrown out while that batch is in hand.
        var touchedBy: UInt64 = 0
    }

    let capacity: Int
    private(set) var batch: UInt64 = 0
    private var entries: [EntityID: Entry] = [:]

    init(capacity: Int) {
        self.capacity = max(16, capacity)
    }

    var count: Int { entries.count }

    /// Starts the next batch: whatever it asks for counts as used now.
    mutating func begin() {
        batch += 1
        if entries.count > capacity { evict() }
    }

    /// Whether an entity is known; a known one is marked as used.
    mutating func touch(_ id: EntityID) -> Bool {
        guard let index = entries.index(forKey: id) else { return false }
        entries.values[index].lastUsed = batch
        return true
    }

    /// Of these and their parents, what is not known, each once; what is known is marked as used.
    mutating func lacking(_ ids: [EntityID]) -> [EntityID] {
        var lacking = ids.filter { !touch($0) }
        let parents = ids.compactMap(Self.parent)
        guard !parents.isEmpty else { return lacking }
        var seen = Set(lacking)
        for parent in parents where !touch(parent) && seen.insert(parent).inserted { lacking.append(parent) }
        return lacking
    }

    /// Takes in what Redis gave; nil bytes: it holds none. Bytes that are no state make the entity undecidable.
    mutating func load(_ id: EntityID, _ bytes: [UInt8]?) {
        var entry = Entry(
            state: nil, parent: Self.parent(of: id), armed: nil, size: bytes?.count ?? 0, lastUsed: batch)
        do {
            entry.state = try bytes.map { try EntityState(serializedBytes: $0) }
            entry.armed = entry.state?.earliestTimer
        } catch {
            entry.isUnreadable = true
        }
        entries[id] = entry
    }

    subscript(id: EntityID) -> Entry? { entries[id] }

    /// Changes the state and says whether this is the batch's first change of it.
    mutating func store(_ id: EntityID, _ state: EntityState) -> Bool {
        guard let index = entries.index(forKey: id) else {
            entries[id] = Entry(
                state: state, parent: Self.parent(of: id), armed: nil, size: 0, lastUsed: batch, touchedBy: batch)
            return true
        }
        entries.values[index].state = state
        let isFirst = entries.values[index].touchedBy != batch
        entries.values[index].touchedBy = batch
        return isFirst
    }

    mutating func written(_ id: EntityID, size: Int) {
        entries[id]?.size = size
    }

    mutating func armed(_ id: EntityID, at instant: Instant?) {
        entries[id]?.armed = instant
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: false)
    }

    mutating func remove(_ id: EntityID) {
        entries[id] = nil
    }

    private mutating func evict() {
        let ages = entries.values.map(\.lastUsed).sorted()
        let oldestKept = ages[min(ages.count - 1, ages.count - capacity * 3 / 4)]
        entries = entries.filter { $0.value.lastUsed >= oldestKept }
    }

    /// Cheap for what has no parent: only conversations under posts and matters of desks do.
    private static func parent(of id: EntityID) -> EntityID? {
        switch id.text.utf8.first {
        case UInt8(ascii: "c"), UInt8(ascii: "d"): id.parent
        default: nil
        }
    }
}
