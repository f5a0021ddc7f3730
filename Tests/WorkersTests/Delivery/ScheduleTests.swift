import Contracts
import Instants
import TestEffort
import Testing

@testable import Delivery

@Suite("The schedule")
struct ScheduleTests {
    let lane = PartitionName.sample.lane(0)
    let start = Instant(milliseconds: 1_000_000)

    private func action(
        _ n: UInt64, key: String? = nil, account: String = "shop", class: Action.Class = .answer, at: Int64 = 0,
        place: UInt64 = 0, notBefore: Int64 = 0, notAfter: Int64 = 0
    ) -> ScheduledAction {
        var action = Action()
        action.actionID = ActionID(high: 0, low: n)
        action.account = account
        action.orderKey = key ?? "key \(n)"
        action.class = `class`
        action.decidedAt = at
        action.place = place
        action.notBefore = notBefore
        action.notAfter = notAfter
        return ScheduledAction(action, lane: lane)
    }

    private func started(_ schedule: inout Schedule, at now: Instant) -> [UInt64] {
        var ids: [UInt64] = []
        while let pick = schedule.next(now: now) {
            if case .start(let one) = pick { ids.append(one.id.low) }
        }
        return ids
    }

    private func id(_ n: UInt64) -> ActionID { ActionID(high: 0, low: n) }

    @Test("one of an order key is under way at a time, the oldest first")
    func oneAtATime() {
        var schedule = Schedule()
        schedule.add(action(2, key: "a", at: 20), now: start)
        schedule.add(action(1, key: "a", at: 10), now: start)
        schedule.add(action(3, key: "b", at: 30), now: start)
        #expect(started(&schedule, at: start) == [1, 3])
        schedule.finished(id(1), now: start)
        #expect(started(&schedule, at: start) == [2])
    }

    @Test(
        "what stays in the house goes although a text of its conversation stands before it, braked or waiting",
        arguments: [Action.Kind.tell, .notify, .standDown, .publish])
    func besideTexts(kind: Action.Kind) {
        var call = Action()
        call.kind = kind
        call.actionID = ActionID(high: 0, low: 9)
        call.account = "shop"
        call.team = "berlin"
        call.orderKey = "a"
        call.decidedAt = 20
        var schedule = Schedule()
        schedule.brake("shop", Brake(until: start + .seconds(3_600), lets: nil), now: start)
        schedule.add(action(1, key: "a", at: 10), now: start)
        schedule.add(ScheduledAction(call, lane: lane), now: start)
        #expect(started(&schedule, at: start) == [9])
        schedule.brake("shop", nil, now: start)
        #expect(started(&schedule, at: start) == [1])
    }

    @Test("what rests holds its key until it lets go, and ends beside what goes on")
    func rests() {
        var schedule = Schedule(limits: ScheduleLimits(underWay: 1))
        schedule.add(action(1, key: "a", at: 10), now: start)
        schedule.add(action(2, key: "a", at: 20), now: start)
        #expect(started(&schedule, at: start) == [1])
        schedule.rest(id(1), now: start)
        #expect(started(&schedule, at: start) == [])
        schedule.letGo(id(1), now: start)
        #expect(started(&schedule, at: start) == [2])
        schedule.finished(id(1), now: start)
        #expect(schedule.underWay == 1 && schedule.count == 1)
        schedule.finished(id(2), now: start)
        #expect(schedule.underWay == 0 && schedule.count == 0)
    }

    @Test("what waits for another attempt goes at once when it is hastened")
    func hastened() {
        var schedule = Schedule()
        schedule.add(action(1, key: "a"), now: start)
        #expect(started(&schedule, at: start) == [1])
        schedule.again(id(1), attempts: 1, at: start + .seconds(60), now: start)
        #expect(started(&schedule, at: start) == [])
        schedule.hasten(id(1), now: start)
        #expect(started(&schedule, at: start) == [1])
    }

    @Test("what was decided in one instant keeps the order of its lane, however it is recovered")
    func places() {
        var schedule = Schedule()
        schedule.add(action(1, key: "a", at: 10, place: 2), now: start)
        schedule.add(action(2, key: "a", at: 10, place: 1), now: start)
        #expect(started(&schedule, at: start) == [2])
    }

