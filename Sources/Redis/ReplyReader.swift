import CHiredis

// hiredis parses, this file bounds and builds.
//
// Problem: hiredis 0.14.1 trusts what a server announces. With its own object functions `*2147483647` allocates 16 GiB
// at once, `$9000000000000000000` lets the buffer grow until memory ends, and each reply is a tree of C allocations
// that Swift would copy and free again.
// Choice: our own object functions. They get each string while it still lies in the read buffer and copy it once, into
// the Swift value; they count what one reply holds and refuse (a null from an object function is hiredis's "out of
// memory", which we report as a malformed reply). Arrays reserve room only for what may be true. An announced bulk
// length is looked at before its bytes are waited for.
// Rejected: a parser of our own. It would be shorter than this file but would have to earn hiredis's years.
// How it fails: hiredis clears its buffer on an error and refuses everything after, so a faulty connection can only be
// closed. Nesting deeper than 7 arrays is refused by hiredis itself.

/// The bounds of one reply; beyond them it counts as malformed.
struct ReplyLimits: Sendable {
    /// Redis's own `proto-max-bulk-len` is 512 MiB; nothing asked for here comes near a tenth of it.
    var bulkBytes = 64 << 20
    /// Content of all strings of one reply, and 32 bytes for each element.
    var replyBytes = 256 << 20
    var arrayElements = 4 << 20
}

/// A stream of bytes in, replies out. Confined to the thread of its connection.
final class ReplyReader {
    /// What makes the rest of this stream unreadable.
    struct Fault: Error {
        let message: String
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder: ReplyBuilder

    init?(limits: ReplyLimits = ReplyLimits()) {
        builder = ReplyBuilder(limits: limits)
        functions = .allocate(capacity: 1)
        functions.initialize(to: ReplyBuilder.objectFunctions)
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            functions.deallocate()
            return nil
        }
        self.reader = reader
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Takes bytes from the socket.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        guard let start = bytes.bindMemory(to: CChar.self).baseAddress, !bytes.isEmpty else { return }
        guard redisReaderFeed(reader, start, bytes.count) == REDIS_OK else { throw fault() }
    }

    /// The next whole reply, or nil if more bytes are needed first.
    func next() throws(Fault) -> RedisReply? {
        guard reader.pointee.pos < reader.pointee.len else { return nil }
        var ignored: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &ignored) == REDIS_OK else { throw fault() }
        if let reply = builder.takeReply() { return reply }
        try checkAnnouncedLength()
        return nil
    }

    /// Whether nothing of a further reply has come.
    var isEmpty: Bool { reader.pointee.pos >= reader.pointee.len && !builder.isInsideReply }

    /// The kind of the piece that is being read, if its first byte has come.
    private var innermostKind: CInt? {
        let innermost = Int(reader.pointee.ridx)
        return withUnsafeBytes(of: &reader.pointee.rstack) { stack in
            let tasks = stack.bindMemory(to: redisReadTask.self)
            return tasks.indices.contains(innermost) ? tasks[innermost].type : nil
        }
    }

    private func fault() -> Fault {
        if let refusal = builder.refusal { return Fault(message: refusal) }
        let text = withUnsafeBytes(of: reader.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return Fault(message: "expected a RESP2 reply, came: \(text)")
    }

    /// hiredis waits for a bulk string as long as it was announced; this looks at the announcement first. While a
    /// piece is incomplete its kind stands in the innermost task and the reader's position is right after the kind.
    private func checkAnnouncedLength() throws(Fault) {
        let (position, length) = (reader.pointee.pos, reader.pointee.len)
        guard position < length, let buffer = reader.pointee.buf else { return }
        let waiting = UnsafeRawBufferPointer(start: buffer + position, count: length - position)
        if innermostKind == REDIS_REPLY_STRING {
            var announced = 0
            for byte in waiting.prefix(20) {
                guard (0x30...0x39).contains(byte) else { break }
                announced = announced &* 10 &+ Int(byte &- 0x30)
                if announced > builder.limits.bulkBytes {
                    let most = builder.limits.bulkBytes
                    throw Fault(message: "expected a bulk string of at most \(most) bytes, a longer one came")
                }
            }
        } else if waiting.count > 64 << 10 {
            throw Fault(message: "expected a line of at most 64 KiB, a longer one came")
        }
    }
}

