internal import Contracts

// What waits to be appended, as a state machine without clock, lock or connection.
//
// Problem: many callers, many lanes, one connection; a reply may get lost, and a batch may be held all the same.
// Choice: one batch a lane and round. A batch has its number from when it is formed until it is answered: `offered`. If
// no answer comes it stays as it is and is offered again before anything newer of its lane, so that the lane tells it
// by its number. The number goes up only with what is held. A refusal concerns all that waits for the lane: what came
// later must not overtake what its caller will offer again.
// A gap means that the lane lost its end (a failover): what is offered is not in the log, so it goes again under a new
// producer. What the lane lost with its end is not in this queue any more.
// Rejected: several batches of a lane in one round. It would pipeline more, and one refusal would strand the rest.
// How it fails: see `append.lua` on a producer that the lane has forgotten.

/// A call's events and what became of them; completed by the appender's thread.
protocol AppendTicket: AnyObject, Sendable {
    var deadline: ContinuousClock.Instant { get }
    func complete(_ index: Int, _ result: AppendResult)
}

struct AppendQueue {
    struct Waiting {
        let bytes: [UInt8]
        let ticket: any AppendTicket
        let index: Int
        /// It comes from the spool.
        var isDrained = false
        /// False: who offers it would rather hear of a refusal.
        var maySpool = true
        /// See `LaneEvent.key`.
        var key = ""
        /// See `LaneEvent.generation`.
        var generation: UInt64?

        func complete(_ result: AppendResult) { ticket.complete(index, result) }
    }

    struct Offered {
        var batch: AppendBatch
        var events: [Waiting]
        /// An offer went unanswered: the batch may be in the log, and must be offered again as it is.
        var isInDoubt = false
        /// Its callers were told `.inDoubt`; it still keeps its place.
        var isAbandoned = false
        var gaps = 0
    }

    struct Lane {
        var producer: ProducerID
        var number: UInt64 = 1
        var offered: Offered?
        var waiting: [Waiting] = []
        var isListed = false
        /// Events that the spool has or is being given; while there are any, everything of the lane goes behind them.
        var behind = 0
        /// Held once and to be offered again before anything newer (`AppendTail`).
        var again: [AppendBatch] = []
        var isAgainInFlight = false

        var isBusy: Bool { !waiting.isEmpty || offered.map { !$0.isAbandoned } ?? false }
    }

    /// Whether there is a spool for what lanes cannot take.
    let diverts: Bool
    private let bounds: LaneBounds
    private var generator: any RandomNumberGenerator & Sendable
    let producer: ProducerID
    var lanes: [LaneName: Lane] = [:]
    /// Lanes with anything to offer, in the order in which they came.
    var listed: [LaneName] = []
    var inFlight: [LaneName] = []
    private(set) var events = 0
    private(set) var bytes = 0
    /// On their way to the spool, in order (`AppendQueueDiverting`).
    var diverted: [Diverted] = []
    /// What was held in the last seconds.
    var tail: AppendTail
    /// Lanes that refused what they lost.
    var parked: Set<LaneName> = []
    /// On a cluster: lanes whose server is away (`AppendQueueWaiting`).
    var stranded: Set<LaneName> = []
    /// The routes by which what is spooled is about to be given lanes; while there are any, everything goes behind it. 0:
    /// those that are not known yet.
    var rerouting: UInt64?
    /// Something may be spooled, or wait, whose key had no lane by the routes.
    var hasUnplaced = false
    /// Which lanes keys have now (`AppendQueueRouting`).
    var routes: LaneRoutes?
    /// The lanes lie on several servers, of which one may be away alone.
    var isPerLane = false
    /// Something waited in vain since a round was last answered.
    var isAway = false

    private static let mostLanesPerRound = 1_024
    private static let mostBytesPerRound = 8 << 20
    private static let mostGaps = 3

    init(
        bounds: LaneBounds, generator: any RandomNumberGenerator & Sendable, diverts: Bool = false,
        tail: AppendTail = AppendTail(age: .zero, mostBytes: 0)
    ) {
        self.tail = tail
        self.bounds = bounds
        self.diverts = diverts
        self.generator = generator
        producer = ProducerID(self.generator.next())
    }

    /// Whether a round would offer anything.
    var hasWork: Bool { !listed.isEmpty }

    mutating func add(_ event: Waiting, to name: LaneName) {
        if !event.isDrained, goesBehind(name) {
            return event.maySpool ? divert(event, of: name) : event.complete(.refused(.behind))
        }
        events += 1
        bytes += event.bytes.count
        let own = producer
        lanes[name, default: Lane(producer: own)].waiting.append(event)
        if !stranded.contains(name) { list(name) }
    }

    /// Forms the batches of a round; each lane's unanswered batch first. They are in flight until `answer` or `fail`.
    mutating func nextRound() -> [AppendBatch] {
        var batches: [AppendBatch] = []
        var roundBytes = 0
        var taken = 0
        for name in listed {
            guard batches.count < Self.mostLanesPerRound, roundBytes < Self.mostBytesPerRound else { break }
            taken += 1
            guard var lane = lanes.removeValue(forKey: name) else { continue }
            lane.isListed = false
            lane.isAgainInFlight = !lane.again.isEmpty
            if lane.again.isEmpty, lane.offered == nil, !lane.waiting.isEmpty { lane.offered = form(name, &lane) }
            if let batch = lane.again.first ?? lane.offered?.batch {
                batches.append(batch)
                inFlight.append(name)
                roundBytes += batch.body.count
            }
            lanes[name] = lane
        }
        listed.removeFirst(taken)
        return batches
    }

