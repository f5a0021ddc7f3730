package import Redis

/// Why a call gave no replies at all; what concerns one lane alone is a value in that lane's reply.
package enum LaneError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The connection failed, or its answer made no sense. Whether the call took effect is unknown: an owner takes its
    /// lanes again, a producer offers the same batches again.
    case redis(RedisError)
    /// Written, but fewer replicas than the named durability asks for have it. In doubt like a lost reply.
    case notReplicated(expected: Int, got: Int)
    /// A reply had another shape than its function gives.
    case unexpectedReply(call: String, came: String)
    /// Another number of replies than calls: whose reply is whose cannot be told any more, and the connection is of no use.
    case outOfStep(call: String, calls: Int, replies: Int)
    /// A request breaks a limit or rule that its maker should have kept.
    case invalidRequest(String)

    /// Whether the server of one lane cannot serve now, and others may; told on a cluster only.
    package var isAway: Bool {
        if case .redis(let error) = self, let answer = error.serverError { LaneFault(answer).isAway } else { false }
    }

    /// Whether keys of one lane are not what they must be; nothing else is wrong.
    package var isOfKeys: Bool {
        switch self {
        case .redis(let error): error.serverError.map { LaneFault($0).isOfKey } ?? false
        case .unexpectedReply: true
        case .notReplicated, .invalidRequest, .outOfStep: false
        }
    }

    package var description: String {
        switch self {
        case .redis(let error): error.description
        case .notReplicated(let expected, let got): "expected the write on \(expected) replicas, it is on \(got)"
        case .unexpectedReply(let call, let came): "\(call): expected its own form of reply, got \(came)"
        case .outOfStep(let call, let calls, let replies):
            "\(call): expected \(calls) replies, one for each call, got \(replies)"
        case .invalidRequest(let message): message
        }
    }
}

/// An error that Redis answered for one lane: out of memory, a key of the wrong type, a slot that moved, a refused write.
package struct LaneFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Redis's first word: `OOM`, `WRONGTYPE`, `MISCONF`, `READONLY`, `LOADING`, `NSBAD` (an argument out of order)…;
    /// or ours: `NOREPLY`, `NOPRIMARY`, `RETAKE`, `NOSENSE`.
    package let code: String
    package let message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: RedisServerError) { self.init(code: error.code, message: error.message) }

    package var description: String { "\(code) \(message)" }
}

extension LaneFault {
    /// Nothing was done: who serves the lane cannot now, and will. Another primary, loading, replicas missing, a slot on
    /// its way, no primary.
    package var isPassing: Bool { Self.passing.contains(code) }

    /// Nobody knows whether it was done: the answer did not come. Told for single lanes on a cluster only.
    package var isInDoubt: Bool { code == RedisServerError.noReply }

    /// Nothing was done, since the lane's server was lost sight of since the lane was taken: its tail may be lost. The owner
    /// takes it again, drops its caches and goes on from the cursor that this returns.
    package var wantsTaking: Bool { code == "RETAKE" }

    static let retake = LaneFault(code: "RETAKE", message: "the lane's server was lost sight of since it was taken")

    /// A key of the lane holds something else than it must; somebody edited it.
    package var isOfKey: Bool { code == "WRONGTYPE" || code == "NSBAD" || code == Self.noSense }

    static let noSense = "NOSENSE"

    /// The lane waits for its server.
    package var isAway: Bool { isPassing || isInDoubt }

    private static let passing: Set<String> = [
        "READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "TRYAGAIN", "BUSY", "MOVED", "ASK",
        RedisServerError.noPrimary,
    ]
}
