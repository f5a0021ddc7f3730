import BusinessTime

/// Writes TZif files, right and wrong ones.
struct TZifBuilder {
    var version: UInt8 = UInt8(ascii: "2")
    var transitions: [(time: Int64, type: UInt8)] = []
    var types: [(offset: Int32, isDaylight: UInt8, designation: UInt8)] = [(3_600, 0, 0)]
    var designations = Array("CET\0CEST\0".utf8)
    var leapSeconds: [(time: Int64, correction: Int32)] = []
    var standardFlags: [UInt8] = []
    var universalFlags: [UInt8] = []
    var footer: String? = ""

    var bytes: [UInt8] {
        guard version != 0 else { return header(of: 0) + block(wordSize: 4) }
        var short = TZifBuilder()
        short.version = version
        short.types = [(0, 0, 0)]
        short.designations = Array("OLD\0".utf8)
        let end = footer.map { Array("\n\($0)\n".utf8) } ?? []
        return short.header(of: version) + short.block(wordSize: 4) + header(of: version) + block(wordSize: 8) + end
    }

    func rules() throws -> ZoneRules {
        try ZoneRules(name: ZoneName("Test/Built"), tzif: bytes)
    }

    private func header(of version: UInt8) -> [UInt8] {
        let counts = [
            universalFlags.count, standardFlags.count, leapSeconds.count, transitions.count, types.count,
            designations.count,
        ]
        return Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
            + counts.flatMap { Self.bigEndian(Int64($0), 4) }
    }

    private func block(wordSize: Int) -> [UInt8] {
        transitions.flatMap { Self.bigEndian($0.time, wordSize) } + transitions.map(\.type)
            + types.flatMap { Self.bigEndian(Int64($0.offset), 4) + [$0.isDaylight, $0.designation] } + designations
            + leapSeconds.flatMap { Self.bigEndian($0.time, wordSize) + Self.bigEndian(Int64($0.correction), 4) }
            + standardFlags + universalFlags
    }

    private static func bigEndian(_ number: Int64, _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
