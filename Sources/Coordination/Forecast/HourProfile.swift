import Foundation

/// What one partition's week usually looks like: for each hour of the week, on the partition's own clock, the events a
/// second and whether people are there.
///
/// 168 hours, each evened out over weeks: an hour that is seen again counts `freshness`, the weeks before it the rest. So
/// its size is fixed, whatever comes.
package struct HourProfile: Sendable, Hashable {
    package static let hours = 168
    /// About the last six weeks count.
    static let freshness = 0.3

    package struct Hour: Sendable, Hashable {
        /// Events a second; nil while this hour was never seen whole.
        package var rate: Double?
        /// How often people were there: 0 never, 1 always.
        package var openness = 0.0

        package init() {}
    }

    /// As it is kept: a leader has six thousand weeks in memory, and six digits are more than a measured rate is worth.
    private struct Cell: Hashable {
        /// Below 0: never seen.
        var rate: Float = -1
        var openness: Float = 0

        var hour: Hour {
            var hour = Hour()
            hour.rate = rate < 0 ? nil : Double(rate)
            hour.openness = Double(openness)
            return hour
        }
    }

    private var week = [Cell](repeating: Cell(), count: hours)

    package init() {}

    /// An hour by its number in the week, Monday 0:00 first; any number, taken modulo a week.
    package subscript(_ hour: Int) -> Hour { week[Self.wrapped(hour)].hour }

    /// Takes in an hour that has passed.
    package mutating func learn(_ hour: Int, rate: Double, wasOpen: Bool) {
        guard rate.isFinite, rate >= 0 else { return }
        let open = wasOpen ? 1.0 : 0.0
        var cell = self[hour]
        if let known = cell.rate {
            cell.rate = known + (rate - known) * Self.freshness
            cell.openness += (open - cell.openness) * Self.freshness
        } else {
            cell.rate = rate
            cell.openness = open
        }
        put(cell, at: hour)
    }

    private mutating func put(_ hour: Hour, at number: Int) {
        week[Self.wrapped(number)] = Cell(rate: hour.rate.map { Float($0) } ?? -1, openness: Float(hour.openness))
    }

    /// What to expect in an hour in which people are there or not, whatever is usual for it: its own figure if that is
    /// usual; else the mean of the same hour on days on which it is; else of all hours of the week for which it is. A
    /// holiday is expected as a Sunday. Nil if nothing like it was ever seen.
    package func expected(_ hour: Int, isOpen: Bool) -> Double? {
        let own = self[hour]
        if let rate = own.rate, (own.openness >= 0.5) == isOpen { return rate }
        let sameHour = (0..<7).compactMap { rate(self[hour + $0 * 24], isOpen) }
        if !sameHour.isEmpty { return sameHour.reduce(0, +) / Double(sameHour.count) }
        let alike = week.compactMap { rate($0.hour, isOpen) }
        return alike.isEmpty ? nil : alike.reduce(0, +) / Double(alike.count)
    }

    private func rate(_ hour: Hour, _ isOpen: Bool) -> Double? { (hour.openness >= 0.5) == isOpen ? hour.rate : nil }

    private static func wrapped(_ hour: Int) -> Int { ((hour % hours) + hours) % hours }
}

/// As it lies in Redis: six hexadecimal digits an hour, 1,008 bytes in all. Four are the rate on a logarithmic scale,
/// `round(log2(1 + 1000 · rate) · 2000)` plus one, exact to 0.02 %; 0 is never seen. Two are the openness in 255ths.
extension HourProfile {
    private static let scale = 2_000.0

    package var text: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(Self.hours * 6)
        for hour in week.lazy.map(\.hour) {
            let rate = hour.rate.map { min((log2(1 + 1_000 * $0) * Self.scale).rounded() + 1, 65_535) } ?? 0
            let number = UInt32(rate) << 8 | UInt32((min(max(0, hour.openness), 1) * 255).rounded())
            for shift in stride(from: 20, through: 0, by: -4) {
                digits.append(Array("0123456789abcdef".utf8)[Int(number >> UInt32(shift) & 15)])
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Nil for anything but what `text` gives.
    package init?(text: String) {
        let digits = Array(text.utf8)
        guard digits.count == Self.hours * 6 else { return nil }
        for hour in 0..<Self.hours {
            var number: UInt32 = 0
            for digit in digits[hour * 6..<hour * 6 + 6] {
                switch digit {
                case 48...57: number = number << 4 | UInt32(digit - 48)
                case 97...102: number = number << 4 | UInt32(digit - 87)
                default: return nil
                }
            }
            let rate = number >> 8
            var cell = Hour()
            cell.rate = rate == 0 ? nil : (exp2(Double(rate - 1) / Self.scale) - 1) / 1_000
            cell.openness = Double(number & 255) / 255
            put(cell, at: hour)
        }
    }
}
