import Foundation
import Testing

/// The committed Swift is what the schema says. With the plugin built (`ops/regenerate-protobuf`) it is made again and
/// compared as a whole; without it, every name of the schema must stand in the Swift and no message be left over.
@Suite("The schema and its Swift")
struct SchemaTests {
    static let files = ["actions", "decisions", "events", "states"]

    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test("every message, field and enum of the schema stands in the Swift", arguments: files)
    func names(file: String) throws {
        let schema = try text("Sources/Contracts/Schema/\(file).proto")
        let swift = try text("Sources/Contracts/Generated/\(file).pb.swift")
        var messages = 0
        for line in schema.components(separatedBy: "\n") {
            let words = line.split(whereSeparator: { " ;{".contains($0) }).map(String.init)
            guard let first = words.first, !first.hasPrefix("//") else { continue }
            if first == "message", words.count > 1 {
                messages += 1
                #expect(swift.contains("struct \(words[1]): "), "\(words[1])")
            } else if let at = words.firstIndex(of: "="), at >= 1, first != "option", first != "syntax" {
                let name = words[at - 1]
                #expect(swift.contains("\(name)\\0"), "\(file).proto: \(name)")
            }
        }
        let made = swift.components(separatedBy: "static let protoMessageName").count - 1
        #expect(messages > 0 && made == messages)
    }

    @Test("making the Swift again changes nothing")
    func regenerated() throws {
        let plugin = root.appending(path: ".build-protoc/debug/protoc-gen-swift").path
        guard FileManager.default.isExecutableFile(atPath: plugin) else { return }
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-schema-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = root.appending(path: "ops/regenerate-protobuf")
        process.arguments = [folder.path]
        process.currentDirectoryURL = root
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        for file in Self.files {
            let made = try String(contentsOf: folder.appending(path: "\(file).pb.swift"), encoding: .utf8)
            #expect(try made == text("Sources/Contracts/Generated/\(file).pb.swift"), "\(file).proto")
        }
    }
}