/// Puts the pieces that hiredis hands over into Swift values.
private final class ReplyBuilder {
    private struct OpenArray {
        var elements: [RedisReply]
        let count: Int
    }

    let limits: ReplyLimits
    private(set) var refusal: String?
    private var open: [OpenArray] = []
    private var finished: RedisReply?
    private var bytes = 0

    init(limits: ReplyLimits) {
        self.limits = limits
        open.reserveCapacity(8)
    }

    var isInsideReply: Bool { !open.isEmpty }

    func takeReply() -> RedisReply? {
        guard let reply = finished else { return nil }
        finished = nil
        bytes = 0
        return reply
    }

    /// hiredis wants an object for each piece; any pointer but null means "went well".
    static let objectFunctions = redisReplyObjectFunctions(
        createString: { task, text, count in
            let content = UnsafeRawBufferPointer(start: text, count: count)
            return ReplyBuilder.of(task) { $0.string(kind: task?.pointee.type ?? 0, content) }
        },
        createArray: { task, count in ReplyBuilder.of(task) { $0.array(count: Int(count)) } },
        createInteger: { task, value in ReplyBuilder.of(task) { $0.take(.integer(Int64(value)), cost: 0) } },
        createNil: { task in ReplyBuilder.of(task) { $0.take(.nil, cost: 0) } },
        freeObject: { _ in }
    )

    private static func of(
        _ task: UnsafePointer<redisReadTask>?, _ body: (ReplyBuilder) -> Bool
    ) -> UnsafeMutableRawPointer? {
        guard let opaque = task?.pointee.privdata else { return nil }
        return body(Unmanaged<ReplyBuilder>.fromOpaque(opaque).takeUnretainedValue()) ? opaque : nil
    }

    private func string(kind: CInt, _ content: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case REDIS_REPLY_STRING where !isEndedByLine(content):
            refusal = "expected a line's end after \(content.count) bytes, something else came"
            return false
        case REDIS_REPLY_STATUS: return take(.status(String(decoding: content, as: UTF8.self)), cost: content.count)
        case REDIS_REPLY_ERROR:
            return take(.error(RedisServerError(line: String(decoding: content, as: UTF8.self))), cost: content.count)
        default: return take(.bytes([UInt8](content)), cost: content.count)
        }
    }

    /// hiredis skips the two bytes after a bulk string unseen. They lie in its buffer: it waits for them.
    private func isEndedByLine(_ content: UnsafeRawBufferPointer) -> Bool {
        guard let start = content.baseAddress else { return false }
        let end = UnsafeRawBufferPointer(start: start + content.count, count: 2)
        return end[0] == 0x0D && end[1] == 0x0A
    }

    private func array(count: Int) -> Bool {
        guard count > 0 else { return take(.array([]), cost: 0) }
        guard count <= limits.arrayElements else {
            refusal = "expected an array of at most \(limits.arrayElements) elements, \(count) were announced"
            return false
        }
        var elements: [RedisReply] = []
        elements.reserveCapacity(min(count, 1024))
        open.append(OpenArray(elements: elements, count: count))
        return true
    }

    /// Puts a finished piece where it belongs and closes every array that it completes.
    private func take(_ reply: RedisReply, cost: Int) -> Bool {
        bytes &+= cost &+ 32
        guard bytes <= limits.replyBytes else {
            refusal = "expected a reply of at most \(limits.replyBytes) bytes, a larger one came"
            return false
        }
        var reply = reply
        while let last = open.indices.last {
            open[last].elements.append(reply)
            guard open[last].elements.count == open[last].count else { return true }
            reply = .array(open.removeLast().elements)
        }
        finished = reply
        return true
    }
}
