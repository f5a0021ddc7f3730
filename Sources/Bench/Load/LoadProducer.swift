import Contracts
import Delivery
import Instants
import Lanes
import Synchronization

/// A thread that writes events and appends them by the product's own path, as far ahead as the backlog allows.
final class LoadProducer: Sendable {
    enum Order: Sendable {
        /// So many events of a new closed period.
        case night(events: Int)
        /// What people answer after it.
        case answers
        case end
    }

    struct Done: Sendable {
        var orders = 0
        var failure: String?
    }

    /// Events of one append; the appender's thread has one such in flight while the next is being written.
    static let chunk = 8_192

    private let orders = Mailbox<[Order]>(empty: [])
    private let done = Mailbox<Done>(empty: Done())
    private let ahead: LoadBacklog
    private let thread: PlainThread

    init(index: Int, contacts: [LoadContact], appender: LaneAppender, clock: LoadClock, ahead: LoadBacklog) {
        self.ahead = ahead
        thread = PlainThread(name: "producer-\(index)") { [orders, done] in
            var writer = LoadWriter(contacts, name: "p\(index)", seed: UInt64(index) + 1)
            while true {
                for order in orders.take(waiting: .seconds(3_600)) ?? [] {
                    if case .end = order { return }
                    let failure = Self.carry(order, &writer, appender, clock, ahead)
                    done.post {
                        $0.orders += 1
                        if let failure { $0.failure = failure }
                    }
                }
            }
        }
    }

    func begin(_ order: Order) { orders.post { $0.append(order) } }

    /// Waits until an order is carried out.
    func wait() throws(LoadError) {
        let done = done.take(waiting: .seconds(600)) ?? Done(orders: 0, failure: "no end within 600 s")
        if let failure = done.failure { throw LoadError(failure) }
    }

    private static func carry(
        _ order: Order, _ writer: inout LoadWriter, _ appender: LaneAppender, _ clock: LoadClock, _ ahead: LoadBacklog
    ) -> String? {
        do {
            switch order {
            case .end: break
            case .answers: try append(try writer.answers(at: clock.now), appender, ahead)
            case .night(let events):
                writer.beginNight()
                var left = events
                while left > 0 {
                    ahead.waitForRoom()
                    var chunk: [LaneEvent] = []
                    chunk.reserveCapacity(Self.chunk)
                    while chunk.count < min(Self.chunk, left) {
                        guard let event = try writer.next(at: clock.now) else { continue }
                        chunk.append(event)
                    }
                    left -= chunk.count
                    try append(chunk, appender, ahead)
                }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func append(_ events: [LaneEvent], _ appender: LaneAppender, _ ahead: LoadBacklog) throws {
        let results = appender.appendBlocking(events)
        for case .refused(let refusal) in results {
            throw LoadError("expected every event to be held, got \(refusal)")
        }
        ahead.appended(events.count)
    }
}

/// Why a run is worth nothing.
package struct LoadError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// How far the producers are ahead of the decisions; they wait while it is too far.
final class LoadBacklog: Sendable {
    private let most: Int
    private let count = Mutex(0)
    private let decided: @Sendable () -> Int

    /// - Parameter decided: decisions about events so far, less those about outcomes.
    init(most: Int, decided: @escaping @Sendable () -> Int) {
        self.most = most
        self.decided = decided
    }

    var total: Int { count.withLock { $0 } }

    func appended(_ events: Int) { count.withLock { $0 += events } }

    /// Polls, since decisions ring no bell: a millisecond is a small part of what the bound holds.
    func waitForRoom() {
        while total - decided() >= most { LoadPause.millisecond() }
    }
}
