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
    /// For each byte what its scalar is to a word border, a `Kind`; one more at the end: a space.
    let kinds: [UInt8]
    /// Words in which letters of another script were put in the place of their own.
    let disguisedWords: Int

    /// What a byte is to a word border.
    enum Kind {
        static let other: UInt8 = 0
        static let bordered: UInt8 = 1
        static let unbordered: UInt8 = 2
        static let space: UInt8 = 3
        /// Not the first byte of its scalar.
        static let rest: UInt8 = 4
    }

    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { NormalisedText($0) }
    }

    init(_ source: UnsafeBufferPointer<UInt8>) {
        // No form is longer than twice its scalar (`ops/extract-folding`); one origin more than bytes.
        let most = 2 * min(source.count, 4 * Self.mostScalars) + 8
        var bytes: [UInt8] = []
        var kinds: [UInt8] = []
        var disguised = 0
        origins = [UInt32](unsafeUninitializedCapacity: most) { origins, originCount in
            kinds = [UInt8](unsafeUninitializedCapacity: most) { kinds, kindCount in
                bytes = [UInt8](unsafeUninitializedCapacity: most) { bytes, byteCount in
                    var writer = Writer(bytes: bytes, origins: origins, kinds: kinds)
                    writer.read(source)
                    byteCount = writer.count
                    kindCount = writer.count + 1
                    originCount = writer.count + 1
                    disguised = writer.disguisedWords
                }
            }
        }
        self.bytes = bytes
        self.kinds = kinds
        disguisedWords = disguised
    }

    /// The bytes of the matching form alone.
    static func form(of text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { source in
            let most = 2 * min(source.count, 4 * mostScalars) + 8
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * most) { scratch in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: most) { origins in
                    var writer = Writer(
                        bytes: UnsafeMutableBufferPointer(rebasing: scratch[..<most]), origins: origins,
                        kinds: UnsafeMutableBufferPointer(rebasing: scratch[most...]))
                    writer.read(source)
                    return Array(scratch[..<writer.count])
                }
            }
        }
    }

    init(bytes: [UInt8], origins: [UInt32], kinds: [UInt8], disguisedWords: Int) {
        self.bytes = bytes
        self.origins = origins
        self.kinds = kinds
        self.disguisedWords = disguisedWords
    }

    /// The matching form as text, for messages to people who write phrases.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The scalar that begins at a byte offset, with its length; nil at the end.
    func scalar(at offset: Int) -> (value: UInt32, length: Int)? {
        guard offset < bytes.count else { return nil }
        return bytes.withUnsafeBufferPointer { UTF8Scalar.decode($0, at: offset) }
    }
}

