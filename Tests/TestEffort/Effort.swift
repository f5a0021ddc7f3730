import Foundation

/// How hard random tests try: the one place that reads `NIGHTSHIFT_EFFORT`.
///
/// A whole factor from 1 to 100,000, 1 if it is unset or no such number. Tests that draw from a seeded generator multiply
/// their number of cases by it; seeds stay the same, so that a greater effort covers the smaller one's cases too.
/// `ops/long` raises it.
package enum Effort {
    package static let factor = parse(ProcessInfo.processInfo.environment["NIGHTSHIFT_EFFORT"])

    /// The number of cases to play.
    ///
    /// - Parameter usual: the number in `.ci/run`.
    package static func cases<Count: BinaryInteger>(_ usual: Count) -> Count { usual * Count(factor) }

    package static func parse(_ text: String?) -> Int {
        guard let factor = text.flatMap(Int.init), (1...100_000).contains(factor) else { return 1 }
        return factor
    }
}
