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
    private var pins = PinBook()
    private var ledTerm: UInt64?
    private var topologyNumber: UInt64 = 0
    /// Every lane of the topology, in order.
    private var lanes: [LaneName] = []
    private var house = HouseView()
    private var doubts = LeaderDoubts()
    private var features: UInt64 = 0
    private var hours: [String: PartitionHours] = [:]

    init(
        id: MemberID, settings: Coordinator.Settings, connector: LaneConnector, placement: @escaping Placement,
        log: Logger, post: CoordinatorPost
    ) {
        self.id = id
        self.settings = settings
        self.connector = connector.answering(within: settings.times.interval)
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
            house.care.retention = mail.retention ?? house.care.retention
            if let new = mail.hours {
                hours = new
                house.load.use(new)
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
        // Said before it leads: a leader that says nothing is one of an older release.
        try link.attend(id, settings)
        let (leads, control, window) = try link.lead(id, settings, features: features)
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
        if ledTerm != control.term {
            log.notice("Leads", metadata: .of((.epoch, "\(control.term)")))
            assignment = Assignment()
            pins = PinBook()
            house.load = LoadView(
                profiles: try link.control.profiles { HourProfile(text: $0) },
                word: try link.control.signals().flatMap { DemandWord($0.signals) })
            house.load.use(hours)
            doubts = LeaderDoubts()
            ledTerm = control.term
            house.stir()
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
            house.care.learn(retired: topology.retired.keys.sorted())
        }
        try readAssignment(control, link)
        try pins.read(link.control)
        doubts.log(pins.fault, to: log)
        let records = try link.control.members()
        let census = Census(records, at: control, lease: settings.times.lease)
        let level = HouseLevel(census, others: try link.tolerant(link.control.attending), own: settings.featureLevel)
        features = level.reachable
        let basis = LaneWatch.Basis(
            topology: topologyNumber, assignment: assignment.number, pins: pins.stamp,
            living: census.living.map(\.id),
            placeable: census.placeable, silent: census.silent, canJudge: census.canJudge)
        // Without a new look a plan would be the last one again, which was that nothing moves.
        var window = window
        let isNew = try house.look(lanes, basis, census, lease: settings.times.lease, link) { () throws(LaneError) in
            try renew(&window, link)
        }
        let way = isNew ? try place(census, &window, link) : (underWay: 0, waits: false)
        let older = level.older(than: control.numbers.features)
        doubts.log(older: older, than: control.numbers.features, to: log)
        try expel(records, control, window, link)
        try unpin(census, window, link)
        try signal(control, census, window, link)
        // For a gauge alone: what cannot be read of it, a newer member's perhaps, is no reason not to lead.
        let moves = (try? link.topology.moves()) ?? []
        try keepProfiles(window, link)
        show { standing in
            standing.underWay = way.underWay
            standing.contained = self.house.load.book.containedCount
            standing.older = older.count
            standing.demand = self.house.load.demand
            standing.hot = self.house.care.hot
            standing.movesSince = moves.first?.begunAt
        }
        // Sooner if somebody will be dead before, or does not answer.
        let left = (census.nextEnd ?? .distantFuture) - control.now
        let answer = way.waits ? settings.times.answer : settings.times.interval
        return min(settings.times.interval, answer, max(left, settings.leastPause))
    }

    /// Places the lanes as they were just seen; how many hand-overs are under way, and whether somebody has to answer.
    private func place(
        _ census: Census, _ window: inout TrustWindow, _ link: LeaderLink
    ) throws(LaneError) -> (underWay: Int, waits: Bool) {
        let start = ContinuousClock.now
        let round = LeaderRound(
            lanes: lanes, assignment: assignment, census: census, share: settings.share(of: house.seen),
            answer: settings.times.answer, figures: house.figures(of: lanes, at: census.now),
            pins: pins.places(census), placement: placement, sight: house.sight)
        show { $0.planTook = .now - start }
        doubts.log(house.load.book.contained, to: log)
        if !round.moves.isEmpty || round.isAwaiting || round.underWay > 0 { house.stir() }
        try renew(&window, link)
        try write(round.moves, window, link)
        return (round.underWay, round.isAwaiting || !round.moves.isEmpty)
    }

    /// A look at many lanes and a plan of them may take as long as the lease, on a busy machine: who looked and planned writes
    /// nothing in vain. A new term ends the round, since another may have written meanwhile.
    private func renew(_ window: inout TrustWindow, _ link: LeaderLink) throws(LaneError) {
        guard !window.isOpen(at: .now + settings.times.margin) else { return }
        let (leads, control, renewed) = try link.lead(id, settings, features: features)
        guard leads, control.term == window.term else { return }
        window = renewed
        show { $0.window = renewed }
    }

    private func readAssignment(_ control: ControlState, _ link: LeaderLink) throws(LaneError) {
        if control.numbers.assignment < assignment.number { assignment = Assignment() }
        guard control.numbers.assignment != assignment.number else { return }
        try link.control.changes(since: assignment.number) { changes in
            // Each name once, however many lanes it has.
            let kept = changes.map { lane, target in
                (lane: lane, target: LaneTarget(member: target.member.map { house.member($0) }, number: target.number))
            }
            assignment.learn(kept, upTo: assignment.number)
        }
        assignment.learn([], upTo: control.numbers.assignment)
    }

    /// Pins end with their time and with their member.
    private func unpin(_ census: Census, _ window: TrustWindow, _ link: LeaderLink) throws(LaneError) {
        let over = pins.over(census, lanes: lanes)
        guard !over.isEmpty, window.isOpen(at: .now) else { return }
        try pins.remove(over, by: id, term: window.term, link.control).map { refused($0) }
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
        let changed = house.load.takeChanged(most: ControlStore.mostProfiles)
        guard !changed.isEmpty else { return }
        refused(
            try link.control.keep(
                changed.map { (partition: $0.partition, text: $0.profile.text) }, by: id, term: window.term))
    }

    /// Numbers what stands outside the lanes.
    private func signal(
        _ control: ControlState, _ census: Census, _ window: TrustWindow, _ link: LeaderLink
    ) throws(LaneError) {
        let signals = try SignalsContent(
            LeaderSignals(writer: id, at: control.now)
                .of(house.sum, census, house.load.demand, try link.lanes.automationSwitches()))
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
            let control = try open().control
            try control.resign(id, gap: settings.times.gap)
            try control.leaveAttendance(id)
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
