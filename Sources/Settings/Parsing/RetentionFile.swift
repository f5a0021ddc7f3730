internal import Conversations

/// What `retention.yaml` says. Without the file, and for what it does not name, `KeepPolicy`'s own figures hold.
enum RetentionFile {
    private static let known = ["logs", "log_mib", "results", "dead_letters", "states"]
    /// Ids of events are remembered for eight days: a log that is shorter than that tells less than the states do.
    private static let least: Duration = .seconds(86_400)

    static func read(_ value: ConfigValue) -> KeepPolicy? {
        guard let fields = value.fields("how long things are kept", known) else { return nil }
        var keep = KeepPolicy()
        keep.logs = fields["logs"].flatMap { duration($0, least) } ?? keep.logs
        keep.results = fields["results"].flatMap { duration($0, least) } ?? keep.results
        keep.deadLetters = fields["dead_letters"].flatMap { duration($0, least) } ?? keep.deadLetters
        keep.states = fields["states"].flatMap { states($0, logs: keep.logs) }
        if let mebibytes = fields["log_mib"]?.number(1...1_048_576, "mebibytes of a lane's log") {
            keep.mostLogBytes = mebibytes << 20
        }
        return keep
    }

    /// A state that went while the log still held what made it could not be replayed.
    private static func states(_ value: ConfigValue, logs: Duration) -> Duration? {
        guard let states = duration(value, KeepPolicy.leastStates) else { return nil }
        guard states >= logs else {
            value.fault("at least as long as `logs`, which is \(logs.components.seconds / 86_400)d", got: "less")
            return nil
        }
        return states
    }

    private static func duration(_ value: ConfigValue, _ least: Duration) -> Duration? {
        guard let duration = value.duration() else { return nil }
        guard duration >= least else {
            value.fault("at least \(least.components.seconds / 86_400)d", got: "less")
            return nil
        }
        return duration
    }
}
