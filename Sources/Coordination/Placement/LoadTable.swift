import Contracts
import Membership

/// What `LoadPlacement` works on: members and lanes as indices in the order of names, sums kept up with each move.
struct LoadTable {
    let members: [MemberID]
    let lanes: [LaneName]
    /// Lanes that nobody of `members` has.
    private(set) var orphans: [Int] = []
    /// Voluntary moves that may still be made.
    var left = 0

    let rules: LoadPlacement
    let capacity: [Double]
    private let home: [Int]
    private let memberHash: [UInt64]
    let weight: [Outlook]
    private let shard: [Int]
    let base: Double
    private let before: [Int]
    /// The member that each lane is pinned to, -1 for none; empty if none is.
    private let pin: [Int]
    private var place: [Int]
    private(set) var held: [[Int]]
    private(set) var sum: [Outlook]
    private var mean: Outlook

    /// An orphan is tried on at most so many members.
    private static let sample = 32
    /// A lane that leaves an overloaded member is tried on the so many that are furthest below.
    private static let receivers = 16
    /// Looks of one member at another's lanes that a plan may spend on filling, for each member there is.
    private static let draws = 8

    init(_ input: PlacementInput, _ rules: LoadPlacement) {
        self.rules = rules
        let members = Self.ordered(input.members)
        let lanes = Self.ordered(input.lanes)
        self.members = members
        self.lanes = lanes
        capacity = members.map { Self.capacity(input.figures.capacities[$0]) }
        memberHash = members.map { StableHash.hash($0.text) }
        let whole = capacity.reduce(0, +)
        base = lanes.isEmpty ? 0 : max(1e-6, rules.baseShare * whole / Double(lanes.count))
        let indices = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
        var weight = [Outlook](repeating: Outlook(flat: base), count: lanes.count)
        var place = [Int](repeating: -1, count: lanes.count)
        var held = [[Int]](repeating: [], count: members.count)
        var sum = [Outlook](repeating: .zero, count: members.count)
        var all = Outlook.zero
        for (index, lane) in lanes.enumerated() {
            if let load = input.figures.loads[lane] { weight[index] += load.contained(most: LoadPlacement.mostLoad) }
            all += weight[index]
            guard let member = input.current[lane], let at = indices[member] else {
                orphans.append(index)
                continue
            }
            place[index] = at
            held[at].append(index)
            sum[at] += weight[index]
        }
        self.weight = weight
        pin = input.pins.isEmpty ? [] : lanes.map { input.pins[$0].flatMap { indices[$0] } ?? -1 }
        self.place = place
        before = place
        self.held = held
        self.sum = sum
        mean = whole > 0 ? all * (1 / whole) : .zero
        shard = input.figures.shards.isEmpty ? [] : lanes.map { input.figures.shards[$0] ?? 0 }
        home = Self.homes(memberHash, Set(shard).sorted())
    }

    /// What changed, in the order of lanes.
    func moves() -> [PlacementMove] {
        lanes.indices.compactMap { lane in
            place[lane] == before[lane] ? nil : PlacementMove(lane: lanes[lane], member: members[place[lane]])
        }
    }

    func utilisation(_ member: Int) -> Outlook { sum[member] * (1 / capacity[member]) }

    /// Above the mean, in points of the member's capacity.
    func excess(_ member: Int) -> Outlook { utilisation(member) - mean }

    /// What of a member's utilisation is the lanes' being there.
    func baseUtilisation(_ member: Int) -> Double { base * Double(held[member].count) / capacity[member] }

    /// Φ of the placement as it stands.
    var objective: Double {
        var total = 0.0
        for member in members.indices {
            total += Outlook(sum[member].values * sum[member].values).mean / capacity[member]
            for lane in held[member] { total += misfit(lane, member) }
        }
        return total
    }

    /// Every orphan, heaviest first, to where Φ rises least.
    mutating func placeOrphans() {
        for lane in Self.greatestFirst(orphans, { weight[$0].mean }) {
            if isPinned(lane) {
                put(lane, on: pin[lane])
                continue
            }
            let hash = StableHash.hash(lanes[lane].text)
            var best: (rise: Double, tie: UInt64, member: Int)?
            for step in 0..<min(Self.sample, members.count) {
                let member =
                    members.count <= Self.sample
                    ? step : Int((Self.mix(hash, UInt64(step))) % UInt64(members.count))
                let rise = rise(of: lane, on: member)
                let tie = Self.mix(hash, memberHash[member])
                if let best, (best.rise, best.tie) <= (rise, tie) { continue }
                best = (rise, tie, member)
            }
            if let best { put(lane, on: best.member) }
        }
        orphans = []
    }

    /// Lanes go where they are pinned.
    mutating func heedPins() {
        for lane in pin.indices where left > 0 && isPinned(lane) && place[lane] != pin[lane] {
            move(lane, from: place[lane], to: pin[lane])
        }
    }

    /// Whether it stays with, or is on its way to, a member that people named.
    func isPinned(_ lane: Int) -> Bool { !pin.isEmpty && pin[lane] >= 0 }

    /// What a member may give away.
    func free(_ member: Int) -> [Int] { pin.isEmpty ? held[member] : held[member].filter { !isPinned($0) } }

    /// Members above the band give lanes away, furthest above first; each has one turn.
    mutating func relieve() {
        let above = members.indices.filter { excess($0).urgent > rules.band }
        for donor in Self.greatestFirst(above, { excess($0).urgent })
        where left > 0 && excess(donor).urgent > rules.band {
            let hour = excess(donor).urgentIndex
            let lanes = Self.greatestFirst(free(donor)) { weight[$0].values[hour] }
            var takers = takers(from: donor, at: hour)
            for lane in lanes where left > 0 {
                guard let taker = best(takers, for: lane, from: donor) else { continue }
                move(lane, from: donor, to: taker)
                if excess(donor).urgent <= rules.settle { break }
                takers = self.takers(from: donor, at: hour)
            }
        }
    }

