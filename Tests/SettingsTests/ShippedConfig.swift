import Conversations
import Foundation

@testable import Settings

/// The configuration that lies in the repository.
enum ShippedConfig {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("config").path

    private static let all = Result { try ConfigFiles(folder: folder) }

    static func files() throws -> ConfigFiles { try all.get() }

    static let policy = Result { try Policy.read(folder: folder) }

    /// The shipped files with one of them replaced, added or, with nil, taken away.
    static func files(with text: String?, at path: String) throws -> ConfigFiles {
        var files = try files().files.filter { $0.path != path }
        if let text { files.append(ConfigFiles.File(path: path, bytes: Array(text.utf8))) }
        return ConfigFiles(files)
    }

    /// The same without phrases, which are two thirds of the bytes and say nothing of what most tests ask: read at once, where all
    /// take half a second in a debug build.
    static func wordless(with text: String? = nil, at path: String? = nil) throws -> ConfigFiles {
        let files = try path.map { try Self.files(with: text, at: $0) } ?? files()
        return ConfigFiles(files.files.filter { !$0.path.hasSuffix("/phrases.yaml") })
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try files().file(path)?.bytes ?? [], as: UTF8.self)
    }
}
