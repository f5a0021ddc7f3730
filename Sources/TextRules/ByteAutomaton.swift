/// Aho-Corasick over bytes: finds every occurrence of every pattern in one pass.
///
/// Source: A. Aho, M. Corasick, "Efficient string matching: an aid to bibliographic search", 1975; failure links are
/// resolved into the transition table while it is built.
struct ByteAutomaton: Sendable {
    /// Which column of the table a byte takes; 0 for bytes that occur in no pattern.
    private let columnOf: [UInt8]
    private let columns: Int
    /// `next[state * columns + column]`.
    private let next: [Int32]
    /// For each state the first of its hits in `chain`, or -1.
    private let firstHit: [Int32]
    private let chain: [Hit]

    private struct Hit: Sendable {
        let pattern: Int32
        /// The next hit at the same place, or -1.
        let next: Int32
    }

    /// Patterns are not empty. O(bytes x columns).
    init(patterns: [[UInt8]]) {
        var columnOf = [UInt8](repeating: 0, count: 256)
        var used = 0
        // Column 255 takes all bytes beyond the first 254 distinct ones; UTF-8 has at most 243.
        for byte in Set(patterns.joined()).sorted() {
            used += 1
            columnOf[Int(byte)] = UInt8(min(used, 255))
        }
        let columns = min(used, 255) + 1
        var trie = Trie(columns: columns)
        for (index, pattern) in patterns.enumerated() {
            trie.insert(pattern.map { Int(columnOf[Int($0)]) }, pattern: Int32(index))
        }
        trie.resolve()
        self.columnOf = columnOf
        self.columns = columns
        next = trie.next
        firstHit = trie.firstHit
        chain = trie.chain
    }

    /// Calls `body` with (pattern, offset behind its end) for each occurrence, by end, the longest pattern first; ends
    /// when it returns false.
    @inline(__always)
    func scan(_ bytes: [UInt8], _ body: (_ pattern: Int, _ end: Int) -> Bool) {
        bytes.withUnsafeBufferPointer { bytes in
            columnOf.withUnsafeBufferPointer { columnOf in
                next.withUnsafeBufferPointer { next in
                    firstHit.withUnsafeBufferPointer { firstHit in
                        var state = 0
                        for offset in 0..<bytes.count {
                            state = Int(next[state * columns + Int(columnOf[Int(bytes[offset])])])
                            var hit = Int(firstHit[state])
                            while hit >= 0 {
                                guard body(Int(chain[hit].pattern), offset + 1) else { return }
                                hit = Int(chain[hit].next)
                            }
                        }
                    }
                }
            }
        }
    }

    private struct Trie {
        let columns: Int
        var next: [Int32]
        var firstHit: [Int32] = [-1]
        var chain: [Hit] = []

        init(columns: Int) {
            self.columns = columns
            next = [Int32](repeating: -1, count: columns)
        }

        mutating func insert(_ pattern: [Int], pattern index: Int32) {
            var state = 0
            for column in pattern {
                let slot = state * columns + column
                if next[slot] < 0 {
                    next[slot] = Int32(firstHit.count)
                    next += [Int32](repeating: -1, count: columns)
                    firstHit.append(-1)
                }
                state = Int(next[slot])
            }
            chain.append(Hit(pattern: index, next: firstHit[state]))
            firstHit[state] = Int32(chain.count - 1)
        }

        /// Breadth first: a state's failure is known before its children's. A state's own hits are followed by those of
        /// its failure, so a chain is shared and never copied.
        mutating func resolve() {
            var failure = [Int](repeating: 0, count: firstHit.count)
            var queue: [Int] = []
            for column in 0..<columns {
                if next[column] > 0 { queue.append(Int(next[column])) } else { next[column] = 0 }
            }
            var head = 0
            while head < queue.count {
                let state = queue[head]
                head += 1
                append(hitsOf: failure[state], to: state)
                for column in 0..<columns {
                    let slot = state * columns + column
                    let fallback = next[failure[state] * columns + column]
                    if next[slot] > 0 {
                        failure[Int(next[slot])] = Int(fallback)
                        queue.append(Int(next[slot]))
                    } else {
                        next[slot] = fallback
                    }
                }
            }
        }

        private mutating func append(hitsOf suffix: Int, to state: Int) {
            guard firstHit[suffix] >= 0 else { return }
            guard firstHit[state] >= 0 else {
                firstHit[state] = firstHit[suffix]
                return
            }
            var last = Int(firstHit[state])
            while chain[last].next >= 0 { last = Int(chain[last].next) }
            chain[last] = Hit(pattern: chain[last].pattern, next: firstHit[suffix])
        }
    }
}
