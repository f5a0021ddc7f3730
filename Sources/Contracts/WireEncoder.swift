internal import Foundation
internal import SwiftProtobuf

// Encoding a message in one walk.
//
// Problem: SwiftProtobuf walks a message once for its size and once for its bytes, and every nested message again in
// both, once for each message around it: a span of a result of a batch is visited four times. That was a fifth of a
// runner's time.
// Choice: one walk that writes into a growing buffer. A nested message is written behind one byte for its length; if that
// byte is too small, what was written moves up. The walk is the generated `traverse`, so that no field can be forgotten.
// Rejected: an encoder of our own for each message, which forgets the next field that somebody adds.
// How it fails: what the schema does not have (maps, groups, extensions) is refused with an error; the bytes of everything
// else are those of SwiftProtobuf, which tests and, in debug builds, every commit compare.

/// What the schema must not have, since its order in the bytes would not be fixed or is not known here.
package struct UnencodableField: Error, CustomStringConvertible {
    package let number: Int
    package var description: String { "expected no map, group or extension in the schema, got one as field \(number)" }
}

extension EntityState {
    /// Its bytes on the wire. O(size).
    package func encoded() throws -> [UInt8] { try WireEncoder.encode(self) }
}

extension ResultBatch {
    /// Its bytes on the wire. O(size).
    package func encoded() throws -> [UInt8] { try WireEncoder.encode(self) }
}

extension Action {
    /// Its bytes on the wire. O(size).
    package func encoded() throws -> [UInt8] { try WireEncoder.encode(self) }
}

struct WireEncoder {
    private enum Wire: UInt64 {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
        case fixed32 = 5
    }

    private var bytes: [UInt8] = []

    static func encode(_ message: some Message) throws -> [UInt8] {
        var encoder = WireEncoder()
        encoder.bytes.reserveCapacity(512)
        try message.traverse(visitor: &encoder)
        assert((try? message.serializedBytes()) == encoder.bytes, "expected SwiftProtobuf's bytes")
        return encoder.bytes
    }

    private mutating func put(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func put(_ field: Int, _ wire: Wire) {
        put(UInt64(truncatingIfNeeded: field) << 3 | wire.rawValue)
    }

    private mutating func putFixed<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes a field of a length that is known once it is written.
    private mutating func putDelimited(_ field: Int, _ write: (inout WireEncoder) throws -> Void) rethrows {
        put(field, .delimited)
        let start = bytes.count
        bytes.append(0)
        try write(&self)
        let length = bytes.count - start - 1
        guard length >= 0x80 else {
            bytes[start] = UInt8(truncatingIfNeeded: length)
            return
        }
        var rest = UInt64(length) >> 7
        var at = start + 1
        bytes[start] = UInt8(truncatingIfNeeded: length) | 0x80
        while rest >= 0x80 {
            bytes.insert(UInt8(truncatingIfNeeded: rest) | 0x80, at: at)
            rest >>= 7
            at += 1
        }
        bytes.insert(UInt8(truncatingIfNeeded: rest), at: at)
    }

    private mutating func putPacked<Value>(
        _ values: [Value], _ field: Int, _ write: (inout WireEncoder, Value) -> Void
    ) {
        guard !values.isEmpty else { return }
        putDelimited(field) { encoder in for value in values { write(&encoder, value) } }
    }

    private static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value << 1) ^ UInt64(bitPattern: value >> 63)
    }
}

extension WireEncoder: Visitor {
    mutating func visitUnknown(bytes: Data) { self.bytes.append(contentsOf: bytes) }

    mutating func visitSingularUInt64Field(value: UInt64, fieldNumber: Int) {
        put(fieldNumber, .varint)
        put(value)
    }

    mutating func visitSingularInt64Field(value: Int64, fieldNumber: Int) {
        visitSingularUInt64Field(value: UInt64(bitPattern: value), fieldNumber: fieldNumber)
    }

    mutating func visitSingularSInt32Field(value: Int32, fieldNumber: Int) {
        visitSingularUInt64Field(value: Self.zigzag(Int64(value)), fieldNumber: fieldNumber)
    }

    mutating func visitSingularSInt64Field(value: Int64, fieldNumber: Int) {
        visitSingularUInt64Field(value: Self.zigzag(value), fieldNumber: fieldNumber)
    }

    mutating func visitSingularBoolField(value: Bool, fieldNumber: Int) {
        visitSingularUInt64Field(value: value ? 1 : 0, fieldNumber: fieldNumber)
    }

    mutating func visitSingularEnumField<E: Enum>(value: E, fieldNumber: Int) {
        visitSingularInt64Field(value: Int64(value.rawValue), fieldNumber: fieldNumber)
    }

