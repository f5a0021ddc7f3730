/// A load now and at seven later instants, in runners: 1 is one runner that is always busy.
///
/// Eight lanes of one vector register, so that comparing two places of a lane costs what one number would.
package struct Outlook: Sendable, Hashable {
    /// Hours from now that the eight values stand for. The near ones make lanes move; the far ones say where to, so that
    /// what comes together tonight does not lie together this afternoon.
    package static let hours = [0, 1, 2, 3, 5, 8, 12, 17]

    /// What each value counts; the sum is 1. Today's load is certain, tonight's is a forecast.
    static let weights = SIMD8<Double>(0.25, 0.25, 0.15, 0.10, 0.0625, 0.0625, 0.0625, 0.0625)

    package var values: SIMD8<Double>

    package init(_ values: SIMD8<Double>) { self.values = values }

    /// The same at every instant.
    package init(flat value: Double) { values = SIMD8(repeating: value) }

    package static let zero = Outlook(flat: 0)

    /// Now.
    package var now: Double { values[0] }

    /// In an hour.
    package var nextHour: Double { values[1] }

    /// The weighted mean over the instants.
    var mean: Double { (values * Self.weights).sum() }

    /// The greatest of now and the next two hours: what moves are made for.
    var urgent: Double { max(values[0], values[1], values[2]) }

    /// Which of these three is the greatest.
    var urgentIndex: Int {
        if values[0] >= values[1], values[0] >= values[2] { return 0 }
        return values[1] >= values[2] ? 1 : 2
    }

    /// Each value within `0...most`; what is no number counts as 0.
    package func contained(most: Double) -> Outlook {
        let numbers = values.replacing(with: 0, where: values .!= values)
        return Outlook(numbers.clamped(lowerBound: SIMD8(repeating: 0), upperBound: SIMD8(repeating: most)))
    }

    package static func + (left: Outlook, right: Outlook) -> Outlook { Outlook(left.values + right.values) }
    package static func - (left: Outlook, right: Outlook) -> Outlook { Outlook(left.values - right.values) }
    package static func * (left: Outlook, factor: Double) -> Outlook { Outlook(left.values * factor) }
    package static func += (left: inout Outlook, right: Outlook) { left.values += right.values }
    package static func -= (left: inout Outlook, right: Outlook) { left.values -= right.values }
}
