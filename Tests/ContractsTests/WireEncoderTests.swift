import Contracts
import SwiftProtobuf
import TestEffort
import Testing

@Suite("Encoding in one walk")
struct WireEncoderTests {
    /// Fields of any number, wire type and content, nested: decoded, they fill every field of a message sooner or later,
    /// and leave unknown ones.
    struct AnyWire {
        var random: SeededGenerator

        mutating func number(_ below: UInt64) -> UInt64 { random.number(below: below) }

        static func varint(_ value: UInt64) -> [UInt8] {
            var (value, bytes) = (value, [UInt8]())
            while value >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
                value >>= 7
            }
            return bytes + [UInt8(value)]
        }

        mutating func scalar() -> UInt64 { random.next() >> number(64) }

        mutating func content(_ depth: Int) -> [UInt8] {
            switch number(depth > 3 ? 3 : 6) {
            case 0: return Array("Xin chào \(number(1_000))".utf8)
            case 1: return Array(repeating: 0x61, count: Int(number(number(40) == 0 ? 20_000 : 300)))
            case 2: return (0..<number(9)).flatMap { _ in Self.varint(scalar()) }
            default: return fields(depth + 1)
            }
        }

        mutating func fields(_ depth: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            for _ in 0..<number(12) {
                let field = 1 + number(26)
                switch number(4) {
                case 0: bytes += Self.varint(field << 3) + Self.varint(scalar())
                case 1: bytes += Self.varint(field << 3 | 1) + (0..<8).map { _ in UInt8(number(256)) }
                default:
                    let content = content(depth)
                    bytes += Self.varint(field << 3 | 2) + Self.varint(UInt64(content.count)) + content
                }
            }
            return bytes
        }
    }

    @Test("gives the bytes of SwiftProtobuf for messages of any content")
    func same() throws {
        let seed: UInt64 = 20_261_123
        var wire = AnyWire(random: SeededGenerator(seed: seed))
        var (states, batches, actions, long) = (0, 0, 0, 0)
        for _ in 0..<Effort.cases(4_000) {
            let bytes = wire.fields(0)
            if let state = try? EntityState(serializedBytes: bytes) {
                let expected: [UInt8] = try state.serializedBytes()
                try #require(try state.encoded() == expected, "seed \(seed): \(bytes)")
                states += 1
                if expected.count > 16_384 { long += 1 }
            }
            if let batch = try? ResultBatch(serializedBytes: bytes) {
                let expected: [UInt8] = try batch.serializedBytes()
                try #require(try batch.encoded() == expected, "seed \(seed): \(bytes)")
                batches += batch.results.isEmpty ? 0 : 1
            }
            if let action = try? Action(serializedBytes: bytes) {
                let expected: [UInt8] = try action.serializedBytes()
                try #require(try action.encoded() == expected, "seed \(seed): \(bytes)")
                actions += 1
            }
        }
        #expect(states > 300 && batches > 100 && actions > 300 && long > 3, "\(states) \(batches) \(actions) \(long)")
    }
}
