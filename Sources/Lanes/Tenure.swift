package import Contracts
package import Instants

/// What a lane's owner shows with every write: 16 random bytes, made anew for each taking.
package struct LaneToken: Sendable, Hashable, CustomStringConvertible {
    let text: [UInt8]

    package static func random(using generator: inout some RandomNumberGenerator) -> LaneToken {
        LaneToken(high: generator.next(), low: generator.next())
    }

    package init(high: UInt64, low: UInt64) {
        text = Array((ProducerID(high).description + ProducerID(low).description).utf8)
    }

    private init(word: String) { text = Array(word.utf8) }

    /// What gives an order to forget to a lane that a resize took out of use, which nobody owns; void once it is used again.
    /// Commits nothing.
    package static let retired = LaneToken(word: "retired")

    /// What carries orders out there for the leader of a term; void once a leader of a later one has noted anything.
    package static func retired(term: UInt64) -> LaneToken { LaneToken(word: "retired:\(term)") }

    /// 32 lower-case hex digits, `retired` or `retired:<term>`.
    package var description: String { String(decoding: text, as: UTF8.self) }
}

package struct TakeRequest: Sendable {
    package var lane: LaneName
    /// Names one run of one owner: it must hold something random per process start, because a taking by another name
    /// than the last owner's counts as that owner's death if it had a batch in hand.
    package var owner: String
    /// The number of the assignment under which it is taken; a lane refuses one lower than it has seen.
    package var assignment: UInt64
    package var token: LaneToken

    package init(lane: LaneName, owner: String, assignment: UInt64, token: LaneToken) {
        self.lane = lane
        self.owner = owner
        self.assignment = assignment
        self.token = token
    }
}

package enum TakeReply: Sendable, Equatable {
    case taken(Tenure)
    case olderAssignment(current: UInt64)
    case failed(LaneFault)
}

/// What an owner learns with its lane. Whatever it knew before is to be dropped.
package struct Tenure: Sendable, Equatable {
    package var lane: LaneName
    package var token: LaneToken
    /// max(epoch before + 1, server ms).
    package var epoch: UInt64
    /// The number that the next commit must carry.
    package var sequence: UInt64
    /// The first undecided event.
    package var cursor: Position
    package var clock: LaneClock
    package var policy: UInt64
    package var generation: UInt64
    package var isPaused: Bool
    package var isClosed: Bool
    package var isVirtual: Bool
    /// The earliest armed timer.
    package var nextDue: Instant?
    /// The last entry of the log; `.start` if there never was one.
    package var lastEntry: EntryID
    /// Set if an owner died with a batch in hand: decide one by one, marking each, until a commit lifts it.
    package var suspect: Suspect?
}

/// What is being decided while a lane is suspect.
package enum LaneMark: Sendable, Hashable, CustomStringConvertible {
    case event(Position)
    case timer(EntityID)

    /// `<ms>-<sequence>/<index>`, or `t:<entity id>`.
    package var description: String {
        switch self {
        case .event(let position): position.description
        case .timer(let entity): "t:\(entity.text)"
        }
    }

    /// Reads the text form; nil for anything else.
    package init?(_ text: String) {
        if text.hasPrefix("t:") {
            guard let entity = try? EntityID(String(text.dropFirst(2))) else { return nil }
            self = .timer(entity)
        } else {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let entry = EntryID(String(parts[0])), let index = Int(parts[1]), index >= 0,
                String(index) == parts[1]
            else { return nil }
            self = .event(Position(entry: entry, index: index))
        }
    }
}

package struct Suspect: Sendable, Equatable {
    /// The lane is suspect until everything up to this entry, and every timer due by its instant, is decided.
    package var until: EntryID
    /// What was marked when an owner died last.
    package var mark: LaneMark?
    /// Deaths with that mark; the third sets it aside.
    package var strikes: Int

    package init(until: EntryID, mark: LaneMark?, strikes: Int) {
        self.until = until
        self.mark = mark
        self.strikes = strikes
    }

    /// Deaths with one mark after which what is marked becomes a dead letter (DESIGN.md, guarantees).
    package static let mostStrikes = 3
}

package enum ReleaseReply: Sendable, Equatable {
    case released
    /// The lane has another owner already.
    case fenced
    case failed(LaneFault)
}
