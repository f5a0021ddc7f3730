import Foundation

/// The house rules as functions of a file, so that each can be shown to fail on a bad sample.
enum Rules {
    /// Targets that may import nothing that does I/O, and read no clock.
    static let pure: Set<String> = [
        "Instants", "Contracts", "BusinessTime", "TextRules", "Replies", "Conversations",
    ]

    /// What a target may import of ours: DESIGN.md's table, written out.
    static let arrows: [String: Set<String>] = [
        "Instants": [],
        "Telemetry": [],
        "Contracts": ["Instants", "COpenSSL"],
        "Redis": ["CHiredis", "COpenSSL"],
        "BusinessTime": ["Instants"],
        "TextRules": [],
        "Replies": ["BusinessTime", "Instants"],
        "Conversations": ["Contracts", "BusinessTime", "TextRules", "Replies", "Instants"],
        "Lanes": ["Contracts", "Redis", "Instants", "Telemetry"],
        "Membership": ["Lanes", "Contracts", "Redis", "Instants", "Telemetry"],
        "Channels": ["Contracts", "COpenSSL", "Instants", "Telemetry"],
        "Settings": [
            "Lanes", "Conversations", "Channels", "Contracts", "BusinessTime", "TextRules", "Replies",
            "Instants", "Telemetry",
        ],
        "Coordination": ["Membership", "Settings", "Lanes", "Redis", "Contracts", "Instants", "Telemetry"],
        "Simulation": ["Coordination", "Membership", "Contracts", "Instants"],
        "Workers": [
            "Delivery", "Membership", "Settings", "Lanes", "Conversations", "BusinessTime", "Contracts", "Instants",
            "Telemetry",
        ],
        "Delivery": ["Membership", "Settings", "Lanes", "Channels", "Contracts", "Instants", "Telemetry"],
        "Ingress": ["Lanes", "Channels", "Settings", "Contracts", "Instants", "Telemetry"],
        "Sandbox": ["Channels", "Contracts", "Instants", "Telemetry"],
    ]

    static let ours = Set(arrows.keys).union(["CHiredis", "COpenSSL", "CMimalloc", "Bench"])

    static func imports(_ file: SourceTree.File) -> [Breach] {
        guard let allowed = arrows[file.target] else { return [] }
        return file.code.compactMap { number, text in
            let words = text.split(separator: " ").map(String.init)
            guard let at = words.firstIndex(of: "import"), at <= 2, at + 1 < words.count else { return nil }
            let name = String(words[at + 1].split(separator: ".")[0])
            guard ours.contains(name), !allowed.contains(name) else { return nil }
            return Breach(path: file.path, line: number, found: "import \(name)", use: "the arrows of DESIGN.md")
        }
    }

    static func clocks(_ file: SourceTree.File) -> [Breach] {
        guard pure.contains(file.target) else { return [] }
        let words = [
            "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "clock_gettime", "gettimeofday", "Task.sleep",
            "SystemRandomNumberGenerator", ".random(in:", "import Logging",
        ]
        return find(words, in: file, use: "a value passed in")
    }

    static func traps(_ file: SourceTree.File) -> [Breach] {
        find(["try!", "as!", "fatalError(", "preconditionFailure("], in: file, use: "a thrown error")
            + find(["DispatchQueue"], in: file, use: "a thread or a task group")
            + find(["TODO", "FIXME"], in: file, use: "an issue")
            + find(["hashValue"], in: file, use: "StableHash")
            + find(["TimeZone.current"], in: file, use: "a zone by name")
    }

    static func guards(_ file: SourceTree.File) -> [Breach] {
        file.lines.enumerated().compactMap { index, line in
            guard line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)"),
                !line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
            else { return nil }
            let next = index + 1 < file.lines.count ? file.lines[index + 1] : ""
            guard !next.contains("//") else { return nil }
            return Breach(
                path: file.path, line: index + 1, found: "unchecked sharing",
                use: "a comment that names its guard below")
        }
    }

    static func lengths(_ file: SourceTree.File) -> [Breach] {
        var breaches: [Breach] = []
        if file.lines.count > 320 {
            breaches.append(
                Breach(
                    path: file.path, line: 1, found: "\(file.lines.count) lines", use: "two files of one concept each"))
        }
        var start: (line: Int, indent: Int)?
        for (index, line) in file.lines.enumerated() {
            let text = line.drop { $0 == " " }
            let indent = line.count - text.count
            if let open = start, text.hasPrefix("}"), indent == open.indent {
                if index - open.line > 70 {
                    breaches.append(
                        Breach(
                            path: file.path, line: open.line + 1, found: "a function of \(index - open.line) lines",
                            use: "functions that fit a screen"))
                }
                start = nil
            }
            let isFunction = text.contains("func ") || text.contains("init(") && !text.contains(".init(")
            if isFunction, start == nil, !text.hasPrefix("//"), !text.hasPrefix("*") { start = (index, indent) }
            if let open = start, open.line == index, text.hasSuffix("}") { start = nil }
        }
        return breaches
    }

    static func names(_ file: SourceTree.File) -> [Breach] {
        ["Utils", "Helpers", "Models", "Manager", "Misc"].filter { file.path.contains($0) }.map {
            Breach(path: file.path, line: 1, found: "a name with \($0)", use: "the name of what it is")
        }
    }

    static func luaHeader(_ file: SourceTree.File) -> [Breach] {
        let header = file.lines.prefix { $0.hasPrefix("--") || $0.isEmpty || $0.hasPrefix("#!") }.joined(
            separator: "\n")
        return ["Guarantee", "KEYS", "ARGV", "Returns", "Complexity"].filter {
            !header.lowercased().contains($0.lowercased())
        }.map {
            Breach(path: file.path, line: 1, found: "a header without \($0)", use: "the five headings of a transition")
        }
    }

    private static func find(_ words: [String], in file: SourceTree.File, use: String) -> [Breach] {
        file.code.flatMap { number, text in
            words.filter { text.contains($0) }.map {
                Breach(path: file.path, line: number, found: $0, use: use)
            }
        }
    }
}
