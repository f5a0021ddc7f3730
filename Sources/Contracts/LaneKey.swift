/// Which ordered log something belongs to, before lane counts are known.
package enum LaneKey: Sendable, Hashable {
    /// The second part is the contact of a direct thread, or the original post of a comment.
    case account(String, String)
    case desk(team: String)
}

extension LaneKey {
    /// As a spool keeps it: the parts joined by 0x1F, a desk's with nothing for the account.
    package var text: String {
        switch self {
        case .account(let account, let key): "\(account)\u{1F}\(key)"
        case .desk(let team): "\u{1F}\(team)"
        }
    }

    /// Nil for a text that is none.
    package init?(text: String) {
        let parts = text.split(separator: "\u{1F}", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        self = parts[0].isEmpty ? .desk(team: parts[1]) : .account(parts[0], parts[1])
    }
}

extension EntityID {
    /// What picks this entity's lane.
    package var laneKey: LaneKey {
        let parts = parts
        let first = parts.first ?? ""
        switch kind {
        case .messages, .comments, .post: return .account(first, parts.dropFirst().first ?? "")
        case .desk, .matter: return .desk(team: first)
        }
    }
}
