internal import Contracts
internal import Instants
internal import Lanes
internal import Logging
internal import Membership
internal import Redis
internal import Synchronization
internal import Telemetry

/// What runs on a coordinator's thread. See `Coordinator`.
final class LeaderLoop {
    private let id: MemberID
    private let settings: Coordinator.Settings
    private let connector: LaneConnector
    private let placement: Placement
    private let log: Logger
    private let post: CoordinatorPost
    private var link: LeaderLink?
    private var assignment = Assignment()
    private var ledTerm: UInt64?
    private var topologyNumber: UInt64 = 0
    /// Every lane of the topology, in order.
    private var lanes: [LaneName] = []
    private var watch = LaneWatch()
    private var shards = LaneShards()
    private var doubts = LeaderDoubts()
    private var features: UInt64 = 0
    private var care = LaneCare()
    private var load = LoadView()
    private var hours: [String: PartitionHours] = [:]

    init(
        id: MemberID, settings: Coordinator.Settings, connector: LaneConnector, placement: @escaping Placement,
        log: Logger, post: CoordinatorPost
    ) {
        self.id = id
        self.settings = settings
        var endpoint = connector.endpoint
        endpoint.timeouts.reply = min(endpoint.timeouts.reply, max(settings.times.interval, .milliseconds(100)))
        endpoint.timeouts.connect = min(endpoint.timeouts.connect, max(settings.times.interval, .milliseconds(100)))
        self.connector = LaneConnector(
            endpoint: endpoint, keyspace: connector.keyspace, durability: connector.durability)
        self.placement = placement
        self.log = log.with(.member, id.text)
        self.post = post
    }

    /// Until the end is asked for.
    func run() {
        let listener = post.listen(connector, log)
        defer { listener?.close() }
        var last: ContinuousClock.Instant?
        var next = ContinuousClock.now
        while true {
            post.bell.wait(until: next)
            let mail = post.take()
            care.retention = mail.retention ?? care.retention
            if let new = mail.hours {
                hours = new
                load.use(new)
            }
            switch mail.end {
            case .stop: return
            case .resign:
                resign()
                return
            case nil: break
            }
            if mail.worksNow, let last { next = min(next, last + settings.leastPause) }
            guard ContinuousClock.now >= next else { continue }
            last = .now
            next = .now + works()
        }
    }

    /// One round; after how long the next is due.
    private func works() -> Duration {
        do throws(LaneError) {
            return try round(try open())
        } catch {
            link = nil
            if post.standing.withLock({ $0.fault }) == nil {
                log.warning("Coordinator's round failed", metadata: .of((.cause, "\(error)")))
            }
            show { $0.fault = "\(error)" }
            return settings.times.interval / 4
        }
    }

    private func round(_ link: LeaderLink) throws(LaneError) -> Duration {
        let sent = ContinuousClock.now
        let (leads, control) = try link.control.lead(
            id, lease: settings.times.lease, gap: settings.times.gap, features: features)
        guard leads else {
            if ledTerm != nil { log.notice("Leads no longer") }
            ledTerm = nil
            show { standing in
                standing.control = control
                standing.window = nil
                standing.fault = nil
            }
            // Tried again the instant the leader's lease ends, if it does; for a predecessor that is after half of it.
            let isSuccessor = control.leader?.name == id.name
            let left = control.leaderUntil - control.now - (isSuccessor ? settings.times.lease / 2 : .zero)
            return min(settings.times.interval, max(left, settings.leastPause))
        }
        let window = TrustWindow(
            term: control.term, requestSent: sent, lease: settings.times.lease, margin: settings.times.margin)
        if ledTerm != control.term {
            log.notice("Leads", metadata: .of((.epoch, "\(control.term)")))
            assignment = Assignment()
            let kept = try link.control.profiles().compactMap { name, text in
                HourProfile(text: text).map { (name, $0) }
            }
            load = LoadView(
                profiles: Dictionary(kept) { first, _ in first },
                word: try link.control.signals().flatMap { DemandWord($0.signals) })
            load.use(hours)
            doubts = LeaderDoubts()
            ledTerm = control.term
            watch.stir()
        }
        show { standing in
            standing.control = control
            standing.window = window
            standing.fault = nil
        }
        return try lead(control, window, link)
    }

    private func lead(_ control: ControlState, _ window: TrustWindow, _ link: LeaderLink) throws(LaneError) -> Duration
    {
        if control.numbers.topology != topologyNumber {
            let topology = try link.topology.read()
            topologyNumber = topology.number
            lanes = topology.lanes
            care.learn(retired: topology.retired.keys.sorted())
        }
        try readAssignment(control, link)
        let records = try link.control.members()
        let census = Census(records, at: control, lease: settings.times.lease)
        features = census.canJudge ? census.living.map(\.featureLevel).min() ?? 0 : 0
        let looks = try look(census, control, link)
        shards.read(lanes, topology: topologyNumber, link.lanes)
        var figures = load.figures(of: lanes, at: control.now)
        figures.shards = shards.shards
        let round = LeaderRound(
            lanes: lanes, assignment: assignment, census: census, sights: looks.mapValues(LaneSight.init),
            share: settings.share(of: looks.count), answer: settings.times.answer,
            figures: figures, placement: placement)
        doubts.log(load.book.contained, to: log)
        let older = census.living.filter { $0.featureLevel < control.numbers.features }
        doubts.log(older: older, than: control.numbers.features, to: log)
        if !round.moves.isEmpty || round.isAwaiting || round.underWay > 0 { watch.stir() }
        try write(round.moves, window, link)
        try expel(records, control, window, link)
        try signal(control, census, looks, window, link)
        // For a gauge alone: what cannot be read of it, a newer member's perhaps, is no reason not to lead.
        let moves = (try? link.topology.moves()) ?? []
        try keepProfiles(window, link)
        show { standing in
            standing.underWay = round.underWay
            standing.contained = self.load.book.containedCount
            standing.older = older.count
            standing.demand = self.load.demand
            standing.hot = self.care.hot
            standing.movesSince = moves.first?.begunAt
        }
        // Sooner if somebody will be dead before, or does not answer.
        let left = (census.nextEnd ?? .distantFuture) - control.now
        let answer = round.moves.isEmpty && !round.isAwaiting ? settings.times.interval : settings.times.answer
        return min(settings.times.interval, answer, max(left, settings.leastPause))
    }

