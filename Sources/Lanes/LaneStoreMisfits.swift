package import Contracts
internal import Redis

/// Keys that hold something else than they must, since somebody edited them.
extension LaneStore {
    /// The first of a lane's keys that is of another type than it must be; nil if none is. Redis: O(1), some 75 commands.
    package func misfit(of lane: LaneName) throws(LaneError) -> LaneFault? {
        let wanted = keys(of: lane).types
        let commands = wanted.map { wish in
            var command = RedisCommand("TYPE")
            command.add(wish.key)
            return command
        }
        for (wish, reply) in zip(wanted, try plain(commands)) {
            guard let type = reply.string, type != "none", type != wish.type else { continue }
            let key = String(decoding: wish.key, as: UTF8.self)
            return LaneFault(code: "WRONGTYPE", message: "expected \(key) to be a \(wish.type), it is a \(type)")
        }
        return nil
    }
}

extension LaneKeys {
    /// Every key with its type, the lane's own hash first.
    var types: [(key: [UInt8], type: String)] {
        [(hash, "hash"), (log, "stream"), (timers, "zset"), (outbox, "zset"), (actions, "hash"), (open, "hash")]
            + [(results, "stream"), (dead, "stream"), (kept, "hash"), (forgotten, "hash")]
            + states.map { ($0, "hash") }
    }
}
