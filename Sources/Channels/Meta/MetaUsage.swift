/// How much of a rolling limit is used, from the headers of every answer (DOMAIN.md 4.9).
package struct MetaUsage: Sendable, Equatable {
    /// The largest of all percentages that the platform named; may be over 100.
    package let percent: Int
    /// When throttled: the time until calls are taken again.
    package let regainAfter: Duration?

    /// Reads `x-app-usage` and `x-business-use-case-usage`; nil if neither is there or readable.
    ///
    /// - Parameter headers: names in lower case.
    package init?(headers: [String: String]) {
        var percentages: [Int64] = []
        var minutes = 0.0
        if let text = headers["x-app-usage"], let usage = try? JSONValue(parsing: Array(text.utf8)) {
            percentages += Self.percentages(usage)
        }
        if let text = headers["x-business-use-case-usage"],
            let businesses = try? JSONValue(parsing: Array(text.utf8)).object
        {
            for case .array(let uses) in businesses.values {
                for use in uses {
                    percentages += Self.percentages(use)
                    minutes = max(minutes, Self.minutes(use["estimated_time_to_regain_access"]))
                }
            }
        }
        guard let highest = percentages.max() else { return nil }
        percent = Int(clamping: highest)
        // A day is the longest that any documented limit rolls over.
        regainAfter = minutes > 0 ? .milliseconds(Int64(min(minutes, 1_440) * 60_000)) : nil
    }

    /// Meta tells whole minutes; its double, whose limits are scaled, parts of one.
    private static func minutes(_ value: JSONValue?) -> Double {
        switch value {
        case .integer(let minutes)?: Double(minutes)
        case .number(let minutes)?: minutes
        default: 0
        }
    }

    private static func percentages(_ usage: JSONValue) -> [Int64] {
        ["call_count", "total_time", "total_cputime"].compactMap { usage[$0]?.integer }
    }
}
