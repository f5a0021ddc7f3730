/// How much of a rolling limit is used, from the headers of every answer (DOMAIN.md 4.9).
package struct MetaUsage: Sendable, Equatable {
    /// The largest of all percentages that the platform named of limits that stop sends; may be over 100.
    package let percent: Int
    /// The same of limits that only reads and advertising count against, such as `ads_insights`.
    package let backgroundPercent: Int
    /// When throttled: the time until calls are taken again.
    package let regainAfter: Duration?

    /// Reads `x-app-usage`, `x-page-usage` and `x-business-use-case-usage`; nil if none is there or readable.
    ///
    /// - Parameter headers: names in lower case.
    package init?(headers: [String: String]) {
        var percentages: [Double] = []
        var background: [Double] = []
        var minutes = 0.0
        for name in ["x-app-usage", "x-page-usage"] {
            if let text = headers[name], let usage = try? JSONValue(parsing: Array(text.utf8)) {
                percentages += Self.percentages(usage)
            }
        }
        if let text = headers["x-business-use-case-usage"],
            let businesses = try? JSONValue(parsing: Array(text.utf8)).object
        {
            for case .array(let uses) in businesses.values {
                for use in uses {
                    guard Self.stopsSends(use["type"]?.string ?? "") else {
                        background += Self.percentages(use)
                        continue
                    }
                    percentages += Self.percentages(use)
                    minutes = max(minutes, Self.number(use["estimated_time_to_regain_access"]) ?? 0)
                }
            }
        }
        guard !percentages.isEmpty || !background.isEmpty else { return nil }
        percent = Self.whole(percentages)
        backgroundPercent = Self.whole(background)
        // A day is the longest that any documented limit rolls over.
        regainAfter = minutes > 0 ? .milliseconds(Int64(min(minutes, 1_440) * 60_000)) : nil
    }

    /// Messages, replies and moderation count against the limits of these types, and of one without a type. The others
    /// (`ads_insights`, `ads_management`, `custom_audience`, `leadgen`, …) are of other products.
    private static func stopsSends(_ type: String) -> Bool { ["", "messenger", "pages", "instagram"].contains(type) }

    private static func whole(_ percentages: [Double]) -> Int { Int(min(1_000_000, max(0, percentages.max() ?? 0))) }

    /// Meta tells whole numbers as a rule; its double, whose limits are scaled, parts of a minute.
    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let number)?: Double(number)
        case .number(let number)?: number.isFinite ? number : nil
        default: nil
        }
    }

    private static func percentages(_ usage: JSONValue) -> [Double] {
        ["call_count", "total_time", "total_cputime"].compactMap { number(usage[$0]) }
    }
}
