/// A text in its matching form, with the way back: lower case, plain letters, ordinary width, one space between words,
/// nothing invisible.
///
/// Problem: people write *Giá*, *gia*, *GIÁ* (composed or not), *ｇｉａ* or hide a letter behind a look-alike, and a rule
/// must find all of them and still name the bytes of the original. Choice: one pass over the scalars that writes the
/// matching form as UTF-8 and, beside each of its bytes, where the source scalar began. Rejected: normalising with the
/// standard library (allocates a string for each step and loses the way back).
///
/// Bound: the first 20,000 scalars are read; what lies behind them is not matched. Time and memory are linear in them.
package struct NormalisedText: Sendable {
    /// Scalars that are read of one text (DESIGN.md: a text is kept up to 20,000 characters).
    package static let mostScalars = 20_000

    let bytes: [UInt8]
    /// For each byte the offset of its source scalar; one more at the end: where reading stopped.
    let origins: [UInt32]

    package init(_ text: String) {
        var text = text
        var bytes: [UInt8] = []
        var origins: [UInt32] = []
        text.withUTF8 { source in
            // No form is longer than twice its scalar (`ops/extract-folding`); one origin more than bytes.
            let most = 2 * min(source.count, 4 * Self.mostScalars) + 8
            origins = [UInt32](unsafeUninitializedCapacity: most) { origins, originCount in
                bytes = [UInt8](unsafeUninitializedCapacity: most) { bytes, byteCount in
                    var writer = Writer(bytes: bytes, origins: origins)
                    writer.read(source)
                    byteCount = writer.count
                    originCount = writer.count + 1
                }
            }
        }
        self.bytes = bytes
        self.origins = origins
    }

    /// The matching form as text, for messages to people who write phrases.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The scalar that begins at a byte offset, with its length; nil at the end.
    func scalar(at offset: Int) -> (value: UInt32, length: Int)? {
        guard offset < bytes.count else { return nil }
        return bytes.withUnsafeBufferPointer { UTF8Scalar.decode($0, at: offset) }
    }

    /// The scalar that ends before a byte offset; nil at the start.
    func scalar(before offset: Int) -> UInt32? {
        var start = offset - 1
        while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return start >= 0 ? scalar(at: start)?.value : nil
    }
}

/// Decoding of one scalar from bytes that are valid UTF-8, as a String's are.
enum UTF8Scalar {
    @inline(__always)
    static func decode(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(bytes[offset])
        if first < 0x80 { return (first, 1) }
        if first < 0xE0, offset + 1 < bytes.count {
            return ((first & 0x1F) << 6 | UInt32(bytes[offset + 1] & 0x3F), 2)
        }
        if first < 0xF0, offset + 2 < bytes.count {
            return ((first & 0x0F) << 12 | UInt32(bytes[offset + 1] & 0x3F) << 6 | UInt32(bytes[offset + 2] & 0x3F), 3)
        }
        guard offset + 3 < bytes.count else { return (0xFFFD, 1) }
        return (
            (first & 0x07) << 18 | UInt32(bytes[offset + 1] & 0x3F) << 12 | UInt32(bytes[offset + 2] & 0x3F) << 6
                | UInt32(bytes[offset + 3] & 0x3F), 4
        )
    }
}

