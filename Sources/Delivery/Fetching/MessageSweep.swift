internal import Channels
internal import Contracts
internal import Instants

/// One sweep over an account's conversations, from the one that changed last back to the start of the gap.
///
/// Pages are held one by one, at the pace that the platform documents; a sweep that has no time left says behind which
/// page the next one goes on. A conversation that changes meanwhile moves to the front, past what was read: the next
/// sweep therefore looks back a little further than this one's end (`WatchTurn.overlap`).
struct MessageSweep {
    /// Of one piece; the next one goes on.
    private static let mostPages = 40
    /// Two calls a second of an account (DOMAIN.md 4.9), whatever they take; calls half a second apart are three in some second.
    static let pause = Duration.milliseconds(750)
    /// A cursor that is longer is none that a state should hold.
    private static let longestCursor = 1_024

    private let fetch: GraphFetch
    private let sweep: MetaMessageSweep
    private let pause: Duration

    init(_ fetch: GraphFetch, pause: Duration = Self.pause) {
        self.fetch = fetch
        self.pause = pause
        sweep = MetaMessageSweep(
            channel: fetch.channel, account: fetch.action.account,
            login: fetch.client.login(of: fetch.action.account))
    }

    func run() async throws {
        let action = fetch.action
        let since = Instant(milliseconds: action.since)
        let range = since..<max(since, Instant(milliseconds: action.until))
        var after = action.resume.isEmpty ? nil : action.resume
        var found: UInt32 = 0
        for page in 0..<Self.mostPages {
            // Before the first one too: the piece before this one may just have read its last.
            guard page == 0 || fetch.left > .seconds(2) + pause else { break }
            try await fetch.pause(pause)
            let read: JSONValue
            do {
                read = try await fetch.read(sweep.conversations(after: after), apart: pause)
            } catch let ended as GraphFetch.Ended {
                // What was read is not to be read again for a failure by chance.
                guard case .again = ended.answer, page > 0 else { throw ended }
                break
            }
            let events = sweep.events(in: read, range: range, received: fetch.received)
            if !events.isEmpty { try await fetch.hold(events) }
            found += UInt32(clamping: events.count)
            guard let next = MetaSweep.next(in: read), !sweep.ends(read, before: range.lowerBound) else {
                return try await end(found) { $0.until = action.until }
            }
            guard next.utf8.count <= Self.longestCursor else {
                // What lies behind it is out of reach: the sweep is not whole, and people are to hear of it.
                return try await end(found) {
                    $0.text = "expected a cursor of at most \(Self.longestCursor) bytes, got \(next.utf8.count)"
                }
            }
            after = next
        }
        try await end(found) { $0.resume = after ?? "" }
    }

    private func end(_ found: UInt32, _ fill: (inout Fetched) -> Void) async throws {
        try await fetch.hold([
            fetch.fetched { fetched in
                fetched.found = found
                fill(&fetched)
            }
        ])
    }
}