    private func readAssignment(_ control: ControlState, _ link: LeaderLink) throws(LaneError) {
        if control.numbers.assignment < assignment.number { assignment = Assignment() }
        guard control.numbers.assignment != assignment.number else { return }
        assignment.learn(try link.control.changes(since: assignment.number), upTo: control.numbers.assignment)
    }

    /// All lanes as they are, or as they were seen last while nothing can have changed that matters here.
    private func look(
        _ census: Census, _ control: ControlState, _ link: LeaderLink
    ) throws(LaneError) -> [LaneName: LaneGlance] {
        let now = ContinuousClock.now
        let basis = LaneWatch.Basis(
            topology: topologyNumber, assignment: assignment.number, living: census.living.map(\.id),
            silent: census.silent, canJudge: census.canJudge)
        guard !watch.stands(on: basis, for: settings.times.lease, now: now) else { return watch.looks }
        // A lane whose server is away is where it was: nothing is moved because of it.
        var looks = link.lanes.connection.isCluster ? watch.looks : [:]
        looks.reserveCapacity(lanes.count)
        for start in stride(from: 0, to: lanes.count, by: 1_000) {
            for look in try link.lanes.glance(Array(lanes[start..<min(start + 1_000, lanes.count)])) {
                looks[look.lane] = look
            }
        }
        watch.take(looks, of: basis, at: now)
        try care.look(looks.mapValues(\.decided), link.lanes)
        let living = Dictionary(census.living.map { ($0.id.text, $0.id) }) { first, _ in first }
        load.observe(
            lanes.compactMap { lane in
                looks[lane].map { look in
                    LaneCount(
                        lane: lane, owner: look.owner.flatMap { living[$0] ?? (try? MemberID($0)) },
                        decided: look.decided, pending: look.pending)
                }
            }, census.living, now: control.now)
        return looks
    }

    private func write(_ moves: [PlacementMove], _ window: TrustWindow, _ link: LeaderLink) throws(LaneError) {
        for start in stride(from: 0, to: moves.count, by: ControlStore.mostMoves) {
            guard window.isOpen(at: .now) else { return }
            let slice = moves[start..<min(start + ControlStore.mostMoves, moves.count)]
            let answer = try link.control.assign(
                slice.map { (lane: $0.lane, member: $0.member) }, by: id, term: window.term,
                expected: assignment.number)
            guard case .written(let number) = answer else { return refused(answer) }
            assignment.learn(
                slice.map { (lane: $0.lane, target: LaneTarget(member: $0.member, number: number)) }, upTo: number)
            show { $0.moved += slice.count }
        }
    }

    private func expel(
        _ records: [MemberRecord], _ control: ControlState, _ window: TrustWindow, _ link: LeaderLink
    ) throws(LaneError) {
        let age = settings.times.lease * settings.forgottenAfter
        let long = records.filter { $0.until + age <= control.now && control.reachableSince + age <= control.now }
        guard !long.isEmpty, window.isOpen(at: .now) else { return }
        refused(try link.control.expel(long.map(\.id), by: id, term: window.term))
    }

    /// What partitions' weeks look like outlives the leader.
    private func keepProfiles(_ window: TrustWindow, _ link: LeaderLink) throws(LaneError) {
        guard window.isOpen(at: .now) else { return }
        let changed = load.takeChanged(most: ControlStore.mostProfiles)
        guard !changed.isEmpty else { return }
        refused(
            try link.control.keep(
                changed.map { (partition: $0.partition, text: $0.profile.text) }, by: id, term: window.term))
    }

    /// Numbers what stands outside the lanes.
    private func signal(
        _ control: ControlState, _ census: Census, _ looks: [LaneName: LaneGlance], _ window: TrustWindow,
        _ link: LeaderLink
    ) throws(LaneError) {
        let signals = try SignalsContent(
            LeaderSignals(writer: id, at: control.now)
                .of(looks.values, census, load.demand, try link.lanes.automationSwitches()))
        doubts.log(signals, to: log)
        guard window.isOpen(at: .now) else { return }
        let answer = try link.control.number(signals, by: id, term: window.term)
        guard case .written(let number) = answer else { return refused(answer) }
        show { $0.signals = number }
    }

    /// A write that was not taken: nothing is written any more before the lease is renewed.
    private func refused(_ answer: LeaderWrite) {
        switch answer {
        case .written: return
        case .fenced(let term):
            log.notice("Leader's write refused", metadata: .of((.epoch, "\(term)")))
            ledTerm = nil
            show { $0.window = nil }
        case .stale:
            assignment = Assignment()
        }
        post.put { $0.worksNow = true }
    }

    private func resign() {
        do throws(LaneError) {
            try open().control.resign(id, gap: settings.times.gap)
        } catch {
            log.warning("Resigning failed", metadata: .of((.cause, "\(error)")))
        }
        show { $0.window = nil }
    }

    private func open() throws(LaneError) -> LeaderLink {
        if let link { return link }
        let made = try LeaderLink(connector, id)
        link = made
        return made
    }

    private func show(_ change: (inout Coordinator.Standing) -> Void) {
        post.standing.withLock { change(&$0) }
    }
}
