internal import Instants
package import Lanes

// What a house may use while releases are mixed.
//
// Problem: a new field, kind or function is overlooked by whoever does not know of it. What can go wrong, by who is older:
//   a worker       sends from lanes that a move has stopped, or of a paused account (levels 2, 3); notes a command that it does
//                  not know and does nothing for it, as with a platform's word that it blocks an account: nobody is called. No
//                  level would help, since such a word waits for nobody; workers before ingresses does (ops/README.md);
//   a coordinator  leaves what a newer ingress wrote for it where it lies, orders to forget among it (level 4); as leader it
//                  would raise the house beyond what it knows itself;
//   an ingress     appends to lanes that a resize has taken from it: refused by the lane's generation, whatever its release.
//                  It writes nothing that a newer process would take for something else, so its level only counts so that
//                  a feature that it has to know of can be begun at all;
//   a command      of an older release knows none of the newer verbs.
// Choice: every process says its level, workers with their heartbeats, the others by `attend`. The leader raises the house's level
// to the lowest of all that live, its own among them; nothing lowers it, so that a rollback is seen: whoever is below is named by
// the leader's log, a metric and `nightshift lanes`. What needs a level asks for it first (`FeatureStanding`). A leader that says
// nothing is of a release before `attend`: it counts as the last of these, whatever level it raises.
// Rejected: a level for each role. Three numbers to compare by hand in the night of an upgrade.
// How it fails: a process that is cut off from Redis for longer than its record holds does not hold the level down, and is named
// when it is back; one of a release before `attend` that follows, or only appends, is not seen.

/// What members of a release know of; a house uses only what all of its living processes do.
package enum FeatureLevel: UInt64, Sendable, Hashable, Comparable, CaseIterable {
    case first = 1
    /// A member claims nothing in a lane that is stopped for a move.
    case stopsForMoves = 2
    /// A member sends nothing of an account that is paused.
    case pausesAccounts = 3
    /// A coordinator that leads gives orders to forget which a retired lane could not be given (`LateOrders`).
    case givesLateOrders = 4

    /// The level of this program.
    package static let known = FeatureLevel.givesLateOrders

    /// The last level at which workers alone said theirs.
    static let beforeAttendance = FeatureLevel.pausesAccounts

    /// What a process says of itself: the level of this program, or in a drill of two releases that of one without pauses.
    package static var offered: UInt64 {
        PlayedRelease.isBefore ? FeatureLevel.stopsForMoves.rawValue : known.rawValue
    }

    /// To what a leader may raise its house: what the oldest of its living processes knows, and no more than it knows itself. A
    /// house in which no worker lives yet is its leader's: whoever comes later at a lower level is named.
    package static func reachable(by levels: some Sequence<UInt64>, leader: UInt64 = offered) -> UInt64 {
        min(levels.min() ?? leader, leader)
    }

    package static func < (left: FeatureLevel, right: FeatureLevel) -> Bool { left.rawValue < right.rawValue }

    /// `processes that …`
    package var words: String {
        switch self {
        case .first: "are of any release"
        case .stopsForMoves: "know of moves"
        case .pausesAccounts: "know of paused accounts"
        case .givesLateOrders: "know of orders that lanes are given later"
        }
    }
}

/// Whether a feature may be used.
package enum FeatureStanding: Sendable, Equatable {
    case usable
    /// The living processes that do not know it, by role, name and version.
    case older([String])
    /// Nobody older lives, and no leader has raised the level yet.
    case notRaised(reached: UInt64)

    package init(of level: FeatureLevel, releases: some Sequence<Release>, at state: ControlState) {
        let current = releases.filter { $0.isCurrent(at: state.now) }
        var old = current.filter { $0.featureLevel < level.rawValue }.map(\.words)
        if level > .beforeAttendance, state.isLed, let leader = state.leader,
            !current.contains(where: { $0.id == leader })
        {
            old.append("coordinator \(leader.name), which leads and does not say what it knows")
        }
        let reached = state.numbers.features
        if old.isEmpty {
            self = reached >= level.rawValue ? .usable : .notRaised(reached: reached)
        } else {
            self = .older(old.sorted())
        }
    }

    /// As the house is now.
    package init(of level: FeatureLevel, _ control: ControlStore) throws(LaneError) {
        self.init(of: level, releases: try control.releases(), at: try control.state())
    }
}
