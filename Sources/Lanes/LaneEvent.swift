package import Contracts

/// An event on its way into a lane.
package struct LaneEvent: Sendable {
    package var lane: LaneName
    /// The event's id, given back with its result.
    package var id: String
    /// The serialised `Event`, at most 64 KiB.
    package var bytes: [UInt8]
    /// What picked the lane, so that another can be picked if the topology changes while the event is spooled; empty:
    /// the lane stays.
    package var key: String
    /// The generation under which `lane` takes appends; nil counts as the first.
    package var generation: UInt64?
    /// The number of the topology that `lane` and `generation` follow from; 0: unknown.
    package var topology: UInt64

    package init(
        lane: LaneName, id: String, bytes: [UInt8], key: String = "", generation: UInt64? = nil, topology: UInt64 = 0
    ) {
        self.lane = lane
        self.id = id
        self.bytes = bytes
        self.key = key
        self.generation = generation
        self.topology = topology
    }
}

/// What became of an event that was offered.
package enum AppendResult: Sendable, Equatable {
    /// It is in the log, at the named durability. The position is unknown if only an earlier, unanswered offer held it
    /// and newer ones of its lane followed.
    case held(Position?)
    case refused(AppendRefusal)
}

package enum AppendRefusal: Sendable, Equatable, CustomStringConvertible {
    case closed
    case full(String)
    case wrongGeneration(current: UInt64)
    /// Nothing was offered, or every offer failed, before its deadline.
    case unreachable(String)
    /// It was offered, and no answer came before its deadline: it may be in the log. It goes on being offered
    /// unchanged; newer events of the lane wait behind it.
    case inDoubt
    /// The appender's own queue is at its bound.
    case busy
    case tooLarge(bytes: Int)
    case failed(LaneFault)
    /// The appender was stopped.
    case stopped
    /// Older events of the lane wait on disk, and this one may not wait there behind them.
    case behind
    /// Its lane cannot take it, and the spool cannot either: full disk or bound.
    case notSpooled(String)

    package var description: String {
        switch self {
        case .closed: "the lane is closed"
        case .full(let reason): "the lane is full: \(reason)"
        case .wrongGeneration(let current): "the lane's generation is \(current)"
        case .unreachable(let reason): "the lane cannot be reached: \(reason)"
        case .inDoubt: "no answer came in time; the event may be in the log"
        case .busy: "too many events wait"
        case .tooLarge(let bytes): "expected at most \(EventFraming.mostEventBytes) bytes, got \(bytes)"
        case .failed(let fault): fault.description
        case .stopped: "the appender was stopped"
        case .behind: "older events of the lane wait until it takes them"
        case .notSpooled(let reason): "the spool cannot take it: \(reason)"
        }
    }
}

/// Bounds of a `LaneAppender`.
package struct AppenderLimits: Sendable, Hashable {
    /// Events that wait or are under way, all lanes together.
    package var mostQueued: Int
    /// Bytes of them.
    package var mostQueuedBytes: Int
    /// How long an event may wait for its answer.
    package var patience: Duration
    package var bounds: LaneBounds
    /// How long what was held is kept, to be offered again to a Redis that lost it.
    package var tailAge: Duration = .seconds(10)
    /// Bytes of it.
    package var mostTailBytes = 32 << 20

    package init(
        mostQueued: Int = 65_536, mostQueuedBytes: Int = 256 << 20, patience: Duration = .seconds(10),
        bounds: LaneBounds = LaneBounds()
    ) {
        self.mostQueued = mostQueued
        self.mostQueuedBytes = mostQueuedBytes
        self.patience = patience
        self.bounds = bounds
    }
}
