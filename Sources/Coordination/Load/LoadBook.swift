package import Contracts
import Foundation
package import Instants
package import Membership

// What each lane costs, from what the leader reads anyway.
//
// Problem: placement needs the load of 50,000 lanes. Heartbeats that carried a figure a lane would be megabytes a second,
// and what a runner could report it does not know: it reads, decides and commits 32 lanes in one round trip.
// Choice: members report how busy they are in all; the lanes' own counters, which the leader looks at once a round, say
// how many events each had decided. The two give what an event costs on that member, and so
//
//     work(l) = decided per second of l · cost(owner)       cost(m) = busy(m) / decided per second of all lanes m owned
//     load(l) = work(l) + pending(l) · cost(owner) / `drain`
//
// in runners. All are evened out over `halfLife`, and until that much was seen a figure is the mean of all there was:
// evened from 0, it would say for a minute that there is next to no load. The backlog is not evened, since it is there. A lane that moves brings its
// rate along and takes on the new owner's cost, so that the donor looks relieved and the heir burdened at once: a share
// of the member's busy time would lag behind, and the next rounds would move more of the same.
// Rejected: a figure a lane in the heartbeat, see above. The arrivals instead of what was decided: a lane that nobody
// works would look busy.
// How it fails: all lanes of one member cost the same per event, so one with dear events is shown too light by their
// number. Figures that cannot be are brought to what can be, and named (`contained`): runners beyond `mostMedians` times
// the living members' median (and beyond `leastDoubted`) count as that median, since whoever is believed to be a house
// of a thousand is given a thousand's lanes; shares above the declared runners, negative ones, counters that went back,
// rates beyond `mostRate`. A lone member is believed up to `LoadPlacement.mostCapacity`: there is nobody to compare with. A member not heard for `staleAfter` keeps its last
// figures. A new leader knows nothing for the first `warmUp`: it places orphans and fills new members, no more, and says
// nothing of its own about how many workers there ought to be (`LoadView`).

/// What the book reads of a lane.
package struct LaneCount: Sendable {
    package var lane: LaneName
    package var owner: MemberID?
    /// Events decided since the lane was made.
    package var decided: UInt64
    package var pending: UInt64

    package init(lane: LaneName, owner: MemberID?, decided: UInt64, pending: UInt64) {
        self.lane = lane
        self.owner = owner
        self.decided = decided
        self.pending = pending
    }
}