    @Test("the most urgent class goes first, the oldest within it")
    func classes() {
        var schedule = Schedule()
        schedule.add(action(1, class: .background, at: 1), now: start)
        schedule.add(action(2, class: .answer, at: 3), now: start)
        schedule.add(action(3, class: .answer, at: 2), now: start)
        schedule.add(action(4, class: .safety, at: 9), now: start)
        #expect(started(&schedule, at: start) == [4, 3, 2, 1])
    }

    @Test("what is urgent pulls forward what stands before it in its key")
    func inheritance() {
        var schedule = Schedule()
        schedule.add(action(1, key: "a", class: .background, at: 5), now: start)
        schedule.add(action(2, key: "b", class: .answer, at: 1), now: start)
        schedule.add(action(3, key: "a", class: .safety, at: 6), now: start)
        #expect(started(&schedule, at: start) == [1, 2])
    }

    @Test("a class that is always outbid goes with every eighth start")
    func starvation() {
        var schedule = Schedule()
        schedule.add(action(1, class: .background, at: 0), now: start)
        for n in 100..<200 { schedule.add(action(UInt64(n), class: .safety, at: Int64(n)), now: start) }
        var turns = 0
        while case .start(let one)? = schedule.next(now: start) {
            turns += 1
            schedule.finished(one.id, now: start)
            if one.id == id(1) { break }
        }
        #expect(turns == 8)
    }

    @Test("an account at its bound leaves the others their turn")
    func accounts() {
        var schedule = Schedule(limits: ScheduleLimits(underWay: 10, underWayPerAccount: 2))
        for n in 1...5 { schedule.add(action(UInt64(n), account: "a", at: Int64(n)), now: start) }
        schedule.add(action(9, account: "b"), now: start)
        #expect(started(&schedule, at: start).sorted() == [1, 2, 9])
        schedule.finished(id(1), now: start)
        #expect(started(&schedule, at: start) == [3])
    }

    @Test("all together never exceed the courier's bound")
    func bound() {
        var schedule = Schedule(limits: ScheduleLimits(underWay: 3, underWayPerAccount: 2))
        for n in 1...9 { schedule.add(action(UInt64(n), account: "a\(n)"), now: start) }
        #expect(started(&schedule, at: start).count == 3)
        #expect(schedule.underWay == 3)
    }

    @Test("a braked account sends nothing until the brake ends; a lighter brake lets the urgent through")
    func brakes() {
        var schedule = Schedule()
        schedule.add(action(1), now: start)
        schedule.add(action(2, class: .safety), now: start)
        schedule.brake("shop", Brake(until: start + .seconds(10), lets: .most), now: start)
        #expect(started(&schedule, at: start) == [2])
        #expect(schedule.nextInstant == start + .seconds(10))
        #expect(started(&schedule, at: start + .milliseconds(9_999)).isEmpty)
        #expect(started(&schedule, at: start + .seconds(10)) == [1])
    }

    @Test("nothing goes before its instant on the lane clock, and a step of that clock wakes it")
    func notBefore() {
        var schedule = Schedule()
        let due = start.milliseconds + 60_000
        schedule.add(action(1, notBefore: due), now: start)
        #expect(started(&schedule, at: start + .milliseconds(59_999)).isEmpty)
        schedule.set(lane, offset: .seconds(60), isPaused: false, now: start)
        #expect(started(&schedule, at: start) == [1])
    }

    @Test("what sleeps does not hold up what follows it")
    func sleepers() {
        var schedule = Schedule()
        schedule.add(action(1, key: "a", at: 1, notBefore: start.milliseconds + 5), now: start)
        schedule.add(action(2, key: "a", at: 2), now: start)
        #expect(started(&schedule, at: start) == [2])
    }

    @Test("at its end an action is no longer started but expires, also while its account is braked")
    func expiry() {
        var schedule = Schedule()
        schedule.brake("shop", Brake(until: .distantFuture, lets: nil), now: start)
        let waiting = action(1, notAfter: start.milliseconds + 10)
        schedule.add(waiting, now: start)
        let picks = [9, 10, 99_000].map { schedule.next(now: start + .milliseconds($0)) }
        #expect(picks == [nil, .expired(waiting), nil])
    }

    @Test("a retry keeps its place and holds its key until it went")
    func retries() {
        var schedule = Schedule()
        schedule.add(action(1, key: "a", at: 1), now: start)
        schedule.add(action(2, key: "a", at: 2), now: start)
        #expect(started(&schedule, at: start) == [1])
        schedule.again(id(1), attempts: 1, at: start + .seconds(2), now: start)
        #expect(started(&schedule, at: start + .milliseconds(1_999)).isEmpty)
        #expect(started(&schedule, at: start + .seconds(2)) == [1])
    }

