/// One reply of a mail server: a code, and what it says to it, a line each (RFC 5321, 4.2).
struct SMTPReply: Sendable, Equatable {
    let code: Int
    let lines: [String]

    /// The first digit: 2 done, 3 go on, 4 not now, 5 never.
    var kind: Int { code / 100 }

    /// For outcomes; the server's own words.
    var words: String { lines.joined(separator: " ") }
}

/// Cuts a server's bytes into replies. Whatever it sends, no more than one line and one reply are kept.
struct SMTPReplyReader: Sendable {
    /// RFC 5321 says 512; servers write longer ones.
    static let mostLineBytes = 2_048
    static let mostLines = 128

    struct Malformed: Error, CustomStringConvertible {
        let came: String
        var description: String { "expected a mail server's reply, got \(came)" }
    }

    private var line: [UInt8] = []
    private var lines: [String] = []
    private var code: Int?

    /// Nothing of a next reply has come yet.
    var isEmpty: Bool { line.isEmpty && lines.isEmpty }

    /// Takes a byte; gives the reply that it completes.
    mutating func take(_ byte: UInt8) throws(Malformed) -> SMTPReply? {
        guard byte == 0x0A else {
            guard line.count < Self.mostLineBytes else { throw Malformed(came: "a line without end") }
            line.append(byte)
            return nil
        }
        if line.last == 0x0D { line.removeLast() }
        defer { line.removeAll(keepingCapacity: true) }
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(String(decoding: digits, as: UTF8.self)), (200...599).contains(number),
            code == nil || code == number, lines.count < Self.mostLines
        else { throw Malformed(came: "\"\(String(decoding: line.prefix(40), as: UTF8.self))\"") }
        let mark = line.count > 3 ? line[3] : 0x20
        guard mark == 0x20 || mark == 0x2D else { throw Malformed(came: "a code without its text") }
        lines.append(String(decoding: line.dropFirst(4), as: UTF8.self))
        guard mark == 0x20 else {
            code = number
            return nil
        }
        defer {
            lines = []
            code = nil
        }
        return SMTPReply(code: number, lines: lines)
    }
}
