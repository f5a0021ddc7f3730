/// A time that is covered without a break: the opening included, the closing not, in seconds since 1970.
struct CoveredSeconds: Hashable, Sendable {
    var opening: Int
    var closing: Int

    var length: Int { closing - opening }

    /// The part that lies in both; nil if there is none.
    func common(with other: CoveredSeconds) -> CoveredSeconds? {
        let (from, to) = (max(opening, other.opening), min(closing, other.closing))
        return from < to ? CoveredSeconds(opening: from, closing: to) : nil
    }

    /// What is left outside `others`, which are ascending and do not overlap.
    func without(_ others: [CoveredSeconds]) -> [CoveredSeconds] {
        var rest: [CoveredSeconds] = []
        var position = opening
        for other in others where other.closing > position && other.opening < closing {
            if other.opening > position { rest.append(CoveredSeconds(opening: position, closing: other.opening)) }
            position = other.closing
        }
        if position < closing { rest.append(CoveredSeconds(opening: position, closing: closing)) }
        return rest
    }

    /// Ascending, neither overlapping nor touching; empty ones are left out.
    static func merged(_ spans: [CoveredSeconds]) -> [CoveredSeconds] {
        var merged: [CoveredSeconds] = []
        for span in spans.sorted(by: { $0.opening < $1.opening }) where span.length > 0 {
            if let last = merged.last, span.opening <= last.closing {
                merged[merged.count - 1].closing = max(last.closing, span.closing)
            } else {
                merged.append(span)
            }
        }
        return merged
    }
}
