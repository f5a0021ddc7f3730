/// All phrases as one tree of bytes, laid out flat so that a step is one look-up whatever their number.
///
/// Problem: 50,000 phrases must cost a text hardly more than 1,000, in time and memory, and a `*` may end any word of a
/// phrase, not only the last. Choice: a double array (J. Aoe, "An efficient digital search algorithm by using a
/// double-array structure", 1989): the child of node n by byte b is cell `base[n] + b` if that cell names n as its parent.
/// What no other phrase shares is kept as a run of bytes. A text is walked from each place where a phrase may begin: word
/// starts, and every character of scripts without spaces. Rejected: Aho-Corasick, whose dense table takes hundreds of
/// megabytes at this size and whose failure links cannot leap over the rest of a word.
///
/// Bounds: a walk is as long as the longest phrase at most, and all walks of a text together take a bounded number of
/// steps for each of its bytes (`stepsPerByte`); what lies behind that bound is not found. No text that people write
/// comes near it.
struct PhraseTrie: Sendable {
    /// Stands for `*`: the rest of a word, which may be nothing. No control character is in a matching form.
    static let star: UInt8 = 1
    /// Steps of all walks of a text, for each of its bytes.
    static let stepsPerByte = 256

    struct Cell: Sendable {
        /// Base of the children, run of the tail or index of the value, by `kind`.
        var target: UInt32 = 0
        var parent: UInt32 = .max
        var kind: UInt8 = Cell.free
        /// A phrase ends here; cell `target` then holds its value.
        var ends = false
        /// A `*` follows here.
        var stars = false

        static let free: UInt8 = 0
        static let branch: UInt8 = 1
        static let tail: UInt8 = 2
        static let value: UInt8 = 3
    }

    /// The part of a phrase that no other shares.
    struct Tail: Sendable {
        let start: UInt32
        let end: UInt32
        let value: UInt32
    }

    private let cells: [Cell]
    private let tails: [Tail]
    private let tailBytes: [UInt8]
    /// For each value the first of its patterns in `patterns`; one more at the end.
    private let firstPattern: [UInt32]
    private let patterns: [UInt32]

    /// Forms are not empty and hold no zero. O(bytes log bytes) in time, about 14 bytes for each byte in memory.
    init(_ forms: [[UInt8]]) {
        var builder = PhraseTrieBuilder(forms)
        builder.build()
        cells = builder.cells
        tails = builder.tails
        tailBytes = builder.tailBytes
        firstPattern = builder.firstPattern
        patterns = builder.patterns
    }

    /// Calls `found` with (pattern, start, end, whether a `*` stands last) for each phrase in the text, by start; ends
    /// when it returns false. Borders at the end are the caller's; a start is always at a border.
    func scan(_ text: NormalisedText, _ found: (_ pattern: Int, _ start: Int, _ end: Int, _ isOpen: Bool) -> Bool) {
        guard !patterns.isEmpty else { return }
        cells.withUnsafeBufferPointer { cells in
            text.bytes.withUnsafeBufferPointer { bytes in
                text.kinds.withUnsafeBufferPointer { kinds in
                    var walk = Walk(trie: self, cells: cells, bytes: bytes, kinds: kinds)
                    walk.run(found)
                }
            }
        }
    }

    private struct Walk {
        let trie: PhraseTrie
        let cells: UnsafeBufferPointer<Cell>
        let bytes: UnsafeBufferPointer<UInt8>
        let kinds: UnsafeBufferPointer<UInt8>
        var steps = 0
        var isStopped = false

        init(
            trie: PhraseTrie, cells: UnsafeBufferPointer<Cell>, bytes: UnsafeBufferPointer<UInt8>,
            kinds: UnsafeBufferPointer<UInt8>
        ) {
            self.trie = trie
            self.cells = cells
            self.bytes = bytes
            self.kinds = kinds
        }

