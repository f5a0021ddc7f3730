import Contracts
import Instants
import Testing

@testable import Lanes

@Suite("The gate between a lane and the spool")
struct AppendQueueDivertingTests {
    let lane: LaneName
    var queue = AppendQueue(bounds: LaneBounds(), generator: SystemRandomNumberGenerator(), diverts: true)
    let start = ContinuousClock.now
    let answers: AppendQueueTests.Answers

    init() throws {
        lane = try LaneName("de-berlin.0")
        answers = AppendQueueTests.Answers(deadline: start + .seconds(1))
    }

    mutating func add(_ index: Int, drained: Bool = false) {
        queue.add(.init(bytes: [UInt8(index)], ticket: answers, index: index, isDrained: drained), to: lane)
    }

    mutating func diverted() -> [Int] { queue.takeDiverted().map(\.index) }

    let held = AppendReply.held(
        entry: EntryID(milliseconds: 5, sequence: 0), clock: LaneClock(now: .epoch, offset: .zero))

    @Test("what a lane refuses, all that waits and all that comes is diverted in order until the last one is held")
    mutating func gate() {
        add(0)
        _ = queue.nextRound()
        add(1)
        _ = queue.answer([.closed], at: start)
        add(2)
        #expect(diverted() == [0, 1, 2] && queue.events == 0 && answers[0] == nil)
        add(0, drained: true)
        add(1, drained: true)
        _ = queue.nextRound()
        _ = queue.answer([held], at: start)
        add(3)
        #expect(diverted() == [3])
        add(2, drained: true)
        add(3, drained: true)
        _ = queue.nextRound()
        _ = queue.answer([held], at: start)
        add(4)
        #expect(diverted().isEmpty && queue.nextRound().count == 1)
    }

    @Test("with new routes what waits for a lane that it would not have now goes to the spool, also what is under way")
    mutating func newRoutes() throws {
        let other = try LaneName("de-berlin.1")
        func add(_ index: Int, _ key: String, _ lane: LaneName) {
            queue.add(
                .init(bytes: [UInt8(index)], ticket: answers, index: index, key: key, generation: 1), to: lane)
        }
        add(0, "moves", lane)
        add(1, "stays", other)
        #expect(queue.nextRound().map(\.generation) == [1, 1])
        add(2, "moves", lane)
        add(3, "stays", other)
        queue.use(
            LaneRoutes(number: 2) { key in
                LanePlace(lane: other, generation: key == "stays" ? 1 : 2)
            })
        let left = queue.takeDiverted()
        #expect(left.map(\.index) == [0, 2] && left.allSatisfy { $0.lane == other })
        // Newer events of the lane that they go to now wait behind them; an old answer is nobody's any more.
        let place = queue.place(LaneEvent(lane: lane, id: "4", bytes: [4], key: "moves", generation: 1, topology: 1))
        #expect(place == LanePlace(lane: other, generation: 2))
        add(4, "moves", place.lane)
        #expect(diverted() == [4])
        _ = queue.answer([.wrongGeneration(current: 2), held], at: start)
        #expect(answers[1] != nil && diverted().isEmpty && answers[0] == nil)
    }

    @Test("what is said to a lane by name goes under the generation that the lane has now, also out of the spool")
    mutating func byName() {
        var routes = LaneRoutes(number: 3) { _ in nil }
        routes.generation = { [lane] in $0 == lane ? 7 : nil }
        queue.use(routes)
        #expect(queue.place(LaneEvent(lane: lane, id: "1", bytes: [1])).generation == 7)
        #expect(queue.place(LaneEvent(lane: lane, id: "1", bytes: [1], key: "k", generation: 2)).generation == 2)
    }

    @Test("what a lane of another generation lost goes to the spool by its keys")
    mutating func lostBeforeResize() throws {
        let other = try LaneName("de-berlin.1")
        queue.tail = AppendTail(age: .seconds(10), mostBytes: 1 << 20)
        queue.add(.init(bytes: [0], ticket: answers, index: 0, key: "k", generation: 1), to: lane)
        _ = queue.nextRound()
        _ = queue.answer([held], at: start)
        queue.use(LaneRoutes(number: 2) { _ in LanePlace(lane: other, generation: 2) })
        let (old, new) = (
            ServerIdentity(runID: "a", replicationID: "a"), ServerIdentity(runID: "b", replicationID: "b")
        )
        queue.look([lane: .here(new, before: old)], at: start)
        #expect(queue.nextRound().map(\.lane) == [lane])
        _ = queue.answer([.wrongGeneration(current: 2)], at: start)
        let left = queue.takeDiverted()
        #expect(left.map(\.lane) == [other] && left.map(\.bytes) == [[0]] && left.map(\.key) == ["k"])
    }

    @Test("what was drained and refused goes back to its file, not into it again")
    mutating func drainedRefusal() {
        queue.putBehind(1, of: lane)
        add(0, drained: true)
        _ = queue.nextRound()
        _ = queue.answer([.full("test")], at: start)
        #expect(answers[0] == .refused(.full("test")) && diverted().isEmpty)
        add(1)
        #expect(diverted() == [1])
    }

    @Test("one late event takes all of its lane to the spool; the number of what is in doubt is not used again")
    mutating func late() throws {
        add(0)
        let first = try #require(queue.nextRound().first)
        add(1)
        queue.fail()
        queue.expire(at: start + .seconds(2), reason: "test")
        #expect(diverted() == [0, 1] && queue.nextRound().isEmpty)
        add(0, drained: true)
        let again = try #require(queue.nextRound().first)
        #expect(again.producer != first.producer && again.number == 1 && again.count == 1)
        queue.fail()
        queue.expire(at: start + .seconds(9), reason: "test")
        #expect(answers[0] == nil && queue.nextRound().first?.producer == again.producer)
    }

    @Test("during an outage other lanes divert at once; an answer, or a spool that is full, ends that")
    mutating func away() throws {
        let other = try LaneName("de-berlin.1")
        for isAnswered in [true, false] {
            add(0)
            _ = queue.nextRound()
            queue.fail()
            queue.expire(at: start + .seconds(2), reason: "test")
            queue.add(.init(bytes: [1], ticket: answers, index: 7), to: other)
            let left = queue.takeDiverted()
            #expect(left.map(\.index) == [0, 7])
            if isAnswered {
                add(0, drained: true)
                queue.add(.init(bytes: [1], ticket: answers, index: 7, isDrained: true), to: other)
                #expect(queue.nextRound().count == 2)
                _ = queue.answer([held, held], at: start)
            } else {
                for event in left { queue.release(event) }
            }
            queue.add(.init(bytes: [1], ticket: answers, index: 8), to: other)
            #expect(diverted().isEmpty)
            _ = queue.nextRound()
            _ = queue.answer([held], at: start)
        }
    }
}
