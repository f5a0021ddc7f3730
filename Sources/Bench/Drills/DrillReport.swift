/// A drill's outcome: the table for people, and whether it was clean.
package struct DrillReport: Sendable {
    /// True only if every guarantee held, every fault was fired, enough of them met work, and all was settled in time.
    package let isClean: Bool
    /// Table, figures and, as the last line, the verdict.
    package let text: String

    init(
        plan: DrillPlan, site: DrillSite, records: [FaultRecord], check: DrillCheck, isSettled: Bool,
        longestStill: Duration, figures: RoleFigures,
        patience: (repeated: Int, longest: Duration),
        traffic: PlatformCounts? = nil, took: Duration
    ) {
        let withWork = records.filter(\.hasWork).count
        let withEvents = records.filter(\.hasEvents).count
        let waits = records.filter(\.isOfWorker).compactMap(\.recovery).sorted()
        let slowest = waits.last ?? .zero
        let median = waits.isEmpty ? .zero : waits[waits.count / 2]
        let slowestRedis = records.filter { $0.kind == .redis }.compactMap(\.recovery).max() ?? .zero
        let slowestPrimary = records.filter(\.isOfCluster).compactMap(\.recovery).max() ?? .zero
        let unrecovered = records.reduce(0) { $0 + $1.unrecovered }
        var faults: [String] = []
        if !isSettled { faults.append("not everything was decided and settled in time") }
        if !check.isClean { faults.append("a guarantee was broken") }
        if records.count < plan.faults.count {
            faults.append("\(plan.faults.count - records.count) faults were not fired")
        }
        if withWork < plan.fewestWithWork { faults.append("only \(withWork) faults met work") }
        if withEvents < plan.fewestWithEvents { faults.append("only \(withEvents) faults met undecided events") }
        if slowest > plan.recoveryLimit { faults.append("a lane waited \(slowest.inSeconds) s for its next commit") }
        if slowestPrimary > plan.recoveryLimit {
            faults.append(
                "a lane waited \(slowestPrimary.inSeconds) s for its next commit after Redis was whole")
        }
        if unrecovered > 0 { faults.append("\(unrecovered) lanes found no owner that commits") }
        if let platform = check.platform { faults += platform.missing(plan.platform) + (traffic?.missing ?? []) }
        isClean = faults.isEmpty
        let found = check.reckoning
        let metEvents = records.reduce(0) { $0 + ($1.inHand?.events ?? 0) }
        let metAttempts = records.reduce(0) { $0 + ($1.inHand?.attempts ?? 0) }
        let examples = check.examples.map { "  " + $0 + "\n" }.joined()
        let verdict = faults.isEmpty ? "VERDICT: clean" : "VERDICT: FAILED: " + faults.joined(separator: "; ")
        text = """
            \(Self.table(records))

            durability \(site.durability), \(plan.workers) workers, channel answers after \(plan.latencyMs) ms, \(took.inSeconds) s
            faults that met work in hand: \(withWork) (at least \(plan.fewestWithWork)), with undecided events: \(withEvents) \
            (at least \(plan.fewestWithEvents))
            items in hand: \(metEvents) undecided events, \(metAttempts) open attempts
            another owner committed after a kill or stop: median \(median.inSeconds) s, longest \(slowest.inSeconds) s \
            (limit \(plan.recoveryLimit.inSeconds) s); after Redis was back: \(max(slowestRedis, slowestPrimary).inSeconds) s
            longest that a lane stood still over several faults, outages of Redis included: \(longestStill.inSeconds) s
            bodies sent again: \(patience.repeated), longest until 200: \(patience.longest.inSeconds) s; \
            refused commits: at least \(figures.refused); spooled at most \(figures.mostSpooled)
            accepted \(found.accepted), results \(found.results), of them duplicates \(found.duplicates), timers fired \
            \(found.firedTimers), dead letters \(found.dead), calls that the channel took \(check.calls)
            lost \(found.missing), undecided \(found.undecided), decided twice \(found.decidedTwice), out of order \
            \(found.outOfOrder + check.overtaken), second after-hours text \(found.secondAfterHours), sent twice \
            \(found.sentTwice), ambiguous \(found.ambiguous), actions open \(found.openActions)
            \(Self.words(check.platform, traffic))\(examples)\(verdict)
            """
    }

    /// What the platform did, and what it saw of us.
    private static func words(_ platform: PlatformCheck?, _ traffic: PlatformCounts?) -> String {
        guard let platform, let traffic else { return "" }
        return """
            platform: \(traffic.comments) comments, \(traffic.lost) without webhook, bodies twice \(traffic.doubled), late \
            \(traffic.late), messages behind newer ones \(traffic.overtaken)
            calls without answer \(platform.unanswered), of their texts proved by echo \(platform.proved); calls that met a \
            throttled account \(platform.throttled); marks \(platform.marks), most texts and marks of one account in its limit's time \(platform.busiest)
            while throttled \(platform.whileThrottled), after its window \(platform.afterWindow) of \
            \(platform.withinWindow + platform.afterWindow), taken and called failed \(platform.takenAndFailed), second private \
            reply \(platform.secondPrivateReplies) of \(platform.privateReplies) (asked again \(platform.privatelyAgain)), \
            replied twice \(platform.repliedTwice), texts out of order \(platform.outOfOrder), calls beyond a limit \
            \(platform.overLimit)

            """
    }

    private static func table(_ records: [FaultRecord]) -> String {
        let header = ["at s", "fault", "victim", "undecided", "attempts", "next commit s", "outage s", "notes"]
        let all: [[String]] = [header] + records.map(row)
        let widths: [Int] = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let lines: [String] = all.map { row in
            let cells: [String] = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            return cells.joined(separator: "  ")
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ record: FaultRecord) -> [String] {
        var notes: [String] = []
        if record.takenOver > 0 { notes.append("\(record.takenOver) lanes hit again") }
        if record.unrecovered > 0 { notes.append("\(record.unrecovered) lanes without owner") }
        let events: String = record.inHand.map { String($0.events) } ?? "-"
        let attempts: String = record.inHand.map { String($0.attempts) } ?? "-"
        return [
            record.at.inSeconds, record.kind.name, record.victim, events, attempts, record.recovery?.inSeconds ?? "-",
            record.outage?.inSeconds ?? "-", notes.joined(separator: ", "),
        ]
    }
}

extension FaultRecord {
    /// Whether servers of a cluster, or the ways to them, were its victims.
    var isOfCluster: Bool {
        switch kind {
        case .primary, .cut, .reshard, .reshardControl: true
        case .kill, .stop, .coordinator, .redis: false
        }
    }

    /// Whether a worker was its victim.
    var isOfWorker: Bool {
        switch kind {
        case .kill, .stop: true
        case .coordinator, .redis, .primary, .cut, .reshard, .reshardControl: false
        }
    }
}
