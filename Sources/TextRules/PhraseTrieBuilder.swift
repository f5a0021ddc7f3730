/// Lays phrases out as the cells of a `PhraseTrie`.
///
/// All bytes lie in one buffer and are sorted by their first eight as a number: fifty thousand arrays that are compared byte
/// by byte took half of the time that a classifier takes to build.
struct PhraseTrieBuilder {
    private(set) var cells: [PhraseTrie.Cell] = []
    private(set) var tails: [PhraseTrie.Tail] = []
    private(set) var tailBytes: [UInt8] = []
    /// For each different form the first of its patterns in `patterns`; one more at the end.
    private(set) var firstPattern: [UInt32] = []
    private(set) var patterns: [UInt32] = []

    /// The forms one after another, each with a zero behind it.
    private let bytes: [UInt8]
    /// Where each different form begins in `bytes`, ascending by what it says.
    private var keys: [UInt32] = []
    /// Cells below this one are all taken.
    private var firstFree = 1
    /// Of the node that is being placed: the bytes that lead on, and where the keys of each begin.
    private var labels: [Int] = []
    private var starts: [Int] = []

    /// A node whose children are still to be placed: the keys below it and how many of their bytes lie above it.
    private struct Task {
        let node: Int
        let keys: Range<Int>
        let depth: Int
    }

    /// One form: its first bytes as a number, where it begins, and which pattern it is.
    private struct Form {
        let head: UInt64
        let start: UInt32
        let pattern: UInt32
    }

    /// Forms are not empty and hold no zero.
    init(_ forms: [[UInt8]]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(forms.reduce(0) { $0 + $1.count + 1 })
        var list: [Form] = []
        list.reserveCapacity(forms.count)
        for (index, form) in forms.enumerated() {
            var head: UInt64 = 0
            for place in 0..<8 { head = head << 8 | UInt64(place < form.count ? form[place] : 0) }
            list.append(Form(head: head, start: UInt32(bytes.count), pattern: UInt32(index)))
            bytes += form
            bytes.append(0)
        }
        self.bytes = bytes
        bytes.withUnsafeBufferPointer { bytes in
            list.sort { Self.precedes($0, $1, bytes) }
            var last: Form?
            for (place, form) in list.enumerated() {
                patterns.append(form.pattern)
                if let last, Self.order(last, form, bytes) == 0 { continue }
                keys.append(form.start)
                firstPattern.append(UInt32(place))
                last = form
            }
        }
        firstPattern.append(UInt32(list.count))
    }

    mutating func build() {
        cells = [PhraseTrie.Cell](repeating: PhraseTrie.Cell(), count: max(512, bytes.count / 2))
        cells[0].kind = PhraseTrie.Cell.branch
        var tasks = [Task(node: 0, keys: keys.indices, depth: 0)]
        while let task = tasks.popLast() { place(task, &tasks) }
        // No look-up of a byte leads behind the last cell.
        let used = (cells.lastIndex { $0.kind != PhraseTrie.Cell.free } ?? 0) + 257
        cells.removeLast(max(0, cells.count - used))
    }

    private mutating func place(_ task: Task, _ tasks: inout [Task]) {
        guard !task.keys.isEmpty else { return }
        // Below the root, a single key needs no branching.
        if task.depth > 0, task.keys.count == 1 { return end(task) }
        split(task)
        let base = findBase()
        cells[task.node].kind = PhraseTrie.Cell.branch
        cells[task.node].target = UInt32(base)
        for (index, label) in labels.enumerated() {
            cells[base + label].parent = UInt32(task.node)
            if label == 0 {
                // Keys differ, so one alone ends here, and it comes first.
                cells[task.node].ends = true
                cells[base].kind = PhraseTrie.Cell.value
                cells[base].target = UInt32(task.keys.lowerBound)
            } else {
                cells[base + label].kind = PhraseTrie.Cell.branch
                if label == Int(PhraseTrie.star) { cells[task.node].stars = true }
                let end = index + 1 < starts.count ? starts[index + 1] : task.keys.upperBound
                tasks.append(Task(node: base + label, keys: starts[index]..<end, depth: task.depth + 1))
            }
        }
    }

    /// The different bytes at the depth of a node, ascending; zero where a key ends.
    private mutating func split(_ task: Task) {
        labels.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        for index in task.keys {
            let label = Int(bytes[Int(keys[index]) + task.depth])
            if labels.last != label {
                labels.append(label)
                starts.append(index)
            }
        }
    }

    private mutating func end(_ task: Task) {
        let start = tailBytes.count
        var place = Int(keys[task.keys.lowerBound]) + task.depth
        while bytes[place] != 0 {
            tailBytes.append(bytes[place])
            place += 1
        }
        cells[task.node].kind = PhraseTrie.Cell.tail
        cells[task.node].target = UInt32(tails.count)
        tails.append(
            PhraseTrie.Tail(
                start: UInt32(start), end: UInt32(tailBytes.count), value: UInt32(task.keys.lowerBound)))
    }

    /// The first base from which the cells of all labels are free. Cells that stay free between crowded ones are given
    /// up after a while, so the search stays short.
    private mutating func findBase() -> Int {
        while cells[firstFree].kind != PhraseTrie.Cell.free {
            firstFree += 1
            reserve(firstFree)
        }
        let lowest = labels[0]
        var cell = max(firstFree, lowest + 1)
        var looked = 0
        while true {
            reserve(cell + 256)
            if cells[cell].kind == PhraseTrie.Cell.free {
                let base = cell - lowest
                if areFree(base) {
                    if looked > 64 { firstFree = max(firstFree, cell - 32) }
                    return base
                }
            }
            cell += 1
            looked += 1
        }
    }

    private func areFree(_ base: Int) -> Bool {
        for label in labels where cells[base + label].kind != PhraseTrie.Cell.free { return false }
        return true
    }

    private mutating func reserve(_ index: Int) {
        guard index >= cells.count else { return }
        cells.reserveCapacity(cells.count + index)
        for _ in 0..<index { cells.append(PhraseTrie.Cell()) }
    }

    /// By bytes, equal ones in the order of the patterns.
    private static func precedes(_ left: Form, _ right: Form, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let order = order(left, right, bytes)
        return order < 0 || order == 0 && left.pattern < right.pattern
    }

    private static func order(_ left: Form, _ right: Form, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        if left.head != right.head { return left.head < right.head ? -1 : 1 }
        // A zero among the first bytes: both end there.
        guard left.head & 0xFF != 0 else { return 0 }
        var place = 8
        while true {
            let one = bytes[Int(left.start) + place]
            let other = bytes[Int(right.start) + place]
            if one != other { return one < other ? -1 : 1 }
            if one == 0 { return 0 }
            place += 1
        }
    }
}
