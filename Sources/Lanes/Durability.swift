/// What must have happened to a write before its reply counts.
package enum Durability: Sendable, Hashable, CustomStringConvertible {
    /// Redis's memory. A death of Redis loses what it held.
    case memory
    /// AOF, written to disk once a second.
    case everysec
    /// AOF, on disk before the reply.
    case always
    /// In the memory of so many replicas (WAIT), besides AOF everysec.
    case replicated(Int)

    /// Reads `memory`, `everysec`, `always` or `replicated(n)` with n from 1 to 8; nil for anything else.
    package init?(_ text: String) {
        switch text {
        case "memory": self = .memory
        case "everysec": self = .everysec
        case "always": self = .always
        default:
            guard text.hasPrefix("replicated("), text.hasSuffix(")"),
                let count = Int(text.dropFirst(11).dropLast()), (1...8).contains(count), text.utf8.count == 13
            else { return nil }
            self = .replicated(count)
        }
    }

    package var description: String {
        switch self {
        case .memory: "memory"
        case .everysec: "everysec"
        case .always: "always"
        case .replicated(let count): "replicated(\(count))"
        }
    }

    /// How many replicas a write waits for.
    package var replicas: Int {
        if case .replicated(let count) = self { count } else { 0 }
    }
}