    /// Takes the replies of the round, in its order. Gives why a batch was not taken for a passing reason, if that concerns
    /// the server as a whole; on a cluster it concerns the lane, which waits by itself until `askAgain`.
    mutating func answer(_ replies: [AppendReply], at now: ContinuousClock.Instant) -> LaneFault? {
        var passing: LaneFault?
        if !replies.isEmpty { isAway = false }
        for (name, reply) in zip(inFlight, replies) {
            guard var lane = lanes.removeValue(forKey: name) else { continue }
            if !parked.isEmpty { parked.remove(name) }
            let fault =
                lane.isAgainInFlight
                ? answerAgain(reply, &lane, name, at: now) : answer(reply, &lane, name, at: now)
            lanes[name] = lane
            if fault != nil, isPerLane {
                stranded.insert(name)
                continue
            }
            passing = fault ?? passing
            let isParked = parked.contains(name)
            if lane.offered != nil || !lane.waiting.isEmpty || !lane.again.isEmpty && !isParked { list(name) }
        }
        inFlight.removeAll(keepingCapacity: true)
        return passing
    }

    private mutating func answer(
        _ reply: AppendReply, _ lane: inout Lane, _ name: LaneName, at now: ContinuousClock.Instant
    ) -> LaneFault? {
        guard let offered = lane.offered else { return nil }
        switch reply {
        case .held(let entry, _):
            finish(&lane, offered, at: entry)
            keep(offered.batch, at: now)
        case .alreadyHeld(let entry, _):
            finish(&lane, offered, at: entry)
            keep(offered.batch, at: now)
        case .gap where offered.gaps < Self.mostGaps: renew(&lane)
        case .gap(let expected): refuse(&lane, name, .failed(Self.gapFault(expected)))
        case .closed: refuse(&lane, name, .closed)
        case .full(let reason): refuse(&lane, name, .full(reason))
        case .wrongGeneration(let current): refuse(&lane, name, .wrongGeneration(current: current))
        case .failed(let fault) where fault.isInDoubt:
            lane.offered?.isInDoubt = true
            return fault
        case .failed(let fault) where fault.isPassing:
            if !offered.isInDoubt { dissolve(&lane) }
            return fault
        case .failed(let fault): refuse(&lane, name, .failed(fault))
        }
        return nil
    }

    /// The round got no answer: all of it is in doubt.
    mutating func fail() {
        for name in inFlight {
            if lanes[name]?.isAgainInFlight == false { lanes[name]?.offered?.isInDoubt = true }
            lanes[name]?.isAgainInFlight = false
            list(name)
        }
        inFlight.removeAll(keepingCapacity: true)
    }

    mutating func list(_ name: LaneName) {
        guard lanes[name]?.isListed == false else { return }
        lanes[name]?.isListed = true
        listed.append(name)
    }

    mutating func keep(_ batch: AppendBatch, at now: ContinuousClock.Instant) {
        tail.keep(batch, at: now, ages: !isPerLane)
    }

    private func form(_ name: LaneName, _ lane: inout Lane) -> Offered {
        var body: [UInt8] = []
        var count = 0
        let generation = lane.waiting.first?.generation
        for event in lane.waiting {
            guard count < EventFraming.mostEvents, body.count + event.bytes.count + 5 <= EventFraming.mostBytes,
                event.generation == generation
            else { break }
            EventFraming.append(event.bytes, to: &body)
            count += 1
        }
        let events = Array(lane.waiting.prefix(count))
        lane.waiting.removeFirst(count)
        var batch = AppendBatch(
            lane: name, generation: generation, producer: lane.producer, number: lane.number, count: count, body: body,
            bounds: bounds)
        if diverts { batch.keys = events.map(\.key) }
        return Offered(batch: batch, events: events)
    }

    private mutating func finish(_ lane: inout Lane, _ offered: Offered, at entry: EntryID?) {
        lane.behind -= offered.events.count { $0.isDrained }
        complete(offered.events) { place in .held(entry.map { Position(entry: $0, index: place) }) }
        lane.offered = nil
        lane.number += 1
    }

    mutating func refuse(_ lane: inout Lane, _ name: LaneName, _ refusal: AppendRefusal) {
        leave(lane.offered?.events ?? [], &lane, name, refusal)
        leave(lane.waiting, &lane, name, refusal)
        lane.offered = nil
        lane.waiting = []
    }

    mutating func renewProducer(of lane: inout Lane) {
        lane.producer = ProducerID(generator.next())
        lane.number = 1
    }

    private mutating func renew(_ lane: inout Lane) {
        renewProducer(of: &lane)
        lane.offered?.batch.producer = lane.producer
        lane.offered?.batch.number = 1
        lane.offered?.isInDoubt = false
        lane.offered?.gaps += 1
    }

    private func dissolve(_ lane: inout Lane) {
        lane.waiting.insert(contentsOf: lane.offered?.events ?? [], at: 0)
        lane.offered = nil
    }

    mutating func complete(_ finished: some Collection<Waiting>, _ result: (Int) -> AppendResult) {
        for (place, event) in finished.enumerated() {
            forget(event)
            event.complete(result(place))
        }
    }

    /// It waits here no longer.
    mutating func forget(_ event: Waiting) {
        events -= 1
        bytes -= event.bytes.count
    }

    private static func gapFault(_ expected: UInt64) -> LaneFault {
        LaneFault(code: "GAP", message: "expected batch \(expected) of a new producer")
    }
}
