package import Contracts
package import Instants

/// What a person wants: this lane with this member for a while.
///
/// It names one process, not whoever bears its name next: who started anew may stand on another machine, and why the lane
/// was to be there may be gone. So a pin ends with its time or with its member, whichever comes first.
package struct LanePin: Sendable, Hashable {
    /// Nobody pins for longer: a pin that is forgotten would stand in the way of balance for good.
    package static let longest = Duration.seconds(30 * 86_400)
    /// Characters of who said so.
    static let mostAuthor = 64

    package let lane: LaneName
    package let member: MemberID
    /// Redis' clock, like `since`.
    package let until: Instant
    package let since: Instant
    /// Who said so, for people.
    package let by: String
    /// As it lies in Redis.
    let stored: String

    /// Reads `member|until|since|by`, instants in milliseconds; nil for anything else.
    package init?(lane: LaneName, stored text: String) {
        let parts = text.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let member = try? MemberID(String(parts[0])), let until = Int64(parts[1]),
            let since = Int64(parts[2])
        else { return nil }
        self.lane = lane
        self.member = member
        self.until = Instant(milliseconds: until)
        self.since = Instant(milliseconds: since)
        by = String(parts[3])
        stored = text
    }
}

/// Whether a lane is where it is pinned, and if not, why.
package enum PinStanding: Sendable, Hashable {
    case honoured
    /// It is assigned to the member, whose take is on its way.
    case handingOver
    case ended
    case dead
    case leaving
    /// No coordinator leads, so nothing is placed.
    case notLed
    /// The coordinator that leads has not placed it there yet: it moves a share of the lanes in a round, and those that
    /// lost their worker first. One of a version before pins never does.
    case waits

    /// - Parameters:
    ///   - record: of the pin's member; nil if there is none.
    ///   - target: whom the lane is assigned to.
    ///   - owner: whose it is.
    package init(of pin: LanePin, _ control: ControlState, record: MemberRecord?, target: MemberID?, owner: MemberID?) {
        if pin.until <= control.now {
            self = .ended
        } else if let record, record.isCurrent(at: control.now) {
            if owner == pin.member {
                self = record.isLeaving ? .leaving : .honoured
            } else if record.isLeaving {
                self = .leaving
            } else if target == pin.member {
                self = .handingOver
            } else {
                self = control.isLed ? .waits : .notLed
            }
        } else {
            self = .dead
        }
    }

    /// Why it is not honoured, for people; nil if it is.
    package var reason: String? {
        switch self {
        case .honoured: nil
        case .handingOver: "it is being handed over"
        case .ended: "its time is over"
        case .dead: "that worker is dead, and the pin goes with it"
        case .leaving: "that worker is leaving"
        case .notLed: "no coordinator leads"
        case .waits: "the coordinator has not placed it there yet; one of a version before pins never does"
        }
    }
}
