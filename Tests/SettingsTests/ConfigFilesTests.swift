import Foundation
import Settings
import TestSupport
import Testing

@Suite("The files of a configuration")
struct ConfigFilesTests {
    @Test("links are followed, as in a mounted Kubernetes ConfigMap, and nothing is read twice")
    func links() throws {
        let place = URL(filePath: try makeTemporaryFolder("links"))
        defer { try? FileManager.default.removeItem(at: place) }
        let files = FileManager.default
        let data = place.appending(path: "mounted/..2026_11_23")
        try files.createDirectory(at: data.appending(path: "markets"), withIntermediateDirectories: true)
        try Data("a: 1\n".utf8).write(to: data.appending(path: "accounts.yaml"))
        try Data("b: 2\n".utf8).write(to: data.appending(path: "markets/de.yaml"))
        let mounted = place.appending(path: "mounted").path
        try files.createSymbolicLink(atPath: mounted + "/..data", withDestinationPath: "..2026_11_23")
        try files.createSymbolicLink(atPath: mounted + "/accounts.yaml", withDestinationPath: "..data/accounts.yaml")
        try files.createSymbolicLink(atPath: mounted + "/markets", withDestinationPath: "..data/markets")
        let link = place.appending(path: "config").path
        try files.createSymbolicLink(atPath: link, withDestinationPath: mounted)
        for folder in [mounted, link, link + "/"] {
            let read = try ConfigFiles(folder: folder)
            #expect(read.files.map(\.path) == ["accounts.yaml", "markets/de.yaml"])
            #expect(read.file("markets/de.yaml")?.bytes == Array("b: 2\n".utf8))
        }
    }

    @Test("a folder that leads into itself ends in a fault, a link to nothing is named")
    func badLinks() throws {
        let place = URL(filePath: try makeTemporaryFolder("links"))
        defer { try? FileManager.default.removeItem(at: place) }
        let files = FileManager.default
        let loop = place.appending(path: "loop")
        try files.createDirectory(at: loop, withIntermediateDirectories: true)
        for name in ["a", "b", "c"] {
            try files.createSymbolicLink(atPath: loop.path + "/" + name, withDestinationPath: ".")
        }
        try Data("a: 1\n".utf8).write(to: loop.appending(path: "accounts.yaml"))
        #expect(throws: ConfigFault.self) { try ConfigFiles(folder: loop.path) }
        let torn = place.appending(path: "torn")
        try files.createDirectory(at: torn, withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: torn.path + "/gone.yaml", withDestinationPath: "nowhere")
        #expect {
            try ConfigFiles(folder: torn.path)
        } throws: {
            "\($0)".contains("gone.yaml")
        }
    }
}
