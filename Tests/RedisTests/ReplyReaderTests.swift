import Contracts
import TestEffort
import Testing

@testable import Redis

@Suite("ReplyReader")
struct ReplyReaderTests {
    private func read(_ text: String, pieces: Int, limits: ReplyLimits = ReplyLimits()) throws -> [RedisReply] {
        let reader = try #require(ReplyReader(limits: limits))
        var replies: [RedisReply] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            try bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { try reader.feed($0) }
            while let reply = try reader.next() { replies.append(reply) }
        }
        if replies.count > 1 { #expect(reader.isEmpty) }
        return replies
    }

    @Test("replies are read the same however their bytes are cut", arguments: [1, 2, 3, 7, 1_000])
    func pieces(pieces: Int) throws {
        let text =
            "+OK\r\n:-42\r\n$-1\r\n*-1\r\n$5\r\na\r\nbc\r\n*0\r\n$0\r\n\r\n-OOM command not allowed\r\n-oh no\r\n"
            + "*3\r\n*2\r\n:1\r\n*0\r\n$2\r\nhi\r\n*1\r\n*1\r\n-ERR inside\r\n:9223372036854775807\r\n"
        #expect(
            try read(text, pieces: pieces) == [
                .status("OK"), .integer(-42), .nil, .nil, .bytes(Array("a\r\nbc".utf8)), .array([]), .bytes([]),
                .error(RedisServerError(code: "OOM", message: "command not allowed")),
                .error(RedisServerError(code: "ERR", message: "oh no")),
                .array([
                    .array([.integer(1), .array([])]), .bytes(Array("hi".utf8)),
                    .array([.array([.error(RedisServerError(code: "ERR", message: "inside"))])]),
                ]),
                .integer(.max),
            ])
    }

    static let malformedReplies: [String] = [
        "hello\r\n", "\r\n", "\u{0}\u{0}\u{0}", "_\r\n", "%1\r\n+a\r\n+b\r\n", ":abc\r\n", ":\r\n",
        ":99999999999999999999\r\n", "$abc\r\n", "$-2\r\n", "$-9223372036854775809\r\n", "$9223372036854775807\r\n",
        "$99999999999999999999\r\n", "$67108865\r\n", "$4294967296\r\n", "$3\r\nabcde", "$3\r\nab\r\n\r\n", "*-2\r\n",
        "*x\r\n", "*2147483647\r\n", "*2147483648\r\n", "*4294967297\r\n", "*9223372036854775807\r\n", "*4194305\r\n",
        "*1\r\n$67108865\r\n", "*2\r\n:1\r\n*2147483647\r\n", String(repeating: "*1\r\n", count: 9) + ":1\r\n",
    ]

    @Test(
        "what is malformed, oversized or too deep is refused at once, in one piece or byte by byte",
        arguments: malformedReplies)
    func malformed(text: String) throws {
        for pieces in [1, 1_000] {
            let fault = try #require(throws: ReplyReader.Fault.self) { try read(text, pieces: pieces) }
            #expect(fault.message.hasPrefix("expected"))
        }
    }

    @Test("a reply cut off anywhere is no reply and no fault")
    func cutOff() throws {
        let text = "*3\r\n$5\r\nhello\r\n*2\r\n:12\r\n+OK\r\n$3\r\nend\r\n"
        for end in 0..<text.utf8.count {
            #expect(try read(String(decoding: text.utf8.prefix(end), as: UTF8.self), pieces: 1_000).isEmpty)
        }
    }

    @Test("a line without an end and a reply of many small pieces are bounded")
    func bounds() throws {
        var limits = ReplyLimits()
        limits.replyBytes = 10_000
        let endless = "+" + String(repeating: "a", count: 100_000)
        #expect(throws: ReplyReader.Fault.self) { try read(endless, pieces: 5_000) }
        let many = "*1000\r\n" + String(repeating: "$1\r\na\r\n", count: 1_000)
        #expect(throws: ReplyReader.Fault.self) { try read(many, pieces: 5_000, limits: limits) }
        #expect(try read(many, pieces: 5_000).count == 1)
    }

    @Test("ten thousand mutated replies are read or refused, and the same however their bytes are cut")
    func mutations() throws {
        let seed: UInt64 = 20_261_123
        var random = SeededGenerator(seed: seed)
        let whole =
            "*3\r\n$5\r\nhello\r\n*2\r\n:12\r\n+OK\r\n$3\r\nend\r\n$-1\r\n-ERR no\r\n:-7\r\n$0\r\n\r\n*0\r\n*1\r\n*1\r\n$2\r\nxy\r\n"
        let pieces = ["\r\n", "*", "$", ":", "-", "99999", "*1\r\n", "$1\r\n", "\0", "2147483647"].map {
            Array($0.utf8)
        }
        var (read, refused) = (0, 0)
        for _ in 0..<Effort.cases(10_000) {
            var bytes = Array(whole.utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
                default: bytes.removeSubrange(at..<min(bytes.count, at + 1 + at % 7))
                }
                if bytes.isEmpty { bytes = [0x2B] }
            }
            let inOne = Self.outcome(bytes, pieces: bytes.count)
            let cut = Int.random(in: 1...9, using: &random)
            #expect(inOne == Self.outcome(bytes, pieces: cut), "seed \(seed): \(bytes) in pieces of \(cut)")
            if inOne.isRefused { refused += 1 } else { read += 1 }
        }
        #expect(
            read > Effort.cases(500) && refused > Effort.cases(500), "seed \(seed): \(read) read, \(refused) not")
    }

    private struct Outcome: Equatable {
        var replies: [RedisReply] = []
        var isRefused = false
    }

    /// What was read until the end or the first fault.
    private static func outcome(_ bytes: [UInt8], pieces: Int) -> Outcome {
        var outcome = Outcome()
        guard let reader = ReplyReader(limits: ReplyLimits()) else { return outcome }
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { try reader.feed($0) }
                while let reply = try reader.next() { outcome.replies.append(reply) }
            }
        } catch {
            outcome.isRefused = true
        }
        return outcome
    }

    @Test("numbers are read from text only where they are numbers")
    func numbers() {
        #expect(RedisReply.bytes(Array("-9223372036854775808".utf8)).int == .min)
        #expect(RedisReply.bytes(Array("9223372036854775807".utf8)).int == .max)
        for text in ["", "-", "9223372036854775808", "1x", "+1", " 1", "12345678901234567890123"] {
            #expect(RedisReply.bytes(Array(text.utf8)).int == nil)
        }
        #expect(RedisReply.bytes([0xFF]).string == nil)
    }
}
