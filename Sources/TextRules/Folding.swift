/// What a scalar becomes for matching, and whether it is part of a word: table look-ups for the basic plane.
///
/// Problem: the standard library's Unicode properties cost about 40 ns a look-up and know no matching form. Choice: two
/// flat tables of 65,536 entries (192 KiB), filled once from generated text. Rejected: a switch over ranges (slower than
/// the look-up it replaces for Vietnamese) and stdlib decomposition (allocates). Above the basic plane the few ranges
/// that imitate letters are computed; everything else there is its own form.
struct Folding: Sendable {
    /// What a scalar is to a word border.
    enum Class: UInt8 {
        case other
        /// Part of a word in a script that separates words.
        case bordered
        /// Part of a word in a script that does not: no border is asked for.
        case unbordered
        case space
        /// Leaves no trace in the matching form.
        case dropped
    }

    /// Scripts whose letters are put in each other's place.
    enum Script {
        case latin, cyrillic, greek, other

        @inline(__always)
        init(_ scalar: UInt32) {
            switch scalar {
            case 0x61...0x7A, 0x41...0x5A: self = .latin
            case 0x370...0x3FF: self = .greek
            case 0x400...0x52F: self = .cyrillic
            default: self = .other
            }
        }
    }

    static let table = Folding()

    /// The matching form of a scalar of the basic plane; from `firstExpansion` on, an index into `expansions`.
    private let forms: [UInt16]
    private let classes: [UInt8]
    private let expansions: [[UInt32]]

    /// Surrogates are no scalars, so their numbers are free to stand for forms of several scalars.
    private static let firstExpansion = 0xD800

    private init() {
        var forms = (0...0xFFFF).map { UInt16($0) }
        var expansions: [[UInt32]] = []
        for word in Self.words(FoldingTable.forms) {
            let parts = word.split(separator: UInt8(ascii: ":"))
            guard parts.count == 2, let code = Self.hex(parts[0]), code <= 0xFFFF else { continue }
            let scalars = parts[1].split(separator: UInt8(ascii: ".")).compactMap { Self.hex($0) }
            if scalars.count == 1 {
                forms[Int(code)] = UInt16(truncatingIfNeeded: scalars[0])
            } else if expansions.count < 0x800 {
                forms[Int(code)] = UInt16(Self.firstExpansion + expansions.count)
                expansions.append(scalars)
            }
        }
        var classes = [UInt8](repeating: 0, count: 0x1_0000)
        var start = 0
        var current = Class.other
        for word in Self.words(FoldingTable.classes) {
            guard let letter = word.last, let code = Self.hex(word.dropLast()), code <= 0xFFFF else { continue }
            for index in start..<max(start, Int(code)) { classes[index] = current.rawValue }
            start = Int(code)
            current = Self.named(letter)
        }
        for index in start..<classes.count { classes[index] = current.rawValue }
        self.forms = forms
        self.classes = classes
        self.expansions = expansions
    }

    func classOf(_ scalar: UInt32) -> Class {
        if scalar <= 0xFFFF { return Class(rawValue: classes[Int(scalar)]) ?? .other }
        if Self.imitatedLetter(scalar) != nil { return .bordered }
        switch scalar {
        case 0xE0000...0xE0FFF: return .dropped
        case 0x20000...0x3FFFF: return .unbordered
        case 0x10000...0x1CFFF, 0x1E000...0x1EFFF: return .bordered
        default: return .other
        }
    }

    /// The scalars of a form that is more than one, by what `forms` holds for it.
    func expansion(_ form: UInt16) -> [UInt32] { expansions[Int(form) - Self.firstExpansion] }

    /// The form of a scalar above the basic plane.
    func formBeyondBasicPlane(_ scalar: UInt32) -> UInt32 { Self.imitatedLetter(scalar) ?? scalar }

    /// Lends both tables of the basic plane for a run over many scalars, without a check at each.
    func withTables(_ body: (_ forms: UnsafeBufferPointer<UInt16>, _ classes: UnsafeBufferPointer<UInt8>) -> Void) {
        forms.withUnsafeBufferPointer { forms in
            classes.withUnsafeBufferPointer { classes in body(forms, classes) }
        }
    }

    /// The plain Latin letter that a Cyrillic, Greek or Armenian letter is mistaken for, or 0. Applied only inside words
    /// that hold plain Latin letters too.
    @inline(__always)
    static func lookalike(of scalar: UInt32) -> UInt8 {
        scalar >= firstLookalike && scalar < lastLookalike ? lookalikes[Int(scalar - firstLookalike)] : 0
    }

    /// The Cyrillic or Greek letter that a plain Latin letter or digit is put in the place of, or 0.
    @inline(__always)
    static func twin(of letter: UInt8, in script: Script) -> UInt32 {
        guard letter >= 0x30, letter < 0x80 else { return 0 }
        switch script {
        case .cyrillic: return cyrillicTwins[Int(letter) - 0x30]
        case .greek: return greekTwins[Int(letter) - 0x30]
        default: return 0
        }
    }

    private static let firstLookalike: UInt32 = 0x370
    private static let lastLookalike: UInt32 = 0x590

    private static let lookalikes: [UInt8] = {
        var table = [UInt8](repeating: 0, count: Int(lastLookalike - firstLookalike))
        for word in words(FoldingTable.lookalikes) {
            let parts = word.split(separator: UInt8(ascii: ":"))
            guard parts.count == 2, let code = hex(parts[0]), let letter = parts[1].first else { continue }
            if code >= firstLookalike, code < lastLookalike { table[Int(code - firstLookalike)] = letter }
        }
        return table
    }()

    private static let cyrillicTwins = twins("aeopcyxikmthbunr", "аеорсухікмтнвипг")
    private static let greekTwins = twins("aeoikptuvxynhbzm", "αεοικρτυνχγηηβζμ")

    private static func twins(_ from: String, _ to: String) -> [UInt32] {
        var table = [UInt32](repeating: 0, count: 0x50)
        for (letter, twin) in zip(from.utf8, to.unicodeScalars) { table[Int(letter) - 0x30] = twin.value }
        return table
    }

    /// Mathematical and enclosed alphanumerics, which imitate plain letters and digits.
    private static func imitatedLetter(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x1D400...0x1D6A3: 0x61 + (scalar - 0x1D400) % 26
        case 0x1D7CE...0x1D7FF: 0x30 + (scalar - 0x1D7CE) % 10
        case 0x1F110...0x1F129: 0x61 + scalar - 0x1F110
        case 0x1F130...0x1F149: 0x61 + scalar - 0x1F130
        case 0x1F150...0x1F169: 0x61 + scalar - 0x1F150
        case 0x1F170...0x1F189: 0x61 + scalar - 0x1F170
        default: nil
        }
    }

    private static func named(_ letter: UInt8) -> Class {
        switch letter {
        case UInt8(ascii: "b"): .bordered
        case UInt8(ascii: "u"): .unbordered
        case UInt8(ascii: "s"): .space
        case UInt8(ascii: "d"): .dropped
        default: .other
        }
    }

    private static func words(_ text: StaticString) -> [ArraySlice<UInt8>] {
        text.withUTF8Buffer { Array($0) }.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    }

    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt32? {
        UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
