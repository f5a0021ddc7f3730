internal import Contracts
internal import Foundation
internal import GRDB
private import Synchronization

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
        let key: String
    }

    struct Stored {
        let lane: LaneName
        let events: Int
        let bytes: Int
    }

    let queue: DatabaseQueue

    private static let format = 2
    /// Updates set aside that are kept; older ones leave, as they do in Redis.
    private static let mostAside = 10_000
    private let mostAsideBytes: Int
    /// Bytes set aside; nil: to be counted. Changed within `queue` alone.
    private let asideBytes = Mutex<Int?>(nil)

    init(path: String, mostAsideBytes: Int) throws(SpoolError) {
        self.mostAsideBytes = mostAsideBytes
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
                guard (0...Self.format).contains(format) else {
                    throw SpoolError(description: "expected format \(Self.format) or older, got \(format)")
                }
                if format == 1 {
                    try database.execute(sql: "ALTER TABLE spooled ADD COLUMN key TEXT NOT NULL DEFAULT ''")
                }
                try database.execute(
                    sql: """
                        CREATE TABLE IF NOT EXISTS spooled (
                            number INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, bytes BLOB NOT NULL,
                            key TEXT NOT NULL DEFAULT '');
                        CREATE INDEX IF NOT EXISTS spooled_lane ON spooled (lane, number);
                        CREATE TABLE IF NOT EXISTS aside (
                            number INTEGER PRIMARY KEY AUTOINCREMENT, labels TEXT NOT NULL, raw BLOB NOT NULL);
                        CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, bytes BLOB NOT NULL);
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
    func add(_ events: [Diverted]) throws {
        try queue.write { database in
            let statement = try database.cachedStatement(
                sql: "INSERT INTO spooled (lane, key, bytes) VALUES (?, ?, ?)")
            for event in events {
                try statement.execute(arguments: [event.lane.text, event.key, Data(event.bytes)])
            }
        }
    }

    /// A lane's next events after a number: at most so many, and no more once so many bytes are passed.
    func next(of lane: LaneName, after number: Int64, most: Int, mostBytes: Int) throws -> [Row] {
        try queue.read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT number, bytes, key FROM spooled WHERE lane = ? AND number > ? ORDER BY number LIMIT ?")
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: [lane.text, number, most])
            var rows: [Row] = []
            var bytes = 0
            while bytes < mostBytes, let row = try cursor.next() {
                let body: Data = row[1]
                rows.append(Row(number: row[0], bytes: Array(body), key: row[2]))
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

    // What is set aside and what is kept, beside the events.

    /// How many older ones left for them.
    func setAside(_ updates: [SetAside]) throws -> Int {
        try queue.write { database in
            for update in updates {
                try database.execute(
                    sql: "INSERT INTO aside (labels, raw) VALUES (?, ?)",
                    arguments: [update.labels.joined(separator: "\u{1F}"), Data(update.raw)])
            }
            // Counted anew below, should anything from here on fail and the updates with it.
            let known = asideBytes.withLock { bytes in
                defer { bytes = nil }
                return bytes
            }
            try database.execute(
                sql: "DELETE FROM aside WHERE number <= (SELECT MAX(number) FROM aside) - ?",
                arguments: [Self.mostAside])
            var evicted = database.changesCount
            let added = updates.reduce(0) { $0 + $1.raw.count }
            var bytes = try known.flatMap { evicted == 0 ? $0 + added : nil } ?? Self.countAside(database)
            if bytes > mostAsideBytes {
                // The oldest, until the rest fits; the newest of all stays.
                try database.execute(
                    sql: """
                        DELETE FROM aside WHERE number <= (
                            SELECT MAX(number) FROM (
                                SELECT number, SUM(LENGTH(raw)) OVER (ORDER BY number DESC) AS total FROM aside)
                            WHERE total > ?) AND number < (SELECT MAX(number) FROM aside)
                        """, arguments: [mostAsideBytes / 10 * 9])
                evicted += database.changesCount
                bytes = try Self.countAside(database)
            }
            asideBytes.withLock { $0 = bytes }
            return evicted
        }
    }

    private static func countAside(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT SUM(LENGTH(raw)) FROM aside") ?? 0
    }

    func asides(most: Int) throws -> [(number: Int64, update: SetAside)] {
        try queue.read { database in
            try GRDB.Row.fetchAll(
                database, sql: "SELECT number, labels, raw FROM aside ORDER BY number LIMIT ?", arguments: [most]
            ).map { row in
                let labels = (row[1] as String).split(separator: "\u{1F}", omittingEmptySubsequences: false)
                return (row[0], SetAside(labels: labels.map(String.init), raw: Array(row[2] as Data)))
            }
        }
    }

    func removeAsides(upTo number: Int64) throws {
        try queue.write {
            try $0.execute(sql: "DELETE FROM aside WHERE number <= ?", arguments: [number])
            asideBytes.withLock { $0 = nil }
        }
    }

    func keep(_ bytes: [UInt8], as name: String) throws {
        try queue.write {
            try $0.execute(
                sql: "INSERT OR REPLACE INTO kept (name, bytes) VALUES (?, ?)", arguments: [name, Data(bytes)])
        }
    }

    func kept(_ name: String) throws -> [UInt8]? {
        try queue.read {
            try Data.fetchOne($0, sql: "SELECT bytes FROM kept WHERE name = ?", arguments: [name]).map(Array.init)
        }
    }
}
