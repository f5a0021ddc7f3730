import BusinessTime
import Foundation
import Instants
import Testing

/// Offsets against an implementation that others wrote: Python's zoneinfo, on the same files.
@Suite("Python's zoneinfo")
struct ZoneinfoReferenceTests {
    struct Line: Sendable {
        let zone: String
        let change: Int64
        /// One second before the change, at it, one second after it.
        let shown: [Shown]
    }

    struct Shown: Hashable, Sendable {
        let offset: Int
        let abbreviation: String
    }

    struct Years: Sendable {
        let first: Int
        let last: Int
        /// What there must be at least, so that an empty answer cannot pass.
        let leastChanges: Int
    }

    /// 2000 to 2037 is what files list; 2099 to 2102 crosses the end of the table; 2440 is more than a cycle away.
    @Test(
        "agrees around every change of clocks in every zone of zone1970.tab",
        arguments: [
            Years(first: 2_000, last: 2_037, leastChanges: 9_000),
            Years(first: 2_099, last: 2_102, leastChanges: 800),
            Years(first: 2_440, last: 2_441, leastChanges: 400),
        ])
    func agrees(years: Years) throws {
        let names = try Zoneinfo.names()
        try #require(names.count > 300, "expected more than 300 zones in zone1970.tab, got \(names.count)")
        let lines = try reference(years, names)
        #expect(Set(lines.map(\.zone)) == Set(names))
        #expect(lines.count >= years.leastChanges)
        let byZone = Dictionary(grouping: lines, by: \.zone)
        var differences: [String] = []
        for name in names {
            let rules = try Zoneinfo.rules(name)
            let lines = byZone[name] ?? []
            for line in lines {
                let instants = [-1, 0, 1].map { Instant(seconds: line.change + $0) }
                let ours = instants.map {
                    Shown(offset: rules.offset(at: $0), abbreviation: rules.abbreviation(at: $0))
                }
                if ours != line.shown { differences.append("\(name) at \(instants[1]): \(ours), not \(line.shown)") }
            }
            let expected = lines.filter { $0.shown[0].offset != $0.shown[1].offset }.map(\.change)
            let found = try changes(of: rules, years)
            if found != expected { differences.append("\(name): changes \(found), not \(expected)") }
        }
        #expect(differences.isEmpty, "\(differences.count) differences, the first: \(differences.prefix(3))")
    }

    private func changes(of rules: ZoneRules, _ years: Years) throws -> [Int64] {
        let first = try at("\(years.first)-01-01T00:00")
        let last = try at("\(years.last + 1)-01-01T00:00")
        var changes: [Int64] = []
        var instant = first - .milliseconds(1)
        while let next = rules.nextTransition(after: instant), next < last {
            changes.append(next.seconds)
            instant = next
        }
        return changes
    }

    private func reference(_ years: Years, _ names: [String]) throws -> [Line] {
        let script = try #require(
            Bundle.module.path(forResource: "zoneinfo_reference", ofType: "py"), "the script is not in the bundle")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script, Zoneinfo.folder, "\(years.first)", "\(years.last)"] + names
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(
            process.terminationStatus == 0,
            "expected python3 (3.9 or later) to print its zoneinfo, got exit status \(process.terminationStatus)")
        return try String(decoding: data, as: UTF8.self).split(separator: "\n").map { line in
            let columns = line.split(separator: "\t").map(String.init)
            try #require(columns.count == 8, "expected eight columns, got \(line)")
            let shown = try [2, 4, 6].map {
                Shown(offset: try #require(Int(columns[$0])), abbreviation: columns[$0 + 1])
            }
            return Line(zone: columns[0], change: try #require(Int64(columns[1])), shown: shown)
        }
    }
}
