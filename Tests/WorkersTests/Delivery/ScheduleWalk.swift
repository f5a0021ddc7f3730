import Contracts
import Instants

@testable import Delivery

/// A random life of a schedule, with a slow model beside it that knows what must never happen.
struct ScheduleWalk {
    private var schedule = Schedule(limits: ScheduleLimits(underWay: 12, underWayPerAccount: 4))
    private var generator: SeededGenerator
    private let lane: LaneName
    private var now = Instant(milliseconds: 1_000_000)
    private var known: [ActionID: ScheduledAction] = [:]
    private var underWay: [ActionID: ScheduledAction] = [:]
    private var braked: [String: Instant] = [:]
    private var serial: UInt64 = 0
    private(set) var faults: [String] = []
    private(set) var startedCount = 0

    init(seed: UInt64, lane: LaneName) {
        generator = SeededGenerator(seed: seed)
        self.lane = lane
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps { step() }
        braked = [:]
        for account in 0..<4 { schedule.brake("a\(account)", nil, now: now) }
        for _ in 0..<5_000 where schedule.count > 0 {
            pick()
            end(isAgain: false)
            if underWay.isEmpty, let next = schedule.nextInstant { now = max(now, next) }
        }
        if schedule.count != 0 { faults.append("\(schedule.count) actions never ended") }
        if schedule.underWay != 0 { faults.append("\(schedule.underWay) places were never given back") }
    }

    private mutating func step() {
        switch generator.number(below: 12) {
        case 0...3: add()
        case 4...7: pick()
        case 8, 9: end(isAgain: generator.number(below: 4) == 0)
        case 10: now = now + .milliseconds(Int64(generator.number(below: 400)))
        default: disturb()
        }
    }

    private mutating func add() {
        serial += 1
        var action = Action()
        action.actionID = ActionID(high: 1, low: serial)
        action.account = "a\(generator.number(below: 4))"
        action.orderKey = "k\(generator.number(below: 12))"
        action.class = Action.Class(rawValue: Int(1 + generator.number(below: 7))) ?? .answer
        action.decidedAt = now.milliseconds - Int64(generator.number(below: 50))
        if generator.number(below: 4) == 0 { action.notBefore = now.milliseconds + Int64(generator.number(below: 300)) }
        if generator.number(below: 4) == 0 { action.notAfter = now.milliseconds + Int64(generator.number(below: 900)) }
        let scheduled = ScheduledAction(action, lane: lane)
        known[scheduled.id] = scheduled
        schedule.add(scheduled, now: now)
    }

    private mutating func pick() {
        guard let pick = schedule.next(now: now) else { return }
        switch pick {
        case .expired(let one):
            if let end = one.notAfter, end <= now {} else { faults.append("\(one.id) expired early") }
            underWay[one.id] = one
        case .start(let one):
            startedCount += 1
            judge(one)
            underWay[one.id] = one
        }
    }

    private mutating func judge(_ one: ScheduledAction) {
        if known[one.id] == nil { faults.append("\(one.id) was started after its end") }
        if underWay.values.contains(where: { $0.orderKey == one.orderKey }) {
            faults.append("two of \(one.orderKey) are under way")
        }
        if let end = one.notAfter, end <= now { faults.append("\(one.id) was started after its end instant") }
        if let begin = one.notBefore, begin > now { faults.append("\(one.id) was started too early") }
        if let next = one.nextAttempt, next > now { faults.append("\(one.id) was tried again too early") }
        if let until = braked[one.account], until > now { faults.append("\(one.account) is braked") }
        if schedule.underWay > 12 { faults.append("the courier's bound was exceeded") }
    }

    private mutating func end(isAgain: Bool) {
        guard let id = underWay.keys.min(), let one = underWay.removeValue(forKey: id) else { return }
        if isAgain, one.notAfter.map({ $0 > now }) ?? true {
            let at = now + .milliseconds(Int64(generator.number(below: 200)))
            schedule.again(id, attempts: one.attempts + 1, at: at, now: now)
        } else {
            known[id] = nil
            schedule.finished(id, now: now)
        }
    }

    private mutating func disturb() {
        switch generator.number(below: 3) {
        case 0:
            let account = "a\(generator.number(below: 4))"
            let until = now + .milliseconds(Int64(generator.number(below: 300)))
            braked[account] = until
            schedule.brake(account, Brake(until: until, lets: nil), now: now)
        case 1:
            if let id = known.keys.min(), schedule.cancel(id, now: now) { known[id] = nil }
        default:
            schedule.set(lane, offset: .zero, isPaused: true, now: now)
            switch schedule.next(now: now) {
            case .start?: faults.append("a paused lane started something")
            case .expired(let one)?: underWay[one.id] = one
            case nil: break
            }
            schedule.set(lane, offset: .zero, isPaused: false, now: now)
        }
    }
}
