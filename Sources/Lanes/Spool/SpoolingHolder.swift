/// Holds events in their lanes or, while a lane cannot take them, on disk: an outage of Redis is none of webhooks.
///
/// Held means: in Redis at the named durability, or in the spool's file, flushed. The lane's order is the order in
/// which events came, whichever way they took (`AppendQueueDiverting`). What an earlier process left in the file goes
/// first.
package final class SpoolingHolder: Sendable {
    private let appender: LaneAppender
    private let spool: Spool

    /// - Parameters:
    ///   - limits: a platform waits five seconds, so the patience should be four.
    ///   - waitsForRoute: nothing is drained before `reroute` was called, since an earlier process may have spooled
    ///     under another topology.
    package init(connector: LaneConnector, limits: AppenderLimits, spool: Spool, waitsForRoute: Bool = false) {
        self.spool = spool
        if waitsForRoute { spool.holdDrain() }
        appender = LaneAppender(connector: connector, limits: limits, spool: spool)
    }

    /// One result an event, in order. Refused is only what neither lane nor disk could take.
    package func append(_ events: [LaneEvent]) async -> [AppendResult] {
        await appender.append(events)
    }

    /// The same for whoever would rather hear that a lane cannot take an event, or that older ones wait on disk.
    package func offer(_ events: [LaneEvent]) async -> [AppendResult] {
        await appender.append(events, maySpool: false)
    }

    /// Has what waits and what is spooled find its lanes anew, by key, before anything more of it is drained: the topology
    /// is another. Events that come with an older topology's place get theirs anew too. Returns after O(what waits in
    /// memory); what is on disk is gone through in pieces by the thread that drains, and appends go behind it meanwhile. A
    /// topology by which no key has another lane touches neither.
    package func reroute(_ routes: LaneRoutes) { appender.reroute(routes) }

    /// Whether what is on disk has yet to be given lanes.
    package var isRerouting: Bool { appender.isRerouting }

    /// Events on disk.
    package var spooledEvents: Int { spool.events }

    /// Ends the threads and closes the file; what is in it stays for the next process.
    package func stop() {
        appender.stop()
    }
}
