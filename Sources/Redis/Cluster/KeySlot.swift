/// One of the 16,384 parts of a Redis Cluster's key space.
package struct KeySlot: Sendable, Hashable, Comparable, CustomStringConvertible {
    package static let count = 16_384

    /// 0 to 16,383.
    package let number: Int

    /// - Returns: nil outside 0 to 16,383.
    package init?(_ number: Int) {
        guard (0..<Self.count).contains(number) else { return nil }
        self.number = number
    }

    /// The slot of a key or a sharded channel: CRC16 modulo 16,384 over the bytes between the first `{` and the first `}`
    /// behind it, unless nothing stands there; else over the whole key. As in the Redis Cluster specification.
    package init(of key: some Collection<UInt8>) {
        var hashed: UInt16?
        if let open = key.firstIndex(of: UInt8(ascii: "{")) {
            let rest = key[key.index(after: open)...]
            if let close = rest.firstIndex(of: UInt8(ascii: "}")), close != rest.startIndex {
                hashed = Self.crc(rest[..<close])
            }
        }
        number = Int(hashed ?? Self.crc(key)) % Self.count
    }

    package static func < (left: KeySlot, right: KeySlot) -> Bool { left.number < right.number }

    package var description: String { String(number) }

    /// CRC16 of XMODEM: polynomial 0x1021, from 0, not reflected.
    private static func crc(_ bytes: some Collection<UInt8>) -> UInt16 {
        var sum: UInt16 = 0
        for byte in bytes { sum = (sum << 8) ^ table[Int(UInt8(truncatingIfNeeded: sum >> 8) ^ byte)] }
        return sum
    }

    private static let table: [UInt16] = (0..<256).map { byte in
        var sum = UInt16(byte) << 8
        for _ in 0..<8 { sum = sum & 0x8000 == 0 ? sum << 1 : (sum << 1) ^ 0x1021 }
        return sum
    }
}
