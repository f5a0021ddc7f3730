import Foundation
import TestSupport
import Testing

@testable import Delivery

@Suite("Notices by command")
struct CommandRunnerTests {
    private static let patience = Duration.seconds(20)

    private static func shell(_ script: String, input: String = "", within: Duration = patience) async -> CommandEnd {
        await CommandRunner().run(["/bin/sh", "-c", script], input: Array(input.utf8), within: within)
    }

    @Test("a command reads the notice from its standard input and gets its arguments as they stand")
    func input() async throws {
        let folder = try makeTemporaryFolder("command")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let end = await CommandRunner().run(
            [
                "/bin/sh", "-c", "cat > \"$1\"; printf '%s' \"$2\" >> \"$1\"", "sh", "\(folder)/seen",
                "a; touch x $(id)",
            ],
            input: Array("{\"version\":1}".utf8), within: Self.patience)
        #expect(end == CommandEnd(how: .exited(0), output: ""))
        #expect(try String(contentsOfFile: "\(folder)/seen", encoding: .utf8) == "{\"version\":1}a; touch x $(id)")
    }

    @Test("it sees no secret of the worker and no open file")
    func environment() async {
        setenv("NIGHTSHIFT_SECRET_X", "hidden", 1)
        defer { unsetenv("NIGHTSHIFT_SECRET_X") }
        let end = await Self.shell("env | grep -c NIGHTSHIFT; ls /proc/self/fd | wc -l")
        // Standard input, output, error, and the folder that ls reads.
        #expect(end.output == "0 4")
    }

    @Test(
        "each end is told as it was",
        arguments: [
            ("exit 0", CommandEnd.How.exited(0)), ("exit 75", .exited(75)), ("exit 255", .exited(255)),
            ("kill -9 $$", .killed(signal: 9)),
        ])
    func ends(script: String, how: CommandEnd.How) async {
        #expect(await Self.shell(script).how == how)
    }

    @Test("one that hangs is ended with its children, one that ignores that is killed, and nobody waits for its pipes")
    func hangs() async throws {
        let folder = try makeTemporaryFolder("command")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = "trap '' TERM; sleep 600 & echo $! > \(folder)/child; while :; do sleep 1; done"
        // A busy machine may take longer to come so far.
        var patience = Duration.milliseconds(200)
        while try Self.line(of: "\(folder)/child") == nil, patience < .seconds(60) {
            #expect(await Self.shell(script, within: patience).how == .timedOut)
            patience *= 2
        }
        try Self.hasEnded(try #require(try Self.line(of: "\(folder)/child")))
    }

    @Test("one that ends leaves nobody behind, and one that still holds its pipes does not hold up the answer")
    func leaves() async throws {
        let folder = try makeTemporaryFolder("command")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(await Self.shell("sleep 600 & echo $! > \(folder)/child; exit 0").how == .exited(0))
        try Self.hasEnded(try #require(try Self.line(of: "\(folder)/child")))
    }

    private static func line(of path: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").first.map(String.init)
    }

    /// Ended, reaped or not.
    private static func hasEnded(_ process: String) throws {
        try PrivateCluster.wait("the child has ended") {
            !FileManager.default.fileExists(atPath: "/proc/\(process)/cwd")
        }
    }

    @Test("what it prints is kept up to a bound, and one that reads nothing or prints for ever harms nobody")
    func output() async {
        let end = await Self.shell("echo 'no  such\tpager' >&2; exit 67")
        #expect(end == CommandEnd(how: .exited(67), output: "no such pager"))
        let endless = await Self.shell("yes", within: .milliseconds(300))
        #expect(endless.how == .timedOut && endless.output.utf8.count <= CommandRunner.mostOutputBytes)
        let deaf = await Self.shell("exec 0<&-; exit 3", input: String(repeating: "x", count: 1 << 20))
        #expect(deaf.how == .exited(3))
    }

    @Test("what is not there does not start, and not more than a few run at once")
    func starting() async throws {
        let missing = await CommandRunner().run(["/nowhere/page"], input: [], within: Self.patience)
        if case .notStarted = missing.how {} else { #expect(missing.how == .notStarted("")) }
        let folder = try makeTemporaryFolder("command")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let runner = CommandRunner()
        let gate = "until [ -e \(folder)/open ]; do sleep 0.02; done"
        let ends = await withTaskGroup(of: CommandEnd.How.self) { group in
            for _ in 0..<CommandRunner.mostAtOnce + 1 {
                group.addTask { await runner.run(["/bin/sh", "-c", gate], input: [], within: Self.patience).how }
            }
            // The one too many is told at once; the others wait for the gate.
            let first = await group.next()
            _ = FileManager.default.createFile(atPath: "\(folder)/open", contents: nil)
            return await group.reduce(into: [first]) { $0.append($1) }
        }
        #expect(ends.first == .some(.notStarted("too many commands run")))
        #expect(ends.dropFirst().allSatisfy { $0 == .exited(0) })
    }
}