        mutating func run(_ found: (Int, Int, Int, Bool) -> Bool) {
            var before = NormalisedText.Kind.space
            var offset = 0
            while offset < bytes.count, !isStopped {
                let kind = kinds[offset]
                if kind != NormalisedText.Kind.rest {
                    if kind != NormalisedText.Kind.bordered || before != NormalisedText.Kind.bordered {
                        follow(from: offset, found)
                    }
                    before = kind
                }
                offset += 1
            }
        }

        @inline(__always)
        private mutating func follow(from start: Int, _ found: (Int, Int, Int, Bool) -> Bool) {
            let target = Int(cells[0].target) + Int(bytes[start])
            guard target < cells.count, cells[target].parent == 0 else { return }
            go(node: target, offset: start + 1, start: start, depth: 0, found)
        }

        private mutating func go(
            node: Int, offset: Int, start: Int, depth: Int, _ found: (Int, Int, Int, Bool) -> Bool
        ) {
            var node = node
            var offset = offset
            let most = PhraseTrie.stepsPerByte * (bytes.count + 1)
            while !isStopped {
                steps += 1
                guard steps < most else {
                    isStopped = true
                    return
                }
                let cell = cells[node]
                if cell.kind == Cell.tail { return finish(trie.tails[Int(cell.target)], offset, start, found) }
                if cell.ends { report(cells[Int(cell.target)].target, start, offset, isOpen: false, found) }
                if cell.stars { leap(from: node, offset, start, depth, found) }
                guard offset < bytes.count else { return }
                let next = Int(cell.target) + Int(bytes[offset])
                guard next < cells.count, cells[next].parent == UInt32(node) else { return }
                node = next
                offset += 1
            }
        }

        /// Goes on behind the rest of the word, for a `*`.
        private mutating func leap(
            from node: Int, _ offset: Int, _ start: Int, _ depth: Int, _ found: (Int, Int, Int, Bool) -> Bool
        ) {
            let next = Int(cells[node].target) + Int(PhraseTrie.star)
            let cell = cells[next]
            let end = endOfWord(offset)
            if cell.kind == Cell.tail {
                let tail = trie.tails[Int(cell.target)]
                if tail.start == tail.end { return report(tail.value, start, end, isOpen: true, found) }
                return finish(tail, end, start, found)
            }
            if cell.ends { report(cells[Int(cell.target)].target, start, end, isOpen: true, found) }
            guard depth < 8, end < bytes.count else { return }
            let after = Int(cell.target) + Int(bytes[end])
            guard after < cells.count, cells[after].parent == UInt32(next) else { return }
            go(node: after, offset: end + 1, start: start, depth: depth + 1, found)
        }

        private mutating func finish(
            _ tail: Tail, _ offset: Int, _ start: Int, _ found: (Int, Int, Int, Bool) -> Bool
        ) {
            var offset = offset
            var isOpen = false
            for place in Int(tail.start)..<Int(tail.end) {
                let byte = trie.tailBytes[place]
                steps += 1
                isOpen = byte == PhraseTrie.star
                if isOpen {
                    offset = endOfWord(offset)
                } else {
                    guard offset < bytes.count, bytes[offset] == byte else { return }
                    offset += 1
                }
            }
            report(tail.value, start, offset, isOpen: isOpen, found)
        }

        private mutating func report(
            _ value: UInt32, _ start: Int, _ end: Int, isOpen: Bool, _ found: (Int, Int, Int, Bool) -> Bool
        ) {
            for place in trie.firstPattern[Int(value)]..<trie.firstPattern[Int(value) + 1] where !isStopped {
                isStopped = !found(Int(trie.patterns[Int(place)]), start, end, isOpen)
            }
        }

        /// The end of the word that goes on at an offset; the offset itself if none does.
        private mutating func endOfWord(_ offset: Int) -> Int {
            var offset = offset
            while offset < bytes.count,
                kinds[offset] == NormalisedText.Kind.bordered || kinds[offset] == NormalisedText.Kind.rest
            {
                offset += 1
                steps += 1
            }
            return offset
        }
    }
}
