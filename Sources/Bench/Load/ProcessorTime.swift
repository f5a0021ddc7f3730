internal import Foundation
package import Redis

/// Processor time of this process, told apart by its threads' names, and of Redis.
///
/// Linux counts each thread's time on a processor (`/proc/self/task/<id>/stat`, in ticks of 10 ms), which together is what
/// getrusage tells of the process. Threads that have ended are missing; those that are measured live longer than a run.
package struct ProcessorTime: Sendable {
    /// By the kernel's name of the thread.
    package private(set) var threads: [String: Duration] = [:]
    package private(set) var redis: Duration

    /// - Parameter connection: to the server that is measured; of a cluster all primaries are.
    package init(of connection: RedisConnection) throws {
        for task in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
            // `id (name) state …`: behind the bracket, user and system ticks are the 12th and 13th.
            guard let text = Self.text("/proc/self/task/\(task)/stat"), let open = text.firstIndex(of: "("),
                let close = text.lastIndex(of: ")")
            else { continue }
            let fields = text[text.index(after: close)...].split(separator: " ")
            guard fields.count > 13, let user = Int(fields[11]), let system = Int(fields[12]) else { continue }
            threads[String(text[text.index(after: open)..<close]), default: .zero] +=
                .seconds(Double(user + system) / Double(sysconf(CInt(_SC_CLK_TCK))))
        }
        redis = .zero
        for server in try connection.servers() {
            let fields = InfoFields(text: try server.call(RedisCommand("INFO", "cpu")).string ?? "")
            let seconds = ["used_cpu_user", "used_cpu_sys"].map { fields[$0].flatMap { Double($0) } ?? 0 }
            redis += .seconds(seconds.reduce(0, +))
        }
    }

    /// What was spent since `start`.
    package func since(_ start: ProcessorTime) -> ProcessorTime {
        var spent = self
        spent.redis -= start.redis
        for (name, time) in start.threads { spent.threads[name, default: .zero] -= time }
        return spent
    }

    /// The threads whose names start so, together.
    package func of(_ prefixes: String...) -> Duration {
        threads.filter { thread in prefixes.contains { thread.key.hasPrefix($0) } }
            .reduce(.zero) { $0 + $1.value }
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
