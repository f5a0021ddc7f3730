/// Looks for many needles in one pass over the bytes: what begins with the eight bytes of one of them is compared, everything
/// else costs a look at two bytes. Needles of fewer than eight bytes are looked for one by one.
struct NeedleIndex: Sendable {
    private static let head = 8

    private let needles: [[UInt8]]
    private var short: [Int] = []
    private var byHead: [UInt64: [Int]] = [:]
    /// By the first two bytes.
    private var begins = [Bool](repeating: false, count: 65_536)

    init(_ needles: [[UInt8]]) {
        self.needles = needles
        for (number, needle) in needles.enumerated() {
            guard needle.count >= Self.head else {
                if !needle.isEmpty { short.append(number) }
                continue
            }
            byHead[needle.prefix(Self.head).reduce(0) { $0 << 8 | UInt64($1) }, default: []].append(number)
            begins[Int(needle[0]) << 8 | Int(needle[1])] = true
        }
    }

    /// The numbers of the needles that stand in the bytes, sorted. O(bytes), and O(bytes) more for each short needle.
    func found(in bytes: [UInt8]) -> [Int] {
        var found = Set(short.filter { Self.contains(bytes, needles[$0]) })
        guard !byHead.isEmpty, bytes.count >= Self.head else { return found.sorted() }
        bytes.withUnsafeBufferPointer { bytes in
            for start in 0...(bytes.count - Self.head) where begins[Int(bytes[start]) << 8 | Int(bytes[start + 1])] {
                var head: UInt64 = 0
                for offset in 0..<Self.head { head = head << 8 | UInt64(bytes[start + offset]) }
                for number in byHead[head] ?? [] where !found.contains(number) {
                    let needle = needles[number]
                    guard needle.count <= bytes.count - start else { continue }
                    if needle.indices.allSatisfy({ bytes[start + $0] == needle[$0] }) { found.insert(number) }
                }
            }
        }
        return found.sorted()
    }

    private static func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        guard let first = needle.first, bytes.count >= needle.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for start in 0...(bytes.count - needle.count) where bytes[start] == first {
                if needle.indices.allSatisfy({ bytes[start + $0] == needle[$0] }) { return true }
            }
            return false
        }
    }
}
