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
