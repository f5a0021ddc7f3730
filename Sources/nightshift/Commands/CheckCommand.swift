import ArgumentParser
import Channels
import Settings

/// Names every fault of a configuration folder.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration folder and name every fault in one run.")

    @Argument(help: "The configuration folder.") var folder: String
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Flag(help: "Print JSON lines.") var json = false

    func run() async throws {
        let faults: [ConfigFault]
        do throws(ConfigFault) {
            faults = ConfigCheck(try ConfigFiles(folder: folder), zones: ZoneFolder(zoneinfo)).faults
        } catch {
            faults = [error]
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