/// See the comment above. A value; time comes in.
package struct LoadBook: Sendable {
    package static let halfLife = Duration.seconds(30)
    package static let warmUp = Duration.seconds(30)
    /// In what time a backlog ought to be decided.
    static let drain = 30.0
    static let staleAfter = Duration.seconds(3)
    /// Events a second of one lane that can be.
    static let mostRate = 200_000.0
    /// Runner-seconds an event may cost.
    static let costs = 1e-6...1.0
    /// What an event costs while nothing is known: a runner decides some 20,000 a second.
    static let usualCost = 5e-5
    /// Figures named in one round.
    static let mostNamed = 8
    /// Declared runners beyond so many medians of the living members are doubted,
    static let mostMedians = 4
    /// but never so few.
    static let leastDoubted = 64

    private var last: Instant?
    /// Seconds between the first round and the last.
    private var measured = 0.0
    private var lanes = LaneRows<LaneBook>()
    private var members: [MemberID: MemberBook] = [:]
    private var usual = MemberBook(runners: 1)
    /// What of the last round's figures could not be; at most eight of them.
    package private(set) var contained: [ContainedFigure] = []
    /// How many those were in all.
    package private(set) var containedCount = 0

    private struct LaneBook {
        /// Nil before its first look.
        var decided: UInt64?
        var rate = 0.0
        var pending = 0.0
        var owner: MemberID?
    }

    private struct MemberBook {
        var runners: Int
        var busy = 0.0
        var flow = 0.0

        /// Nil while next to nothing was decided.
        var cost: Double? {
            guard flow > 0.2, busy > 0 else { return nil }
            return min(max(busy / flow, LoadBook.costs.lowerBound), LoadBook.costs.upperBound)
        }
    }

    package init() {}

    /// Whether it has seen enough to move lanes by.
    package var isWarm: Bool { measured >= Self.seconds(Self.warmUp) }

    /// Whether there is any rate yet: one look alone tells none.
    package var hasRates: Bool { measured > 0 }

    /// Takes in one round of looks. O(lanes + members).
    ///
    /// - Parameter now: Redis' clock. A round at or before the last one's instant changes nothing.
    package mutating func observe(_ counts: [LaneCount], _ records: [MemberRecord], now: Instant) {
        if let last, now <= last {
            // Set back: measured anew from here.
            if last - now > .seconds(60) { self = LoadBook() }
            return
        }
        contained = []
        containedCount = 0
        let passed = last.map { Self.seconds(now - $0) } ?? 0
        measured += passed
        let fresh = measured > 0 ? max(1 - exp2(-passed / Self.seconds(Self.halfLife)), passed / measured) : 0
        last = now
        var flows: [MemberID: Double] = [:]
        lanes.become(counts.map(\.lane)) { _ in LaneBook() }
        for (place, count) in counts.enumerated() {
            var lane = lanes[place]
            let rate = rate(of: count, since: lane.decided ?? count.decided, passed)
            lane.rate += (rate - lane.rate) * fresh
            lane.decided = count.decided
            lane.pending = min(Double(count.pending), Self.mostRate * Self.drain)
            lane.owner = count.owner
            if let owner = lane.owner { flows[owner, default: 0] += rate }
            lanes[place] = lane
        }
        observe(records, flows, fresh, now)
    }

    /// In runners, as it is now. 0 for a lane never seen.
    ///
    /// - Parameter near: where it stood among the counts of the last round, if that is known; saves the search.
    package func load(of lane: LaneName, near: Int = 0) -> Double {
        guard let place = lanes.place(of: lane, near: near) else { return 0 }
        return (lanes[place].rate + lanes[place].pending / Self.drain) * cost(of: lanes[place].owner)
    }

    /// Events a second that this lane decided, evened out; `near` as in `load(of:near:)`.
    package func rate(of lane: LaneName, near: Int = 0) -> Double {
        lanes.place(of: lane, near: near).map { lanes[$0].rate } ?? 0
    }

    /// What an event costs on the members together.
    package var usualCost: Double { usual.cost ?? Self.usualCost }

    /// The declared capacities, in runners.
    package var capacities: [MemberID: Double] { members.mapValues { Double($0.runners) } }

    private func cost(of owner: MemberID?) -> Double { owner.flatMap { members[$0]?.cost } ?? usualCost }

    private mutating func rate(of count: LaneCount, since before: UInt64, _ passed: Double) -> Double {
        guard passed > 0, count.decided != before else { return 0 }
        guard count.decided > before else {
            contain("lane \(count.lane)", "a count of decisions that went back")
            return 0
        }
        let rate = Double(count.decided - before) / passed
        if rate > Self.mostRate { contain("lane \(count.lane)", "\(Int(min(rate, 1e15))) decisions a second") }
        return min(rate, Self.mostRate)
    }

    private mutating func observe(
        _ records: [MemberRecord], _ flows: [MemberID: Double], _ fresh: Double, _ now: Instant
    ) {
        var seen: [MemberID: MemberBook] = [:]
        var (busy, flow) = (0.0, 0.0)
        let most = Self.believable(records)
        for record in records {
            let runners = Self.runners(record, most)
            var book = members[record.id] ?? MemberBook(runners: runners)
            let share = min(max(0, record.load.busy), runners * 1_000)
            // Rounding, and a beat that came late, give a little more than all.
            let isPossible = (0...runners * 1_100).contains(record.load.busy)
            if runners != record.load.runners {
                contain("member \(record.id)", "\(record.load.runners) runners")
            } else if !isPossible {
                contain("member \(record.id)", "busy for \(record.load.busy) thousandths of \(runners) runners")
            }
            book.runners = runners
            if record.beatAt + Self.staleAfter > now {
                book.busy += (Double(share) / 1_000 - book.busy) * fresh
                book.flow += ((flows[record.id] ?? 0) - book.flow) * fresh
            }
            busy += book.busy
            flow += book.flow
            seen[record.id] = book
        }
        members = seen
        usual.busy = busy
        usual.flow = flow
    }

    private mutating func contain(_ subject: String, _ came: String) {
        containedCount += 1
        if contained.count < Self.mostNamed { contained.append(ContainedFigure(subject: subject, came: came)) }
    }

    /// The most runners that a member is believed to have, and what counts if it declares more.
    private static func believable(_ records: [MemberRecord]) -> (most: Int, median: Int) {
        let declared = records.map { min(max(1, $0.load.runners), Int(LoadPlacement.mostCapacity)) }.sorted()
        guard !declared.isEmpty else { return (leastDoubted, 1) }
        // Of an even number the lower one: of two members the one that says less is believed.
        let median = declared[(declared.count - 1) / 2]
        return (max(leastDoubted, mostMedians * median), median)
    }

    private static func runners(_ record: MemberRecord, _ believable: (most: Int, median: Int)) -> Int {
        let declared = record.load.runners
        return declared > believable.most ? believable.median : min(max(1, declared), Int(LoadPlacement.mostCapacity))
    }

    private static func seconds(_ duration: Duration) -> Double { Double(duration.wholeMilliseconds) / 1_000 }
}
