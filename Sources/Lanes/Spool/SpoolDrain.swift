internal import Contracts
internal import Dispatch
internal import Foundation
internal import Instants
internal import Synchronization

/// Brings spooled events back to their lanes, in each lane's order, and removes what is held: one plain thread.
///
/// A round offers the oldest events of many lanes together. A lane that refuses rests for a while that doubles up to
/// five seconds; the others go on. Without a server the round waits in the appender, which tries it again itself.
final class SpoolDrain: Sendable {
    private struct Page {
        let lane: LaneName
        let rows: [SpoolFile.Row]
    }

    /// A lane's place in the file and its rest.
    private struct Place {
        var after: Int64 = 0
        var due = ContinuousClock.now
        var rest = SpoolDrain.firstRest
        /// Held by the lane and still in the file, since the disk refused to remove them.
        var events = 0
        var bytes = 0
    }

    private let spool: Spool
    private let offer: @Sendable ([LaneEvent]) -> [AppendResult]
    private let rerouting: @Sendable (LaneRoutes, _ isOver: () -> Bool) throws -> Bool
    private let isEnding = Mutex(false)
    private let wantedRoutes = Mutex<LaneRoutes?>(nil)
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private static let firstRest: Duration = .milliseconds(100)
    private static let longestRest: Duration = .seconds(5)
    private static let mostLanes = 256
    private static let mostPerLane = 1_024
    private static let mostEvents = 8_192
    private static let mostBytes = 8 << 20

    init(
        spool: Spool, offer: @escaping @Sendable ([LaneEvent]) -> [AppendResult],
        reroute: @escaping @Sendable (LaneRoutes, _ isOver: () -> Bool) throws -> Bool
    ) {
        self.spool = spool
        self.offer = offer
        rerouting = reroute
    }

    /// Before the next round, what is on disk gets the lanes that its keys have now.
    func reroute(_ routes: LaneRoutes) {
        wantedRoutes.withLock { $0 = routes }
        bell.signal()
    }

    func start() {
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "drain"
        thread.start()
    }

    /// There may be something to drain.
    func wake() {
        bell.signal()
    }

    /// Ends the thread; the appender must have been told to end, since a round may wait in it.
    func stop() {
        isEnding.withLock { $0 = true }
        bell.signal()
        ended.wait()
    }

    private func run() {
        var places: [LaneName: Place] = [:]
        var last: LaneName?
        while !isEnding.withLock({ $0 }) {
            if let routes = wantedRoutes.withLock({ $0 }) {
                guard reroute(routes, &places) else {
                    rest(until: .now + Self.firstRest)
                    continue
                }
                last = nil
                continue
            }
            let backlog = spool.drainable
            let now = ContinuousClock.now
            let lanes = backlog.map(\.lane).filter { (places[$0]?.due ?? now) <= now }
            guard !lanes.isEmpty else {
                rest(until: backlog.compactMap { places[$0.lane]?.due }.min())
                continue
            }
            do {
                let pages = try pages(of: Self.turn(lanes, after: last), places)
                last = pages.last?.lane
                round(pages, &places)
                try remove(&places)
            } catch {
                // The disk does not answer; what is held is remembered in `places` and removed later.
                for lane in lanes { Self.delay(&places[lane, default: Place()]) }
            }
        }
    }

    /// Between rounds nothing of the spool is under way; what is held and still on disk goes first.
    private func reroute(_ routes: LaneRoutes, _ places: inout [LaneName: Place]) -> Bool {
        do {
            try remove(&places)
            let isDone = try rerouting(routes) { [self] in
                isEnding.withLock { $0 } || wantedRoutes.withLock { $0?.number } != routes.number
            }
            guard isDone else { return false }
        } catch {
            return false
        }
        places = [:]
        wantedRoutes.withLock { wanted in
            // Newer ones may have come meanwhile.
            if wanted?.number == routes.number { wanted = nil }
        }
        return true
    }

    /// Lanes in a circle that begins behind the one served last, so that none starves.
    private static func turn(_ lanes: [LaneName], after last: LaneName?) -> [LaneName] {
        guard let last, let start = lanes.firstIndex(where: { $0.text > last.text }) else { return lanes }
        return Array(lanes[start...] + lanes[..<start])
    }

    private func pages(of lanes: [LaneName], _ places: [LaneName: Place]) throws -> [Page] {
        var pages: [Page] = []
        var events = 0
        var bytes = 0
        for lane in lanes.prefix(Self.mostLanes) {
            guard events < Self.mostEvents, bytes < Self.mostBytes else { break }
            let rows = try spool.file.next(
                of: lane, after: places[lane]?.after ?? 0, most: min(Self.mostPerLane, Self.mostEvents - events),
                mostBytes: Self.mostBytes - bytes)
            events += rows.count
            bytes += rows.reduce(0) { $0 + $1.bytes.count }
            pages.append(Page(lane: lane, rows: rows))
        }
        return pages
    }

    /// Offers the pages; moves each lane's place past what is held, and lets a lane that refused rest.
    private func round(_ pages: [Page], _ places: inout [LaneName: Place]) {
        let events = pages.flatMap { page in
            page.rows.map { LaneEvent(lane: page.lane, id: "", bytes: $0.bytes, key: $0.key) }
        }
        let results = events.isEmpty ? [] : offer(events)
        var start = 0
        for page in pages {
            let own = results.dropFirst(start).prefix(page.rows.count)
            start += page.rows.count
            var place = places[page.lane, default: Place()]
            var isWhole = true
            for (row, result) in zip(page.rows, own) {
                guard case .held = result else {
                    isWhole = false
                    break
                }
                place.after = row.number
                place.events += 1
                place.bytes += row.bytes.count
            }
            if isWhole { place.rest = Self.firstRest } else { Self.delay(&place) }
            places[page.lane] = place
        }
    }

    private func remove(_ places: inout [LaneName: Place]) throws {
        let ends = places.filter { $0.value.events > 0 }.sorted { $0.key.text < $1.key.text }
        guard !ends.isEmpty else { return }
        try spool.file.remove(ends.map { ($0.key, $0.value.after) })
        for (lane, place) in ends {
            spool.removed(place.events, bytes: place.bytes, of: lane)
            places[lane]?.events = 0
            places[lane]?.bytes = 0
        }
    }

    private static func delay(_ place: inout Place) {
        place.due = .now + place.rest
        place.rest = min(place.rest * 2, longestRest)
    }

    private func rest(until due: ContinuousClock.Instant?) {
        guard let due else { return bell.wait() }
        let milliseconds = max(1, Int((due - .now).wholeMilliseconds))
        _ = bell.wait(timeout: .now() + .milliseconds(milliseconds))
    }
}