    @Test("an attempt that is open elsewhere holds its key and counts for nobody's bound")
    func held() {
        var schedule = Schedule(limits: ScheduleLimits(underWay: 1))
        schedule.add(action(1, key: "a", at: 1), isHeld: true, now: start)
        schedule.add(action(2, key: "a", at: 2), now: start)
        schedule.add(action(3, key: "b", at: 3), now: start)
        #expect(started(&schedule, at: start) == [3])
        schedule.finished(id(3), now: start)
        schedule.finished(id(1), now: start)
        #expect(started(&schedule, at: start) == [2])
    }

    @Test("a lane that was lost starts nothing more; what is under way still ends")
    func dropped() {
        var schedule = Schedule()
        schedule.add(action(1, key: "a"), now: start)
        #expect(started(&schedule, at: start) == [1])
        schedule.add(action(2, key: "b"), now: start)
        schedule.drop(lane, now: start)
        #expect(started(&schedule, at: start).isEmpty)
        schedule.again(id(1), attempts: 1, at: start, now: start)
        #expect(schedule.count == 0 && schedule.underWay == 0)
    }

    @Test("a paused lane starts nothing until it goes on")
    func paused() {
        var schedule = Schedule()
        schedule.set(lane, offset: .zero, isPaused: true, now: start)
        schedule.add(action(1), now: start)
        #expect(started(&schedule, at: start).isEmpty)
        schedule.set(lane, offset: .zero, isPaused: false, now: start)
        #expect(started(&schedule, at: start) == [1])
    }

    @Test("a cancelled action is gone unless it is under way")
    func cancelled() {
        var schedule = Schedule()
        schedule.add(action(1), now: start)
        let isCancelled = schedule.cancel(id(1), now: start)
        #expect(isCancelled)
        schedule.add(action(2), now: start)
        #expect(started(&schedule, at: start) == [2])
        let isTaken = schedule.cancel(id(2), now: start)
        #expect(!isTaken)
    }

    @Test(
        "I21 a braked account starts nothing until its release, whatever it has and whatever happens meanwhile",
        arguments: UInt64(1)...Effort.cases(40))
    func braked(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var schedule = Schedule(limits: ScheduleLimits(underWay: 6, underWayPerAccount: 3))
        var (now, release) = (start, ["a": start, "b": start])
        var (number, held, refused): (UInt64, [UInt64], Int) = (0, [], 0)
        for _ in 0..<2_000 {
            let account = random.chance(0.5) ? "a" : "b"
            switch random.number(below: 8) {
            case 0, 1:
                number += 1
                let kind = Action.Class(rawValue: Int(1 + random.number(below: 7))) ?? .answer
                schedule.add(action(number, key: "k\(number % 9)", account: account, class: kind), now: now)
            case 2 where random.chance(0.3):
                let until = now + .milliseconds(Int64(random.number(below: 500)))
                release[account] = until
                schedule.brake(account, Brake(until: until, lets: nil), now: now)
            case 3: now = now + .milliseconds(Int64(random.number(below: 60)))
            case 4:
                if let one = held.first {
                    held.removeFirst()
                    let at = now + .milliseconds(Int64(random.number(below: 100)))
                    random.chance(0.4)
                        ? schedule.again(id(one), attempts: 1, at: at, now: now) : schedule.finished(id(one), now: now)
                }
            default:
                guard case .start(let one)? = schedule.next(now: now) else {
                    if release.values.contains(where: { $0 > now }), schedule.count > held.count { refused += 1 }
                    continue
                }
                held.append(one.id.low)
                let until = release[one.account] ?? now
                #expect(until <= now, "seed \(seed): \(one.account) was called at \(now), braked until \(until)")
            }
        }
        #expect(refused > 20 && number > 100, "seed \(seed): the brake held back \(refused) times only")
    }

    @Test(
        "whatever happens: one of a key, no bound exceeded, nothing late, everything ends",
        arguments: UInt64(1)...Effort.cases(12))
    func properties(seed: UInt64) {
        var walk = ScheduleWalk(seed: seed, lane: lane)
        walk.run(steps: 2_000)
        #expect(walk.faults.isEmpty, "seed \(seed): \(walk.faults.prefix(3))")
        #expect(walk.startedCount > 200, "seed \(seed): the walk started only \(walk.startedCount)")
    }
}
