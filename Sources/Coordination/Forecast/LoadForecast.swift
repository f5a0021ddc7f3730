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
    private var partitions: [String: PartitionBook] = [:]
    private var shares: [LaneName: Double] = [:]
    private var last: Instant?
    /// Seconds seen of the shares.
    private var seen = 0.0
    private var madeAt: Instant?

    private struct PartitionBook {
        var lanes: [LaneName] = []
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
        for name in partitions.keys.sorted() { turnHour(name, now, passed: min(passed, Self.mostPassed)) }
        if madeAt.map({ now - $0 >= Self.interval || now < $0 }) ?? true {
            for name in partitions.keys.sorted() {
                let ahead = ahead(name, now)
                partitions[name]?.ahead = ahead
            }
            madeAt = now
        }
    }

    /// A lane's load now and later. `load` is what was measured, `cost` an event's, both in runners.
    package func outlook(of lane: LaneName, load: Double, cost: Double) -> Outlook {
        guard let book = partitions[lane.partition] else { return Outlook(flat: load) }
        let share = book.whole > 0 ? (shares[lane] ?? 0) / book.whole : 1 / Double(max(1, book.lanes.count))
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
        for name in partitions.keys {
            partitions[name]?.lanes.removeAll(keepingCapacity: true)
            partitions[name]?.rate = 0
            partitions[name]?.whole = 0
        }
        var kept: [LaneName: Double] = [:]
        kept.reserveCapacity(rates.count)
        for (lane, rate) in rates where rate.isFinite && rate >= 0 {
            let share = shares[lane].map { $0 + (rate - $0) * fresh } ?? rate
            kept[lane] = share
            partitions[lane.partition, default: PartitionBook()].lanes.append(lane)
            partitions[lane.partition, default: PartitionBook()].rate += rate
            partitions[lane.partition, default: PartitionBook()].whole += share
        }
        shares = kept
        for (name, book) in partitions where book.lanes.isEmpty { partitions[name] = nil }
    }

    /// Counts into the hour under way; with its end it becomes part of the profile.
    private mutating func turnHour(_ name: String, _ now: Instant, passed: Double) {
        guard var book = partitions[name] else { return }
        let hours = hours[name] ?? .unknown
        let hour = hours.hour(at: now)
        if let before = book.hour, before != hour {
            if book.seconds >= Self.leastSeen {
                let wasOpen = hours.isOpen(now - .seconds(1_800))
                profiles[name, default: HourProfile()].learn(
                    before, rate: book.events / book.seconds, wasOpen: wasOpen)
                changed.insert(name)
            }
            book.events = 0
            book.seconds = 0
        }
        book.hour = hour
        book.events += book.rate * passed
        book.seconds += passed
        partitions[name] = book
    }

    private func ahead(_ name: String, _ now: Instant) -> SIMD8<Double> {
        guard let book = partitions[name] else { return SIMD8(repeating: 0) }
        let hours = hours[name] ?? .unknown
        let expectedNow = expected(name, at: now)
        var values = SIMD8<Double>(repeating: book.rate)
        for (index, ahead) in Outlook.hours.enumerated() where ahead > 0 {
            let then = now + .seconds(ahead * 3_600)
            if let expected = expected(name, at: then) {
                let difference = expectedNow.map { min(max(book.rate / max($0, 1e-6), 0.25), 4) } ?? 1
                values[index] = expected * pow(difference, exp2(-Double(ahead) / Self.memory))
            } else if hours.isOpen(then) != hours.isOpen(now) {
                values[index] = book.rate * (hours.isOpen(now) ? Self.closingFactor : 1 / Self.closingFactor)
            }
        }
        return values
    }
}
