package import Logging

/// Keys of log metadata. A log line is a fixed sentence plus these; never a customer's text, never a secret.
package enum LogKey: String {
    case account
    case cause
    case count
    case epoch
    case lane
    case member
    case operation
    case partition
    case reason
    case redis
    case role
    case runner
    case url
}

extension Logger {
    /// A logger whose metadata uses the catalogue's keys.
    package func with(_ key: LogKey, _ value: String) -> Logger {
        var copy = self
        copy[metadataKey: key.rawValue] = .string(value)
        return copy
    }
}

extension Logger.Metadata {
    /// Metadata of one line: `logger.info("Lane taken", metadata: .of((.lane, "de-berlin.0")))`.
    package static func of(_ pairs: (LogKey, String)...) -> Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        for (key, value) in pairs { metadata[key.rawValue] = .string(value) }
        return metadata
    }
}
