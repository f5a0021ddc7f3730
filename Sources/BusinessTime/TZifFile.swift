/// The contents of a TZif file (RFC 9636, which includes RFC 8536), checked.
///
/// Versions 1 to 4 are read, and later ones as version 4, since the format promises that old readers stay right. From
/// version 2 on the first block holds 32-bit times for old readers; it is stepped over and the 64-bit block is read.
/// Files of the `right` kind count leap seconds in their times; these are taken out again, because an `Instant` does
/// not know leap seconds. Nothing is trusted: every read is bounded, every index checked, and a fault is a `TZifError`.
struct TZifFile {
    /// Ascending, in seconds since 1970, leap seconds removed.
    let transitions: [Int]
    /// For each transition the index of the type that begins there.
    let typeIndices: [Int]
    /// Never empty; the first one holds before the first transition.
    let types: [LocalType]
    /// What holds from the last transition on; nil if the file does not say.
    let footer: FooterRule?

    /// The largest file of tzdata has less than 4 KiB.
    static let largestFile = 65_536

    init(_ bytes: [UInt8]) throws(TZifError) {
        guard bytes.count <= Self.largestFile else {
            throw TZifError(reason: .tooLarge(bytes: bytes.count), offset: 0)
        }
        var reader = TZifReader(bytes)
        var header = try TZifHeader(&reader)
        var wordSize = 4
        if header.version >= 2 {
            _ = try reader.take(header.blockSize(wordSize: 4))
            header = try TZifHeader(&reader)
            wordSize = 8
        }
        try header.check(at: reader.position)
        let times = try Self.times(&reader, header, wordSize)
        typeIndices = try Self.typeIndices(&reader, header)
        types = try Self.types(&reader, header)
        transitions = try Self.removingLeapSeconds(&reader, header, wordSize, from: times)
        _ = try reader.take(header.standardFlags + header.universalFlags)
        footer = wordSize == 8 ? try Self.footer(&reader) : nil
    }

    private static func times(
        _ reader: inout TZifReader, _ header: TZifHeader, _ wordSize: Int
    ) throws(TZifError) -> [Int] {
        var times: [Int] = []
        for _ in 0..<header.transitions {
            let time = try reader.signed(wordSize)
            if let last = times.last, time <= last {
                throw TZifError(reason: .transitionsNotAscending, offset: reader.position - wordSize)
            }
            times.append(time)
        }
        return times
    }

    private static func typeIndices(_ reader: inout TZifReader, _ header: TZifHeader) throws(TZifError) -> [Int] {
        var indices: [Int] = []
        for _ in 0..<header.transitions {
            let index = Int(try reader.byte())
            guard index < header.types else {
                throw TZifError(reason: .typeIndex(index), offset: reader.position - 1)
            }
            indices.append(index)
        }
        return indices
    }

    private static func types(_ reader: inout TZifReader, _ header: TZifHeader) throws(TZifError) -> [LocalType] {
        var raw: [(offset: Int, isDaylight: Bool, designation: Int, position: Int)] = []
        for _ in 0..<header.types {
            let position = reader.position
            let offset = try reader.signed(4)
            guard LocalType.allowedOffsets.contains(offset) else {
                throw TZifError(reason: .utcOffset(offset), offset: position)
            }
            let flag = try reader.byte()
            guard flag <= 1 else { throw TZifError(reason: .daylightFlag(flag), offset: position + 4) }
            raw.append((offset, flag == 1, Int(try reader.byte()), position))
        }
        let designations = try reader.take(header.designationBytes)
        var types: [LocalType] = []
        for type in raw {
            let text = designations.dropFirst(type.designation).prefix { $0 != 0 }
            guard text.startIndex + text.count < designations.endIndex, text.allSatisfy({ (33...126).contains($0) })
            else { throw TZifError(reason: .designation, offset: type.position + 5) }
            types.append(
                LocalType(
                    offset: type.offset, isDaylight: type.isDaylight,
                    abbreviation: String(decoding: text, as: UTF8.self)))
        }
        return types
    }

    /// A time in a file with leap-second records counts the leap seconds inserted so far.
    private static func removingLeapSeconds(
        _ reader: inout TZifReader, _ header: TZifHeader, _ wordSize: Int, from times: [Int]
    ) throws(TZifError) -> [Int] {
        guard header.leapSeconds > 0 else { return times.map(Self.clamped) }
        var records: [(time: Int, correction: Int)] = []
        for _ in 0..<header.leapSeconds {
            let time = try reader.signed(wordSize)
            let correction = try reader.signed(4)
            if let last = records.last, time <= last.time {
                throw TZifError(reason: .leapSeconds, offset: reader.position - wordSize - 4)
            }
            records.append((time, correction))
        }
        var corrected: [Int] = []
        var next = 0
        var correction = 0
        for time in times {
            while next < records.count, records[next].time <= time {
                correction = records[next].correction
                next += 1
            }
            let instant = Self.clamped(time) - correction
            if let last = corrected.last, instant <= last {
                throw TZifError(reason: .leapSeconds, offset: reader.position)
            }
            corrected.append(instant)
        }
        return corrected
    }

    /// Some writers begin with a transition at the Big Bang; nothing may overflow because of it.
    private static func clamped(_ time: Int) -> Int {
        min(max(time, -(1 << 59)), 1 << 59)
    }

    private static func footer(_ reader: inout TZifReader) throws(TZifError) -> FooterRule? {
        let start = reader.position
        guard try reader.byte() == UInt8(ascii: "\n") else {
            throw TZifError(reason: .footer(""), offset: start)
        }
        var text: [UInt8] = []
        while true {
            let byte = try reader.byte()
            if byte == UInt8(ascii: "\n") { break }
            text.append(byte)
        }
        guard !text.isEmpty else { return nil }
        guard let rule = FooterRule(text) else {
            throw TZifError(reason: .footer(String(decoding: text, as: UTF8.self)), offset: start + 1)
        }
        return rule
    }
}

/// What a zone's clocks do for some time: how far they are ahead of UTC, and what that is called.
struct LocalType: Hashable, Sendable {
    /// Seconds ahead of UTC.
    let offset: Int
    let isDaylight: Bool
    let abbreviation: String

    /// RFC 9636, 3.2: more than -25 hours and less than 26 hours.
    static let allowedOffsets = -89_999...93_599
}
