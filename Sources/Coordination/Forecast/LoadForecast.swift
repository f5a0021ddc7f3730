package import Contracts
import Foundation
package import Instants

// Follow the sun: what each lane will cost in the coming hours.
//
// Problem: when a market's shops close, its customers' messages become ours, within minutes and every day. Who reacts
// moves lanes in exactly the minutes in which they are busiest.
// Choice: a partition's week is known (`HourProfile`, on its own clock, so that a change of clocks shifts nothing), and
// the calendars say what is out of the ordinary: a holiday's noon is expected as a Sunday's. Profile times what is
// different today gives each coming hour:
//
//     rate(p, t)  = expected(hour of week of t, open at t) · d^(1/2^((t - now) / `memory`))
//     d           = rate measured now / expected now, within 1/4...4
//     load(l, t)  = rate(p, t) · share(l) · cost of an event
//
// `share`, a lane's part of its partition, is evened out over `shareMemory`; until that was seen it is the mean of all. Where nothing like an hour was ever seen,
// it is as now, and `closingFactor` times that (or a part of it) if people go (or come) until then.
// Rejected: a profile for each lane: eight times the memory for what follows from where conversations hash to. Models
// with trends and seasons: a week's profile with a correction has nothing to train and nothing to go wrong at night.
// How it fails: a campaign or a news story is in no calendar; `d` follows it within minutes and forgets it within hours.
// Without profiles (a new cluster) placement reacts, as it would without this.

