import Contracts
import Instants
import Synchronization
import Testing

@testable import Lanes

@Suite("What waits to be appended")
struct AppendQueueTests {
    final class Answers: AppendTicket {
        let deadline: ContinuousClock.Instant
        let results = Mutex<[Int: AppendResult]>([:])

        init(deadline: ContinuousClock.Instant) { self.deadline = deadline }

        func complete(_ index: Int, _ result: AppendResult) { results.withLock { $0[index] = result } }

        subscript(index: Int) -> AppendResult? { results.withLock { $0[index] } }
    }

    let lane: LaneName
    var queue = AppendQueue(bounds: LaneBounds(), generator: SeededGenerator(seed: 1))
    let start = ContinuousClock.now
    let answers: Answers

    init() throws {
        lane = try LaneName("de-berlin.0")
        answers = Answers(deadline: start + .seconds(1))
    }

    mutating func add(_ indexes: Range<Int>, bytes: Int = 1) {
        for index in indexes {
            queue.add(.init(bytes: Array(repeating: 1, count: bytes), ticket: answers, index: index), to: lane)
        }
    }

    let held = AppendReply.held(
        entry: EntryID(milliseconds: 5, sequence: 0), clock: LaneClock(now: .epoch, offset: .zero))

    @Test("an unanswered batch is offered again unchanged, and nothing newer of its lane before it")
    mutating func doubt() throws {
        add(0..<3)
        let first = try #require(queue.nextRound().first)
        add(3..<5)
        queue.fail()
        let again = try #require(queue.nextRound().first)
        #expect(again.number == first.number && again.body == first.body && again.producer == first.producer)
        _ = queue.answer([held], at: start)
        #expect(answers[2] == .held(Position(entry: EntryID(milliseconds: 5, sequence: 0), index: 2)))
        #expect(answers[3] == nil)
        let next = try #require(queue.nextRound().first)
        #expect(next.number == first.number + 1 && next.count == 2)
    }

    @Test("after its deadline a batch in doubt is answered so, and still keeps its place; what waits is unreachable")
    mutating func deadlines() throws {
        add(0..<1)
        let first = try #require(queue.nextRound().first)
        add(1..<2)
        queue.fail()
        queue.expire(at: start + .seconds(2), reason: "test")
        #expect(answers[0] == .refused(.inDoubt) && answers[1] == .refused(.unreachable("test")))
        #expect(queue.events == 0)
        let again = try #require(queue.nextRound().first)
        #expect(again.number == first.number && again.body == first.body)
        _ = queue.answer([held], at: start)
        #expect(!queue.hasWork)
    }

    @Test("a gap is answered by a new producer with the same events")
    mutating func gap() throws {
        add(0..<2)
        let first = try #require(queue.nextRound().first)
        _ = queue.answer([.gap(expected: 9)], at: start)
        let again = try #require(queue.nextRound().first)
        #expect(again.producer != first.producer && again.number == 1 && again.body == first.body)
        _ = queue.answer([held], at: start)
        add(2..<3)
        #expect(queue.nextRound().first?.number == 2)
    }

    @Test("a refusal takes no number and concerns all that waits for the lane")
    mutating func refusal() throws {
        add(0..<1)
        let first = try #require(queue.nextRound().first)
        add(1..<2)
        _ = queue.answer([.full("test")], at: start)
        #expect(answers[0] == .refused(.full("test")) && answers[1] == .refused(.full("test")))
        #expect(queue.nextRound().isEmpty && queue.events == 0)
        add(2..<3)
        #expect(queue.nextRound().first?.number == first.number)
    }

    @Test("a server that cannot write now is offered the same again; what was never in doubt may still leave in time")
    mutating func passing() throws {
        add(0..<1)
        _ = queue.nextRound()
        let fault = queue.answer([.failed(LaneFault(code: "LOADING", message: "test"))], at: start)
        #expect(fault?.code == "LOADING" && answers[0] == nil && queue.hasWork)
        queue.expire(at: start + .seconds(2), reason: "test")
        #expect(answers[0] == .refused(.unreachable("test")))
    }

    @Test("a batch has at most 256 events and 256 KiB", arguments: [(300, 1, 256), (10, 60_000, 4)])
    mutating func limits(count: Int, bytes: Int, expected: Int) throws {
        add(0..<count, bytes: bytes)
        let batch = try #require(queue.nextRound().first)
        #expect(batch.count == expected && batch.body.count <= EventFraming.mostBytes)
        #expect(try EventFraming.ranges(of: batch.body).count == expected)
    }

    @Test("on a cluster a lane whose server is away is asked again with all that came since, and not with each of it")
    mutating func strandedLane() throws {
        queue.isPerLane = true
        add(0..<1)
        _ = queue.nextRound()
        let fault = queue.answer([.failed(LaneFault(code: "NOPRIMARY", message: "test"))], at: start)
        #expect(fault == nil && !queue.hasWork && queue.hasAside)
        add(1..<2)
        #expect(!queue.hasWork)
        queue.askAgain(at: start)
        #expect(!queue.hasAside && queue.nextRound().first?.count == 2)
        _ = queue.answer([held], at: start)
        #expect(answers[1] == .held(Position(entry: EntryID(milliseconds: 5, sequence: 0), index: 1)))
    }

    @Test("what waits for a lane whose server is away is answered once it has waited too long, and at the end")
    mutating func strandedDeadline() throws {
        queue.isPerLane = true
        add(0..<1)
        _ = queue.nextRound()
        _ = queue.answer([.failed(LaneFault(code: "NOREPLY", message: "test"))], at: start)
        add(1..<2)
        queue.askAgain(at: start + .seconds(2))
        guard case .refused(.unreachable) = answers[1] else {
            Issue.record("expected it to be refused as unreachable, got \(String(describing: answers[1]))")
            return
        }
        #expect(answers[0] == .refused(.inDoubt) && queue.events == 0)
        #expect(queue.nextRound().first?.count == 1)
        _ = queue.answer([.failed(LaneFault(code: "NOREPLY", message: "test"))], at: start)
        add(2..<3)
        queue.stop()
        #expect(answers[2] == .refused(.stopped))
    }

    @Test("stopping answers for everything")
    mutating func stop() {
        add(0..<1)
        _ = queue.nextRound()
        queue.fail()
        add(1..<2)
        queue.stop()
        #expect(answers[0] == .refused(.inDoubt) && answers[1] == .refused(.stopped))
    }
}
