package import Contracts
package import Instants

/// Due instants of entities in order: a binary heap with stale members.
///
/// An entity is inserted again whenever its earliest timer changes; a member that no longer matches the entity's state is
/// skipped by whoever takes it. Insert and remove O(log n). Equal instants leave by entity id, so the order is the same in
/// every run.
package struct DueList: Sendable {
    package struct Member: Sendable, Equatable, Comparable {
        package let due: Instant
        package let entity: EntityID

        package static func < (left: Member, right: Member) -> Bool {
            left.due == right.due ? left.entity < right.entity : left.due < right.due
        }
    }

    private var heap: [Member] = []

    package init() {}

    package var first: Member? { heap.first }

    package mutating func insert(_ due: Instant, _ entity: EntityID) {
        heap.append(Member(due: due, entity: entity))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    package mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let smaller = left + 1 < heap.count && heap[left + 1] < heap[left] ? left + 1 : left
            guard heap[smaller] < heap[parent] else { return }
            heap.swapAt(parent, smaller)
            parent = smaller
        }
    }
}
