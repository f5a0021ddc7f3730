/// A second reading of a text in which tricks against word lists are undone: letters spelled apart (`w h a t s a p p`,
/// `t.e.l.e.g.r.a.m`), digits and signs in the place of letters (`v1agra`, `fr33`, `ca$h`), letters drawn out
/// (`scaaaam`), signs between letters (`tele.gram`), and short words of plain Latin letters inside Cyrillic disguise.
///
/// Problem: undoing changes honest words too (`b2b`, `e.g`). Choice: the plain reading stays, this one is read beside it,
/// and only if the text shows such a trick at all, so ordinary texts pay for one look. Rejected: phrases with all their
/// disguises spelled out (thousands for one), edit distance (finds *lie* in *like*). How it fails: a phrase that is
/// broken by single spaces in the middle of words (`what sapp`) is not found.
struct Undisguise {
    /// Of two ways to read one trick (`1` as i or l, a drawn-out letter as one or two), which is taken.
    enum Way {
        case first
        case second
    }

    /// Letters in a row, each by itself, that spell a word.
    private static let fewestSpelled = 4

    /// Nil if the text shows no trick.
    static func reading(of text: NormalisedText, _ way: Way) -> NormalisedText? {
        guard isSuspected(text) else { return nil }
        var writer = Undisguise(text, way)
        writer.run()
        return writer.hasChanged ? writer.made : nil
    }

    /// One look over the bytes, without building anything.
    static func isSuspected(_ text: NormalisedText) -> Bool {
        if text.disguisedWords > 0 { return true }
        return text.bytes.withUnsafeBufferPointer { bytes in
            text.kinds.withUnsafeBufferPointer { kinds in
                var single = 0
                var before = Sort.space
                var beforeThat = Sort.space
                var run = 0
                for offset in 0..<bytes.count {
                    let sort = Sort(bytes[offset], kinds[offset])
                    if sort == .rest { continue }
                    if sort == .letter {
                        if before == .sign, beforeThat == .letter { return true }
                        if before == .digit { return true }
                        run = offset > 0 && bytes[offset] == bytes[offset - 1] ? run + 1 : 0
                        if run == 2, bytes[offset] < 0x80 { return true }
                        single = before == .letter ? 0 : single + 1
                        if single >= fewestSpelled { return true }
                    } else if sort == .digit {
                        if before == .letter { return true }
                        single = 0
                    } else if before != .letter {
                        single = 0
                    }
                    beforeThat = before
                    before = sort
                }
                return false
            }
        }
    }

    private enum Sort {
        case letter, digit, sign, space, rest

        @inline(__always)
        init(_ byte: UInt8, _ kind: UInt8) {
            switch kind {
            case NormalisedText.Kind.rest: self = .rest
            case NormalisedText.Kind.bordered: self = (0x30...0x39).contains(byte) ? .digit : .letter
            // Scripts without spaces are written close to digits, signs and Latin words by nature.
            case NormalisedText.Kind.unbordered: self = .space
            case NormalisedText.Kind.space: self = .space
            default: self = byte == 0x27 || byte == 0x2D || byte >= 0x80 ? .space : .sign
            }
        }
    }

    private struct Letter {
        let scalar: UInt32
        let origin: UInt32
        let kind: UInt8

        var isLetter: Bool {
            (kind == NormalisedText.Kind.bordered || kind == NormalisedText.Kind.unbordered) && !isDigit
        }
        var isDigit: Bool { (0x30...0x39).contains(scalar) }
        var isWord: Bool { kind == NormalisedText.Kind.bordered }
        /// What is put between letters to hide a word.
        var isSign: Bool {
            kind == NormalisedText.Kind.other
                && (scalar < 0x80 && scalar != 0x40 && scalar != 0x23 || scalar == 0xB7 || scalar == 0x2022)
        }
    }

    private let letters: [Letter]
    private let end: UInt32
    private let way: Way
    private let isCyrillic: Bool
    private var bytes: [UInt8] = []
    private var origins: [UInt32] = []
    private var kinds: [UInt8] = []
    private var hasChanged = false
    private let disguisedWords: Int

    private init(_ text: NormalisedText, _ way: Way) {
        var letters: [Letter] = []
        var cyrillic = 0
        var latin = 0
        var offset = 0
        while let (scalar, length) = text.scalar(at: offset) {
            letters.append(Letter(scalar: scalar, origin: text.origins[offset], kind: text.kinds[offset]))
            switch Folding.Script(scalar) {
            case .cyrillic: cyrillic += 1
            case .latin: latin += 1
            default: break
            }
            offset += length
        }
        self.letters = letters
        end = text.origins[offset]
        self.way = way
        isCyrillic = cyrillic > 2 * latin
        disguisedWords = text.disguisedWords
        bytes.reserveCapacity(text.bytes.count)
        origins.reserveCapacity(text.bytes.count + 1)
        kinds.reserveCapacity(text.bytes.count + 1)
    }

    private var made: NormalisedText {
        NormalisedText(
            bytes: bytes, origins: origins + [end], kinds: kinds + [NormalisedText.Kind.space],
            disguisedWords: disguisedWords)
    }

    private mutating func run() {
        var place = 0
        while place < letters.count {
            let spelled = endOfSpelling(from: place)
            if spelled > place {
                for step in stride(from: place, to: spelled, by: 2) {
                    put(
                        plain(letters[step].scalar, in: script(place, spelled)), at: step,
                        NormalisedText.Kind.unbordered)
                }
                hasChanged = true
                place = spelled
            } else if letters[place].isWord || startsWithSign(place) {
                let end = endOfWord(from: place)
                word(place, end)
                place = end
            } else {
                put(letters[place].scalar, at: place, letters[place].kind)
                place += 1
            }
        }
    }

