internal import Contracts

/// Which runner of a process owns which lane.
///
/// A lane goes to the runner that its name's hash picks, if that one holds no more than the least loaded one plus
/// `slack`; else to the least loaded, the first of equals. So the same lanes come to lie in the same places after a
/// restart, and an uneven hash stays within the slack. O(runners) a lane.
struct LaneSpread: Sendable {
    private var loads: [Int]
    private var places: [LaneName: Int] = [:]
    private let slack: Int

    init(runners: Int, slack: Int = 1) {
        loads = [Int](repeating: 0, count: max(1, runners))
        self.slack = max(0, slack)
    }

    /// The runner that holds a lane.
    func runner(of lane: LaneName) -> Int? { places[lane] }

    var lanes: [LaneName] { places.keys.sorted() }

    /// Gives a lane its runner; a lane that has one keeps it.
    mutating func place(_ lane: LaneName) -> Int {
        if let runner = places[lane] { return runner }
        let wished = Int(StableHash.hash(lane.text) % UInt64(loads.count))
        let least = loads.min() ?? 0
        let runner = loads[wished] <= least + slack ? wished : loads.firstIndex(of: least) ?? wished
        places[lane] = runner
        loads[runner] += 1
        return runner
    }

    /// Takes a lane away; returns the runner that held it.
    mutating func remove(_ lane: LaneName) -> Int? {
        guard let runner = places.removeValue(forKey: lane) else { return nil }
        loads[runner] -= 1
        return runner
    }
}
