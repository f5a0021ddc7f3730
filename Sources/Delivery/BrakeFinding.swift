internal import Channels
internal import Contracts
package import Lanes

/// What holds an account back now, in words for people.
extension AccountBrake {
    /// What still goes, until when, and why.
    package var words: String {
        let goes =
            lets == 0 ? "nothing goes" : "only classes up to \(Action.Class(rawValue: lets)?.word ?? "\(lets)") go"
        return "\(goes) until \(until): \(reason.isEmpty ? "no reason was given" : reason)"
    }

    /// The stricter of the account's own brake and everybody's, of two alike the later; nil where neither stands.
    package static func inForce(_ own: AccountBrake?, _ everybody: AccountBrake?) -> AccountBrake? {
        [own, everybody].compactMap { $0 }.min { ($0.lets, $1.until) < ($1.lets, $0.until) }
    }

    /// The same where a server may be away: what is known to hold the account back does so whatever the other one says.
    package static func inForce(
        _ own: AccountFact<AccountBrake>, _ everybody: AccountFact<AccountBrake>
    ) -> AccountFact<AccountBrake> {
        switch (own, everybody) {
        case (.known(let own), .known(let everybody)): .known(inForce(own, everybody))
        case (.known(let brake?), .away), (.away, .known(let brake?)): .known(brake)
        case (.away, _), (_, .away): .away
        }
    }
}

extension AccountFact<AccountBrake> {
    /// For a table.
    package var words: String {
        switch self {
        case .known(let brake): brake?.words ?? "none"
        case .away: "unknown"
        }
    }
}

extension AccountInspection.Finding {
    /// Nothing goes: a fault, whether the platform rests, throttles or has stopped the account. Less than all goes: as it
    /// should near a limit.
    package init(brake: AccountBrake?) {
        self.init("brake", brake?.lets == 0 ? .fault : .ok, brake?.words ?? "none")
    }

    /// The same; of an account whose server is away nobody can tell.
    package init(brake reading: AccountFact<AccountBrake>) {
        switch reading {
        case .known(let brake): self.init(brake: brake)
        case .away: self.init("brake", .unknown, "the account's keys in Redis cannot be read now")
        }
    }
}
