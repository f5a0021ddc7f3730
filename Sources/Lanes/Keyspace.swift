package import Contracts
internal import Instants
internal import Redis

/// Every key name of Nightshift, made in one place.
///
/// `ns:{LANE}:…` for a lane, `ns:{acct:ID}:…` for an account, `ns:{ctl}:…` for what all members share. The braces are
/// Redis Cluster's hash tag: the keys of one lane lie in one slot, so that a function may touch them all.
package struct Keyspace: Sendable, Hashable {
    package let namespace: String

    /// - Throws: `NameError` unless `namespace` is `[a-z0-9-]{1,40}`; a brace or colon in it would move the hash tag.
    package init(namespace: String = "ns") throws(NameError) {
        let isPlain = namespace.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
        guard (1...40).contains(namespace.utf8.count), isPlain else {
            throw NameError(expected: "a namespace [a-z0-9-]{1,40}", came: namespace)
        }
        self.namespace = namespace
    }

    private init(unchecked namespace: String) { self.namespace = namespace }

    /// The namespace `ns`.
    package static let standard = Keyspace(unchecked: "ns")

    /// The keys of a lane. Costs some 75 small arrays: keep it as long as the lane is of interest.
    package func lane(_ lane: LaneName) -> LaneKeys {
        LaneKeys(lane: lane, prefix: "\(namespace):{\(lane.text)}:")
    }

    /// The one key of a lane that whoever looks at all lanes needs: `LaneKeys.hash`.
    func laneHash(_ lane: LaneName) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(namespace.utf8.count + lane.text.utf8.count + 8)
        key += namespace.utf8
        key += [UInt8(ascii: ":"), UInt8(ascii: "{")]
        key += lane.text.utf8
        key += "}:lane".utf8
        return key
    }

    /// A key that all members share: `leader`, `topology`, `assignment`, `policy`, `signals`, …
    package func control(_ name: String) -> String { "\(namespace):{ctl}:\(name)" }

    /// Which lanes an order to forget was given to.
    package func ordered(_ code: String) -> String { control("deletion:\(code)") }

    /// A key of an account; bytes of `account` outside `[A-Za-z0-9._-]` are percent-encoded, as in entity ids.
    package func account(_ account: String, _ name: String) -> String {
        "\(namespace):{acct:\(EntityID.encoded(account))}:\(name)"
    }

    /// Comment ids that a reply, private reply, hide or delete was claimed for, each with the action's id.
    package func accountOnce(_ account: String) -> String { self.account(account, "once") }

    /// The same comment ids by the end of their claims.
    package func accountOnceUntil(_ account: String) -> String { self.account(account, "once-until") }

    /// Ad media -> original post, as they were named in one period.
    package func accountAliases(_ account: String, period: Int64) -> String {
        self.account(account, "aliases:\(period)")
    }

    /// Posts of which webhooks told, by the instant of the newest.
    package func accountPosts(_ account: String) -> String { self.account(account, "posts") }

    /// What sweeps found beside webhooks: counts.
    package func accountGaps(_ account: String) -> String { self.account(account, "gaps") }

    /// Tokens of one limit in the slot of time that runs, and who has how many. Slots of another length are counted for
    /// themselves: while workers follow two policies neither may clear what the other counts.
    package func accountTokens(_ account: String, _ limit: TokenLimit) -> String {
        self.account(account, "tokens:\(limit.name):\(limit.slot.wholeMilliseconds)")
    }

    /// The brake, as the platform last stated it.
    package func accountLimits(_ account: String) -> String { self.account(account, "limits") }
}

/// The keys of one lane as bytes, ready to be copied into commands.
package final class LaneKeys: Sendable {
    package let lane: LaneName
    /// The log: a stream, field `b` holds an `EventBatch`.
    package let log: [UInt8]
    /// Position -> event that outlives its entry; `r/<entry>` -> batch of results without what was erased.
    package let kept: [UInt8]
    /// Who is to be forgotten, as hashes, and how far that has come.
    package let forgotten: [UInt8]
    /// The lane's own hash; its fields are `LaneField`.
    package let hash: [UInt8]
    /// Entity -> protobuf state, in 64 hashes.
    package let states: [[UInt8]]
    /// Sorted set: entity -> earliest due instant.
    package let timers: [UInt8]
    /// Conversation -> `OpenItem`.
    package let open: [UInt8]
    /// Sorted set: action -> next attempt.
    package let outbox: [UInt8]
    /// Action -> attempt header and `Action`.
    package let actions: [UInt8]
    /// Stream of `ResultBatch`.
    package let results: [UInt8]
    /// Stream of `DeadLetter`.
    package let dead: [UInt8]
    /// The sharded channel on which an owner, or an heir, is woken.
    package let wakeChannel: [UInt8]
    /// Where in a cluster all of them lie.
    let slot: KeySlot

    init(lane: LaneName, prefix: String) {
        func key(_ name: String) -> [UInt8] { Array((prefix + name).utf8) }
        self.lane = lane
        log = key("in")
        kept = key("kept")
        forgotten = key("forgotten")
        hash = key("lane")
        states = (0..<StateHash.count).map { key("state:\($0)") }
        timers = key("timers")
        open = key("open")
        outbox = key("outbox")
        actions = key("actions")
        results = key("results")
        dead = key("dead")
        wakeChannel = key("wake")
        slot = KeySlot(of: hash)
    }
}

/// Which of a lane's 64 state hashes an entity lies in.
package enum StateHash {
    package static let count = 64

    /// The top six bits of XXH64 over the entity's id.
    package static func number(of entity: EntityID) -> Int {
        Int(truncatingIfNeeded: StableHash.hash(entity.text) >> 58)
    }
}
