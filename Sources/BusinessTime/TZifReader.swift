/// Takes big-endian numbers off the front of a TZif file; the end of the file is a `TZifError`, never a trap.
struct TZifReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// - Precondition: `count` is not negative; every count in a TZif file is an unsigned number.
    mutating func take(_ count: Int) throws(TZifError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else {
            throw TZifError(reason: .cutOff(expectedBytes: count), offset: position)
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() throws(TZifError) -> UInt8 {
        guard position < bytes.count else {
            throw TZifError(reason: .cutOff(expectedBytes: 1), offset: position)
        }
        defer { position += 1 }
        return bytes[position]
    }

    /// A number in two's complement of 4 or 8 bytes.
    mutating func signed(_ size: Int) throws(TZifError) -> Int {
        let pattern = try take(size).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return size == 4 ? Int(Int32(truncatingIfNeeded: pattern)) : Int(Int64(bitPattern: pattern))
    }
}

/// The 44 bytes before each of a TZif file's data blocks, with the counts under the names of this program.
struct TZifHeader {
    /// 1 to 4; a later version counts as 4.
    let version: Int
    let universalFlags: Int
    let standardFlags: Int
    let leapSeconds: Int
    let transitions: Int
    let types: Int
    let designationBytes: Int

    init(_ reader: inout TZifReader) throws(TZifError) {
        let start = reader.position
        guard try reader.take(4).elementsEqual("TZif".utf8) else {
            throw TZifError(reason: .notTZif, offset: start)
        }
        let byte = try reader.byte()
        switch byte {
        case 0: version = 1
        case UInt8(ascii: "2")...UInt8(ascii: "9"): version = min(Int(byte) - 48, 4)
        default: throw TZifError(reason: .unknownVersion(byte), offset: start + 4)
        }
        _ = try reader.take(15)
        universalFlags = try Self.count(&reader)
        standardFlags = try Self.count(&reader)
        leapSeconds = try Self.count(&reader)
        transitions = try Self.count(&reader)
        types = try Self.count(&reader)
        designationBytes = try Self.count(&reader)
    }

    /// The bytes of the block that follows. All counts are below 2^32, so the sum cannot overflow.
    func blockSize(wordSize: Int) -> Int {
        transitions * (wordSize + 1) + types * 6 + designationBytes + leapSeconds * (wordSize + 4)
            + standardFlags + universalFlags
    }

    /// RFC 9636, 3.1: at least one type, and flags for all types or none.
    func check(at position: Int) throws(TZifError) {
        if types == 0 || types > 256 {
            throw TZifError(reason: .count(field: "local time types", value: types), offset: position)
        }
        if standardFlags != 0, standardFlags != types {
            throw TZifError(reason: .count(field: "standard/wall flags", value: standardFlags), offset: position)
        }
        if universalFlags != 0, universalFlags != types {
            throw TZifError(reason: .count(field: "UT/local flags", value: universalFlags), offset: position)
        }
    }

    private static func count(_ reader: inout TZifReader) throws(TZifError) -> Int {
        Int(try reader.take(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) })
    }
}
