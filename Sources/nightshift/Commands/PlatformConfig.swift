import Bench
import Foundation
import Sandbox

/// The shipped configuration for a drill of the platform: its windows and limits scaled as the double's are, and the rules on that
/// send what a platform has opinions about, private replies and seen marks.
struct PlatformConfig {
    let trouble: PlatformTrouble

    /// The path of the copy.
    func copy(_ config: String, to folder: URL) throws -> String {
        let copy = folder.appending(path: "config")
        try FileManager.default.copyItem(at: URL(filePath: config), to: copy)
        for name in ["facebook", "instagram"] {
            try rewrite(copy.appending(path: "channels/\(name).yaml"), channel)
        }
        let markets = copy.appending(path: "markets")
        for name in try FileManager.default.contentsOfDirectory(atPath: markets.path) where name.hasSuffix(".yaml") {
            try rewrite(markets.appending(path: name)) { line in
                line.hasPrefix("faq:") ? line + "\n  - {rule: order_status}" : line
            }
        }
        return copy.path
    }

    private func channel(_ line: String) -> String {
        if line.hasPrefix("window:") { return "window: \(trouble.windows.standard.components.seconds)s" }
        if line.hasPrefix("person_window:") { return "person_window: \(trouble.windows.person.components.seconds)s" }
        // Else what was refused twice at the end would outlast the drill's patience.
        if line.hasPrefix("echo_within:") { return "echo_within: 15s" }
        if line.hasPrefix("# mark_seen:") { return "mark_seen: true" }
        for limit in trouble.limits where line.hasPrefix("  \(limit.counted.rawValue):") {
            return "  \(limit.counted.rawValue): {most: \(limit.most), per: \(limit.per.components.seconds)s}"
        }
        return line
    }

    private func rewrite(_ file: URL, _ line: (String) -> String) throws {
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        try Data(lines.map { line(String($0)) }.joined(separator: "\n").utf8).write(to: file)
    }
}
