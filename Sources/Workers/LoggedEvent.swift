internal import Contracts
internal import Conversations
internal import Instants
internal import Lanes
internal import SwiftProtobuf

/// One event of a lane's log as its owner reads it: decoded, with the entity that decides about it, or the reason why
/// it is a dead letter.
///
/// A class, since it is passed from what is read ahead into a batch and through each step: one reference instead of six.
final class LoggedEvent: Sendable {
    enum Content {
        case event(Event, EntityID)
        /// Undecodable, or nobody decides about it.
        case broken(String)
    }

    let position: Position
    /// The cursor once this event is decided.
    let next: Position
    let content: Content
    private let body: [UInt8]
    private let range: Range<Int>

    /// The instant of its entry on the lane clock.
    var at: Instant { Instant(milliseconds: Int64(clamping: position.entry.milliseconds)) }

    /// The event's bytes, for a dead letter.
    var bytes: [UInt8] { Array(body[range]) }

    /// Reads an entry's events from `cursor` on. An entry that does not follow the framing is one broken event.
    static func read(_ entry: LogEntry, from cursor: Position) -> [LoggedEvent] {
        let first = entry.id == cursor.entry ? cursor.index : 0
        let after = Position.following(entry.id)
        let ranges: [Range<Int>]
        do {
            ranges = try EventFraming.ranges(of: entry.body)
        } catch {
            return [LoggedEvent(entry, whole: "\(error)", next: after)]
        }
        guard !ranges.isEmpty else {
            return [LoggedEvent(entry, whole: "expected an EventBatch, got an entry without events", next: after)]
        }
        guard first < ranges.count else { return [] }
        return (first..<ranges.count).map { index in
            let next = index + 1 < ranges.count ? Position(entry: entry.id, index: index + 1) : after
            return LoggedEvent(entry, index: index, range: ranges[index], next: next)
        }
    }

    private init(_ entry: LogEntry, whole reason: String, next: Position) {
        position = Position(entry: entry.id, index: 0)
        self.next = next
        content = .broken(reason)
        body = entry.body
        range = 0..<entry.body.count
    }

    private init(_ entry: LogEntry, index: Int, range: Range<Int>, next: Position) {
        position = Position(entry: entry.id, index: index)
        self.next = next
        body = entry.body
        self.range = range
        do {
            let event = try Event(serializedBytes: entry.body.span.bytes.extracting(range))
            content = .event(event, try EntityID.of(event))
        } catch let error as RoutingError {
            content = .broken(error.description)
        } catch {
            content = .broken("expected an Event, got bytes that are none: \(error)")
        }
    }
}
