/// An update that could not become an event, as it waits in the spool's file for the quarantine in Redis.
package struct SetAside: Sendable, Hashable {
    /// Without 0x1F; in the writer's own order.
    package let labels: [String]
    package let raw: [UInt8]

    package init(labels: [String], raw: [UInt8]) {
        self.labels = labels
        self.raw = raw
    }
}

// Besides events the file keeps what ingress needs while Redis is away: updates for the quarantine, and the last good
// policy, without which a process that starts meanwhile would know no account. All of these block on the disk.
extension Spool {
    /// Holds updates until Redis takes them; beyond 10,000, or the limit of their bytes, the oldest leave, as they do there.
    /// The newest stays, however long it is.
    ///
    /// - Returns: how many left.
    /// - Throws: if the disk is full or fails.
    package func setAside(_ updates: [SetAside]) throws -> Int { try file.setAside(updates) }

    /// The oldest updates set aside, with their numbers.
    package func asides(most: Int) throws -> [(number: Int64, update: SetAside)] { try file.asides(most: most) }

    /// Redis has them.
    package func removeAsides(upTo number: Int64) throws { try file.removeAsides(upTo: number) }

    /// Keeps bytes under a name, instead of what was there.
    package func keep(_ bytes: [UInt8], as name: String) throws { try file.keep(bytes, as: name) }

    package func kept(_ name: String) throws -> [UInt8]? { try file.kept(name) }
}
