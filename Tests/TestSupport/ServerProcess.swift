import Glibc

/// A child process that does not outlive this one: beside it a shell waits for the end of a socket that we hold, and
/// kills the child when that closes, however we died.
struct ServerProcess {
    private let child: pid_t
    private let guardian: pid_t
    private let leash: CInt

    init(arguments: [String]) throws {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw PrivateRedis.StartFailure(description: "expected a pair of sockets, got errno \(errno)")
        }
        defer { close(ends[1]) }
        leash = ends[0]
        child = try spawn(arguments, input: nil)
        guardian = try spawn(["/bin/sh", "-c", "read x; kill -9 \(child)"], input: ends[1])
    }

    /// Whether it has not ended by itself.
    var isRunning: Bool {
        var information = siginfo_t()
        let status = waitid(P_PID, id_t(child), &information, WEXITED | WNOHANG | WNOWAIT)
        return status == 0 && information.si_signo == 0
    }

    func signal(_ number: CInt) {
        _ = kill(child, number)
    }

    /// Kills it and returns once it is gone. The guardian goes first: the child's number may soon be another's.
    func end() {
        for process in [guardian, child] {
            _ = kill(process, SIGKILL)
            var status: CInt = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
        }
        close(leash)
    }
}

/// Runs a program of the search path to its end and gives its exit code, -1 for a signal; what it writes is dropped. Unlike
/// Foundation's `Process` it does not wait for servers that the program leaves behind.
package func runToEnd(_ words: [String]) throws -> Int32 {
    let child = try spawn(words, input: nil)
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
}

/// Starts a program of the search path; standard input is what is given or `/dev/null`.
private func spawn(_ words: [String], input: CInt?) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
        posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var pointers = words.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var identifier: pid_t = 0
    let status = posix_spawnp(&identifier, words.first ?? "", &actions, nil, &pointers, environ)
    guard status == 0 else {
        throw PrivateRedis.StartFailure(description: "expected \(words.first ?? "") to start, got error \(status)")
    }
    return identifier
}
