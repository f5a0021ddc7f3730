internal import Contracts

// What is kept of each lane, without a dictionary.
//
// Problem: a leader keeps half a dozen figures of each of 50,000 lanes and goes through all of them again and again. By
// name each of these was a table of its own with its own copy of the names, and each step a hash of a text.
// Choice: one array in the order in which the lanes come. Whoever goes through all lanes in that order, which is what
// happens every time but when the topology changes, finds each at its place; a name that is not where it was expected
// is looked for. The array of names is the topology's own and not copied.
// Rejected: numbers instead of names in every interface. Placement and forecast would no longer say what they are about.
// How it fails: slowly, where lanes come in another order each time.

/// Rows by lane, in an order.
struct LaneRows<Row: Sendable>: Sendable {
    private(set) var lanes: [LaneName] = []
    private(set) var rows: [Row] = []
    private var isOrdered = true

    init() {}

    subscript(place: Int) -> Row {
        get { rows[place] }
        set { rows[place] = newValue }
    }

    /// Makes these the lanes, each with the row that it had, or else a new one. O(lanes), with an allocation only if they
    /// are others than before.
    mutating func become(_ names: [LaneName], new: (LaneName) -> Row) {
        guard names != lanes else { return }
        let known = Dictionary(zip(lanes, rows)) { first, _ in first }
        rows = names.map { known[$0] ?? new($0) }
        lanes = names
        isOrdered = zip(names, names.dropFirst()).allSatisfy { $0 < $1 }
    }

    /// Where a lane stands; `near` is tried first. O(1) if it is there, else O(log lanes), O(lanes) without an order.
    func place(of lane: LaneName, near: Int = 0) -> Int? {
        if lanes.indices.contains(near), lanes[near] == lane { return near }
        guard isOrdered else { return lanes.firstIndex(of: lane) }
        var (low, high) = (0, lanes.count)
        while low < high {
            let middle = (low + high) / 2
            if lanes[middle] < lane { low = middle + 1 } else { high = middle }
        }
        return low < lanes.count && lanes[low] == lane ? low : nil
    }
}
