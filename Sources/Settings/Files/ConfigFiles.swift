internal import Glibc

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
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
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
        let most = path.hasPrefix("products/") ? mostBytesOfProducts : mostBytesOfFile
        let unreadable = ConfigFault(file: path, expected: "a file that can be read", got: "none")
        let descriptor = open(folder + "/" + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw unreadable }
        let size = Int(status.st_size)
        guard size <= most else {
            throw ConfigFault(file: path, expected: "at most \(most) bytes", got: "\(size)")
        }
        var hasFailed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                guard got > 0 || got < 0 && errno == EINTR else {
                    hasFailed = got < 0
                    return
                }
                count += max(0, got)
            }
        }
        guard !hasFailed else { throw unreadable }
        return File(path: path, bytes: bytes)
    }

    package func file(_ path: String) -> File? { files.first { $0.path == path } }

    /// The paths of configuration below a folder; false if it is none, or cannot be read.
    private static func collect(_ path: String, in folder: String, depth: Int, _ names: inout [String]) -> Bool {
        guard let children = entries(of: folder + "/" + path) else { return false }
        for child in children.sorted() where !child.hasPrefix(".") && names.count <= mostFiles {
            let below = path.isEmpty ? child : path + "/" + child
            var status = stat()
            if stat(folder + "/" + below, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                if depth < mostDepth { _ = collect(below, in: folder, depth: depth + 1, &names) }
            } else if child.hasSuffix(".yaml") || (path == "products" && isProducts(child)) {
                names.append(below)
            }
        }
        return true
    }

    /// The names in a folder, without itself and its parent; nil if it is none or cannot be read.
    private static func entries(of folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func isProducts(_ name: String) -> Bool { name.hasSuffix(".csv") || name.hasSuffix(".json") }
}
