import Contracts
import Foundation
import SwiftProtobuf
import TestEffort
import Testing

@Suite("The framing of an entry")
struct EventFramingTests {
    static let batches: [[Int]] = [
        [], [0], [1], [127, 128], [16_383, 16_384, 3], [65_536], Array(repeating: 40, count: 256),
    ]

    @Test("writes what SwiftProtobuf writes for an EventBatch, and reads it back", arguments: batches)
    func compatible(lengths: [Int]) throws {
        let events = lengths.enumerated().map { place, length in
            [UInt8](repeating: UInt8(truncatingIfNeeded: place &+ 1), count: length)
        }
        var body: [UInt8] = []
        for event in events { EventFraming.append(event, to: &body) }
        var batch = EventBatch()
        batch.events = events.map { Data($0) }
        let encoded: [UInt8] = try batch.serializedBytes()
        #expect(body == encoded)
        #expect(try EventFraming.ranges(of: body).map { Array(body[$0]) } == events)
        #expect(try EventBatch(serializedBytes: body).events.map { Array($0) } == events)
    }

    @Test(
        "malformed framing is refused at the event where it begins",
        arguments: [
            ([0x12, 0], 0), ([0x0A], 0), ([0x0A, 5, 1], 0), ([0x0A, 1, 7, 0x0A, 0x80], 3),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], 0), ([0x0A, 1, 7, 0x08, 1], 3),
        ] as [([UInt8], Int)])
    func malformed(body: [UInt8], offset: Int) {
        do {
            let ranges = try EventFraming.ranges(of: body)
            Issue.record("expected a refusal, got \(ranges)")
        } catch {
            #expect(error.offset == offset)
        }
    }

    @Test("random bytes are read or refused, never trapped on")
    func random() {
        var generator = SeededGenerator(seed: 11)
        var read = 0
        for _ in 0..<Effort.cases(20_000) {
            let body = (0..<generator.number(below: 24)).map { _ -> UInt8 in
                generator.chance(0.4)
                    ? 0x0A : UInt8(truncatingIfNeeded: generator.number(below: generator.chance(0.5) ? 3 : 256))
            }
            guard let ranges = try? EventFraming.ranges(of: body) else { continue }
            read += 1
            #expect(ranges.allSatisfy { $0.upperBound <= body.count }, "\(body)")
        }
        #expect(read > 100)
    }
}
