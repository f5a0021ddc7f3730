import ArgumentParser
import Channels
import Foundation
import Settings

/// Names every fault of a configuration folder.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration folder and name every fault in one run.")

    @Argument(help: "The configuration folder.") var folder: String
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Option(help: "Check this file of notices too, and that whoever a team calls stands in it.") var notices: String?
    @Flag(help: "Print JSON lines.") var json = false

    func run() async throws {
        var faults: [ConfigFault]
        var called: Set<String> = []
        do throws(ConfigFault) {
            let check = ConfigCheck(try ConfigFiles(folder: folder), zones: ZoneFolder(zoneinfo))
            faults = check.faults
            called = check.called
        } catch {
            faults = [error]
        }
        if let notices {
            guard let text = FileManager.default.contents(atPath: notices) else {
                throw Failure(expected: "a file that can be read", came: "none", at: notices)
            }
            faults += NoticeTargets.faults(of: Array(text), file: notices, calling: called)
        }
        for fault in faults {
            Output.line(json ? Self.json(fault).text() : fault.description)
        }
        if !faults.isEmpty {
            Output.note("\(faults.count) fault\(faults.count == 1 ? "" : "s") in \(folder)")
            throw ExitCode(1)
        }
        if !json { Output.line("\(folder): no fault") }
    }

    private static func json(_ fault: ConfigFault) -> JSONValue {
        [
            "file": .string(fault.file), "line": .integer(Int64(fault.line)), "column": .integer(Int64(fault.column)),
            "expected": .string(fault.expected), "got": .string(fault.got),
            "nearest": fault.nearest.map { .string($0) } ?? .null,
        ]
    }
}
