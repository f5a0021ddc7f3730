internal import Instants
package import Lanes

/// A snapshot of signals as it is written: a line a signal, its parts separated by tabs, in the order of names.
///
/// At most `mostBytes`. What does not fit is left out from the end of what it was made from, so whoever makes it puts
/// first what must not be missing. A snapshot that lacks something says so itself: the signal `signals.left_out` is how
/// many.
package struct SignalsContent: Sendable, Hashable {
    /// Of one snapshot, which every worker reads once a second; `signals.lua` takes no more.
    package static let mostBytes = 65_536
    /// Kept free for the line that says how many are missing.
    private static let reserve = 256
    /// Names of what is missing that are kept for people.
    private static let mostNamed = 8

    let bytes: [UInt8]
    /// How many signals are missing.
    package let leftOut: Int
    /// The first of them, in the order in which they came; at most eight.
    package let leftOutNames: [String]

    /// - Parameter signals: what matters most first; no name twice.
    /// - Throws: `.invalidRequest` for a tab or a line end.
    package init(_ signals: [Signal]) throws(LaneError) {
        var lines: [(name: String, line: [UInt8])] = []
        var size = 0
        for signal in signals {
            let line = try Self.line(signal)
            guard size + line.count <= Self.mostBytes - Self.reserve else { break }
            size += line.count
            lines.append((signal.name, line))
        }
        leftOut = signals.count - lines.count
        leftOutNames = signals.dropFirst(lines.count).prefix(Self.mostNamed).map(\.name)
        if leftOut > 0, let first = signals.first {
            let told = Signal(name: "signals.left_out", value: "\(leftOut)", at: first.at, writer: first.writer)
            let line = try Self.line(told)
            if size + line.count <= Self.mostBytes { lines.append((told.name, line)) }
        }
        bytes = lines.sorted { $0.name < $1.name }.flatMap(\.line)
    }

    private static func line(_ signal: Signal) throws(LaneError) -> [UInt8] {
        let parts = [signal.name, signal.value, String(signal.at.milliseconds), signal.writer]
        guard !parts.contains(where: { $0.utf8.contains(9) || $0.utf8.contains(10) }) else {
            throw .invalidRequest("expected a signal without tabs and line ends, got one in \(signal.name)")
        }
        return Array((parts.joined(separator: "\t") + "\n").utf8)
    }
}