    /// Members below the band, or while nothing is known those with nothing, are filled, emptiest first, a few lanes from each of those that have most to spare.
    mutating func fill(isWarm: Bool) {
        let below = members.indices.filter { held[$0].isEmpty || isWarm && -excess($0).mean > rules.band }
        var draws = Self.draws * members.count
        for taker in Self.greatestFirst(below, { -excess($0).mean }) {
            var hasMoved = true
            while hasMoved, left > 0, -excess(taker).mean > rules.threshold {
                hasMoved = false
                let donors = Self.greatestFirst(members.indices.filter { excess($0).mean > 0 }) { excess($0).mean }
                for donor in donors where left > 0 && draws > 0 && -excess(taker).mean > rules.threshold {
                    draws -= 1
                    if draw(from: donor, to: taker) { hasMoved = true }
                }
            }
        }
    }

    /// At most an eighth of a donor's lanes, those that lower Φ most; whether any moved.
    private mutating func draw(from donor: Int, to taker: Int) -> Bool {
        let gains = Self.greatestFirst(free(donor)) { gain(of: $0, from: donor, to: taker) }
        var hasMoved = false
        for lane in gains.prefix(max(1, held[donor].count / 8)) {
            guard left > 0, -excess(taker).mean > rules.threshold else { break }
            guard gain(of: lane, from: donor, to: taker) > 0, keepsRoom(lane, from: donor, to: taker) else { continue }
            move(lane, from: donor, to: taker)
            hasMoved = true
        }
        return hasMoved
    }

    /// Those furthest below the mean at this hour.
    func takers(from donor: Int, at hour: Int) -> [Int] {
        var lowest: [(excess: Double, member: Int)] = []
        for member in members.indices where member != donor {
            let excess = sum[member].values[hour] / capacity[member]
            if lowest.count == Self.receivers, let last = lowest.last, last.excess <= excess { continue }
            let at = lowest.firstIndex { $0.excess > excess } ?? lowest.count
            lowest.insert((excess, member), at: at)
            if lowest.count > Self.receivers { lowest.removeLast() }
        }
        return lowest.map(\.member)
    }

    private func best(_ takers: [Int], for lane: Int, from donor: Int) -> Int? {
        var best: (gain: Double, member: Int)?
        for taker in takers {
            let gain = gain(of: lane, from: donor, to: taker)
            if gain > best?.gain ?? 0, keepsRoom(lane, from: donor, to: taker) { best = (gain, taker) }
        }
        return best?.member
    }

    /// By how much a move lowers Φ, less what it costs.
    func gain(of lane: Int, from donor: Int, to taker: Int) -> Double {
        let load = weight[lane].values
        let leaving = load * (2 * sum[donor].values - load) / capacity[donor]
        let coming = load * (2 * sum[taker].values + load) / capacity[taker]
        return Outlook(leaving - coming).mean + misfit(lane, donor) - misfit(lane, taker)
            - 2 * rules.threshold * weight[lane].mean
    }

    /// By how much Φ rises when a lane comes to a member.
    private func rise(of lane: Int, on member: Int) -> Double {
        let load = weight[lane].values
        return Outlook(load * (2 * sum[member].values + load)).mean / capacity[member] + misfit(lane, member)
    }

    /// A lane's part of the second sum of Φ.
    private func misfit(_ lane: Int, _ member: Int) -> Double {
        guard !shard.isEmpty, shard[lane] != home[member] else { return 0 }
        return 2 * rules.affinity * weight[lane].mean
    }

    private mutating func put(_ lane: Int, on member: Int) {
        place[lane] = member
        held[member].append(lane)
        sum[member] += weight[lane]
    }

    mutating func move(_ lane: Int, from donor: Int, to taker: Int) {
        if let at = held[donor].firstIndex(of: lane) { held[donor].swapAt(at, held[donor].count - 1) }
        held[donor].removeLast()
        sum[donor] -= weight[lane]
        put(lane, on: taker)
        left -= 1
    }

    /// The indices by a figure, the greatest first, equal ones in order.
    static func greatestFirst(_ indices: some Sequence<Int>, _ figure: (Int) -> Double) -> [Int] {
        let pairs: [(index: Int, figure: Double)] = indices.map { (index: $0, figure: figure($0)) }
        let ordered = pairs.sorted { one, other in
            one.figure == other.figure ? one.index < other.index : one.figure > other.figure
        }
        return ordered.map(\.index)
    }

    /// Each once, in order; what is in order already costs one pass.
    private static func ordered<Name: Hashable & Comparable>(_ names: [Name]) -> [Name] {
        let isOrdered = zip(names, names.dropFirst()).allSatisfy { $0 < $1 }
        return isOrdered ? names : Array(Set(names)).sorted()
    }

    private static func capacity(_ declared: Double?) -> Double {
        guard let declared, declared > 0 else { return 1 }
        return min(max(declared, 0.01), LoadPlacement.mostCapacity)
    }

    /// The one shard of each member, by rendezvous hash: another member's coming or going changes nobody's.
    static func homes(_ members: [UInt64], _ shards: [Int]) -> [Int] {
        guard shards.count > 1 else { return members.map { _ in 0 } }
        return members.map { member in
            shards.max { mix(member, UInt64(bitPattern: Int64($0))) < mix(member, UInt64(bitPattern: Int64($1))) } ?? 0
        }
    }

    /// Two numbers to one, well mixed: SplitMix64's last step.
    private static func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
        var mixed = SeededGenerator(seed: one ^ (other &* 0x9E37_79B9_7F4A_7C15))
        return mixed.next()
    }
}