extension NormalisedText {
    /// The one pass. Words that mix plain Latin with Cyrillic or Greek are read as Latin when they end.
    fileprivate struct Writer {
        /// Room for every form of the source.
        let bytes: UnsafeMutableBufferPointer<UInt8>
        let origins: UnsafeMutableBufferPointer<UInt32>
        let kinds: UnsafeMutableBufferPointer<UInt8>
        private(set) var count = 0
        private(set) var disguisedWords = 0
        private var wordStart = 0
        private var holdsLatin = false
        private var holdsGreek = false
        private var holdsCyrillic = false

        init(
            bytes: UnsafeMutableBufferPointer<UInt8>, origins: UnsafeMutableBufferPointer<UInt32>,
            kinds: UnsafeMutableBufferPointer<UInt8>
        ) {
            self.bytes = bytes
            self.origins = origins
            self.kinds = kinds
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
            kinds[count] = Kind.space
        }

        @inline(__always)
        private mutating func readASCII(_ byte: UInt8, at offset: Int) {
            switch byte {
            case 0x61...0x7A, 0x30...0x39:
                holdsLatin = holdsLatin || byte >= 0x61
                put(byte, offset, Kind.bordered)
            case 0x41...0x5A:
                holdsLatin = true
                put(byte | 0x20, offset, Kind.bordered)
            case 0x60:
                endWord()
                put(0x27, offset, Kind.other)
            case 0x21...0x7E:
                endWord()
                put(byte, offset, Kind.other)
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
                for part in Folding.table.expansion(form) { put(scalar: part, offset, `class`) }
            } else {
                put(scalar: UInt32(form), offset, `class`)
            }
        }

        private mutating func readBeyondBasicPlane(_ scalar: UInt32, at offset: Int) {
            let kind = Folding.table.classOf(scalar)
            switch kind {
            case .dropped: return
            case .space: return space(at: offset)
            case .other: endWord()
            case .bordered, .unbordered: break
            }
            put(scalar: Folding.table.formBeyondBasicPlane(scalar), offset, kind.rawValue)
        }

        private mutating func space(at offset: Int) {
            endWord()
            if count == 0 || bytes[count - 1] != 0x20 { put(0x20, offset, Kind.space) }
            wordStart = count
        }

        @inline(__always)
        private mutating func put(_ byte: UInt8, _ offset: Int, _ kind: UInt8) {
            // The room is computed from the source; a form that would not fit is a fault of the table and is cut.
            guard count + 1 < bytes.count else { return }
            bytes[count] = byte
            origins[count] = UInt32(truncatingIfNeeded: offset)
            kinds[count] = kind
            count += 1
        }

        private mutating func put(scalar: UInt32, _ offset: Int, _ kind: UInt8) {
            switch scalar {
            case 0..<0x80:
                holdsLatin = holdsLatin || (0x61...0x7A).contains(scalar)
                put(UInt8(scalar), offset, kind)
            case 0x80..<0x800:
                holdsGreek = holdsGreek || (0x370...0x3FF).contains(scalar)
                holdsCyrillic = holdsCyrillic || (0x400...0x58F).contains(scalar)
                put(UInt8(0xC0 | scalar >> 6), offset, kind)
                put(UInt8(0x80 | scalar & 0x3F), offset, Kind.rest)
            case 0x800..<0x1_0000:
                put(UInt8(0xE0 | scalar >> 12), offset, kind)
                put(UInt8(0x80 | scalar >> 6 & 0x3F), offset, Kind.rest)
                put(UInt8(0x80 | scalar & 0x3F), offset, Kind.rest)
            default:
                put(UInt8(0xF0 | scalar >> 18 & 0x07), offset, kind)
                put(UInt8(0x80 | scalar >> 12 & 0x3F), offset, Kind.rest)
                put(UInt8(0x80 | scalar >> 6 & 0x3F), offset, Kind.rest)
                put(UInt8(0x80 | scalar & 0x3F), offset, Kind.rest)
            }
        }

        private var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[..<count]) }

        /// Joins a decomposed Hangul vowel or final, or a kana's sound mark, to the scalar before it.
        private mutating func compose(_ scalar: UInt32) -> Bool {
            guard count >= 3 else { return false }
            let start = count - 3
            let (last, length) = UTF8Scalar.decode(written, at: start)
            guard length == 3, let joined = JoinedScalar.of(last, scalar) else { return false }
            bytes[start] = UInt8(0xE0 | joined >> 12)
            bytes[start + 1] = UInt8(0x80 | joined >> 6 & 0x3F)
            bytes[start + 2] = UInt8(0x80 | joined & 0x3F)
            return true
        }

        /// Reads the finished word in one script if it mixes plain Latin, Cyrillic and Greek letters.
        @inline(__always)
        private mutating func endWord() {
            if holdsLatin && (holdsGreek || holdsCyrillic) || holdsGreek && holdsCyrillic { unmix() }
            wordStart = count
            holdsLatin = false
            holdsGreek = false
            holdsCyrillic = false
        }

        /// The script of a mixed word is that of the letters that have no twin elsewhere; Latin if all have one.
        private mutating func unmix() {
            var scalars: [(value: UInt32, origin: UInt32)] = []
            var own = (latin: 0, cyrillic: 0, greek: 0)
            var offset = wordStart
            while offset < count {
                let (scalar, length) = UTF8Scalar.decode(written, at: offset)
                scalars.append((scalar, origins[offset]))
                offset += length
                switch Folding.Script(scalar) {
                case .latin where Folding.twin(of: UInt8(scalar), in: .cyrillic) == 0: own.latin += 1
                case .cyrillic where Folding.lookalike(of: scalar) == 0: own.cyrillic += 1
                case .greek where Folding.lookalike(of: scalar) == 0: own.greek += 1
                default: break
                }
            }
            var script = Folding.Script.latin
            if own.cyrillic > max(own.latin, own.greek) { script = .cyrillic }
            if own.greek > max(own.latin, own.cyrillic) { script = .greek }
            disguisedWords += 1
            count = wordStart
            for (scalar, origin) in scalars {
                put(scalar: Self.read(scalar, in: script), Int(origin), Kind.bordered)
            }
        }

        private static func read(_ scalar: UInt32, in script: Folding.Script) -> UInt32 {
            let letter = scalar < 0x80 ? UInt8(scalar) : Folding.lookalike(of: scalar)
            guard letter != 0 else { return scalar }
            if script == .latin { return UInt32(letter) }
            if case script = Folding.Script(scalar) { return scalar }
            let twin = Folding.twin(of: letter, in: script)
            return twin == 0 ? scalar : twin
        }
    }
}
