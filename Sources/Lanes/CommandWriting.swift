internal import Contracts
internal import Instants
internal import Redis

/// Our values in the form in which the functions expect them, written straight into a command.
extension RedisCommand {
    /// Starts `FCALL function keys…`; the caller adds so many keys, then the arguments.
    init(function: [UInt8], keys: Int, expectedBytes: Int = 400) {
        self.init("FCALL", expectedBytes: expectedBytes)
        add(function)
        add(keys)
    }

    /// Milliseconds from 0 to 8,999,999,999,999,999: up to where Redis's doubles count one by one, less a reserve.
    /// What lies outside is moved to the nearer end.
    mutating func add(_ instant: Instant) {
        add(min(max(instant.milliseconds, 0), Self.latestMilliseconds))
    }

    static let latestMilliseconds: Int64 = 8_999_999_999_999_999

    /// Milliseconds, from 0.
    mutating func add(_ duration: Duration) {
        add(min(max(duration.wholeMilliseconds, 0), Self.latestMilliseconds))
    }

    /// `<ms>-<sequence>`.
    mutating func add(_ entry: EntryID) {
        add(entry.description)
    }

    /// 32 lower-case hex digits.
    mutating func add(_ action: ActionID) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digits in
            for index in 0..<16 {
                let shift = UInt64(60 - 4 * index)
                digits[index] = Self.hexDigit(action.high >> shift)
                digits[index + 16] = Self.hexDigit(action.low >> shift)
            }
            add(UnsafeRawBufferPointer(digits))
        }
    }

    /// An action as a lane holds it before its first attempt: 13 zero bytes, then the message.
    mutating func add(untried action: [UInt8]) {
        var value = [UInt8](repeating: 0, count: 13)
        value.reserveCapacity(13 + action.count)
        value.append(contentsOf: action)
        add(value)
    }

    private static func hexDigit(_ bits: UInt64) -> UInt8 {
        let nibble = UInt8(truncatingIfNeeded: bits & 15)
        return nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
}

/// Entities in the order of their state hashes, so that each hash is named once. O(entities + 64).
struct StateGroups {
    /// Indexes into the entities, grouped.
    let order: [Int]
    /// Where the group of each hash begins in `order`; 65 numbers.
    let starts: [Int]
    /// The hashes that have members, ascending.
    let hashes: [Int]

    static let none = StateGroups()

    private init() {
        (order, hashes) = ([], [])
        starts = [Int](repeating: 0, count: StateHash.count + 1)
    }

    init(count: Int, entity: (Int) -> EntityID) {
        guard count > 0 else {
            self = .none
            return
        }
        var starts = [Int](repeating: 0, count: StateHash.count + 1)
        let numbers = (0..<count).map { StateHash.number(of: entity($0)) }
        for number in numbers { starts[number + 1] += 1 }
        for index in 1...StateHash.count { starts[index] += starts[index - 1] }
        var next = starts
        var order = [Int](repeating: 0, count: count)
        for (index, number) in numbers.enumerated() {
            order[next[number]] = index
            next[number] += 1
        }
        self.order = order
        self.starts = starts
        hashes = (0..<StateHash.count).filter { starts[$0] < starts[$0 + 1] }
    }

    /// The members of one hash's group.
    func members(_ hash: Int) -> ArraySlice<Int> { order[starts[hash]..<starts[hash + 1]] }
}
