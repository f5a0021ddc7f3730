internal import Contracts
package import Redis

// Functions of Redis, by version.
//
// Problem: Redis holds one library of a name for all its clients. During a roll-out old and new members live side by
// side, and a function that is replaced under a running member changes what its calls mean.
// Choice: library and functions carry the version of their calling convention and a hash of their source in their
// names, `ns1_append_5f3a9c01`. A member calls exactly what it was built with. "Already exists" on loading is success;
// "function not found" means load on this server and call again.
// Rejected: REPLACE, which breaks the older member; EVALSHA, whose scripts vanish with a restart and carry no flags.
// How it fails: two sources with one 32-bit hash. They are ours, some dozens in all.

/// A function library as its text and names.
package struct VersionedLibrary: Sendable {
    /// What Redis loads; its name is such as `ns1_lanes_5f3a9c01`.
    package let text: FunctionLibrary
    private let prefix: String
    private let suffix: String

    /// Checks, clocks and slices for the transitions of any library (`Functions/shared.lua`).
    package static var shared: [UInt8] { PackageResources.shared_lua }

    /// Puts a library together.
    ///
    /// - Parameters:
    ///   - name: what the library is about, `[a-z]+`.
    ///   - version: of the calling convention.
    ///   - shared: stands in front, in the scope of all transitions.
    ///   - transitions: each becomes a block of its own and calls `register(name, flags, function)`.
    package init(_ name: String, version: Int, shared: [UInt8], transitions: [[UInt8]]) {
        var body = shared + Array((PlayedRelease.isBefore ? "\n-- before\n" : "").utf8)
        for transition in transitions {
            body += Array("\ndo\n".utf8) + transition + Array("\nend\n".utf8)
        }
        let hash = body.withUnsafeBytes { StableHash.hash(bytes: $0) } >> 32
        let digits = String(hash, radix: 16)
        prefix = "ns\(version)_"
        suffix = "_" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
        let fullName = prefix + name + suffix
        let head = "#!lua name=\(fullName)\nlocal function_prefix, function_suffix = '\(prefix)', '\(suffix)'\n"
        text = FunctionLibrary(name: fullName, source: head + String(decoding: body, as: UTF8.self))
    }

    /// The name under which a transition of this library is called.
    package func function(_ name: String) -> String { prefix + name + suffix }

    /// Runs commands that call functions of this library, loading it where it is missing; replies in order.
    package func run(_ commands: [RedisCommand], on connection: RedisConnection) throws(RedisError) -> [RedisReply] {
        try run(commands, wait: nil, on: connection).replies
    }

    /// The same with a WAIT; for each command also how many replicas its server reached, 0 if it did not say.
    ///
    /// - Parameter wait: goes behind the last call that ran: a WAIT covers what stands before it on the connection, so it
    ///   must not stay in front of calls that are sent again.
    func run(
        _ commands: [RedisCommand], wait: RedisCommand?, on connection: RedisConnection
    ) throws(RedisError) -> (replies: [RedisReply], reached: [Int64]) {
        let (replies, closings) = try connection.pipeline(commands, closing: wait, loading: text)
        return (replies, closings.map { $0.int ?? 0 })
    }
}

/// The lanes' own library.
enum LaneLibrary {
    static let functions = VersionedLibrary(
        "lanes", version: 1, shared: VersionedLibrary.shared,
        transitions: [
            PackageResources.append_lua, PackageResources.read_lua, PackageResources.take_lua,
            PackageResources.release_lua, PackageResources.commit_lua, PackageResources.claim_lua,
            PackageResources.settle_lua, PackageResources.control_lua, PackageResources.erase_lua,
            PackageResources.trim_lua, PackageResources.freeze_lua, PackageResources.import_lua,
            PackageResources.discard_lua, PackageResources.thaw_lua,
            PackageResources.forget_lua,
        ])

    static let append = name("append")
    static let read = name("read")
    static let take = name("take")
    static let release = name("release")
    static let commit = name("commit")
    static let claim = name("claim")
    static let settle = name("settle")
    static let control = name("control")
    static let erase = name("erase")
    static let trim = name("trim")
    static let freeze = name("freeze")
    static let importing = name("import")
    static let discard = name("discard")
    static let thaw = name("thaw")
    static let forget = name("forget")

    private static func name(_ transition: String) -> [UInt8] { Array(functions.function(transition).utf8) }
}
