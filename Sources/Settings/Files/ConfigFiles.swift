internal import Foundation

/// The configuration as it lies in a folder: the bytes of every file, by path.
///
/// Kept as bytes because the bundle that is published, hashed and loaded by every worker is these bytes.
package struct ConfigFiles: Sendable, Equatable {
    /// Bytes of one file.
    package static let mostBytesOfFile = 1 << 20
    /// Bytes of one list of products.
    package static let mostBytesOfProducts = 12 << 20
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

    /// Folders in folders.
    private static let mostDepth = 8

    /// Reads every `.yaml` file below `folder`; hidden files and other kinds are not configuration and are passed over.
    /// Links are followed: a mounted Kubernetes ConfigMap consists of them.
    ///
    /// - Throws: `ConfigFault` for a folder that cannot be read or a limit that is passed.
    package init(folder: String) throws(ConfigFault) {
        var names: [String] = []
        guard Self.collect("", in: folder, depth: 0, &names) else {
            throw ConfigFault(file: folder, expected: "a configuration folder", got: "none that can be read")
        }
        var files: [File] = []
        var size = 0
        for name in names.sorted() {
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
        let full = URL(filePath: folder + "/" + path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: full)
        let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
        let most = path.hasPrefix("products/") ? mostBytesOfProducts : mostBytesOfFile
        guard size <= most else {
            throw ConfigFault(file: path, expected: "at most \(most) bytes", got: "\(size)")
        }
        guard let data = FileManager.default.contents(atPath: full) else {
            throw ConfigFault(file: path, expected: "a file that can be read", got: "none")
        }
        return File(path: path, bytes: [UInt8](data))
    }

    package func file(_ path: String) -> File? { files.first { $0.path == path } }

    /// The paths of configuration below a folder; false if it is none, or cannot be read.
    private static func collect(_ path: String, in folder: String, depth: Int, _ names: inout [String]) -> Bool {
        let place = URL(filePath: folder + "/" + path).resolvingSymlinksInPath().path
        guard let children = try? FileManager.default.contentsOfDirectory(atPath: place) else { return false }
        for child in children.sorted() where !child.hasPrefix(".") && names.count <= mostFiles {
            let below = path.isEmpty ? child : path + "/" + child
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: folder + "/" + below, isDirectory: &isFolder)
            if isFolder.boolValue {
                if depth < mostDepth { _ = collect(below, in: folder, depth: depth + 1, &names) }
            } else if child.hasSuffix(".yaml") || (path == "products" && isProducts(child)) {
                names.append(below)
            }
        }
        return true
    }

    private static func isProducts(_ name: String) -> Bool { name.hasSuffix(".csv") || name.hasSuffix(".json") }
}
