internal import Instants
internal import Membership

/// Of which releases a leader's house is. Values only.
struct HouseLevel {
    /// To which level it may be raised; 0 while nobody can tell who lives.
    let reachable: UInt64
    private let living: [Release]

    /// - Parameters:
    ///   - others: coordinators and ingresses, whether or not what they said still holds; nil if nobody can tell.
    ///   - own: what the leader knows.
    init(_ census: Census, others: [Release]?, own: UInt64) {
        let current = (others ?? []).filter { $0.isCurrent(at: census.now) }
        living = census.living.map { Release($0) } + current
        let isKnown = census.canJudge && others != nil
        reachable = isKnown ? FeatureLevel.reachable(by: living.map(\.featureLevel), leader: own) : 0
    }

    /// Who overlooks what the house may use by now.
    func older(than level: UInt64) -> [Release] { living.filter { $0.featureLevel < level } }
}
