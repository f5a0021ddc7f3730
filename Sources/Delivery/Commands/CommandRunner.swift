internal import Glibc
internal import Instants
internal import Synchronization

// Commands that call people.
//
// Problem: a program may hang, print without end, or die, and neither the courier nor the pool of tasks may wait for it.
// Choice: a plain thread for each, at most `mostAtOnce` of them, that starts the program in a process group of its own,
// writes the notice to its standard input, reads what it prints and keeps the first bytes, and ends the whole group when
// it has ended or its time is over; what it left in the background would have no bound. No shell: arguments are passed as
// they stand in the file. It inherits no descriptor and of the environment only what names paths and language, since the
// worker's holds secrets. Rejected: Foundation's Process, which inherits the environment by default and leaves
// grandchildren behind. How it fails: with all threads taken a notice is tried again later; what leaves its group by
// setsid lives on, and whoever is process 1 reaps it.

/// How a command ended, and the start of what it printed.
struct CommandEnd: Sendable, Equatable {
    enum How: Sendable, Equatable {
        case exited(Int32)
        case killed(signal: Int32)
        case timedOut
        case notStarted(String)
    }

    let how: How
    /// At most 200 bytes, without control characters; it stands in the outcome.
    let output: String

    /// Of sysexits.h: wrong usage, wrong data, no such user, no such host, not permitted, wrong configuration.
    static let finalCodes: Set<Int32> = [64, 65, 67, 68, 77, 78]
}

/// Runs commands, a few at a time.
final class CommandRunner: Sendable {
    static let mostAtOnce = 8
    static let mostOutputBytes = 200

    private let running = Mutex(0)

    /// Runs one command. Returns within about `patience` and a second.
    ///
    /// - Parameter words: the program's whole path and its arguments.
    func run(_ words: [String], input: [UInt8], within patience: Duration) async -> CommandEnd {
        let hasRoom = running.withLock { count in
            guard count < Self.mostAtOnce else { return false }
            count += 1
            return true
        }
        guard hasRoom else { return CommandEnd(how: .notStarted("too many commands run"), output: "") }
        let end = await withCheckedContinuation { continuation in
            _ = PlainThread(name: "command") {
                continuation.resume(returning: CommandProcess.run(words, input: input, within: patience))
            }
        }
        running.withLock { $0 -= 1 }
        return end
    }
}

/// One command as its thread sees it. All of it blocks.
private struct CommandProcess {
    private static let grace = Duration.milliseconds(500)
    /// Its end is looked for so often, since a grandchild may hold the pipes open.
    private static let pollMilliseconds: CInt = 10

    private static let starting = Mutex(())
    /// Killed, and not gone when their thread gave up on them: in the kernel's hands, such as a file system that is away.
    private static let unreaped = Mutex<[pid_t]>([])

    private let process: pid_t
    private var input: CInt
    private let output: CInt
    private var rest: ArraySlice<UInt8>
    private var printed: [UInt8] = []

    static func run(_ words: [String], input: [UInt8], within patience: Duration) -> CommandEnd {
        let deadline = ContinuousClock.now + patience
        // A command that reads nothing closes its end; this thread alone is to hear of that by an error.
        var broken = sigset_t()
        sigemptyset(&broken)
        sigaddset(&broken, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &broken, nil)
        reap()
        var command: CommandProcess
        do throws(Failure) {
            command = try CommandProcess(words, input: input)
        } catch {
            return CommandEnd(how: .notStarted(error.reason), output: "")
        }
        let how = command.wait(until: deadline)
        command.close()
        return CommandEnd(how: how, output: printable(command.printed))
    }

    private struct Failure: Error {
        let reason: String
    }

