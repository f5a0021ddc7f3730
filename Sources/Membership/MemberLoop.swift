internal import Contracts
internal import Instants
internal import Lanes
internal import Logging
internal import Redis
internal import Synchronization
internal import Telemetry

/// What runs on a member's thread. See `Member`.
final class MemberLoop {
    private let settings: Member.Settings
    private let connector: LaneConnector
    private let host: LaneHost
    private let log: Logger
    private let post: MemberPost
    private var state: MemberState
    private var link: Link?
    private var listener: RedisSubscriber?
    private var heard: Set<LaneName> = []
    private var topologyNumber: UInt64?
    /// Redis' clock at an instant of ours.
    private var clock: (server: Instant, own: ContinuousClock.Instant)?
    private var othersCanTake = true

    private struct Link {
        let control: ControlStore
        let lanes: LaneStore
        let topology: TopologyStore
    }

    init(
        id: MemberID, settings: Member.Settings, connector: LaneConnector, host: LaneHost, log: Logger,
        post: MemberPost
    ) {
        self.settings = settings
        self.connector = connector.answering(within: settings.times.interval)
        self.host = host
        self.log = log.with(.member, id.text)
        self.post = post
        state = MemberState(id: id, limits: settings.limits)
    }

    /// Until the end is asked for.
    func run() {
        listen()
        defer { listener?.close() }
        var lastBeat: ContinuousClock.Instant?
        var nextBeat = ContinuousClock.now
        while true {
            post.bell.wait(until: min(nextBeat, nextDeadline ?? nextBeat))
            let mail = post.take()
            hear(mail)
            switch mail.end {
            case .stop: return
            case .leave(let deadline):
                if leaves(by: deadline) { return }
                if !state.isLeaving {
                    state.isLeaving = true
                    nextBeat = .now
                }
            case nil: break
            }
            perform(state.passed(serverNow))
            if mail.beatsNow, let last = lastBeat { nextBeat = min(nextBeat, last + settings.leastPause) }
            if ContinuousClock.now >= nextBeat {
                lastBeat = .now
                nextBeat = .now + (beats() ? settings.times.interval : settings.times.interval / 4)
                if state.isLeaving { post.bell.ring() }
            }
            follow()
        }
    }

    private func hear(_ mail: MemberPost.Mail) {
        for report in mail.reports {
            perform(state.reported(report))
            switch report {
            case .lost, .refused: post.put { $0.beatsNow = true }
            case .taken, .released: break
            }
        }
        for lane in mail.released.sorted() { perform(state.ownerReleased(lane, serverNow)) }
        if !mail.reports.isEmpty { show { $0.held = self.state.held } }
    }

    /// One heartbeat with everything that follows from its answer; whether it went well.
    private func beats() -> Bool {
        do throws(LaneError) {
            try beat(try open())
            return true
        } catch {
            link = nil
            if post.standing.withLock({ $0.fault }) == nil {
                log.warning("Heartbeat failed", metadata: .of((.cause, "\(error)")))
            }
            show { $0.fault = "\(error)" }
            return false
        }
    }

    private func beat(_ link: Link) throws(LaneError) {
        let sent = ContinuousClock.now
        let control = try link.control.beat(
            Heartbeat(
                id: state.id, version: settings.version, featureLevel: settings.featureLevel, load: host.load(),
                held: state.held.count, isLeaving: state.isLeaving),
            lease: settings.times.lease, gap: settings.times.gap)
        clock = (control.now, .now)
        show { standing in
            standing.control = control
            standing.beatSent = sent
            standing.fault = nil
        }
        if control.numbers.topology != topologyNumber {
            state.learn(lanes: try link.topology.read().lanes)
            topologyNumber = control.numbers.topology
        }
        // Redis lost its tail: what was read of the assignment may never have been written.
        if control.numbers.assignment < state.assignment.number { state.forgetAssignment() }
        if control.numbers.assignment != state.assignment.number {
            state.learn(
                try link.control.changes(since: state.assignment.number), upTo: control.numbers.assignment)
        }
        let records = state.needsCensus(control) ? try link.control.members() : []
        let census = Census(records, at: control, lease: settings.times.lease)
        othersCanTake = control.isLed && census.placeable.contains { $0 != state.id }
        let sights = try look(state.interests(control, census), link)
        perform(state.beat(control, census, sights: sights))
        show { $0.held = self.state.held }
    }

