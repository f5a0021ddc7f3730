/// What of lanes is kept how long, told by their clocks: `retention.yaml`.
package struct KeepPolicy: Sendable, Hashable {
    /// Logs, which hold customers' texts.
    package var logs: Duration
    /// Of one lane's log.
    package var mostLogBytes: Int
    package var results: Duration
    package var deadLetters: Duration
    /// States of conversations and posts in which nothing happened for so long and nothing is open; nil: for ever. At least
    /// `leastStates`.
    package var states: Duration?

    /// Ids of events are remembered for eight days, and reports look back a month; a state that goes takes both with it.
    package static let leastStates: Duration = .seconds(30 * 86_400)

    /// Seven days for logs (DESIGN.md, keys); results outlive them, so that a report's month can be told.
    package init(
        logs: Duration = .seconds(7 * 86_400), mostLogBytes: Int = 512 << 20,
        results: Duration = .seconds(35 * 86_400), deadLetters: Duration = .seconds(35 * 86_400),
        states: Duration? = nil
    ) {
        self.logs = logs
        self.mostLogBytes = mostLogBytes
        self.results = results
        self.deadLetters = deadLetters
        self.states = states
    }
}
