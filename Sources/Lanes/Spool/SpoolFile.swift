internal import Contracts
internal import Foundation
internal import GRDB

/// Why a spool cannot be opened or written.
package struct SpoolError: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// The spool's SQLite file: WAL, `synchronous=FULL`, one process at a time.
///
/// A row is one event; its number rises for ever, so numbers order a lane's events. A call returns once its transaction
/// is on disk.
final class SpoolFile: Sendable {
    struct Row {
        let number: Int64
        let bytes: [UInt8]
    }

    struct Stored {
        let lane: LaneName
        let events: Int
        let bytes: Int
    }

    private let queue: DatabaseQueue

    private static let format = 1

    init(path: String) throws(SpoolError) {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                    PRAGMA journal_size_limit = 67108864
                    """)
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.write { database in
                let format = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                guard format == 0 || format == Self.format else {
                    throw SpoolError(description: "expected format \(Self.format), got \(format)")
                }
                try database.execute(
                    sql: """
                        CREATE TABLE IF NOT EXISTS spooled (
                            number INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, bytes BLOB NOT NULL);
                        CREATE INDEX IF NOT EXISTS spooled_lane ON spooled (lane, number);
                        PRAGMA user_version = \(Self.format)
                        """)
            }
        } catch {
            throw SpoolError(description: "\(path): expected a spool that no other process uses, got \(error)")
        }
    }

    func close() {
        try? queue.close()
    }

    /// Adds events in order, all or none.
    func add(_ events: some Sequence<(lane: LaneName, bytes: [UInt8])>) throws {
        let rows = events.map { ($0.lane.text, Data($0.bytes)) }
        try queue.write { database in
            let statement = try database.cachedStatement(sql: "INSERT INTO spooled (lane, bytes) VALUES (?, ?)")
            for (lane, bytes) in rows { try statement.execute(arguments: [lane, bytes]) }
        }
    }

    /// A lane's next events after a number: at most so many, and no more once so many bytes are passed.
    func next(of lane: LaneName, after number: Int64, most: Int, mostBytes: Int) throws -> [Row] {
        try queue.read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT number, bytes FROM spooled WHERE lane = ? AND number > ? ORDER BY number LIMIT ?")
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: [lane.text, number, most])
            var rows: [Row] = []
            var bytes = 0
            while bytes < mostBytes, let row = try cursor.next() {
                let body: Data = row[1]
                rows.append(Row(number: row[0], bytes: Array(body)))
                bytes += body.count
            }
            return rows
        }
    }

    /// Removes each lane's events up to and with a number.
    func remove(_ ends: [(lane: LaneName, number: Int64)]) throws {
        try queue.write { database in
            let statement = try database.cachedStatement(sql: "DELETE FROM spooled WHERE lane = ? AND number <= ?")
            for end in ends { try statement.execute(arguments: [end.lane.text, end.number]) }
        }
    }

    /// What is there, by lane, sorted.
    func stored() throws -> [Stored] {
        try queue.read { database in
            try GRDB.Row.fetchAll(
                database,
                sql: "SELECT lane, COUNT(*), SUM(LENGTH(bytes)) FROM spooled GROUP BY lane ORDER BY lane"
            ).map { row in
                Stored(lane: try LaneName(row[0] as String), events: row[1], bytes: row[2])
            }
        }
    }
}
