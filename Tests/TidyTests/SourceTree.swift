import Foundation

/// The repository as text: what the house rules are held against.
struct SourceTree {
    struct File {
        /// Relative to the repository, such as `Sources/Lanes/LaneStore.swift`.
        let path: String
        let lines: [String]

        /// The folder below `Sources` or `Tests`.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

        /// Line number and text, without what stands in comments; strings are kept.
        var code: [(number: Int, text: String)] {
            lines.enumerated().compactMap { index, line in
                let text = line.trimmingCharacters(in: .whitespaces)
                guard !text.hasPrefix("//") else { return nil }
                return (index + 1, text.components(separatedBy: " // ").first ?? text)
            }
        }
    }

    let root: URL

    init() {
        root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Files below `folder` whose name ends with `suffix`, sorted by path; generated Swift is left out.
    func files(_ folder: String, _ suffix: String) throws -> [File] {
        let base = root.appending(path: folder)
        let names = try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { name in
            (try? base.appending(path: name).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory != true
        }
        return try names.filter { $0.hasSuffix(suffix) && !$0.contains("Generated/") }.sorted().map { name in
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            return File(path: "\(folder)/\(name)", lines: text.components(separatedBy: "\n"))
        }
    }
}

/// One break of a rule, printed as `path:line: found, use other`.
struct Breach: CustomStringConvertible {
    let path: String
    let line: Int
    let found: String
    let use: String

    var description: String { "\(path):\(line): \(found), use \(use)" }
}