    private func look(_ lanes: [LaneName], _ link: Link) throws(LaneError) -> [LaneName: LaneSight] {
        var sights: [LaneName: LaneSight] = [:]
        for start in stride(from: 0, to: lanes.count, by: 1_000) {
            for look in try link.lanes.look(Array(lanes[start..<min(start + 1_000, lanes.count)])) {
                sights[look.lane] = LaneSight(look)
            }
        }
        return sights
    }

    private func perform(_ actions: [MemberState.Action]) {
        var asked: [LaneName] = []
        for action in actions {
            switch action {
            case .grant(let lane, let number): host.grant(lane, number)
            case .revoke(let lane): host.revoke(lane)
            case .ask(let lane): asked.append(lane)
            }
        }
        guard !asked.isEmpty else { return }
        follow()
        do throws(LaneError) {
            let link = try open()
            _ = try link.lanes.control(asked.map { (lane: $0, verb: .want(owner: state.id.text)) })
            // Released between the look and the asking: nobody would wake us.
            for (lane, sight) in try look(asked, link).sorted(by: { $0.key < $1.key }) where sight.owner == nil {
                perform(state.ownerReleased(lane, serverNow))
            }
        } catch {
            // The deadline of what was asked for takes the lanes in any case.
            link = nil
            log.warning("Asking for lanes failed", metadata: .of((.cause, "\(error)")))
        }
    }

    /// Whether everything is given up and this member is off the list.
    private func leaves(by deadline: ContinuousClock.Instant) -> Bool {
        guard state.isLeaving else { return false }
        if ContinuousClock.now >= deadline || !othersCanTake { perform(state.revokeAll(serverNow)) }
        let isDone = state.tenures.isEmpty
        guard isDone || ContinuousClock.now >= deadline + .seconds(1) else { return false }
        do throws(LaneError) {
            try open().control.leave(state.id)
        } catch {
            log.warning("Leaving failed", metadata: .of((.cause, "\(error)")))
        }
        return true
    }

    private func open() throws(LaneError) -> Link {
        if let link { return link }
        let lanes = try connector.open(clientName: "member-\(state.id.name)")
        let made = Link(
            control: ControlStore(connection: lanes.connection, keyspace: connector.keyspace), lanes: lanes,
            topology: TopologyStore(connection: lanes.connection, keyspace: connector.keyspace))
        link = made
        return made
    }

    private func show(_ change: (inout Member.Standing) -> Void) {
        post.standing.withLock { change(&$0) }
    }

    /// Redis' clock, as far as the last beat tells.
    private var serverNow: Instant {
        guard let clock else { return .distantPast }
        return clock.server + clock.own.duration(to: .now)
    }

    private var nextDeadline: ContinuousClock.Instant? {
        guard let clock, let deadline = state.nextDeadline else { return nil }
        return clock.own + max(.milliseconds(1), deadline - clock.server)
    }
}

/// Listening: the control slot always, a lane while it is asked for.
extension MemberLoop {
    private func listen() {
        let (post, control) = (post, connector.keyspace.control("wake"))
        do throws(RedisError) {
            listener = try RedisSubscriber(connector.endpoint, clientName: "member-wake") { event in
                switch event {
                case .message(control, let payload):
                    // Of other members' coming and going, and of pins, only the leader makes something.
                    let word = String(decoding: payload, as: UTF8.self)
                    if !["members", "policy", "pins"].contains(word) { post.put { $0.beatsNow = true } }
                case .message(let channel, let payload):
                    guard payload == Array("released".utf8), let lane = Self.lane(ofChannel: channel) else { return }
                    post.put { $0.released.insert(lane) }
                case .subscribed:
                    post.put { $0.beatsNow = true }
                case .lost:
                    break
                }
            }
            listener?.subscribe([control])
        } catch {
            log.warning("Listening failed", metadata: .of((.cause, "\(error)")))
        }
    }

    /// Brings the subscriptions in line with what is asked for.
    private func follow() {
        let wanted = Set(state.asked)
        guard wanted != heard else { return }
        listener?.subscribe(wanted.subtracting(heard).map(channel))
        listener?.unsubscribe(heard.subtracting(wanted).map(channel))
        heard = wanted
    }

    private func channel(of lane: LaneName) -> String {
        String(decoding: connector.keyspace.lane(lane).wakeChannel, as: UTF8.self)
    }

    /// The lane in the hash tag of its wake channel.
    private static func lane(ofChannel channel: String) -> LaneName? {
        guard let open = channel.firstIndex(of: "{"), let close = channel[open...].firstIndex(of: "}") else {
            return nil
        }
        return try? LaneName(String(channel[channel.index(after: open)..<close]))
    }
}
