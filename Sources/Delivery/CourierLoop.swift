internal import Contracts
internal import DequeModule
internal import HeapModule
internal import Instants
internal import Lanes

/// A courier's thread: what it knows and the loop. `Claiming` and `Settling` have the two round trips of an attempt.
final class CourierLoop {
    /// An attempt that was claimed, or is being claimed.
    struct UnderWay {
        let action: Action
        let lane: LaneName
        let attempt: UInt32
        /// Answered, its settlement queued.
        var isAnswered = false
    }

    /// The lanes that are ours.
    struct Standing {
        var token: LaneToken
        var offset: Duration
        var isPaused = false
    }

    let setting: CourierSetting
    let mailbox: Mailbox<Courier.Mail>
    private let status: CourierStatus
    private var kept = Courier.Mail()
    var counters = CourierCounters()
    var store: LaneStore?
    var schedule: Schedule
    var lanes: [LaneName: Standing] = [:]
    /// What waits, by id; what the schedule knows, with its words.
    var actions: [ActionID: Action] = [:]
    var underWay: [ActionID: UnderWay] = [:]
    /// Of the fetches under way, which make many calls each.
    var holdMarks: [ActionID: HoldMark] = [:]
    /// Claimed, by the end of patience; one duration for all, so the oldest is first.
    var deadlines: Deque<(at: ContinuousClock.Instant, id: ActionID, attempt: UInt32)> = []
    /// Open attempts of former owners, by the instant (server time) until which they are left alone.
    var inherited: [ActionID: (until: Instant, attempt: UInt32)] = [:]
    /// Messages that wait for their echo, their attempts still open.
    var unheard: [ActionID: Unheard] = [:]
    var echoAlarms = Heap<EchoAlarm>()
    /// Echoes of messages that are under way or wait for another attempt, and for a while of those that were.
    var heardEarly = HeardEchoes()
    /// Whether attempts that did not end their action may have had their effect; missing: nobody here knows.
    var gone: [ActionID: Bool] = [:]
    /// Attempts that a limit of the account refused, or that were given back: they are no tries of the action. Known of this
    /// owner's alone; those of an earlier one count.
    var spared: [ActionID: UInt32] = [:]
    /// Threads that a text was sent to just now.
    var pace = ThreadPace()
    /// Accounts whose platform did not answer lately.
    var breakers: [String: AccountBreaker] = [:]
    var settlements: [LaneName: [Settling]] = [:]
    /// Lanes whose settlements were refused, and until when they are not offered again.
    var settleNotBefore: [LaneName: ContinuousClock.Instant] = [:]
    var toRecover: Set<LaneName> = []
    var recoverNotBefore = ContinuousClock.now
    var gate = SendingGate()
    var purse = TokenPurse()
    var generator = SystemRandomNumberGenerator()
    /// Redis's clock, and when it was read by this machine's.
    private var serverClock: (read: Instant, at: ContinuousClock.Instant)?
    private var nextTick = ContinuousClock.now
    /// On a cluster: the server of the kill switches cannot be reached.
    private var areRulesAway = false
    private var failures: UInt32 = 0
    private var retryAt = ContinuousClock.now
    private var stopBy: ContinuousClock.Instant?

    init(_ setting: CourierSetting, mailbox: Mailbox<Courier.Mail>, status: CourierStatus) {
        self.setting = setting
        self.mailbox = mailbox
        self.status = status
        schedule = Schedule(limits: setting.limits)
    }

    var isStopping: Bool { stopBy != nil }

    func run() {
        while true {
            let mail = mailbox.take(waiting: idleTime(.now))
            do {
                try turn(mail, .now)
                if store != nil { failures = 0 }
            } catch {
                lostConnection()
            }
            counters.waiting = schedule.count
            counters.underWay = underWay.count
            status.show(counters)
            if let stopBy, underWay.isEmpty && settlements.isEmpty || stopBy <= .now { return }
        }
    }

    /// Redis's clock as far as this machine knows it; exact to the drift of a second.
    func serverNow(_ now: ContinuousClock.Instant) -> Instant {
        guard let serverClock else { return .epoch }
        return serverClock.read + (now - serverClock.at)
    }

    func turn(_ mail: Courier.Mail?, _ now: ContinuousClock.Instant) throws {
        if let stop = mail?.stop, stopBy == nil {
            stopBy = now + stop
            returnTokens()
            leaveUnheard(serverNow(now))
        }
        var isConnected = false
        do {
            isConnected = try connect(now)
        } catch {
            sort(mail, now)
            throw error
        }
        sort(mail, now)
        guard isConnected else { return }
        try recover(now)
        passDeadlines(now)
        passEchoes(now)
        try settle(now)
        try tellOthers(now)
        // Outboxes and settlements may have taken longer than a slot of tokens lasts.
        if !isStopping, !areRulesAway { try claim(max(now, .now)) }
    }

    /// Without any knowledge of Redis's clock nothing can be scheduled: until then the mail is kept as it is.
    private func sort(_ mail: Courier.Mail?, _ now: ContinuousClock.Instant) {
        if let mail {
            kept.orders += mail.orders
            kept.answers += mail.answers
            kept.usages = Array((kept.usages + mail.usages).suffix(Courier.mostUsages))
            kept.overflowing.formUnion(mail.overflowing)
        }
        guard serverClock != nil else { return }
        absorb(kept, now)
        kept = Courier.Mail()
    }

