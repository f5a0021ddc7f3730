package import Contracts
package import Coordination
import Foundation
package import Instants

/// Shops of the whole world and what their customers send, as a function of the instant: the same for the same seed.
///
/// A partition has a clock, a size and hours; its customers write by the sun (least at four in the morning, most at eight
/// in the evening), and two and a half times as much comes to us while its people are away. What no forecast can know
/// lies on top, drawn anew for each day: the day's mood, the hour's, the lane's ten minutes, and campaigns that bring four
/// times as much for two hours.
package struct SimulatedWorld: Sendable {
    package struct Partition: Sendable {
        let name: String
        /// Seconds ahead of UTC.
        let offset: Int
        /// Relative; 1 in the middle.
        let size: Double
        let opens: Int
        let closes: Int
        let worksSaturday: Bool
        /// A day of the week of the simulation that is a holiday, which the calendar knows; nil: none.
        let holiday: Int?
        let shares: [Double]
    }

    package static let lanesPerPartition = 8
    /// A Monday, 0:00 UTC.
    package static let start = Instant(milliseconds: 1_767_571_200_000)

    let partitions: [Partition]
    private let seed: UInt64
    /// Events a second of a partition of size 1 at a factor of 1.
    private(set) var unit = 1.0

    /// Where people shop, by hours ahead of UTC, each as often as it stands here.
    private static let zones = [
        -8, -8, -7, -6, -6, -5, -5, -5, -3, -3, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4, 5, 7, 7, 8, 8, 8, 9, 9, 10,
    ]

    /// - Parameters:
    ///   - lanes: rounded up to whole partitions.
    ///   - peak: events a second of the whole world in its busiest hour, noise apart.
    package init(lanes: Int, peak: Double, seed: UInt64) {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        let count = max(1, (lanes + Self.lanesPerPartition - 1) / Self.lanesPerPartition)
        partitions = (0..<count).map { index in
            let weights = (0..<Self.lanesPerPartition).map { _ in exp(0.8 * Self.normal(&random)) }
            let whole = weights.reduce(0, +)
            let digits = String(index)
            return Partition(
                name: "p" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits,
                offset: Self.zones[Int(random.number(below: UInt64(Self.zones.count)))] * 3_600,
                size: exp(Self.normal(&random)), opens: 8 + Int(random.number(below: 3)),
                closes: 17 + Int(random.number(below: 4)), worksSaturday: random.fraction() < 0.5,
                holiday: random.fraction() < 0.1 ? Int(random.number(below: 5)) : nil,
                shares: weights.map { $0 / whole })
        }
        let hours = (0..<168).map { Self.start + .seconds($0 * 3_600 + 1_800) }
        let busiest = hours.map { hour in partitions.reduce(0) { $0 + expected($1, at: hour) } }.max() ?? 1
        unit = peak / max(busiest, 1e-9)
    }

    /// Names of all lanes, in the order of partitions.
    package func lanes() throws -> [LaneName] {
        try partitions.flatMap { partition in
            try (0..<Self.lanesPerPartition).map { try LaneName("\(partition.name).\($0)") }
        }
    }

    package var hours: [String: PartitionHours] {
        Dictionary(partitions.map { ($0.name, hours(of: $0)) }) { first, _ in first }
    }

    /// What the week before taught, day for day with moods and campaigns of its own.
    package func profiles() -> [String: HourProfile] {
        var profiles: [String: HourProfile] = [:]
        for (index, partition) in partitions.enumerated() {
            let hours = hours(of: partition)
            var profile = HourProfile()
            for hour in 0..<HourProfile.hours {
                let middle = Self.start + .seconds((hour - HourProfile.hours) * 3_600 + 1_800)
                profile.learn(
                    hours.hour(at: middle), rate: rate(index, at: middle), wasOpen: hours.isOpen(middle))
            }
            profiles[partition.name] = profile
        }
        return profiles
    }

    /// Events a second of a partition, with all that nobody foresaw but the lanes' own noise.
    func rate(_ index: Int, at instant: Instant) -> Double {
        let hour = Int(instant.seconds) / 3_600
        let mood = exp(0.25 * normal(1, index, hour / 24)) * exp(0.12 * normal(2, index, hour))
        let block = hour / 6
        let starts = block * 6 + Int(draw(4, index, block) % 5)
        let campaign = draw(3, index, block) % 400 == 0 && (starts..<starts + 2).contains(hour) ? 4.0 : 1
        return unit * expected(partitions[index], at: instant) * mood * campaign
    }

    /// The middle of the busiest hour of a day of the simulation, by what can be expected.
    func peak(ofDay day: Int) -> Instant {
        let hours = (0..<24).map { Self.start + .seconds((day * 24 + $0) * 3_600 + 1_800) }
        let whole = hours.map { hour in (hour, partitions.reduce(0) { $0 + expected($1, at: hour) }) }
        return whole.max { $0.1 < $1.1 }?.0 ?? Self.start
    }

    /// What one lane has of its partition's rate in these ten minutes: around its share.
    func share(_ index: Int, _ lane: Int, at instant: Instant) -> Double {
        let noise = Double(draw(5, index * Self.lanesPerPartition + lane, Int(instant.seconds) / 600) >> 11) * 0x1p-53
        return partitions[index].shares[lane] * (0.6 + 0.8 * noise)
    }

    private func hours(of partition: Partition) -> PartitionHours {
        PartitionHours(offset: { _ in partition.offset }, isOpen: { Self.isOpen(partition, at: $0) })
    }

    private static func isOpen(_ partition: Partition, at instant: Instant) -> Bool {
        let hour = (Int(instant.seconds) + partition.offset) / 3_600
        // The epoch was a Thursday.
        let day = (hour / 24 + 3) % 7
        if let holiday = partition.holiday, hour / 24 == Int(start.seconds) / 86_400 + holiday { return false }
        guard day < 5 || (day == 5 && partition.worksSaturday) else { return false }
        return (partition.opens..<partition.closes).contains(hour % 24)
    }

    private func expected(_ partition: Partition, at instant: Instant) -> Double {
        let local = Int(instant.seconds) + partition.offset
        let hour = Double(local % 86_400) / 3_600
        let sun = 0.55 + 0.45 * cos((hour - 20) / 24 * 2 * Double.pi)
        return partition.size * sun * (Self.isOpen(partition, at: instant) ? 0.4 : 1)
    }

    private func draw(_ kind: UInt64, _ one: Int, _ other: Int) -> UInt64 {
        let mixed = seed &+ kind &* 0xD134_2543_DE82_EF95 &+ UInt64(bitPattern: Int64(one)) &* 0x2545_F491_4F6C_DD1D
        var random = SeededGenerator(seed: mixed ^ (UInt64(bitPattern: Int64(other)) &* 0x9E37_79B9_7F4A_7C15))
        return random.next()
    }

    private func normal(_ kind: UInt64, _ one: Int, _ other: Int) -> Double {
        var random = SeededGenerator(seed: draw(kind, one, other))
        return Self.normal(&random)
    }

    /// Near enough: the sum of six uniform numbers, never beyond two deviations.
    private static func normal(_ random: inout SeededGenerator) -> Double {
        let sum = (0..<6).reduce(0.0) { sum, _ in sum + random.fraction() }
        return min(max((sum - 3) * 2.squareRoot(), -2), 2)
    }
}
