import Conversations
import Foundation

@testable import Settings

/// The configuration that lies in the repository.
enum ShippedConfig {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("config").path

    static func files() throws -> ConfigFiles { try ConfigFiles(folder: folder) }

    static let policy = Result { try Policy.read(folder: folder) }

    /// The shipped files with one of them replaced, added or, with nil, taken away.
    static func files(with text: String?, at path: String) throws -> ConfigFiles {
        var files = try files().files.filter { $0.path != path }
        if let text { files.append(ConfigFiles.File(path: path, bytes: Array(text.utf8))) }
        return ConfigFiles(files)
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try files().file(path)?.bytes ?? [], as: UTF8.self)
    }
}
