private import Foundation
import Glibc

/// One process of the drill: started, killed, stopped and continued by its number, never by a name.
///
/// Its output goes to a file of its own, and it inherits no descriptor of ours.
final class RoleProcess {
    let name: String
    private let arguments: [String]
    private let logPath: String
    private(set) var pid: pid_t = 0

    init(_ name: String, _ arguments: [String], folder: String) {
        self.name = name
        self.arguments = arguments
        logPath = "\(folder)/\(name).log"
    }

    /// Starts it; returns before it answers anybody.
    func start() throws(DrillFailure) {
        guard let program = arguments.first else { throw DrillFailure("expected a program for \(name), came none") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // One that is not open is passed over.
        for descriptor in CInt(3)..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var argv = arguments.map { strdup($0) } + [nil]
        var environment =
            ProcessInfo.processInfo.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [
                nil
            ]
        defer { for text in argv + environment { free(text) } }
        var started: pid_t = 0
        let code = posix_spawnp(&started, program, &actions, nil, &argv, &environment)
        guard code == 0 else { throw DrillFailure("\(name): expected \(program) to start, got errno \(code)") }
        pid = started
    }

    /// SIGKILL; returns when it is gone, so that it can write nothing any more.
    func killNow() {
        guard pid > 0 else { return }
        kill(pid, SIGKILL)
        reap()
    }

    func freeze() { if pid > 0 { kill(pid, SIGSTOP) } }

    func thaw() { if pid > 0 { kill(pid, SIGCONT) } }

    /// SIGTERM, and SIGKILL if it is still there after `longest`.
    func end(atMost longest: Duration) {
        guard pid > 0 else { return }
        kill(pid, SIGTERM)
        let deadline = ContinuousClock.now + longest
        while ContinuousClock.now < deadline {
            if hasEnded { return }
            usleep(20_000)
        }
        killNow()
    }

    /// Whether it ended by itself, which nothing in a drill should.
    var hasEnded: Bool {
        guard pid > 0 else { return true }
        var status: CInt = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return false }
        pid = 0
        return true
    }

    /// The end of its log, for people.
    var lastLines: String {
        let text = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "no log"
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    private func reap() {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        pid = 0
    }
}

/// Why a drill could not be held: what was expected, what came, where.
package struct DrillFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