/// See the comment above. A value; time comes in.
package struct LoadForecast: Sendable {
    /// After so many hours half (in the exponent) of today's difference is forgotten.
    static let memory = 3.0
    static let shareMemory = 6.0 * 3_600
    /// Until a partition's own week is known: how much more comes to us once people have gone.
    static let closingFactor = 2.0
    /// How often the forecast is made anew.
    static let interval = Duration.seconds(60)
    /// Of an hour, what must have been seen of it to learn from it.
    static let leastSeen = 1_800.0
    /// Seconds that one round stands for at the most.
    static let mostPassed = 600.0

    package private(set) var profiles: [String: HourProfile] = [:]
    /// Partitions whose profile changed since `takeChanged`.
    private var changed: Set<String> = []
    private var hours: [String: PartitionHours] = [:]
    /// In the order of names.
    private var partitions: [PartitionBook] = []
    private var lanes = LaneRows<LaneShare>()
    private var last: Instant?
    /// Seconds seen of the shares.
    private var seen = 0.0
    private var madeAt: Instant?

    private struct LaneShare {
        /// Events a second, evened out; nil before it was seen.
        var rate: Double?
        /// The place of its partition's book.
        var partition = 0
    }

    private struct PartitionBook {
        let name: String
        var lanes = 0
        /// Of the hour under way.
        var hour: Int?
        var events = 0.0
        var seconds = 0.0
        /// Sum of the shares of its lanes.
        var whole = 0.0
        var rate = 0.0
        /// Events a second at `Outlook.hours`; the first is what was measured.
        var ahead = SIMD8<Double>(repeating: 0)
    }

    package init(profiles: [String: HourProfile] = [:]) { self.profiles = profiles }

    /// The calendars in force, by partition.
    package mutating func use(_ hours: [String: PartitionHours]) {
        self.hours = hours
        outdate()
    }

    /// What was made ahead holds no longer: the next round makes it anew.
    mutating func outdate() { madeAt = nil }

    /// Takes in what is decided a second now. O(lanes), with 168 more steps a partition once a minute.
    package mutating func observe(_ rates: [(lane: LaneName, rate: Double)], now: Instant) {
        let passed = last.map { Double((now - $0).wholeMilliseconds) / 1_000 } ?? 0
        guard passed >= 0 else {
            last = now
            return
        }
        last = now
        learn(rates, passed: min(passed, Self.mostPassed))
        for place in partitions.indices { turnHour(place, now, passed: min(passed, Self.mostPassed)) }
        if madeAt.map({ now - $0 >= Self.interval || now < $0 }) ?? true {
            for place in partitions.indices { partitions[place].ahead = ahead(partitions[place], now) }
            madeAt = now
        }
    }

    /// A lane's load now and later. `load` is what was measured, `cost` an event's, both in runners.
    ///
    /// - Parameter near: where it stood among the rates that were seen last, if that is known; saves the search.
    package func outlook(of lane: LaneName, near: Int = 0, load: Double, cost: Double) -> Outlook {
        guard let place = lanes.place(of: lane, near: near) else { return Outlook(flat: load) }
        let book = partitions[lanes[place].partition]
        let share = book.whole > 0 ? (lanes[place].rate ?? 0) / book.whole : 1 / Double(max(1, book.lanes))
        var values = book.ahead * (share * cost)
        values[0] = load
        return Outlook(values)
    }

    /// Profiles that changed since this was asked last, at most `most`, in order.
    package mutating func takeChanged(most: Int) -> [(partition: String, profile: HourProfile)] {
        let names = changed.sorted().prefix(most)
        changed.subtract(names)
        return names.compactMap { name in profiles[name].map { (name, $0) } }
    }

    /// What to expect of a partition at an instant, in events a second; nil if nothing like it was ever seen.
    package func expected(_ partition: String, at instant: Instant) -> Double? {
        let hours = hours[partition] ?? .unknown
        return profiles[partition]?.expected(hours.hour(at: instant), isOpen: hours.isOpen(instant))
    }

    private mutating func learn(_ rates: [(lane: LaneName, rate: Double)], passed: Double) {
        seen += passed
        let fresh = seen > 0 ? max(1 - exp2(-passed / Self.shareMemory), passed / seen) : 0
        let names = rates.map(\.lane)
        if names != lanes.lanes {
            lanes.become(names) { _ in LaneShare() }
            divide()
        }
        for place in partitions.indices {
            partitions[place].rate = 0
            partitions[place].whole = 0
        }
        for (place, (_, rate)) in rates.enumerated() where rate.isFinite && rate >= 0 {
            var lane = lanes[place]
            let share = lane.rate.map { $0 + (rate - $0) * fresh } ?? rate
            lane.rate = share
            lanes[place] = lane
            partitions[lane.partition].rate += rate
            partitions[lane.partition].whole += share
        }
    }

    /// Makes the lanes' partitions the partitions, each with the book that it had.
    private mutating func divide() {
        let names = lanes.lanes.map(\.partition)
        let known = Dictionary(partitions.map { ($0.name, $0) }) { first, _ in first }
        partitions = Set(names).sorted().map { name in
            var book = known[name] ?? PartitionBook(name: name)
            book.lanes = 0
            return book
        }
        let places = Dictionary(uniqueKeysWithValues: partitions.enumerated().map { ($1.name, $0) })
        for (lane, name) in names.enumerated() {
            guard let place = places[name] else { continue }
            lanes[lane].partition = place
            partitions[place].lanes += 1
        }
    }

    /// Counts into the hour under way; with its end it becomes part of the profile.
    private mutating func turnHour(_ place: Int, _ now: Instant, passed: Double) {
        var book = partitions[place]
        let hours = hours[book.name] ?? .unknown
        let hour = hours.hour(at: now)
        if let before = book.hour, before != hour {
            if book.seconds >= Self.leastSeen {
                let wasOpen = hours.isOpen(now - .seconds(1_800))
                profiles[book.name, default: HourProfile()].learn(
                    before, rate: book.events / book.seconds, wasOpen: wasOpen)
                changed.insert(book.name)
            }
            book.events = 0
            book.seconds = 0
        }
        book.hour = hour
        book.events += book.rate * passed
        book.seconds += passed
        partitions[place] = book
    }

    private func ahead(_ book: PartitionBook, _ now: Instant) -> SIMD8<Double> {
        let hours = hours[book.name] ?? .unknown
        let expectedNow = expected(book.name, at: now)
        var values = SIMD8<Double>(repeating: book.rate)
        for (index, ahead) in Outlook.hours.enumerated() where ahead > 0 {
            let then = now + .seconds(ahead * 3_600)
            if let expected = expected(book.name, at: then) {
                let difference = expectedNow.map { min(max(book.rate / max($0, 1e-6), 0.25), 4) } ?? 1
                values[index] = expected * pow(difference, exp2(-Double(ahead) / Self.memory))
            } else if hours.isOpen(then) != hours.isOpen(now) {
                values[index] = book.rate * (hours.isOpen(now) ? Self.closingFactor : 1 / Self.closingFactor)
            }
        }
        return values
    }
}
