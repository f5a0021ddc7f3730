internal import Contracts
internal import Redis

// The last seconds of what was held, so that the death of Redis alone loses nothing that was accepted.
//
// Problem: AOF everysec may lose the last second or two, a failover what its replica had not yet; the callers have their
// answers by then. On a cluster one primary dies alone, and its replica may take longer to stand in than anything here is
// old, while the other lanes go on.
// Choice: the batches of the last seconds stay in memory, unchanged. When the server of a lane turns out to have another
// run id or replication id than the one that held them, the lane's are offered again, oldest first and before anything
// newer of the lane, with their own (producer, number): what the lane still has answers `already`, what it lost is the
// next in order for it and is taken again. If the lane lost more than is kept, it reports a gap, and what is kept goes
// under a new producer. A lane that refuses them (closed, full) is asked again now and then and before anything newer.
// A batch leaves by age only once its own server was seen alive and unchanged after that age: nothing ages while its
// server is away. The servers are looked at several times a second while the appender is idle, on a cluster once a second
// also while it is not.
// Rejected: to wait for the disk before each answer (`--durability always` is for that); one age for all lanes, which
// lets what a dead primary held leave while the others are alive.
// How it fails: the kept batches die with this process; if it and Redis die within these seconds, what Redis lost stays
// lost. Past the bound of bytes the oldest leave early, on a cluster also those of a server that is away.
struct AppendTail {
    private struct Kept {
        let batch: AppendBatch
        let heldAt: ContinuousClock.Instant
    }

    /// What a look at the servers tells of one lane's.
    enum Sighting {
        case away
        /// - Parameter before: which server held what was kept of this lane since the last look; nil if that is not sure.
        case here(ServerIdentity, before: ServerIdentity?)
    }

    private enum Fate { case stays, ages, again }

    private let age: Duration
    private let mostBytes: Int
    /// In the order in which they were held; those before `head` are gone.
    private var kept: [Kept?] = []
    private var head = 0
    private var bytes = 0
    /// Which server held what is kept of a lane, as far as it was looked at since.
    private var homes: [LaneName: ServerIdentity] = [:]

    init(age: Duration, mostBytes: Int) {
        self.age = age
        self.mostBytes = mostBytes
    }

    var isEmpty: Bool { head == kept.count }

    /// The lanes of what is kept.
    var lanes: Set<LaneName> { Set(kept[head...].lazy.compactMap { $0?.batch.lane }) }

    /// Keeps a batch; leaves what is too much, and with `ages` what is too old: the same server holds all of it.
    mutating func keep(_ batch: AppendBatch, at now: ContinuousClock.Instant, ages: Bool) {
        kept.append(Kept(batch: batch, heldAt: now))
        bytes += batch.body.count
        let limit = now - age
        while head < kept.count, let first = kept[head], bytes > mostBytes || ages && first.heldAt < limit {
            bytes -= first.batch.body.count
            kept[head] = nil
            head += 1
        }
        if head > 1_024, head * 2 > kept.count {
            kept.removeFirst(head)
            head = 0
        }
    }

    /// Takes a look at the servers: leaves what is old where the server is still the one that held it, and gives what
    /// other servers held, oldest first. O(kept).
    mutating func look(_ sightings: [LaneName: Sighting], at now: ContinuousClock.Instant) -> [AppendBatch] {
        var fates: [LaneName: Fate] = [:]
        var again: [AppendBatch] = []
        let all = kept[head...].compactMap { $0 }
        let known = homes
        (kept, head, bytes, homes) = ([], 0, 0, [:])
        let limit = now - age
        for one in all {
            let lane = one.batch.lane
            let fate = fates[lane] ?? settle(lane, sightings[lane] ?? .away, known[lane])
            fates[lane] = fate
            if fate == .again {
                again.append(one.batch)
            } else if fate == .stays || one.heldAt >= limit {
                kept.append(one)
                bytes += one.batch.body.count
            }
        }
        return again
    }

    private mutating func settle(_ lane: LaneName, _ sighting: Sighting, _ home: ServerIdentity?) -> Fate {
        guard case .here(let current, let before) = sighting else {
            homes[lane] = home
            return .stays
        }
        homes[lane] = current
        return (home ?? before) == current ? .ages : .again
    }
}

extension AppendQueue {
    /// Takes a look at the servers of the lanes of what is kept; what their servers may have lost is offered again.
    mutating func look(_ sightings: [LaneName: AppendTail.Sighting], at now: ContinuousClock.Instant) {
        var again: [LaneName: [AppendBatch]] = [:]
        for batch in tail.look(sightings, at: now) { again[batch.lane, default: []].append(batch) }
        for name in again.keys.sorted() {
            lanes[name]?.again.insert(contentsOf: again[name] ?? [], at: 0)
            stranded.remove(name)
            list(name)
        }
    }

    /// Takes the reply to a batch that was offered again; gives a fault that concerns the server as a whole.
    mutating func answerAgain(
        _ reply: AppendReply, _ lane: inout Lane, _ name: LaneName, at now: ContinuousClock.Instant
    ) -> LaneFault? {
        lane.isAgainInFlight = false
        switch reply {
        case .failed(let fault) where fault.isInDoubt: return fault
        case .held, .alreadyHeld: keep(lane.again.removeFirst(), at: now)
        case .gap: renumber(&lane)
        case .failed(let fault) where fault.isPassing: return fault
        case .closed: park(&lane, name, .closed)
        case .full(let reason): park(&lane, name, .full(reason))
        case .wrongGeneration(let current):
            if !displaceAgain(&lane, name) { park(&lane, name, .wrongGeneration(current: current)) }
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
        parked.insert(name)
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
    private static let patience: Duration = .seconds(1)

    /// Of the server, or of each primary that can be reached, by its number (`shard(of:)`).
    ///
    /// - Parameter opened: rises with each store that is opened; it stands for a server that does not let us see who it is.
    func identities(opened: UInt64) throws(LaneError) -> [Int: ServerIdentity] {
        var identities: [Int: ServerIdentity] = [:]
        for shard in connection.reachableShards() {
            do {
                let reply = try shard.connection.call(
                    RedisCommand("INFO"), deadline: connection.isCluster ? Self.patience : nil)
                let fields = reply.string.map(InfoFields.init(text:))
                identities[shard.number] = ServerIdentity(
                    runID: fields?["run_id"] ?? "unknown",
                    replicationID: fields?["master_replid"] ?? "unknown \(opened) \(shard.link)")
            } catch {
                // A primary that goes meanwhile is looked at again once it, or another in its place, is back.
                guard connection.isCluster else { throw .redis(error) }
            }
        }
        return identities
    }
}
