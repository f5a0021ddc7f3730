internal import HTTPTypes
internal import Hummingbird
private import Synchronization

/// Reads bodies within bounds of length, time and memory.
///
/// A signature can only be checked once the whole body is here, so anybody can make us hold one: the bodies of all
/// requests together stay under `mostBodyBytesTogether`, and each must arrive in time. What counts is what has arrived,
/// not what was announced: an announcement costs its sender nothing.
final class RequestBodies: Sendable {
    private let limits: IngressLimits
    private let held = Mutex(0)

    init(limits: IngressLimits) {
        self.limits = limits
    }

    /// Reads a body and gives it to `use`; its bytes count as held until `use` returns.
    func with<Result: Sendable>(
        _ request: Request, _ use: ([UInt8]) async throws(Refusal) -> Result
    ) async throws(Refusal) -> Result {
        let announced = request.headers[.contentLength].flatMap(Int.init)
        guard announced ?? 0 <= limits.mostBodyBytes, announced ?? 0 >= 0 else { throw tooLarge }
        let share = Share()
        defer { held.withLock { $0 -= share.bytes } }
        return try await use(read(request.body, share))
    }

    /// What one body has added to those held.
    private final class Share: Sendable {
        private let count = Mutex(0)

        var bytes: Int { count.withLock { $0 } }

        /// The sum so far.
        func add(_ bytes: Int) -> Int {
            count.withLock { count in
                count += bytes
                return count
            }
        }
    }

    /// Counts bytes that have arrived; throws if that is too much, of this body or of all.
    private func count(_ bytes: Int, _ share: Share) throws(Refusal) {
        let isRoom = held.withLock { held in
            guard held + bytes <= limits.mostBodyBytesTogether else { return false }
            held += bytes
            return true
        }
        guard isRoom else {
            throw Refusal(.serviceUnavailable, "busy", "room for the body", "too many bodies at once")
        }
        if share.add(bytes) > limits.mostBodyBytes { throw tooLarge }
    }

    private func read(_ body: RequestBody, _ share: Share) async throws(Refusal) -> [UInt8] {
        let patience = limits.bodyPatience
        let bytes: [UInt8]?
        do {
            bytes = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                group.addTask {
                    var bytes: [UInt8] = []
                    for try await chunk in body {
                        try self.count(chunk.readableBytes, share)
                        bytes.append(contentsOf: chunk.readableBytesView)
                    }
                    return bytes
                }
                group.addTask {
                    try await Task.sleep(for: patience)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(.badRequest, "cut_off", "a whole body", "a connection that ended or broke")
        }
        guard let bytes else {
            throw Refusal(.requestTimeout, "slow", "the body within \(patience)", "less of it")
        }
        return bytes
    }

    private var tooLarge: Refusal {
        Refusal(.contentTooLarge, "too_large", "at most \(limits.mostBodyBytes) bytes", "more")
    }
}

/// A request that is answered with an error. `reason` is a label of a metric, the rest is told to the sender.
struct Refusal: Error {
    let status: HTTPResponse.Status
    let reason: String
    let expected: String
    let came: String

    init(_ status: HTTPResponse.Status, _ reason: String, _ expected: String, _ came: String) {
        self.status = status
        self.reason = reason
        self.expected = expected
        self.came = came
    }
}
