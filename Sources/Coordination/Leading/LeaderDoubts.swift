internal import Logging
internal import Membership
internal import Telemetry

/// What a leader logs once in its term, however often it sees it: figures that cannot be, signals for which there is no
/// room, processes of an older release than the house has been through, a key of pins that somebody edited.
struct LeaderDoubts {
    private static let mostSubjects = 1_000

    /// Whose figures were logged.
    private var subjects: Set<String> = []
    private var hasLoggedSignals = false
    private var hasLoggedPins = false

    mutating func log(_ figures: [ContainedFigure], to log: Logger) {
        for figure in figures where subjects.count < Self.mostSubjects && subjects.insert(figure.subject).inserted {
            log.warning(
                "A reported figure of load cannot be and is not believed",
                metadata: .of((.cause, "\(figure.subject): \(figure.came)")))
        }
    }

    mutating func log(older releases: [Release], than level: UInt64, to log: Logger) {
        for release in releases
        where subjects.count < Self.mostSubjects && subjects.insert("older \(release.id)").inserted {
            log.warning(
                "A process is of an older release than what this house may use by now",
                metadata: .of(
                    (.member, release.id.name), (.role, release.role),
                    (.cause, "\(release.version): feature level \(release.featureLevel) of \(level)")))
        }
    }

    mutating func log(_ pinsFault: String?, to log: Logger) {
        guard let pinsFault, !hasLoggedPins else { return }
        hasLoggedPins = true
        log.warning(
            "Pins of lanes cannot be read or taken away: lanes are placed without them",
            metadata: .of((.cause, pinsFault)))
    }

    mutating func log(_ signals: SignalsContent, to log: Logger) {
        guard signals.leftOut > 0, !hasLoggedSignals else { return }
        hasLoggedSignals = true
        log.warning(
            "Signals are left out of the snapshot, which is full",
            metadata: .of((.count, "\(signals.leftOut)"), (.cause, signals.leftOutNames.joined(separator: " "))))
    }
}
