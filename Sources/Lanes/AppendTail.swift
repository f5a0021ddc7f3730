internal import Contracts
internal import Redis

// The last seconds of what was held, so that the death of Redis alone loses nothing that was accepted.
//
// Problem: AOF everysec may lose the last second or two, a failover what its replica had not yet; the callers have their
// answers by then.
// Choice: the batches of the last seconds stay in memory, unchanged. When a connection comes back to a server with
// another run id or replication id, each lane's are offered again, oldest first and before anything newer of the lane,
// with their own (producer, number): what the lane still has answers `already`, what it lost is the next in order for it
// and is taken again. If the lane lost more than is kept, it reports a gap, and what is kept goes under a new producer.
// A lane that refuses them (closed, full) is asked again every second and before anything newer.
// An idle appender looks at the server's identity several times a second while anything is kept.
// Rejected: to wait for the disk before each answer (`--durability always` is for that).
// How it fails: the kept batches die with this process; if it and Redis die within these seconds, what Redis lost stays
// lost. Past the bound of bytes the oldest leave early.
struct AppendTail {
    private struct Kept {
        let batch: AppendBatch
        let heldAt: ContinuousClock.Instant
    }

    private let age: Duration
    private let mostBytes: Int
    /// In the order in which they were held; those before `head` are gone.
    private var kept: [Kept?] = []
    private var head = 0
    private var bytes = 0

    init(age: Duration, mostBytes: Int) {
        self.age = age
        self.mostBytes = mostBytes
    }

    var isEmpty: Bool { head == kept.count }

    /// Keeps a batch; leaves what is too old or too much.
    mutating func keep(_ batch: AppendBatch, at now: ContinuousClock.Instant) {
        kept.append(Kept(batch: batch, heldAt: now))
        bytes += batch.body.count
        leave(heldBefore: now - age)
    }

    /// Leaves what was held before an instant at which the server was still the same, and what is too much.
    mutating func leave(heldBefore limit: ContinuousClock.Instant) {
        while head < kept.count, let first = kept[head], first.heldAt < limit || bytes > mostBytes {
            bytes -= first.batch.body.count
            kept[head] = nil
            head += 1
        }
        if head > 1_024, head * 2 > kept.count {
            kept.removeFirst(head)
            head = 0
        }
    }

    /// Leaves what is older than its age.
    mutating func leaveOld(at now: ContinuousClock.Instant) {
        leave(heldBefore: now - age)
    }

    /// Everything, oldest first.
    mutating func takeAll() -> [AppendBatch] {
        defer {
            kept = []
            head = 0
            bytes = 0
        }
        return kept[head...].compactMap { $0?.batch }
    }
}

extension AppendQueue {
    /// The server is another one or lost its memory: everything of the last seconds is to be offered again.
    mutating func offerTailAgain() {
        var again: [LaneName: [AppendBatch]] = [:]
        for batch in tail.takeAll() { again[batch.lane, default: []].append(batch) }
        for name in again.keys.sorted(by: { $0.text < $1.text }) {
            lanes[name]?.again.insert(contentsOf: again[name] ?? [], at: 0)
            list(name)
        }
    }

    /// Lets lanes that refused their lost batches be asked again.
    mutating func unpark() {
        for name in parked { list(name) }
        parked = []
    }

    /// Takes the reply to a batch that was offered again; gives a fault that concerns the server as a whole.
    mutating func answerAgain(
        _ reply: AppendReply, _ lane: inout Lane, _ name: LaneName, at now: ContinuousClock.Instant
    ) -> LaneFault? {
        lane.isAgainInFlight = false
        switch reply {
        case .failed(let fault) where fault.isInDoubt: return fault
        case .held, .alreadyHeld: tail.keep(lane.again.removeFirst(), at: now)
        case .gap: renumber(&lane)
        case .failed(let fault) where fault.isPassing: return fault
        case .closed: park(&lane, name, .closed)
        case .full(let reason): park(&lane, name, .full(reason))
        case .wrongGeneration(let current): park(&lane, name, .wrongGeneration(current: current))
        case .failed(let fault): park(&lane, name, .failed(fault))
        }
        return nil
    }

    /// The lane lost more than is kept: what is kept, and what is in doubt behind it, goes under a new producer.
    private mutating func renumber(_ lane: inout Lane) {
        renewProducer(of: &lane)
        for index in lane.again.indices {
            lane.again[index].producer = lane.producer
            lane.again[index].number = lane.number
            lane.number += 1
        }
        lane.offered?.batch.producer = lane.producer
        lane.offered?.batch.number = lane.number
    }

    private mutating func park(_ lane: inout Lane, _ name: LaneName, _ refusal: AppendRefusal) {
        parked.append(name)
        refuse(&lane, name, refusal)
        renewProducer(of: &lane)
    }
}

/// Which server, and which history of its data.
struct ServerIdentity: Sendable, Equatable {
    let runID: String
    let replicationID: String
}

extension LaneStore {
    /// Of the server, or of all primaries; nil if one does not let us see it, in a cluster also if one is away.
    func identity() throws(LaneError) -> [ServerIdentity]? {
        do {
            var identities: [ServerIdentity] = []
            for server in try connection.servers() {
                let text = try server.call(RedisCommand("INFO")).string
                guard let fields = text.map(InfoFields.init(text:)), let runID = fields["run_id"],
                    let replicationID = fields["master_replid"]
                else { return nil }
                identities.append(ServerIdentity(runID: runID, replicationID: replicationID))
            }
            return identities
        } catch {
            guard !connection.isCluster else { return nil }
            throw .redis(error)
        }
    }
}
