package import Instants
package import Membership

/// How many workers a leader said there ought to be, and when it measured that. Each leader repeats its predecessor's,
/// with the predecessor's instant, until it has measured itself.
package struct DemandWord: Sendable, Hashable {
    static let prefix = "workers."

    package let demand: WorkerDemand
    /// Redis' clock.
    package let at: Instant

    package init(demand: WorkerDemand, at: Instant) {
        self.demand = demand
        self.at = at
    }

    /// Reads it from a snapshot; nil if a figure is missing.
    package init?(_ signals: [Signal]) {
        var figures: [String: Int] = [:]
        var at = Instant.distantFuture
        for signal in signals where signal.name.hasPrefix(Self.prefix) {
            figures[String(signal.name.dropFirst(Self.prefix.count))] = Int(signal.value)
            at = min(at, signal.at)
        }
        guard let demand = WorkerDemand(figures) else { return nil }
        self.init(demand: demand, at: at)
    }

    /// As it stands in a snapshot.
    func signals(by writer: MemberID) -> [Signal] {
        demand.facts.map { Signal(name: Self.prefix + $0.name, value: "\($0.value)", at: at, writer: writer.text) }
    }
}
