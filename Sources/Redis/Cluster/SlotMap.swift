/// Which primary serves which slot, as one server of the cluster told it.
struct SlotMap: Sendable, Equatable {
    /// Primaries that serve slots, in the order of their addresses.
    private(set) var primaries: [NodeAddress] = []
    /// For each slot the index of its primary, or -1.
    private var owners = [Int16](repeating: -1, count: KeySlot.count)
    /// For each slot the lowest one that its primary served when the map was read, or -1.
    private var starts = [Int16](repeating: -1, count: KeySlot.count)

    init() {}

    /// Reads the answer to CLUSTER SLOTS.
    ///
    /// - Parameter asked: the host of the server that answered; it stands for an unknown one.
    /// - Returns: nil if the answer has another shape.
    init?(_ reply: RedisReply, asked: String) {
        guard let ranges = reply.array else { return nil }
        var found: [(ClosedRange<Int>, NodeAddress)] = []
        for range in ranges {
            guard let parts = range.array, parts.count >= 3, let first = parts[0].int, let last = parts[1].int,
                first >= 0, first <= last, last < KeySlot.count, let primary = parts[2].array, primary.count >= 2,
                let port = primary[1].int.flatMap({ UInt16(exactly: $0) }), port > 0
            else { return nil }
            let host = primary[0].string ?? ""
            found.append(
                (Int(first)...Int(last), NodeAddress(host: host.isEmpty || host == "?" ? asked : host, port: port)))
        }
        primaries = Set(found.map(\.1)).sorted()
        for (range, primary) in found {
            guard let index = primaries.firstIndex(of: primary) else { continue }
            for slot in range { owners[slot] = Int16(clamping: index) }
        }
        var lowest: [NodeAddress: Int] = [:]
        for (range, primary) in found { lowest[primary] = min(lowest[primary] ?? range.lowerBound, range.lowerBound) }
        for (range, primary) in found {
            for slot in range { starts[slot] = Int16(clamping: lowest[primary] ?? -1) }
        }
    }

    /// Nil while nobody serves the slot.
    func owner(of slot: KeySlot) -> NodeAddress? { place(of: slot).map { primaries[$0] } }

    /// The place of the owner among the primaries.
    func place(of slot: KeySlot) -> Int? {
        let index = Int(owners[slot.number])
        return primaries.indices.contains(index) ? index : nil
    }

    /// The lowest slot of those that lie together with this one. Whoever stands in for a dead primary serves its slots, so
    /// this stays the same, which the place among the addresses does not. Slots that moved count once the map is read anew.
    func start(of slot: KeySlot) -> Int? {
        let start = Int(starts[slot.number])
        return start < 0 ? nil : start
    }

    /// Whether every slot has its primary.
    var isComplete: Bool { !owners.contains(-1) }

    /// A server said that this slot is another's now.
    mutating func move(_ slot: KeySlot, to primary: NodeAddress) {
        var index = primaries.firstIndex(of: primary)
        if index == nil {
            // Behind the others, so that what the slots hold stays right.
            primaries.append(primary)
            index = primaries.count - 1
        }
        owners[slot.number] = Int16(clamping: index ?? -1)
    }
}
