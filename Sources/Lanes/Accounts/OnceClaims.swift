package import Contracts
internal import Instants
internal import Redis

// Once per comment, whoever asks.
//
// Problem: one comment reaches us as two conversations, under an ad and under its original, whose lanes know nothing of
// each other; both would answer it, and a platform takes one private reply a comment, ever. Choice: before a reply,
// private reply, hide or delete is sent, its kind and comment are claimed in the account's slot, with the id of the
// action as value. An action that is tried again, by whoever owns its lane then, has its claim already. A text of
// several pieces is one doing: all its actions claim as the first of them. A person decides for himself: his action
// takes the claim over and is never refused, so that automation stays behind it. Rejected: to remember it in the
// post's state, which the two conversations do not share. How it fails: who dies between claim and send leaves a claim
// to its own action, which goes on; a claim that outlived its action ends after its lifetime.

/// One claim, or its return.
package struct OnceClaim: Sendable, Hashable {
    package enum Way: String, Sendable {
        /// Refused if another action has it.
        case ask
        /// Never refused.
        case take
        /// Given back, since nothing was done.
        case free
        /// Given back whoever has it, since what was done is undone.
        case clear
    }

    package let account: String
    /// What is to be done once: kind and comment.
    package let subject: String
    package let claimant: ActionID
    package var way: Way

    package init(account: String, subject: String, claimant: ActionID, way: Way) {
        self.account = account
        self.subject = subject
        self.claimant = claimant
        self.way = way
    }

    /// The claim that an action needs before it is sent; nil if its kind or its want of a comment needs none.
    package init?(_ action: Action) {
        switch action.kind {
        case .reply, .privateReply, .hide, .delete: break
        default: return nil
        }
        guard !action.comment.isEmpty else { return nil }
        let head = (try? EntityID(action.conversation)).map {
            ActionID(conversation: $0, cause: action.cause, kind: action.kind, n: 0)
        }
        self.init(
            account: action.account, subject: "\(action.kind.word)/\(action.comment)",
            claimant: head ?? action.actionID, way: action.agent.isEmpty ? .ask : .take)
    }

    /// What an unhide gives back, so that the comment can be hidden again; nil for other kinds.
    package init?(undoneBy action: Action) {
        guard action.kind == .unhide, !action.comment.isEmpty else { return nil }
        self.init(
            account: action.account, subject: "\(Action.Kind.hide.word)/\(action.comment)",
            claimant: action.actionID, way: .clear)
    }
}

package enum OnceReply: Sendable, Equatable {
    case yours
    /// Another action has done it, or is about to.
    case anothers(ActionID)
    case failed(LaneFault)
}

extension LaneStore {
    /// How long a comment's claim lasts: a private reply is possible for 7 days, webhooks are repeated for less.
    package static let onceLifetime = Duration.seconds(8 * 86_400)
    private static let mostClaims = 256

    /// Claims, or gives back; one reply each, in order. One round trip; Redis: O(claims · log claims of the account).
    package func once(_ claims: [OnceClaim], lifetime: Duration = LaneStore.onceLifetime) throws(LaneError)
        -> [OnceReply]
    {
        var groups: [(account: String, places: [Int])] = []
        var numbers: [String: Int] = [:]
        for (place, claim) in claims.enumerated() {
            if let number = numbers[claim.account], groups[number].places.count < Self.mostClaims {
                groups[number].places.append(place)
            } else {
                numbers[claim.account] = groups.count
                groups.append((claim.account, [place]))
            }
        }
        let commands = groups.map { group in
            var command = RedisCommand(function: AccountLibrary.once, keys: 2, expectedBytes: 120 * group.places.count)
            command.add(keyspace.accountOnce(group.account))
            command.add(keyspace.accountOnceUntil(group.account))
            command.add(lifetime)
            for place in group.places {
                command.add(claims[place].way.rawValue)
                command.add(claims[place].subject)
                command.add(claims[place].claimant)
            }
            return command
        }
        var replies = [OnceReply](repeating: .yours, count: claims.count)
        for (group, reply) in zip(groups, try run(commands, of: AccountLibrary.functions, durably: true)) {
            switch try FunctionAnswer.read(reply, call: "once") {
            case .fault(let fault):
                for place in group.places { replies[place] = .failed(fault) }
            case .answer(let answer):
                let holders = try answer.list(1)
                guard holders.count == group.places.count else { throw answer.unexpected(1) }
                for (place, holder) in zip(group.places, holders) {
                    guard let text = holder.string else { throw answer.unexpected(1) }
                    if let other = ActionID(hex: text) { replies[place] = .anothers(other) }
                }
            }
        }
        return replies
    }
}
