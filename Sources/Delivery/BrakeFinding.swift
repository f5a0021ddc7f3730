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
}

extension AccountInspection.Finding {
    /// Nothing goes: a fault, whether the platform rests, throttles or has stopped the account. Less than all goes: as it
    /// should near a limit.
    package init(brake: AccountBrake?) {
        self.init("brake", brake?.lets == 0 ? .fault : .ok, brake?.words ?? "none")
    }
}