    mutating func visitSingularFixed32Field(value: UInt32, fieldNumber: Int) {
        put(fieldNumber, .fixed32)
        putFixed(value)
    }

    mutating func visitSingularFixed64Field(value: UInt64, fieldNumber: Int) {
        put(fieldNumber, .fixed64)
        putFixed(value)
    }

    mutating func visitSingularSFixed32Field(value: Int32, fieldNumber: Int) {
        visitSingularFixed32Field(value: UInt32(bitPattern: value), fieldNumber: fieldNumber)
    }

    mutating func visitSingularSFixed64Field(value: Int64, fieldNumber: Int) {
        visitSingularFixed64Field(value: UInt64(bitPattern: value), fieldNumber: fieldNumber)
    }

    mutating func visitSingularFloatField(value: Float, fieldNumber: Int) {
        visitSingularFixed32Field(value: value.bitPattern, fieldNumber: fieldNumber)
    }

    mutating func visitSingularDoubleField(value: Double, fieldNumber: Int) {
        visitSingularFixed64Field(value: value.bitPattern, fieldNumber: fieldNumber)
    }

    mutating func visitSingularStringField(value: String, fieldNumber: Int) {
        put(fieldNumber, .delimited)
        let text = value.utf8
        put(UInt64(text.count))
        bytes.append(contentsOf: text)
    }

    mutating func visitSingularBytesField(value: Data, fieldNumber: Int) {
        put(fieldNumber, .delimited)
        put(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func visitSingularMessageField<M: Message>(value: M, fieldNumber: Int) throws {
        try putDelimited(fieldNumber) { encoder in try value.traverse(visitor: &encoder) }
    }
}

/// Repeated numbers in one field.
extension WireEncoder {
    mutating func visitPackedFloatField(value: [Float], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.putFixed($1.bitPattern) }
    }

    mutating func visitPackedDoubleField(value: [Double], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.putFixed($1.bitPattern) }
    }

    mutating func visitPackedInt32Field(value: [Int32], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put(UInt64(bitPattern: Int64($1))) }
    }

    mutating func visitPackedInt64Field(value: [Int64], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put(UInt64(bitPattern: $1)) }
    }

    mutating func visitPackedUInt32Field(value: [UInt32], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put(UInt64($1)) }
    }

    mutating func visitPackedUInt64Field(value: [UInt64], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put($1) }
    }

    mutating func visitPackedSInt32Field(value: [Int32], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put(Self.zigzag(Int64($1))) }
    }

    mutating func visitPackedSInt64Field(value: [Int64], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put(Self.zigzag($1)) }
    }

    mutating func visitPackedFixed32Field(value: [UInt32], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.putFixed($1) }
    }

    mutating func visitPackedFixed64Field(value: [UInt64], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.putFixed($1) }
    }

    mutating func visitPackedSFixed32Field(value: [Int32], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.putFixed($1) }
    }

    mutating func visitPackedSFixed64Field(value: [Int64], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.putFixed($1) }
    }

    mutating func visitPackedBoolField(value: [Bool], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put($1 ? 1 : 0) }
    }

    mutating func visitPackedEnumField<E: Enum>(value: [E], fieldNumber: Int) {
        putPacked(value, fieldNumber) { $0.put(UInt64(bitPattern: Int64($1.rawValue))) }
    }
}

/// What the schema does not have.
extension WireEncoder {
    mutating func visitMapField<KeyType, ValueType: MapValueType>(
        fieldType: _ProtobufMap<KeyType, ValueType>.Type, value: _ProtobufMap<KeyType, ValueType>.BaseType,
        fieldNumber: Int
    ) throws { throw UnencodableField(number: fieldNumber) }

    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufEnumMap<KeyType, ValueType>.Type, value: _ProtobufEnumMap<KeyType, ValueType>.BaseType,
        fieldNumber: Int
    ) throws where ValueType.RawValue == Int { throw UnencodableField(number: fieldNumber) }

    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufMessageMap<KeyType, ValueType>.Type,
        value: _ProtobufMessageMap<KeyType, ValueType>.BaseType, fieldNumber: Int
    ) throws { throw UnencodableField(number: fieldNumber) }

    mutating func visitSingularGroupField<G: Message>(value: G, fieldNumber: Int) throws {
        throw UnencodableField(number: fieldNumber)
    }

    mutating func visitExtensionFields(fields: ExtensionFieldValueSet, start: Int, end: Int) throws {
        throw UnencodableField(number: start)
    }

    mutating func visitExtensionFieldsAsMessageSet(fields: ExtensionFieldValueSet, start: Int, end: Int) throws {
        throw UnencodableField(number: start)
    }
}
