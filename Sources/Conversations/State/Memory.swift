package import Contracts
import Instants

/// What an entity remembers of the events it has decided: which ones (64 ids, 8 days), and where the last 50 stand.
///
/// A platform delivers an event again for up to seven days, and a producer may offer one twice. So the ids are kept for
/// eight days, as 64-bit hashes: two of 64 collide by chance once in 10^16 conversations. A set of unbounded size was
/// rejected, since a state is written whole with every decision. How it fails: a conversation that had more than 64
/// events since then cannot tell a late new event from an old one repeated. The bound kept in `forgotten_until` says from
/// when on that is so, and such an event is `late_unknown`: shown to people, never answered automatically.
extension EntityState {
    static let mostRemembered = 64
    static let daysRemembered: UInt32 = 8
    static let mostPositions = 50

    func remembers(_ event: UInt64) -> Bool { seenIds.contains(event) }

    /// True if an event of that instant that is not remembered may have been decided long ago.
    func mayHaveForgotten(eventAt happened: Instant) -> Bool {
        forgottenUntil > 0 && happened.milliseconds <= forgottenUntil
    }

    /// Remembers an event and where it stands. O(64).
    mutating func remember(_ event: UInt64, at position: Position, on instant: Instant) {
        recordPosition(position)
        var ids = seenIds
        var days = seenDays
        seenIds = []
        seenDays = []
        let today = UInt32(clamping: instant.seconds / 86_400)
        if days.isEmpty || days.count > ids.count { days = ids.isEmpty ? [] : [today] }
        while let first = days.first, today > first, today - first > Self.daysRemembered {
            forgottenUntil = max(forgottenUntil, (Int64(first) + 1) * 86_400_000)
            Self.dropFirst(&ids, &days)
        }
        if ids.count >= Self.mostRemembered {
            // Nothing that is pushed out here happened after the oldest position still kept: that one came later.
            forgottenUntil = max(forgottenUntil, positionMs.first ?? instant.milliseconds)
            Self.dropFirst(&ids, &days)
        }
        let newest = days.reduce(0, &+)
        if days.isEmpty {
            days = [today]
        } else if today > newest {
            days += [UInt32](repeating: 0, count: ids.count - days.count)
            days.append(today - newest)
        }
        ids.append(event)
        seenIds = ids
        seenDays = days
    }

    private static func dropFirst(_ ids: inout [UInt64], _ days: inout [UInt32]) {
        if !ids.isEmpty { ids.removeFirst() }
        guard !ids.isEmpty, !days.isEmpty else {
            days = []
            return
        }
        let first = days.removeFirst()
        if days.isEmpty {
            days = [first]
        } else {
            days[0] = days[0] &+ first
        }
    }
}

/// Where the last events of an entity stand in its lane's log.
extension EntityState {
    /// The positions of the last 50 events, oldest first.
    package var positions: [Position] {
        var instant: Int64 = 0
        return zip(positionMs, positionPlace).map { step, place in
            instant = instant.addingSaturated(step)
            let entry = EntryID(milliseconds: UInt64(max(0, instant)), sequence: place >> 8)
            return Position(entry: entry, index: Int(place & 0xFF))
        }
    }

    fileprivate mutating func recordPosition(_ position: Position) {
        var steps = positionMs
        var places = positionPlace
        positionMs = []
        positionPlace = []
        if places.count != steps.count {
            steps = []
            places = []
        }
        while steps.count >= Self.mostPositions {
            let first = steps.removeFirst()
            places.removeFirst()
            steps[0] = steps[0].addingSaturated(first)
        }
        let instant = Int64(clamping: position.entry.milliseconds)
        // Wraps for a damaged state only, which costs it a wrong position.
        var newest: Int64 = 0
        for step in steps { newest &+= step }
        steps.append(instant.subtractingSaturated(newest))
        places.append(position.entry.sequence << 8 | UInt64(position.index & 0xFF))
        positionMs = steps
        positionPlace = places
    }
}
