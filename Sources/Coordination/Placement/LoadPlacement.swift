import Contracts
import Membership

// Lanes spread by load, now and in the hours to come.
//
// Problem: lanes differ in load by a factor of a thousand, and one market's lanes all rise when its shops close. A moved
// lane stands still for a moment and loses its caches, and what is measured is noisy: whoever follows every figure moves
// all night. So: near to even, by few moves, none of them taken back.
//
// Choice: an objective that every voluntary move lowers by more than the move costs.
//
//     w(l,h)  load of lane l at hour h (`Outlook.hours`), in runners: measured or forecast, plus `base`
//     c(m)    declared capacity of member m, in runners;     L(m,h) = sum of w(l,h) over the lanes on m
//     u(m,h) = L(m,h) / c(m);     ū(h) = sum of w(l,h) over all lanes / sum of c(m)
//
//     Φ = Σ_h α(h) Σ_m L(m,h)² / c(m)   +   2 φ Σ_l Σ_h α(h) w(l,h) [shard(l) ≠ home(m(l))]
//
//     a move of l costs k(l) = 2 θ Σ_h α(h) w(l,h)  and is made only if it lowers Φ by more than k(l)
//
// For one hour and equal capacities that is u(from) - u(to) > w/c + θ: the difference must exceed what the lane itself
// turns round by θ. Since w >= base > 0 each move lowers Φ by at least 2 θ base, and Φ >= 0: it ends, and never returns
// to a placement for the same figures. `base` shares `baseShare` of all capacity out among the lanes, so that idle lanes
// are spread by number: what nobody foresaw is in proportion to that.
//
// Hysteresis: nothing moves while every member is inside the band, |u(m,h) - ū(h)| <= `band` points of its declared
// capacity (above: at any of the next two hours; below: in the weighted mean). A member above it is brought
// to within `settle`, one below it to within θ. Who was brought there leaves the band again only if the figures change by
// the difference: noise below that moves nothing. In simulated days 10 and 5 points move a fifth of what 5 and 1 do, at
// the same imbalance to within two points.
// What holds at the end, for one hour: u(m) - ū <= max(band, w(1/c + 1/c')/2 + θ + φ) with w the lightest lane on m; a
// lane heavier than the band cannot be split.
//
// Present overload comes before all that: see `LoadRescue`. No move made for Φ may make anybody overloaded now.
//
//  1. Orphans go out, heaviest first, each to the member where Φ rises least. In such a round nothing else moves: after
//     a loss only the lost member's lanes do.
//  2. Otherwise members above `ceiling` are relieved, and a member above the band gives lanes away, heaviest first, since one heavy lane is one move and ten light
//     ones are ten. Then a member below the band, and one that has nothing in any case, is filled from those furthest
//     above.
//
// Pins come before load: a lane that people want with a member goes there first, within the share, and stays, while that
// member may be given lanes. Rescue does not take it away either: who pins a hot lane to one worker does so because of its
// load, sees it in `lanes`, and it ends by itself; two that undo each other's moves would help nobody. The unpinned lanes
// of that worker leave instead. So what holds at the end holds for w the lightest lane on m that is not pinned. With P
// the lanes that are not where they are pinned: P never rises by a move, and while it stands still the rest is as above.
//
// Affinity: home(m) is one shard for each member, by rendezvous hash, so that a runner's round touches few primaries.
// φ is less than the band: it decides where a lane goes that moves anyway and moves none that lies well.
// Rejected: the least maximum instead of the sum of squares. It sees only the worst member and is content with any order
// below it. An exact solution: minutes for a gain of less than the noise. Rendezvous hashing: see `EvenPlacement`.
// How it fails: on wrong figures evenly, since each is contained between 0 and `mostLoad`. With more than 32 members an
// orphan sees a sample of 32 of them, picked by its name's hash; the next rounds put right what that misses.

/// See the comment above.
package struct LoadPlacement: Sendable {
    /// Points of declared capacity that a member may be off before anything moves.
    package var band = 0.1
    /// Points above the mean to which a member is brought that was above the band.
    package var settle = 0.05
    /// θ: points that a difference must exceed what the lane itself turns round.
    package var threshold = 0.01
    /// φ: points that lying on another shard than the member's home counts.
    package var affinity = 0.01
    /// The part of all capacity that is shared out among lanes for being there.
    package var baseShare = 0.1

    /// The part of its capacity above which a member is overloaded, whatever the others are.
    package var ceiling = 0.8
    /// To which it is brought then.
    package var relief = 0.78

    /// Runners that one lane may be said to need: it has one, however much it leaves undecided.
    static let mostLoad = 1.0
    /// Runners that one member may be said to have.
    static let mostCapacity = 1_024.0

    package init() {}

    /// The moves of this round, in the order of lanes, none twice; orphans whatever `share` says. Repeated with its own
    /// result it ends with no moves. O(lanes · log lanes + orphans · 32 + moves · members).
    package func plan(_ input: PlacementInput) -> [PlacementMove] {
        var table = LoadTable(input, self)
        guard !table.members.isEmpty, !table.lanes.isEmpty else { return [] }
        if !table.orphans.isEmpty {
            table.placeOrphans()
        } else if input.share > 0 {
            table.left = input.share
            table.heedPins()
            if input.figures.isWarm {
                table.rescue()
                table.relieve()
            }
            table.fill(isWarm: input.figures.isWarm)
        }
        return table.moves()
    }

    /// How far a placement is from even; for people, metrics and tests. O(lanes + members).
    package func imbalance(_ input: PlacementInput) -> Imbalance {
        let table = LoadTable(input, self)
        let above = table.members.indices.map { table.excess($0).now }
        let utilisation = table.members.indices.map { table.utilisation($0).now - table.baseUtilisation($0) }
        return Imbalance(
            above: above.max() ?? 0, below: -(above.min() ?? 0), highest: utilisation.max() ?? 0,
            objective: table.objective)
    }

    package struct Imbalance: Sendable, Hashable {
        /// By how much the member furthest above the mean utilisation is above it, in points of its capacity.
        package let above: Double
        package let below: Double
        /// The highest utilisation now, without `baseShare`.
        package let highest: Double
        /// Φ.
        package let objective: Double
    }
}
