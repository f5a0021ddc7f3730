internal import Foundation

/// The configuration as it lies in a folder: the bytes of every file, by path.
///
/// Kept as bytes because the bundle that is published, hashed and loaded by every worker is these bytes.
package struct ConfigFiles: Sendable, Equatable {
    /// Bytes of one file.
    package static let mostBytesOfFile = 1 << 20
    /// Bytes of all files together.
    package static let mostBytes = 16 << 20
    package static let mostFiles = 2_000

    /// Path relative to the folder, with `/`; ascending by bytes.
    package let files: [File]

    package struct File: Sendable, Equatable {
        package let path: String
        package let bytes: [UInt8]

        package init(path: String, bytes: [UInt8]) {
            self.path = path
            self.bytes = bytes
        }
    }

    package init(_ files: [File]) {
        self.files = files.sorted { Array($0.path.utf8).lexicographicallyPrecedes(Array($1.path.utf8)) }
    }

    /// Reads every `.yaml` file below `folder`; hidden files and other kinds are not configuration and are passed over.
    ///
    /// - Throws: `ConfigFault` for a folder that cannot be read or a limit that is passed.
    package init(folder: String) throws(ConfigFault) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            let names = FileManager.default.subpaths(atPath: folder)
        else { throw ConfigFault(file: folder, expected: "a configuration folder", got: "none that can be read") }
        var files: [File] = []
        var size = 0
        for name in names.sorted() where Self.isConfiguration(name) {
            let file = try Self.read(name, in: folder)
            size += file.bytes.count
            files.append(file)
            guard size <= Self.mostBytes, files.count <= Self.mostFiles else {
                throw ConfigFault(
                    file: folder, expected: "at most \(Self.mostFiles) files of \(Self.mostBytes) bytes together",
                    got: "more")
            }
        }
        self.init(files)
    }

    /// One file of a folder, without reading the others.
    package static func read(_ path: String, in folder: String) throws(ConfigFault) -> File {
        let full = folder + "/" + path
        let attributes = try? FileManager.default.attributesOfItem(atPath: full)
        let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
        guard size <= mostBytesOfFile else {
            throw ConfigFault(file: path, expected: "at most \(mostBytesOfFile) bytes", got: "\(size)")
        }
        guard let data = FileManager.default.contents(atPath: full) else {
            throw ConfigFault(file: path, expected: "a file that can be read", got: "none")
        }
        return File(path: path, bytes: [UInt8](data))
    }

    package func file(_ path: String) -> File? { files.first { $0.path == path } }

    private static func isConfiguration(_ path: String) -> Bool {
        path.hasSuffix(".yaml") && !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }
}
