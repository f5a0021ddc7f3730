// The hour that is.
//
// Problem: the objective weighs eight hours, so it may leave a member overloaded now because it will have less to do
// later, and may fill one up to the brim today for tonight's sake. In simulated weeks near the bound of capacity a
// forecast that does so loses to measuring alone.
// Choice: what is measured comes first. E is the load above `relief` of each member's capacity, summed over the members. A
// member above `ceiling` gives lanes away until it is at `relief`, each to somebody with room for it; such a move lowers E
// and the present hour's part of the objective, whatever the hours to come say, and among those that do the one is made
// that is best for them. No other move may raise E. So E never rises by a move; while it stands still Φ falls; both
// together end.
// Rejected: a greater weight for the present hour. One that is great enough for this leaves nothing of the forecast.
// How it fails: where everybody is above `relief` nothing lowers E, and the objective alone counts. Two lanes that fill a
// member between them stay there if each is too heavy for anybody else as they are.

extension LoadTable {
    /// Lanes of one member that are looked at.
    private static let mostTried = 32

    /// Members above the ceiling give lanes away until they are at `relief`, the busiest first.
    mutating func rescue() {
        let overloaded = members.indices.filter { busy($0) > rules.ceiling * capacity[$0] }
        for donor in Self.greatestFirst(overloaded, { busy($0) / capacity[$0] }) where left > 0 {
            shed(donor)
        }
    }

    /// Whether a move leaves E as it is, but for rounding, or lowers it.
    func keepsRoom(_ lane: Int, from donor: Int, to taker: Int) -> Bool {
        relieves(lane, from: donor, to: taker) >= -1e-9
    }

    /// What a member's lanes need now, without what they count for being there.
    private func busy(_ member: Int) -> Double { sum[member].now - base * Double(held[member].count) }

    private func busyOf(_ lane: Int) -> Double { weight[lane].now - base }

    /// By how much a move lowers E.
    private func relieves(_ lane: Int, from donor: Int, to taker: Int) -> Double {
        func above(_ load: Double, _ member: Int) -> Double { max(0, load - rules.relief * capacity[member]) }
        let after = busy(taker) + busyOf(lane)
        guard after > rules.relief * capacity[taker] || busy(donor) > rules.relief * capacity[donor] else { return 0 }
        return above(busy(donor), donor) - above(busy(donor) - busyOf(lane), donor) + above(busy(taker), taker)
            - above(after, taker)
    }

    /// Lanes leave until the member is at `relief`: first those of which one is enough, the lightest of these first.
    private mutating func shed(_ donor: Int) {
        let need = busy(donor) - rules.relief * capacity[donor]
        let free = free(donor)
        let heavy = Self.greatestFirst(free.filter { busyOf($0) >= need }) { -weight[$0].now }
        let light = Self.greatestFirst(free.filter { busyOf($0) < need }) { weight[$0].now }
        for lane in (heavy.prefix(Self.mostTried / 2) + light.prefix(Self.mostTried)) where left > 0 {
            guard busy(donor) > rules.relief * capacity[donor] else { return }
            var best: (gain: Double, member: Int)?
            for taker in takers(from: donor, at: 0)
            where relieves(lane, from: donor, to: taker) > 1e-9 && gainNow(of: lane, from: donor, to: taker) > 0 {
                let gain = gain(of: lane, from: donor, to: taker)
                if gain > best?.gain ?? -.infinity { best = (gain, taker) }
            }
            if let best { move(lane, from: donor, to: best.member) }
        }
    }

    private func gainNow(of lane: Int, from donor: Int, to taker: Int) -> Double {
        let load = weight[lane].now
        return load * (2 * sum[donor].now - load) / capacity[donor] - load * (2 * sum[taker].now + load)
            / capacity[taker]
            - 2 * rules.threshold * load
    }
}
