/// The framing of an `EventBatch`, read and written without building the message: the elements stay bytes, so the log's
/// producer copies each event once and its reader decodes each from its slice. Byte-compatible with the schema's
/// `repeated bytes events = 1` (checked by a test).
package enum EventFraming {
    /// Limits of one entry (DESIGN.md, keys).
    package static let mostEvents = 256
    package static let mostBytes = 256 * 1_024
    /// Limit of one event (DESIGN.md, the way of an event).
    package static let mostEventBytes = 64 * 1_024

    /// An entry that does not follow the framing; the whole entry is then one dead letter.
    package struct Malformed: Error, CustomStringConvertible {
        package let offset: Int
        package var description: String { "expected an EventBatch, got malformed framing at byte \(offset)" }
    }

    /// Appends one framed event to the body of an entry.
    package static func append(_ event: [UInt8], to body: inout [UInt8]) {
        body.append(0x0A)
        var length = UInt64(event.count)
        while length >= 0x80 {
            body.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        body.append(UInt8(length))
        body.append(contentsOf: event)
    }

    /// The byte ranges of the events of an entry's body, in order. O(events).
    package static func ranges(of body: [UInt8]) throws(Malformed) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var position = 0
        while position < body.count {
            let start = position
            guard body[position] == 0x0A else { throw Malformed(offset: start) }
            position += 1
            var length = 0
            var shift = 0
            while true {
                guard position < body.count, shift <= 28 else { throw Malformed(offset: start) }
                let byte = body[position]
                position += 1
                length |= Int(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 { break }
            }
            guard length <= body.count - position else { throw Malformed(offset: start) }
            ranges.append(position..<position + length)
            position += length
        }
        return ranges
    }
}
