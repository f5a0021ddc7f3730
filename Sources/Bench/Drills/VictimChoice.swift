/// Whose turn it is to be killed or stopped: the workers one after the other.
struct VictimChoice {
    private var next = 0

    /// The next worker in turn that runs, and the lanes it owns, in the order of `lanes`. One that owns nothing is passed
    /// over if another owns something.
    ///
    /// - Parameters:
    ///   - workers: their names, in the order of their turns.
    ///   - frozen: the one that is stopped already, which cannot be the victim.
    ///   - owners: each lane's owner, `<name>#<incarnation>`.
    mutating func take(
        workers: [String], frozen: Int?, lanes: [String], owners: [String: String]
    ) -> (worker: Int, lanes: [String]) {
        var idle: Int?
        for _ in workers.indices {
            let worker = next % workers.count
            next += 1
            guard frozen != worker else { continue }
            let mark = workers[worker] + "#"
            let owned = lanes.filter { owners[$0]?.hasPrefix(mark) ?? false }
            if !owned.isEmpty { return (worker, owned) }
            idle = idle ?? worker
        }
        return (idle ?? 0, [])
    }
}