    private func absorb(_ mail: Courier.Mail, _ now: ContinuousClock.Instant) {
        let server = serverNow(now)
        for order in mail.orders {
            switch order {
            case .taken(let lane, let token, let offset, let isPaused):
                lanes[lane] = Standing(token: token, offset: offset, isPaused: isPaused)
                schedule.set(lane, offset: offset, isPaused: isPaused, now: server)
                toRecover.insert(lane)
                recoverNotBefore = now
            case .standing(let lane, let offset, let isPaused):
                guard lanes[lane] != nil else { continue }
                lanes[lane]?.offset = offset
                lanes[lane]?.isPaused = isPaused
                schedule.set(lane, offset: offset, isPaused: isPaused, now: server)
                if isPaused { giveUpEchoes(in: lane) }
                holdFetches(server)
            case .lost(let lane):
                drop(lane, server)
            case .handed(let handOver):
                take(handOver, server)
            case .brake(let account, let brake):
                schedule.brake(account, brake, now: server)
            }
        }
        toRecover.formUnion(mail.overflowing.filter { lanes[$0] != nil })
        for answered in mail.answers { take(answered, now) }
        for (account, usage) in mail.usages { heed(usage, of: account) }
    }

    private func take(_ handOver: HandOver, _ server: Instant) {
        guard lanes[handOver.lane] != nil, !isStopping else { return }
        for action in handOver.actions { add(action, lane: handOver.lane, server) }
        for id in handOver.cancelled + handOver.closed { forget(id, server) }
        heard(handOver.echoed, in: handOver.lane, server)
        for id in handOver.stopped { stop(id, server) }
    }

    func add(_ action: Action, lane: LaneName, _ server: Instant) {
        let scheduled = ScheduledAction(action, lane: lane)
        guard !schedule.contains(scheduled.id) else { return }
        actions[scheduled.id] = action
        schedule.add(scheduled, now: server)
    }

    /// It is settled or removed without this courier's doing.
    private func forget(_ id: ActionID, _ server: Instant) {
        if inherited.removeValue(forKey: id) != nil {
            finish(id, server)
        } else if schedule.cancel(id, now: server) {
            leave(id)
        }
    }

    func finish(_ id: ActionID, _ server: Instant) {
        underWay[id] = nil
        leave(id)
        schedule.finished(id, now: server)
    }

    /// Nothing more is known of what the schedule no longer knows, but that its echo came: a Redis that lost its tail asks again.
    func leave(_ id: ActionID) {
        actions[id] = nil
        gone[id] = nil
        spared[id] = nil
        heardEarly.age(id, now: .now)
    }

    /// Nothing more of this lane is started; what is under way stays until it is settled.
    func drop(_ lane: LaneName, _ server: Instant) {
        lanes[lane] = nil
        toRecover.remove(lane)
        for id in inherited.keys.sorted() where schedule.lane(of: id) == lane {
            inherited[id] = nil
            finish(id, server)
        }
        for id in schedule.drop(lane, now: server) { leave(id) }
    }

    func idleTime(_ now: ContinuousClock.Instant) -> Duration {
        let isIdle =
            schedule.count == 0 && underWay.isEmpty && settlements.isEmpty && toRecover.isEmpty && !gate.hasWork
        if isIdle {
            // Somebody is paged for a stopped account, and wants to see soon that it goes again.
            let longest = counters.stoppedAccounts > 0 ? Duration.seconds(30) : .seconds(3_600)
            return stopBy.map { max(.zero, $0 - now) } ?? longest
        }
        guard store != nil else { return max(.milliseconds(1), retryAt - now) }
        var until = min(nextTick, stopBy ?? nextTick)
        if !toRecover.isEmpty { until = min(until, recoverNotBefore) }
        if let first = deadlines.first { until = min(until, first.at) }
        if let first = echoAlarms.min { until = min(until, first.at) }
        if !isStopping, !areRulesAway, let next = schedule.nextInstant {
            until = min(until, now + max(.zero, next - serverNow(now)))
        }
        for lane in settlements.keys { until = min(until, settleNotBefore[lane] ?? now) }
        return max(.zero, until - now)
    }

    private func connect(_ now: ContinuousClock.Instant) throws -> Bool {
        if let store {
            guard now >= nextTick else { return true }
            do throws(LaneError) {
                try readClock(store, now)
            } catch {
                // What was sent is still settled; nothing more is sent until the switches can be read again.
                guard error.isAway else { throw error }
                areRulesAway = true
                nextTick = now + Self.awayPause
            }
            return true
        }
        guard now >= retryAt else { return false }
        let opened = try setting.connect()
        try readClock(opened, now)
        store = opened
        return true
    }

    private func readClock(_ store: LaneStore, _ now: ContinuousClock.Instant) throws(LaneError) {
        serverClock = (try readRules(store, now), .now)
        areRulesAway = false
        nextTick = now + SendingGate.switchesLast
    }

    private func lostConnection() {
        if store != nil { counters.reconnects += 1 }
        store = nil
        failures += 1
        retryAt = .now + (failures == 1 ? .zero : BackOff.connection.wait(after: failures - 1, using: &generator))
    }
}
