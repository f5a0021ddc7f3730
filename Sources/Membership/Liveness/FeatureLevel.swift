package import Instants
internal import Lanes

/// What members of a release know of; a house uses only what all of its living members do.
///
/// A new field, kind or function that an older worker would overlook gets a level here, and whoever begins to use it asks for the
/// level first. The leader raises the house's once no older member lives; nothing lowers it, so that a rollback is seen.
package enum FeatureLevel: UInt64, Sendable, Hashable, Comparable, CaseIterable {
    case first = 1
    /// A member claims nothing in a lane that is stopped for a move.
    case stopsForMoves = 2
    /// A member sends nothing of an account that is paused.
    case pausesAccounts = 3

    /// The level of this program.
    package static let known = FeatureLevel.pausesAccounts

    /// What a member of this process says of itself: the level of this program, or in a drill of two releases one less.
    package static var offered: UInt64 { PlayedRelease.isBefore ? known.rawValue - 1 : known.rawValue }

    package static func < (left: FeatureLevel, right: FeatureLevel) -> Bool { left.rawValue < right.rawValue }

    /// `workers that …`
    package var words: String {
        switch self {
        case .first: "are of any release"
        case .stopsForMoves: "know of moves"
        case .pausesAccounts: "know of paused accounts"
        }
    }
}

/// Whether a feature may be used.
package enum FeatureStanding: Sendable, Equatable {
    case usable
    /// The living members that do not know it, by name and version.
    case older([String])
    /// Nobody older lives, and no leader has raised the level yet.
    case notRaised(reached: UInt64)

    package init(
        of level: FeatureLevel, members: some Sequence<MemberRecord>, reached: UInt64, now: Instant
    ) {
        let old = members.filter { $0.until > now && $0.featureLevel < level.rawValue }
        if !old.isEmpty {
            self = .older(old.map { "\($0.id.name) \($0.version)" }.sorted())
        } else {
            self = reached >= level.rawValue ? .usable : .notRaised(reached: reached)
        }
    }
}
