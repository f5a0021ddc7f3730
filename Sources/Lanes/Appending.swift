package import Contracts

/// A producer of log entries: a random id per process start. A lane counts its batches.
package struct ProducerID: Sendable, Hashable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    package static func random(using generator: inout some RandomNumberGenerator) -> ProducerID {
        ProducerID(generator.next())
    }

    /// 16 lower-case hex digits.
    package var description: String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}

/// How much a lane may hold undecided, and how large its log may be, before it refuses appends.
package struct LaneBounds: Sendable, Hashable {
    package var mostPending: Int
    package var mostLogBytes: Int

    package init(mostPending: Int = 100_000, mostLogBytes: Int = 1 << 30) {
        self.mostPending = mostPending
        self.mostLogBytes = mostLogBytes
    }
}

/// One entry to be.
package struct AppendBatch: Sendable {
    package var lane: LaneName
    /// The lane's generation as the topology gives it; nil counts as the first.
    package var generation: UInt64?
    package var producer: ProducerID
    /// Rises by one with each batch of this producer for this lane; from 1.
    package var number: UInt64
    /// Events in `body`, 1 to 256.
    package var count: Int
    /// A framed `EventBatch` (`EventFraming`), at most 256 KiB.
    package var body: [UInt8]
    package var bounds: LaneBounds
    /// `LaneEvent.key` of each event, for an appender that may have to find other lanes for them; else empty.
    package var keys: [String] = []

    package init(
        lane: LaneName, generation: UInt64? = nil, producer: ProducerID, number: UInt64, count: Int, body: [UInt8],
        bounds: LaneBounds = LaneBounds()
    ) {
        self.lane = lane
        self.generation = generation
        self.producer = producer
        self.number = number
        self.count = count
        self.body = body
        self.bounds = bounds
    }
}

/// What became of a batch. Only `held` and `alreadyHeld` mean that its events are in the log.
package enum AppendReply: Sendable, Equatable {
    case held(entry: EntryID, clock: LaneClock)
    /// An earlier offer of this batch took effect. The entry is known for the producer's newest batch only.
    case alreadyHeld(entry: EntryID?, clock: LaneClock)
    /// The lane expects another number: something of this producer is missing before this batch.
    case gap(expected: UInt64)
    case closed
    /// Too much is pending or stored; the reason in words.
    case full(String)
    /// The topology that picked the lane is not the one under which it takes appends now.
    case wrongGeneration(current: UInt64)
    case failed(LaneFault)
}
