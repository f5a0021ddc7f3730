internal import Contracts
internal import Dispatch
internal import Foundation
internal import Synchronization

// The place on disk for events whose lane cannot take them.
//
// Problem: a platform must be answered in seconds and unsubscribes who fails for an hour, and Redis may be away longer.
// Choice: SQLite with `synchronous=FULL`; one thread writes, and whatever arrives while one transaction runs forms the
// next, so the disk's flushes are shared. Another thread (`SpoolDrain`) brings events back in each lane's order. Bytes
// are kept as they came.
// Rejected: a list in another Redis (it falls with the first), a log file of our own (SQLite already knows torn writes).
// How it fails: disk full or bound reached means that the event is refused and its sender keeps it. A death between
// "held by the lane" and "removed here" appends events again; their ids make the second ones `duplicate`.

/// Holds events on disk, in order for each lane, until the lane takes them.
package final class Spool: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Bytes of events on disk, 128 more counted for each.
        package var mostBytes: Int
        /// Bytes of events on their way to the disk.
        package var mostPendingBytes: Int
        /// Bytes of updates set aside; older ones leave.
        package var asideBytes: Int

        package init(mostBytes: Int = 4 << 30, mostPendingBytes: Int = 64 << 20, asideBytes: Int = 256 << 20) {
            self.mostBytes = mostBytes
            self.mostPendingBytes = mostPendingBytes
            self.asideBytes = asideBytes
        }
    }

    private struct State {
        var pending: [Diverted] = []
        var pendingBytes = 0
        var storedBytes = 0
        var backlog: [LaneName: Int] = [:]
        var isAsleep = false
        var isEnding = false
        /// What is to be done between two transactions.
        var job: (@Sendable () -> Void)?
        var isDrainHeld = false
        /// Events given to the writer so far, and those that it is done with.
        var taken: UInt64 = 0
        var written: UInt64 = 0
    }

    let file: SpoolFile
    private let limits: Limits
    private let state: Mutex<State>
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private static let overhead = 128
    private static let mostPerTransaction = 8_192

    /// Opens or makes the file.
    ///
    /// - Throws: if it is another process's, of another format, damaged, or in a place that cannot be written.
    package init(path: String, limits: Limits = Limits()) throws(SpoolError) {
        file = try SpoolFile(path: path, mostAsideBytes: limits.asideBytes)
        self.limits = limits
        var state = State()
        do {
            for stored in try file.stored() {
                state.backlog[stored.lane] = stored.events
                state.storedBytes += stored.bytes + stored.events * Self.overhead
            }
        } catch {
            throw SpoolError(description: "\(path): expected to read what is spooled, got \(error)")
        }
        self.state = Mutex(state)
    }

    /// Events on disk.
    package var events: Int { state.withLock { $0.backlog.values.reduce(0, +) } }

    /// Lanes with events on disk, sorted, and how many.
    var backlog: [(lane: LaneName, events: Int)] {
        state.withLock { $0.backlog }.sorted { $0.key.text < $1.key.text }.map { ($0.key, $0.value) }
    }

    /// The same, as long as they may be drained.
    var drainable: [(lane: LaneName, events: Int)] {
        state.withLock { $0.isDrainHeld } ? [] : backlog
    }

    /// Nothing on disk, nothing on the way there.
    var isEmpty: Bool { state.withLock { $0.backlog.isEmpty && $0.pending.isEmpty && $0.pendingBytes == 0 } }

    var isDrainHeld: Bool { state.withLock { $0.isDrainHeld } }

    /// Nothing is drained before events were relabelled.
    func holdDrain() { state.withLock { $0.isDrainHeld = true } }

    /// Runs a body on the writer's thread while it writes nothing, and waits for it.
    func betweenWrites(_ body: @escaping @Sendable () throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Void, any Error>>(.failure(SpoolError(description: "the spool has ended")))
        let isTaken = state.withLock { state in
            guard !state.isEnding else { return false }
            state.job = {
                result.withLock { $0 = Result { try body() } }
                done.signal()
            }
            return true
        }
        guard isTaken else { return try result.withLock { $0 }.get() }
        bell.signal()
        done.wait()
        try result.withLock { $0 }.get()
    }

    /// Returns once all that is on its way to the disk now is there, or was refused: the number of the last row.
    func settle() throws -> Int64 {
        let all = state.withLock { $0.taken }
        repeat { try betweenWrites {} } while state.withLock { $0.written } < all
        return try file.lastNumber()
    }

    /// Gives a piece of the events on disk the lanes that their keys have now; nil behind the last. Only while nothing is
    /// drained.
    func relabel(after number: Int64, upTo end: Int64, _ routes: LaneRoutes) throws -> SpoolFile.RelabelledPiece? {
        guard let piece = try file.relabel(after: number, upTo: end, routes) else { return nil }
        state.withLock { state in
            for move in piece.moves {
                let left = (state.backlog[move.from] ?? 0) - move.events
                state.backlog[move.from] = left > 0 ? left : nil
                state.backlog[move.to, default: 0] += move.events
            }
        }
        return piece
    }

    /// Events have their lanes.
    func letDrain() { state.withLock { $0.isDrainHeld = false } }

    /// Takes events to write, in order; gives back what goes beyond the bounds.
    func take(_ events: [Diverted]) -> [Diverted] {
        state.withLock { state in
            var refused: [Diverted] = []
            for event in events {
                let size = event.bytes.count + Self.overhead
                guard !state.isEnding, state.pendingBytes + size <= limits.mostPendingBytes,
                    state.storedBytes + state.pendingBytes + size <= limits.mostBytes
                else {
                    refused.append(event)
                    continue
                }
                state.pending.append(event)
                state.pendingBytes += size
                state.taken += 1
            }
            if state.isAsleep, !state.pending.isEmpty {
                state.isAsleep = false
                bell.signal()
            }
            return refused
        }
    }

    /// Starts the writer. `refuse` hears of events that could not be written, `added` that there is something to drain.
    func start(
        refuse: @escaping @Sendable ([Diverted], _ reason: String) -> Void, added: @escaping @Sendable () -> Void
    ) {
        let thread = Thread { [self] in
            while let events = next() {
                write(events, refuse, added)
            }
            ended.signal()
        }
        thread.name = "spool"
        thread.start()
    }

    /// Writes what waits, ends the writer and closes the file.
    func stop() {
        state.withLock { $0.isEnding = true }
        bell.signal()
        ended.wait()
        file.close()
    }

    /// The lanes took so many events of so many bytes, and they are removed.
    func removed(_ events: Int, bytes: Int, of lane: LaneName) {
        state.withLock { state in
            state.storedBytes -= bytes + events * Self.overhead
            let left = (state.backlog[lane] ?? 0) - events
            state.backlog[lane] = left > 0 ? left : nil
        }
    }

    private func next() -> [Diverted]? {
        while true {
            if let job = state.withLock({ state in
                defer { state.job = nil }
                return state.job
            }) {
                // Then what waits: jobs one after the other must not hold it up.
                job()
            }
            let (events, isEnding) = state.withLock { state in
                let events = Array(state.pending.prefix(Self.mostPerTransaction))
                state.pending.removeFirst(events.count)
                state.isAsleep = events.isEmpty
                return (events, state.isEnding)
            }
            if !events.isEmpty { return events }
            if isEnding { return nil }
            bell.wait()
        }
    }

    private func write(
        _ events: [Diverted], _ refuse: ([Diverted], String) -> Void, _ added: () -> Void
    ) {
        let bytes = events.reduce(0) { $0 + $1.bytes.count + Self.overhead }
        do {
            try file.add(events)
        } catch {
            state.withLock { state in
                state.pendingBytes -= bytes
                state.written += UInt64(events.count)
            }
            refuse(events, "\(error)")
            return
        }
        state.withLock { state in
            state.pendingBytes -= bytes
            state.written += UInt64(events.count)
            state.storedBytes += bytes
            for event in events { state.backlog[event.lane, default: 0] += 1 }
        }
        for event in events { event.ticket.complete(event.index, .held(nil)) }
        added()
    }
}
