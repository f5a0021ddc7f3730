internal import Instants

/// How long an answer asks its callers to stay away: the header `Retry-After`, which 429 and 503 may carry (RFC 9110, 10.2.3). Pure.
package enum RetryAfter {
    /// What is asked for beyond that is not waited for at once: the next answer says it again.
    package static let longest = Duration.seconds(3_600)

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Whole seconds, or an instant, which counts from the answer's own `Date`, so that nobody's clock matters; nil without
    /// the header, with one that cannot be read, and for no time at all.
    ///
    /// - Parameter headers: names in lower case.
    package static func time(_ headers: [String: String]) -> Duration? {
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Int64(text) {
            return seconds > 0 ? .seconds(min(seconds, longest.components.seconds)) : nil
        }
        guard let until = instant(text), let sent = headers["date"].flatMap(instant), until > sent else { return nil }
        return min(until - sent, longest)
    }

    /// The one form that senders may write: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func instant(_ text: String) -> Instant? {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 6, let zone = parts.last, zone == "GMT" else { return nil }
        guard let month = months.firstIndex(of: parts[2]) else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return try? Instant(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }
}
