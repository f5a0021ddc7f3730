package import Contracts
package import Instants

package func decide(
    _ id: EntityID, own: EntityState?, parent: EntityState?, input: Input, now: Instant, policy: Policy,
    signals: SignalReader
) throws(DecisionError) -> Decision {
    throw .unknownKind
}

extension EntityState {
    /// The earliest instant at which a timer of this entity is due; what the lane's zset holds.
    package var earliestTimer: Instant? {
        timers.min { $0.dueAt < $1.dueAt }.map { Instant(milliseconds: $0.dueAt) }
    }

    /// The timers due at or before `instant`, in the order in which they fire.
    package func timers(dueBy instant: Instant) -> [ArmedTimer] {
        timers.filter { $0.dueAt <= instant.milliseconds }
            .sorted { ($0.dueAt, $0.kind.rawValue, $0.subject) < ($1.dueAt, $1.kind.rawValue, $1.subject) }
    }
}
