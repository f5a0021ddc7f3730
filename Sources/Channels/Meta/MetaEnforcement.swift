package import Contracts
package import Instants

/// What the platform says of an account whose policy it enforces (DOMAIN.md 4.4): it blocks, warns, or takes that back.
package struct MetaEnforcement: Sendable, Equatable {
    package enum Measure: String, Sendable {
        /// It takes nothing from the account any more: whatever calls would only lengthen that.
        case block
        /// A warning, or a word that nobody knows: everything still goes, and people are to hear of it.
        case warning
        case unblock
    }

    /// The platform's documentation writes it both ways.
    static let keys = ["policy-enforcement", "policy_enforcement"]

    package let measure: Measure
    /// The platform's words, at most 80 bytes.
    package let reason: String

    /// Nil for any other update. One that holds broken characters is read all the same: what it says is obeyed.
    package init?(_ update: [UInt8]) {
        guard let update = (try? JSONValue(parsing: update)) ?? Self.repaired(update),
            let told = Self.keys.lazy.compactMap({ update[$0] }).first,
            let action = told["action"]?.string
        else { return nil }
        measure = Measure(rawValue: action) ?? .warning
        reason = TextLimit(unit: .bytes, most: 80).cut(told["reason"]?.string ?? action)
    }

    private static func repaired(_ update: [UInt8]) -> JSONValue? {
        JSONRepair.repaired(update).flatMap { try? JSONValue(parsing: $0) }
    }

    /// Whether an update is the platform's word on a measure, by its key alone.
    static func isOne(_ update: JSONValue) -> Bool { keys.contains { update[$0] != nil } }

    /// What `init` reads of an update, and nothing that may be long. What is longer than any word of the platform's is none.
    static func shortened(_ update: JSONValue) -> JSONValue {
        var short: [String: JSONValue] = [:]
        for key in keys {
            guard let told = update[key] else { continue }
            var words: [String: JSONValue] = [:]
            for name in ["action", "reason"] {
                words[name] = (told[name]?.string).map { .string(TextLimit(unit: .bytes, most: 1_024).cut($0)) }
            }
            short[key] = .object(words)
        }
        return .object(short)
    }

    /// The word to the account's own entity, which calls its desk. The same update that comes again within an hour is the
    /// same event: the platform gives it no id.
    package func event(of account: String, update: [UInt8], received: Instant) -> Event {
        var event = Event()
        let hour = received.seconds / 3_600
        event.id = "enforced:\(hour):\(MetaNormaliser.digest(String(decoding: update, as: UTF8.self)))"
        event.account = account
        event.conversation = EntityID.watch(of: account).text
        event.happenedAt = received.milliseconds
        event.receivedAt = received.milliseconds
        event.command.verb = .enforced
        event.command.subject = "\(measure.rawValue) \(reason)"
        event.command.by = "platform"
        return event
    }
}
