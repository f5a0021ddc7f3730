import Testing

@Suite("The house rules")
struct TidyTests {
    let tree = SourceTree()

    @Test(
        "every file of Sources keeps the rules",
        arguments: [
            ("arrows", Rules.imports), ("clocks", Rules.clocks), ("traps", Rules.traps), ("guards", Rules.guards),
            ("lengths", Rules.lengths), ("names", Rules.names),
        ] as [(String, @Sendable (SourceTree.File) -> [Breach])]
    )
    func sources(rule: String, check: @Sendable (SourceTree.File) -> [Breach]) throws {
        let files = try tree.files("Sources", ".swift")
        #expect(files.count > 30, "expected the whole of Sources, read \(files.count) files")
        let breaches = files.flatMap(check)
        #expect(breaches.isEmpty, "\(rule):\n\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test("every Lua transition opens with its header")
    func lua() throws {
        let files = try tree.files("Sources", ".lua").filter { !$0.path.hasSuffix("shared.lua") }
        #expect(!files.isEmpty)
        let breaches = files.flatMap(Rules.luaHeader)
        #expect(breaches.isEmpty, "\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test("no test sleeps")
    func sleepless() throws {
        let breaches = try tree.files("Tests", ".swift").filter { !$0.path.hasPrefix("Tests/TidyTests") }.flatMap {
            file in
            file.code.filter { $0.text.contains("Task.sleep") || $0.text.contains("Thread.sleep") }.map {
                Breach(path: file.path, line: $0.number, found: "a sleep", use: "a named event or a moved clock")
            }
        }
        #expect(breaches.isEmpty, "\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test("each of the 54 edge cases has a test whose name begins with its number")
    func edgeCases() throws {
        let text = try tree.files("Tests", ".swift").filter { !$0.path.hasPrefix("Tests/TidyTests") }
            .flatMap(\.lines).joined(separator: "\n")
        for number in 1...54 {
            #expect(text.contains("\"edge case \(number): "), "expected a test named \"edge case \(number): …\"")
        }
    }

    @Test("every metric of the catalogue is well-formed, named once, and written by somebody")
    func metrics() throws {
        let files = try tree.files("Sources", ".swift")
        let catalogue = try #require(files.first { $0.path.hasSuffix("Telemetry/MetricName.swift") })
        let text = catalogue.lines.joined(separator: " ")
        let entries = text.matches(of: /static let (\w+) = MetricName\(\s*"([^"]*)", \.(\w+)/)
        #expect(entries.count == text.matches(of: /= MetricName\(/).count && entries.count > 20)
        #expect(Set(entries.map(\.2)).count == entries.count)
        let writers = files.filter { $0.path != catalogue.path }.flatMap(\.code).map(\.text).joined(separator: " ")
        for entry in entries {
            #expect(entry.2.wholeMatch(of: /nightshift_[a-z_]+/) != nil, "\(entry.2)")
            #expect((entry.3 == "counter") == entry.2.hasSuffix("_total"), "\(entry.2)")
            let writes = try Regex("\\.(add|set|observe|replace)\\(\\s*\\.\(entry.1)\\b")
            #expect(writers.contains(writes), "\(entry.1): expected somebody who writes it, found nobody")
        }
    }

    @Test("nothing committed names a path of one machine")
    func paths() throws {
        let words = ["/wor" + "k/", "/opt/sw" + "ift", "/roo" + "t/"]
        for folder in ["Sources", "Tests", "ops", "config", ".ci"] {
            for file in try tree.files(folder, "") {
                for (number, line) in file.lines.enumerated() {
                    for word in words where line.contains(word) {
                        Issue.record("\(file.path):\(number + 1): \(word), use a relative path")
                    }
                }
            }
        }
    }
}

@Suite("Each rule can fail")
struct RuleTests {
    private func file(_ path: String, _ text: String) -> SourceTree.File {
        SourceTree.File(
            path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    @Test("an import against the arrows is found, one along them is not")
    func arrows() {
        #expect(Rules.imports(file("Sources/Workers/A.swift", "package import Redis")).count == 1)
        #expect(Rules.imports(file("Sources/Workers/A.swift", "import Lanes\nimport Foundation")).isEmpty)
    }

    @Test("a clock in a pure target is found, in a shell it is not")
    func clocks() {
        #expect(Rules.clocks(file("Sources/Conversations/A.swift", "let now = Date()")).count == 1)
        #expect(Rules.clocks(file("Sources/Workers/A.swift", "let now = Date()")).isEmpty)
    }

    @Test("traps are found in code, not in comments")
    func traps() {
        #expect(Rules.traps(file("Sources/Lanes/A.swift", "let a = try! b()\nfatalError(\"x\")")).count == 2)
        #expect(Rules.traps(file("Sources/Lanes/A.swift", "/// never try! here")).isEmpty)
    }

    @Test("unchecked sharing without a named guard is found")
    func guards() {
        #expect(
            Rules.guards(file("Sources/Lanes/A.swift", "final class A: @unchecked Sendable {\n  var a = 1")).count == 1)
        #expect(
            Rules.guards(file("Sources/Lanes/A.swift", "final class A: @unchecked Sendable {\n  // Guard: lock"))
                .isEmpty)
    }

    @Test("a long file and a long function are found")
    func lengths() {
        let long = "func a() {\n" + String(repeating: "    b()\n", count: 75) + "}\n"
        #expect(Rules.lengths(file("Sources/Lanes/A.swift", long)).count == 1)
        #expect(Rules.lengths(file("Sources/Lanes/A.swift", String(repeating: "\n", count: 400))).count == 1)
        #expect(Rules.lengths(file("Sources/Lanes/A.swift", "func a() {\n    b()\n}\n")).isEmpty)
    }

    @Test("a Lua file without its header is found")
    func lua() {
        #expect(Rules.luaHeader(file("Sources/Lanes/Functions/a.lua", "return 1")).count == 5)
    }
}