    private init(_ words: [String], input: [UInt8]) throws(Failure) {
        // No other command may start between the making of a pipe and its closing on exec: it would hold it open.
        let started = Self.starting.withLock { _ in Self.start(words) }
        let (process, toChild, fromChild) = try started.get()
        self.process = process
        self.input = toChild
        output = fromChild
        rest = input[...]
        for end in [self.input, output] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    /// Starts a command; gives our ends of its pipes.
    private static func start(
        _ words: [String]
    ) -> Result<(process: pid_t, toChild: CInt, fromChild: CInt), Failure> {
        var toChild: [CInt] = [-1, -1]
        var fromChild: [CInt] = [-1, -1]
        guard pipe(&toChild) == 0 else { return .failure(Failure(reason: "no pipe")) }
        guard pipe(&fromChild) == 0 else {
            for end in toChild { Glibc.close(end) }
            return .failure(Failure(reason: "no pipe"))
        }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let started = spawn(words, reading: toChild[0], writing: fromChild[1])
        Glibc.close(toChild[0])
        Glibc.close(fromChild[1])
        switch started {
        case .success(let process): return .success((process, toChild[1], fromChild[0]))
        case .failure(let failure):
            Glibc.close(toChild[1])
            Glibc.close(fromChild[0])
            return .failure(failure)
        }
    }

    private static func spawn(_ words: [String], reading: CInt, writing: CInt) -> Result<pid_t, Failure> {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_adddup2(&files, reading, 0)
        posix_spawn_file_actions_adddup2(&files, writing, 1)
        posix_spawn_file_actions_adddup2(&files, writing, 2)
        // Not every library closes its descriptors on exec.
        for descriptor in descriptorsToClose() { posix_spawn_file_actions_addclose(&files, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = environment().map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        guard let program = words.first else { return .failure(Failure(reason: "no program")) }
        var process = pid_t()
        let status = posix_spawn(&process, program, &files, &attributes, &arguments, &environment)
        return status == 0 ? .success(process) : .failure(Failure(reason: "error \(status) for \(program)"))
    }

    private static func environment() -> [String] {
        let names: [String] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]
        return names.compactMap { (name: String) -> String? in
            guard let value = getenv(name) else { return nil }
            return "\(name)=\(String(cString: value))"
        }
    }

    /// All numbers up to the highest that is open, and some beyond it: a descriptor that another thread opens before the
    /// command starts gets the lowest that is free. Closing what is not open is no error, but beyond the process's limit.
    private static func descriptorsToClose() -> Range<CInt> {
        let openedMeanwhile: CInt = 256
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let end = min(CInt(clamping: limit.rlim_cur), (openDescriptors().max() ?? 2) + openedMeanwhile)
        return 3..<max(3, end)
    }

    private static func openDescriptors() -> [CInt] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [CInt] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = CInt(name) { found.append(number) }
        }
        return found
    }

    /// Feeds and reads the command until it ends, and ends it when its time is over.
    private mutating func wait(until deadline: ContinuousClock.Instant) -> CommandEnd.How {
        while ContinuousClock.now < deadline {
            exchange()
            if hasEnded {
                exchange()
                return end()
            }
        }
        kill(-process, SIGTERM)
        wait(atMost: Self.grace)
        kill(-process, SIGKILL)
        wait(atMost: Self.grace)
        if hasEnded { _ = end() } else { Self.unreaped.withLock { $0.append(process) } }
        return .timedOut
    }

    private mutating func wait(atMost time: Duration) {
        let last = ContinuousClock.now + time
        while ContinuousClock.now < last, !hasEnded { exchange() }
    }

    /// One look at both pipes.
    private mutating func exchange() {
        var looks = [
            pollfd(fd: rest.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&looks, 2, Self.pollMilliseconds)
        if looks[0].revents != 0 {
            let written = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            rest = written > 0 ? rest.dropFirst(written) : written < 0 && errno == EAGAIN ? rest : []
        }
        if rest.isEmpty, input >= 0 {
            Glibc.close(input)
            input = -1
        }
        guard looks[1].revents & Int16(POLLIN) != 0 else {
            // Nothing more to read: only the end is waited for.
            if looks[1].revents != 0 { _ = poll(nil, 0, Self.pollMilliseconds) }
            return
        }
        var piece = [UInt8](repeating: 0, count: 4_096)
        let count = read(output, &piece, piece.count)
        if count > 0 { printed += piece.prefix(min(count, CommandRunner.mostOutputBytes - printed.count)) }
    }

    /// It is left unreaped, so that its number stays its own, and its group's.
    private var hasEnded: Bool {
        var told = siginfo_t()
        return waitid(P_PID, id_t(process), &told, WEXITED | WNOHANG | WNOWAIT) == 0 && told.si_signo == SIGCHLD
    }

    /// Ends what is left of the group of a command that has ended, and reaps it.
    private func end() -> CommandEnd.How {
        kill(-process, SIGKILL)
        var status: CInt = 0
        guard waitpid(process, &status, 0) == process else { return .notStarted("it was reaped by somebody else") }
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }

    private static func reap() {
        unreaped.withLock { left in left.removeAll { waitpid($0, nil, WNOHANG) != 0 } }
    }

    private func close() {
        if input >= 0 { Glibc.close(input) }
        Glibc.close(output)
    }

    private static func printable(_ bytes: [UInt8]) -> String {
        let plain = bytes.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }
        return String(decoding: plain, as: UTF8.self).split(separator: " ").joined(separator: " ")
    }
}
