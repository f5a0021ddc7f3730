/// Lays sorted keys out as the cells of a `PhraseTrie`.
struct PhraseTrieBuilder {
    private let keys: [[UInt8]]
    private(set) var cells: [PhraseTrie.Cell] = []
    private(set) var tails: [PhraseTrie.Tail] = []
    private(set) var tailBytes: [UInt8] = []
    /// Cells below this one are all taken.
    private var firstFree = 1

    /// A node whose children are still to be placed: the keys below it and how many of their bytes lie above it.
    private struct Task {
        let node: Int
        let keys: Range<Int>
        let depth: Int
    }

    /// Keys are sorted, different and not empty.
    init(_ keys: [[UInt8]]) {
        self.keys = keys
    }

    mutating func build() {
        cells = [PhraseTrie.Cell](repeating: PhraseTrie.Cell(), count: 512)
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
        var children: [(label: UInt8, keys: Range<Int>)] = []
        var value: Int?
        var index = task.keys.lowerBound
        while index < task.keys.upperBound {
            guard task.depth < keys[index].count else {
                value = index
                index += 1
                continue
            }
            let label = keys[index][task.depth]
            let start = index
            while index < task.keys.upperBound, keys[index][task.depth] == label { index += 1 }
            children.append((label, start..<index))
        }
        let labels = (value == nil ? [] : [0]) + children.map { Int($0.label) }
        let base = findBase(labels)
        cells[task.node].kind = PhraseTrie.Cell.branch
        cells[task.node].target = UInt32(base)
        for label in labels {
            cells[base + label].parent = UInt32(task.node)
            cells[base + label].kind = PhraseTrie.Cell.branch
        }
        if let value {
            cells[task.node].ends = true
            cells[base].kind = PhraseTrie.Cell.value
            cells[base].target = UInt32(value)
        }
        for child in children {
            if child.label == PhraseTrie.star { cells[task.node].stars = true }
            tasks.append(Task(node: base + Int(child.label), keys: child.keys, depth: task.depth + 1))
        }
    }

    private mutating func end(_ task: Task) {
        let key = keys[task.keys.lowerBound]
        let start = tailBytes.count
        tailBytes += key[task.depth...]
        cells[task.node].kind = PhraseTrie.Cell.tail
        cells[task.node].target = UInt32(tails.count)
        tails.append(
            PhraseTrie.Tail(
                start: UInt32(start), end: UInt32(tailBytes.count), value: UInt32(task.keys.lowerBound)))
    }

    /// The first base from which the cells of all labels are free. Cells that stay free between crowded ones are given
    /// up after a while, so the search stays short.
    private mutating func findBase(_ labels: [Int]) -> Int {
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
                if labels.allSatisfy({ cells[base + $0].kind == PhraseTrie.Cell.free }) {
                    if looked > 64 { firstFree = max(firstFree, cell - 32) }
                    return base
                }
            }
            cell += 1
            looked += 1
        }
    }

    private mutating func reserve(_ index: Int) {
        guard index >= cells.count else { return }
        cells += [PhraseTrie.Cell](repeating: PhraseTrie.Cell(), count: cells.count + index)
    }
}
