internal import Contracts
internal import Foundation
internal import GRDB

// Other lanes for what is on disk.
//
// Problem: when the topology changes, millions of rows may have to be given another lane, while webhooks come in and each
// wants to be on disk within moments.
// Choice: pieces, by row number, each a transaction of its own; between two of them the writer has its turn. Nothing is
// drained meanwhile and everything new goes behind, with its new lane, so only rows up to a number are gone through, and
// counts are moved along with each piece. A row without key, which an older version left, is given that of its event.
// Rejected: one UPDATE, which held every webhook for as long as it took, since counts and rows had to change at once.
// How it fails: ended in the middle, rows have lanes of both topologies; the next process goes through all of them.
extension SpoolFile {
    /// So many events were given another lane.
    struct Relabelled: Equatable {
        let from: LaneName
        let to: LaneName
        var events = 0
    }

    struct RelabelledPiece {
        /// In order of lanes.
        var moves: [Relabelled] = []
        /// Where the next piece begins.
        var last: Int64
        /// Whether a key was met that has no lane.
        var hasUnplaced = false
    }

    private struct Change {
        let number: Int64
        let lane: LaneName
        let key: String
    }

    private static let mostRows = 1_024
    private static let mostBytes = 2 << 20

    /// The number of the last row; 0 for none.
    func lastNumber() throws -> Int64 {
        try queue.read { try Int64.fetchOne($0, sql: "SELECT MAX(number) FROM spooled") ?? 0 }
    }

    /// Goes through a piece of the rows behind `number` up to and with `end`; nil if there are none. At most 1,024 rows, and
    /// no more once 2 MiB of events are passed. Rows may be added meanwhile, not removed.
    func relabel(after number: Int64, upTo end: Int64, _ routes: LaneRoutes) throws -> RelabelledPiece? {
        guard let (piece, changes) = try look(after: number, upTo: end, routes) else { return nil }
        guard !changes.isEmpty else { return piece }
        try queue.write { database in
            let statement = try database.cachedStatement(sql: "UPDATE spooled SET lane = ?, key = ? WHERE number = ?")
            for change in changes { try statement.execute(arguments: [change.lane.text, change.key, change.number]) }
        }
        return piece
    }

    private func look(
        after number: Int64, upTo end: Int64, _ routes: LaneRoutes
    ) throws -> (RelabelledPiece, [Change])? {
        try queue.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT number, lane, LENGTH(bytes), key, CASE key WHEN '' THEN bytes END FROM spooled
                    WHERE number > ? AND number <= ? ORDER BY number LIMIT ?
                    """)
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: [number, end, Self.mostRows])
            var piece = RelabelledPiece(last: number)
            var changes: [Change] = []
            var moves: [LaneName: [LaneName: Int]] = [:]
            var bytes = 0
            while bytes < Self.mostBytes, let row = try cursor.next() {
                piece.last = row[0]
                bytes += row[2] as Int
                let stored: String = row[3]
                let event: Data? = row[4]
                let key = event.map { routes.key(Array($0)) ?? "" } ?? stored
                guard !key.isEmpty else { continue }
                let lane = try LaneName(row[1] as String)
                let place = routes.place(key)
                piece.hasUnplaced = piece.hasUnplaced || place == nil
                let target = place?.lane ?? lane
                guard target != lane || key != stored else { continue }
                changes.append(Change(number: piece.last, lane: target, key: key))
                if target != lane { moves[lane, default: [:]][target, default: 0] += 1 }
            }
            guard piece.last > number else { return nil }
            for (from, targets) in moves.sorted(by: { $0.key < $1.key }) {
                piece.moves += targets.sorted { $0.key < $1.key }.map { Relabelled(from: from, to: $0, events: $1) }
            }
            return (piece, changes)
        }
    }
}
