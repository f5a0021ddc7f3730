import Synchronization

// A blocking connection for asynchronous callers.
//
// Problem: a call on a `RedisConnection` blocks its thread. On the cooperative pool, which has as many threads as the
// machine has cores, two slow answers would stop every task of the process.
// Choice: an actor whose executor is one plain thread with the connection. `await` hands over to that thread; the
// actor's isolation is the connection's confinement, and the compiler checks both.
// How it fails: calls run one after the other, so a call waits for those before it. One whose time has passed while it
// waited fails without touching the connection; a server that cannot be reached is tried once, and until a moment
// after that all who waited get the same answer. So nobody waits longer than his deadline and one running call.

/// One connection on a thread of its own, reopened after a loss.
package actor RedisThread {
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let endpoint: RedisEndpoint
    private nonisolated let executor: ThreadExecutor
    private let clientName: String
    private var connection: RedisConnection?
    private var lastFailure: (error: RedisError, until: ContinuousClock.Instant)?

    /// How long a failed attempt to connect stands for those who come after it.
    private static let failureHolds: Duration = .milliseconds(100)

    /// Starts the thread; the first call connects. The thread ends with the last reference.
    ///
    /// - Throws: code `.connect` if the system gives no thread or descriptors.
    package init(_ endpoint: RedisEndpoint, clientName: String) throws(RedisError) {
        guard let executor = ThreadExecutor() else {
            throw RedisError(.connect, operation: "connect", endpoint: "\(endpoint)", message: "expected a thread")
        }
        self.executor = executor
        self.endpoint = endpoint
        self.clientName = clientName
    }

    /// Runs a body with the connection on its thread. The body is run at most once; calls in it have their own
    /// deadlines.
    ///
    /// - Parameter within: how long the call may wait for its turn; nil: the endpoint's reply time-out.
    /// - Throws: what the body throws; `RedisError` if no connection comes about or the turn came too late.
    package nonisolated func run<Value: Sendable>(
        within: Duration? = nil, _ body: @Sendable (RedisConnection) throws -> Value
    ) async throws -> Value {
        let latest = ContinuousClock.now.advanced(by: within ?? endpoint.timeouts.reply)
        return try await runHere(latest: latest, body)
    }

    /// Closes the connection; the next call opens another.
    package func disconnect() {
        connection = nil
    }

    private func runHere<Value: Sendable>(
        latest: ContinuousClock.Instant, _ body: @Sendable (RedisConnection) throws -> Value
    ) throws -> Value {
        guard ContinuousClock.now < latest else {
            throw RedisError(
                .deadline, operation: "run", endpoint: "\(endpoint)",
                message: "expected a turn on the connection in time, calls before it took longer")
        }
        return try body(try usableConnection())
    }

    private func usableConnection() throws(RedisError) -> RedisConnection {
        if let connection, !connection.isBroken { return connection }
        connection = nil
        if let lastFailure, ContinuousClock.now < lastFailure.until { throw lastFailure.error }
        do throws(RedisError) {
            let opened = try RedisConnection(endpoint, clientName: clientName)
            lastFailure = nil
            connection = opened
            return opened
        } catch {
            lastFailure = (error, ContinuousClock.now.advanced(by: Self.failureHolds))
            throw error
        }
    }
}

/// Runs an actor's jobs in order on one plain thread.
private final class ThreadExecutor: SerialExecutor {
    private let mailbox: Mailbox

    /// What thread and executor share; the thread holds no executor, so that its last reference can end it.
    private final class Mailbox: Sendable {
        struct Content {
            var jobs: [UnownedJob] = []
            /// Held while jobs wait, so that a job that drops the actor does not pull the executor from under itself.
            var executor: ThreadExecutor?
            var isClosed = false
        }

        let content = Mutex(Content())
        let doorbell: Doorbell

        init(doorbell: Doorbell) { self.doorbell = doorbell }
    }

    init?() {
        guard let doorbell = Doorbell() else { return nil }
        let mailbox = Mailbox(doorbell: doorbell)
        self.mailbox = mailbox
        guard PlainThread({ Self.run(mailbox) })?.detach() != nil else { return nil }
    }

    deinit {
        mailbox.content.withLock { $0.isClosed = true }
        mailbox.doorbell.ring()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        mailbox.content.withLock { content in
            content.jobs.append(job)
            content.executor = self
        }
        mailbox.doorbell.ring()
    }

    private static func run(_ mailbox: Mailbox) {
        while true {
            mailbox.doorbell.wait(until: .now.advanced(by: .seconds(3600)))
            let content = mailbox.content.withLock { content in
                defer { (content.jobs, content.executor) = ([], nil) }
                return content
            }
            if let executor = content.executor {
                for job in content.jobs { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
            }
            if content.isClosed { return }
        }
    }
}