extension NormalisedText {
    /// The one pass. Words that mix plain Latin with Cyrillic or Greek are read as Latin when they end.
    fileprivate struct Writer {
        /// Room for every form of the source.
        let bytes: UnsafeMutableBufferPointer<UInt8>
        let origins: UnsafeMutableBufferPointer<UInt32>
        private(set) var count = 0
        private var wordStart = 0
        private var holdsLatin = false
        private var holdsLookalikes = false

        init(bytes: UnsafeMutableBufferPointer<UInt8>, origins: UnsafeMutableBufferPointer<UInt32>) {
            self.bytes = bytes
            self.origins = origins
        }

        mutating func read(_ source: UnsafeBufferPointer<UInt8>) {
            Folding.table.withTables { forms, classes in read(source, forms, classes) }
        }

        private mutating func read(
            _ source: UnsafeBufferPointer<UInt8>, _ forms: UnsafeBufferPointer<UInt16>,
            _ classes: UnsafeBufferPointer<UInt8>
        ) {
            var offset = 0
            var left = NormalisedText.mostScalars
            while offset < source.count, left > 0 {
                left -= 1
                let byte = source[offset]
                if byte < 0x80 {
                    readASCII(byte, at: offset)
                    offset += 1
                } else {
                    let (scalar, length) = UTF8Scalar.decode(source, at: offset)
                    if scalar <= 0xFFFF {
                        read(scalar, at: offset, form: forms[Int(scalar)], class: classes[Int(scalar)])
                    } else {
                        readBeyondBasicPlane(scalar, at: offset)
                    }
                    offset += length
                }
            }
            endWord()
            origins[count] = UInt32(offset)
        }

        @inline(__always)
        private mutating func readASCII(_ byte: UInt8, at offset: Int) {
            switch byte {
            case 0x61...0x7A, 0x30...0x39:
                holdsLatin = holdsLatin || byte >= 0x61
                put(byte, offset)
            case 0x41...0x5A:
                holdsLatin = true
                put(byte | 0x20, offset)
            case 0x60:
                endWord()
                put(0x27, offset)
            case 0x21...0x7E:
                endWord()
                put(byte, offset)
            default:
                space(at: offset)
            }
        }

        @inline(__always)
        private mutating func read(_ scalar: UInt32, at offset: Int, form: UInt16, class: UInt8) {
            switch `class` {
            case Folding.Class.bordered.rawValue, Folding.Class.unbordered.rawValue: break
            case Folding.Class.dropped.rawValue: return
            case Folding.Class.space.rawValue: return space(at: offset)
            default: endWord()
            }
            if (0x1161...0x11C2).contains(scalar) || scalar == 0x3099 || scalar == 0x309A, compose(scalar) { return }
            if (0xD800...0xDFFF).contains(form) {
                for part in Folding.table.expansion(form) { put(scalar: part, offset) }
            } else {
                put(scalar: UInt32(form), offset)
            }
        }

        private mutating func readBeyondBasicPlane(_ scalar: UInt32, at offset: Int) {
            switch Folding.table.classOf(scalar) {
            case .dropped: return
            case .space: return space(at: offset)
            case .other: endWord()
            case .bordered, .unbordered: break
            }
            put(scalar: Folding.table.formBeyondBasicPlane(scalar), offset)
        }

        private mutating func space(at offset: Int) {
            endWord()
            if count == 0 || bytes[count - 1] != 0x20 { put(0x20, offset) }
            wordStart = count
        }

        @inline(__always)
        private mutating func put(_ byte: UInt8, _ offset: Int) {
            // The room is computed from the source; a form that would not fit is a fault of the table and is cut.
            guard count + 1 < bytes.count else { return }
            bytes[count] = byte
            origins[count] = UInt32(truncatingIfNeeded: offset)
            count += 1
        }

        private mutating func put(scalar: UInt32, _ offset: Int) {
            switch scalar {
            case 0..<0x80:
                holdsLatin = holdsLatin || (0x61...0x7A).contains(scalar)
                put(UInt8(scalar), offset)
            case 0x80..<0x800:
                holdsLookalikes = holdsLookalikes || (0x370...0x52F).contains(scalar)
                put(UInt8(0xC0 | scalar >> 6), offset)
                put(UInt8(0x80 | scalar & 0x3F), offset)
            case 0x800..<0x1_0000:
                put(UInt8(0xE0 | scalar >> 12), offset)
                put(UInt8(0x80 | scalar >> 6 & 0x3F), offset)
                put(UInt8(0x80 | scalar & 0x3F), offset)
            default:
                put(UInt8(0xF0 | scalar >> 18 & 0x07), offset)
                put(UInt8(0x80 | scalar >> 12 & 0x3F), offset)
                put(UInt8(0x80 | scalar >> 6 & 0x3F), offset)
                put(UInt8(0x80 | scalar & 0x3F), offset)
            }
        }

        private var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[..<count]) }

        /// Joins a decomposed Hangul vowel or final, or a kana's sound mark, to the scalar before it.
        private mutating func compose(_ scalar: UInt32) -> Bool {
            guard count >= 3 else { return false }
            let start = count - 3
            let (last, length) = UTF8Scalar.decode(written, at: start)
            guard length == 3, let joined = Self.joined(last, scalar) else { return false }
            bytes[start] = UInt8(0xE0 | joined >> 12)
            bytes[start + 1] = UInt8(0x80 | joined >> 6 & 0x3F)
            bytes[start + 2] = UInt8(0x80 | joined & 0x3F)
            return true
        }

        /// Source of the Hangul arithmetic: The Unicode Standard, section 3.12.
        private static func joined(_ last: UInt32, _ scalar: UInt32) -> UInt32? {
            switch (last, scalar) {
            case (0x1100...0x1112, 0x1161...0x1175): 0xAC00 + ((last - 0x1100) * 21 + scalar - 0x1161) * 28
            case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (last - 0xAC00) % 28 == 0: last + scalar - 0x11A7
            case (0x304B...0x3062, 0x3099), (0x30AB...0x30C2, 0x3099): last % 2 == 1 ? last + 1 : nil
            case (0x3064...0x3068, 0x3099), (0x30C4...0x30C8, 0x3099): last % 2 == 0 ? last + 1 : nil
            case (0x306F...0x307B, 0x3099), (0x30CF...0x30DB, 0x3099): last % 3 == 0 ? last + 1 : nil
            case (0x306F...0x307B, 0x309A), (0x30CF...0x30DB, 0x309A): last % 3 == 0 ? last + 2 : nil
            default: nil
            }
        }

        /// Reads the finished word as Latin if it mixes plain Latin with letters that look like it.
        private mutating func endWord() {
            defer {
                wordStart = count
                holdsLatin = false
                holdsLookalikes = false
            }
            guard holdsLatin, holdsLookalikes else { return }
            var target = wordStart
            var offset = wordStart
            while offset < count {
                let (scalar, length) = UTF8Scalar.decode(written, at: offset)
                if let letter = Folding.lookalike(of: scalar) {
                    bytes[target] = letter
                    origins[target] = origins[offset]
                    target += 1
                } else {
                    for step in 0..<length {
                        bytes[target + step] = bytes[offset + step]
                        origins[target + step] = origins[offset + step]
                    }
                    target += length
                }
                offset += length
            }
            count = target
        }
    }
}