    /// Behind the last of at least four single letters with one separator each; `place` itself if there are fewer.
    private func endOfSpelling(from place: Int) -> Int {
        guard letters[place].isWord, place == 0 || !letters[place - 1].isWord else { return place }
        var last = place
        var count = 1
        while last + 2 < letters.count, !letters[last + 1].isWord, letters[last + 2].isWord {
            last += 2
            count += 1
        }
        // The next word begins with a letter that is not single.
        if last + 1 < letters.count, letters[last + 1].isWord {
            last -= 2
            count -= 1
        }
        let signs = stride(from: place, to: last, by: 2).contains { letters[$0 + 1].isSign }
        let hasLetters = stride(from: place, through: max(place, last), by: 2).contains { letters[$0].isLetter }
        return hasLetters && count >= (signs ? Self.fewestSpelled - 1 : Self.fewestSpelled) ? last + 1 : place
    }

    /// A word may begin with a sign that stands for a letter, such as `$`.
    private func startsWithSign(_ place: Int) -> Bool {
        letters[place].scalar == 0x24 && place + 1 < letters.count && letters[place + 1].isLetter
            && (place == 0 || !letters[place - 1].isWord)
    }

    /// The end of a word, over single signs between two of its letters.
    private func endOfWord(from place: Int) -> Int {
        var end = place + 1
        while end < letters.count {
            if letters[end].isWord {
                end += 1
            } else if letters[end].isSign || letters[end].scalar == 0x40, end + 1 < letters.count,
                letters[end + 1].isLetter, letters[end - 1].isLetter
            {
                end += 2
            } else {
                break
            }
        }
        return end
    }

    private mutating func word(_ start: Int, _ end: Int) {
        let script = script(start, end)
        let letterCount = (start..<end).count(where: { letters[$0].isLetter })
        let readsDigits = letterCount >= 2 && (start..<end).count(where: { letters[$0].isDigit }) <= letterCount
        var run = 0
        for place in start..<end {
            let letter = letters[place]
            if letter.isWord, place > start, letters[place - 1].scalar == letter.scalar { run += 1 } else { run = 0 }
            if run >= 1, isDrawnOut(place, start, end), run >= (way == .first ? 1 : 2) {
                hasChanged = true
                continue
            }
            if letter.isLetter {
                put(plain(letter.scalar, in: script), at: place, letter.kind)
            } else if letter.isDigit, !readsDigits {
                put(letter.scalar, at: place, letter.kind)
            } else if let read = Self.letter(for: letter.scalar, script, way) {
                put(read, at: place, NormalisedText.Kind.bordered)
                hasChanged = true
            } else if letter.isDigit {
                put(letter.scalar, at: place, letter.kind)
            } else {
                hasChanged = true
            }
        }
    }

    /// Part of three or more of the same letter.
    private func isDrawnOut(_ place: Int, _ start: Int, _ end: Int) -> Bool {
        var first = place
        var last = place
        while first > start, place - first < 3, letters[first - 1].scalar == letters[place].scalar { first -= 1 }
        while last + 1 < end, last - first < 3, letters[last + 1].scalar == letters[place].scalar { last += 1 }
        return last - first >= 2
    }

    private func script(_ start: Int, _ end: Int) -> Folding.Script {
        var hasLatin = false
        for place in start..<end {
            switch Folding.Script(letters[place].scalar) {
            case .cyrillic: return .cyrillic
            case .greek: return .greek
            case .latin where Folding.twin(of: UInt8(letters[place].scalar), in: .cyrillic) == 0: return .latin
            case .latin: hasLatin = true
            default: break
            }
        }
        return isCyrillic && hasLatin ? .cyrillic : .latin
    }

    private func plain(_ scalar: UInt32, in script: Folding.Script) -> UInt32 {
        if (0x30...0x39).contains(scalar) { return Self.letter(for: scalar, script, way) ?? scalar }
        guard script == .cyrillic, scalar < 0x80 else { return scalar }
        let twin = Folding.twin(of: UInt8(scalar), in: script)
        return twin == 0 ? scalar : twin
    }

    /// The letter that a digit or sign stands for.
    private static func letter(for scalar: UInt32, _ script: Folding.Script, _ way: Way) -> UInt32? {
        if script == .cyrillic {
            switch scalar {
            case 0x30: return 0x43E
            case 0x33: return 0x437
            case 0x34: return 0x447
            case 0x36: return 0x431
            default: return nil
            }
        }
        switch scalar {
        case 0x30: return 0x6F
        case 0x31, 0x21: return way == .first ? 0x69 : 0x6C
        case 0x33: return 0x65
        case 0x34, 0x40: return 0x61
        case 0x35, 0x24: return 0x73
        case 0x37: return 0x74
        case 0x38: return 0x62
        default: return nil
        }
    }

    private mutating func put(_ scalar: UInt32, at place: Int, _ kind: UInt8) {
        if scalar != letters[place].scalar { hasChanged = true }
        for (index, byte) in (Unicode.Scalar(scalar) ?? "?").utf8.enumerated() {
            bytes.append(byte)
            origins.append(letters[place].origin)
            kinds.append(index == 0 ? kind : NormalisedText.Kind.rest)
        }
    }
}
