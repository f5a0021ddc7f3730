internal import Contracts
internal import Redis
internal import SwiftProtobuf

/// Walks everything of a lane that belongs to an entity, in pages: one pipeline reads on in every part that is not at its
/// end. What is there from beginning to end comes at least once. Belongs to the thread of its store.
struct LaneContents {
    /// Elements of each part in a page, about.
    private static let pageSize = 64

    private let store: LaneStore
    private let lane: LaneName
    private var cursors: [(part: LanePart, cursor: String)]

    init(_ lane: LaneName, _ store: LaneStore) {
        self.store = store
        self.lane = lane
        cursors = LanePart.all.map { ($0, "0") }
    }

    /// The next page; nil after the last.
    mutating func next() throws(LaneError) -> [(part: LanePart, items: [LaneItem])]? {
        guard !cursors.isEmpty else { return nil }
        let keys = store.keys(of: lane)
        let commands = cursors.map { part, cursor in
            var command = RedisCommand(part == .timers ? "ZSCAN" : "HSCAN")
            command.add(part.key(keys))
            command.add(cursor)
            command.add("COUNT")
            command.add(Self.pageSize)
            return command
        }
        var page: [(part: LanePart, items: [LaneItem])] = []
        var left: [(part: LanePart, cursor: String)] = []
        for ((part, _), reply) in zip(cursors, try store.plain(commands)) {
            guard let parts = reply.array, parts.count == 2, let cursor = parts[0].string, let flat = parts[1].array
            else { throw .unexpectedReply(call: "SCAN of \(lane)", came: reply.kind) }
            var items = stride(from: 0, to: flat.count - 1, by: 2).map { index in
                let (name, value) = (flat[index].bytes ?? [], flat[index + 1])
                return part == .timers
                    ? LaneItem(name: name, value: [], score: Self.score(value))
                    : LaneItem(name: name, value: value.bytes ?? [])
            }
            if part == .actions { try addScores(&items, keys) }
            if !items.isEmpty { page.append((part, items)) }
            if cursor != "0" { left.append((part, cursor)) }
        }
        cursors = left
        return page
    }

    private func addScores(_ items: inout [LaneItem], _ keys: LaneKeys) throws(LaneError) {
        guard !items.isEmpty else { return }
        var command = RedisCommand("ZMSCORE", expectedBytes: 60 + 40 * items.count)
        command.add(keys.outbox)
        for item in items { command.add(item.name) }
        guard let scores = try store.plain([command]).first?.array, scores.count == items.count else {
            throw .unexpectedReply(call: "ZMSCORE", came: "another number of scores than asked for")
        }
        for index in items.indices { items[index].score = Self.score(scores[index]) }
    }

    private static func score(_ reply: RedisReply) -> Int64 {
        if let number = reply.int { return number }
        return reply.string.flatMap(Double.init).flatMap { Int64(exactly: $0.rounded()) } ?? 0
    }

    /// Whose an element is; nil if that cannot be told.
    static func entity(of item: LaneItem, in part: LanePart) -> EntityID? {
        switch part {
        case .states, .timers, .open: try? EntityID(String(decoding: item.name, as: UTF8.self))
        case .actions:
            (try? Action(serializedBytes: Array(item.value.dropFirst(13)))).flatMap { try? EntityID($0.conversation) }
        case .forgotten: nil
        }
    }
}
