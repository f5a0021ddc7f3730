import Foundation

/// What commands read: a file, or standard input for `-`, line by line.
enum Input {
    /// Lines without their ends. A line that is not UTF-8 comes with replacement characters, so that its reader names it.
    ///
    /// - Throws: `Failure` if the file cannot be opened.
    static func lines(of path: String) throws -> AsyncThrowingStream<String, any Error> {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            guard let opened = FileHandle(forReadingAtPath: path) else {
                throw Failure(expected: "a file that can be read", came: "none", at: path)
            }
            handle = opened
        }
        return AsyncThrowingStream(unfolding: reader(of: handle))
    }

    private static func reader(of handle: FileHandle) -> @Sendable () async throws -> String? {
        let buffer = LineBuffer(handle)
        return { try buffer.next() }
    }
}

/// Cuts a file handle's bytes into lines; used by one reader.
private final class LineBuffer: @unchecked Sendable {
    // Guard: only the stream's unfolding closure calls it, one call at a time.
    private let handle: FileHandle
    private var rest: [UInt8] = []
    private var start = 0
    private var hasEnded = false

    init(_ handle: FileHandle) {
        self.handle = handle
    }

    func next() throws -> String? {
        while true {
            if let end = rest[start...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                return String(decoding: rest[start..<end], as: UTF8.self)
            }
            if hasEnded {
                guard start < rest.count else { return nil }
                defer { start = rest.count }
                return String(decoding: rest[start...], as: UTF8.self)
            }
            rest.removeFirst(start)
            start = 0
            guard let chunk = try handle.read(upToCount: 1 << 16), !chunk.isEmpty else {
                hasEnded = true
                continue
            }
            rest.append(contentsOf: chunk)
        }
    }
}
