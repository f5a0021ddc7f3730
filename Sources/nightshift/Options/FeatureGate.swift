import Foundation
import Lanes
import Membership

/// Refuses to begin what older processes of the house would overlook.
struct FeatureGate {
    /// A leader judges who lives after a whole lease, and raises the level then.
    private static let patience = Duration.seconds(15)
    private static let lookEvery = 0.2

    private let control: ControlStore

    init(_ store: LaneStore) {
        control = ControlStore(connection: store.connection, keyspace: store.keyspace)
    }

    /// Living processes that do not know of all that the house may use by now, a line each.
    func older() throws -> [String] {
        let state = try control.state()
        return try control.releases()
            .filter { $0.isCurrent(at: state.now) && $0.featureLevel < state.numbers.features }
            .map {
                "\($0.role) \($0.id.name) (\($0.version)) knows feature level \($0.featureLevel), the house has reached "
                    + "\(state.numbers.features): what was begun since it overlooks"
            }.sorted()
    }

    /// Waits a little for a leader that has just begun. Blocks its thread.
    ///
    /// - Parameter otherwise: what an older worker would do.
    func expect(_ level: FeatureLevel, _ otherwise: String) throws {
        let end = ContinuousClock.now + Self.patience
        while true {
            switch try FeatureStanding(of: level, control) {
            case .usable: return
            case .older(let old):
                throw Failure(
                    "expected processes that \(level.words), these are older: \(old.joined(separator: ", ")); \(otherwise)"
                )
            case .notRaised(let reached):
                guard ContinuousClock.now < end else {
                    throw Failure(
                        "expected a house of feature level \(level.rawValue), this one has \(reached): a coordinator that leads "
                            + "raises it once all processes that live know of it")
                }
                Thread.sleep(forTimeInterval: Self.lookEvery)
            }
        }
    }
}
