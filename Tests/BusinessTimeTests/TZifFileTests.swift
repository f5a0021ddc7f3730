import BusinessTime
import Contracts
import Instants
import Testing

@Suite("A TZif file")
struct TZifFileTests {
    @Test("of version 1 is read from its 32-bit block, and its last offset stays")
    func versionOne() throws {
        var file = TZifBuilder()
        file.version = 0
        file.types = [(0, 0, 0), (3_600, 0, 0)]
        file.transitions = [(-1_000, 1), (1_000, 0), (2_000, 1)]
        let rules = try file.rules()
        #expect([-1_001, -1_000, 999, 1_000, 2_000].map(rules.offset(after:)) == [0, 3_600, 3_600, 0, 3_600])
        #expect(rules.offset(at: .distantFuture) == 3_600)
    }

    @Test(
        "of version 2, 3, 4 or one to come is read from its 64-bit block, beyond 32 bits and on by its footer",
        arguments: ["2", "3", "4", "5"])
    func laterVersions(version: String) throws {
        var file = TZifBuilder()
        file.version = try #require(version.utf8.first)
        file.types = [(1_234, 0, 0), (3_600, 0, 0)]
        file.transitions = [(-5_012_000_000, 1)]
        file.footer = "CET-1CEST,M3.5.0,M10.5.0/3"
        let rules = try file.rules()
        #expect(rules.offset(after: -5_012_000_001) == 1_234)
        #expect(rules.offset(after: -5_012_000_000) == 3_600)
        #expect(rules.offset(at: try at("2026-03-29T01:00")) == 7_200)
        #expect(rules.abbreviation(at: try at("2026-07-01T00:00")) == "CEST")
        #expect(rules.offset(at: try at("2126-07-01T00:00")) == 7_200)
    }

    @Test("without transitions follows its footer before 1970 and after 2100 too")
    func footerOnly() throws {
        var file = TZifBuilder()
        file.footer = "CET-1CEST,M3.5.0,M10.5.0/3"
        let rules = try file.rules()
        for year in [1_900, 1_969, 1_970, 2_026, 2_100, 2_101, 9_999] {
            #expect(rules.offset(at: try at("\(year)-01-15T00:00")) == 3_600)
            #expect(rules.offset(at: try at("\(year)-07-15T00:00")) == 7_200)
        }
    }

    @Test("whose footer is empty keeps the last offset, and without transitions the first type")
    func emptyFooter() throws {
        var file = TZifBuilder()
        #expect(try file.rules().offset(at: .epoch) == 3_600)
        file.types.append((7_200, 1, 4))
        file.transitions = [(0, 1)]
        #expect(try file.rules().offset(at: .distantFuture) == 7_200)
        #expect(try file.rules().nextTransition(after: .epoch) == nil)
    }

    @Test("with leap-second records gives the same instants as one without")
    func leapSeconds() throws {
        var file = TZifBuilder()
        file.types.append((7_200, 1, 4))
        file.transitions = [(500, 1), (1_002, 0), (2_002, 1)]
        file.leapSeconds = [(600, 1), (800, 2)]
        file.footer = ""
        let rules = try file.rules()
        #expect(
            [499, 500, 999, 1_000, 1_999, 2_000].map(rules.offset(after:)) == [
                3_600, 7_200, 7_200, 3_600, 3_600, 7_200,
            ])
    }

    @Test("with standard and universal flags is read past them")
    func flags() throws {
        var file = TZifBuilder()
        file.standardFlags = [1]
        file.universalFlags = [1]
        file.footer = "<+0545>-5:45"
        #expect(try file.rules().offset(at: .epoch) == 20_700)
        #expect(try file.rules().abbreviation(at: .epoch) == "+0545")
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: TZifError.Reason
        let build: @Sendable (inout TZifBuilder) -> Void
    }

    static let faults = [
        Fault(testDescription: "version", reason: .unknownVersion(7)) { $0.version = 7 },
        Fault(testDescription: "no types", reason: .count(field: "local time types", value: 0)) { $0.types = [] },
        Fault(testDescription: "flags", reason: .count(field: "standard/wall flags", value: 2)) {
            $0.standardFlags = [0, 0]
        },
        Fault(testDescription: "more flags", reason: .count(field: "UT/local flags", value: 3)) {
            $0.universalFlags = [0, 0, 0]
        },
        Fault(testDescription: "order", reason: .transitionsNotAscending) { $0.transitions = [(5, 0), (5, 0)] },
        Fault(testDescription: "type index", reason: .typeIndex(1)) { $0.transitions = [(5, 1)] },
        Fault(testDescription: "offset", reason: .utcOffset(93_600)) { $0.types = [(93_600, 0, 0)] },
        Fault(testDescription: "lowest offset", reason: .utcOffset(-2_147_483_648)) { $0.types = [(.min, 0, 0)] },
        Fault(testDescription: "daylight flag", reason: .daylightFlag(2)) { $0.types = [(0, 2, 0)] },
        Fault(testDescription: "designation index", reason: .designation) { $0.types = [(0, 0, 200)] },
        Fault(testDescription: "designation end", reason: .designation) { $0.designations = Array("CET".utf8) },
        Fault(testDescription: "designation text", reason: .designation) { $0.designations = [7, 7, 7, 0] },
        Fault(testDescription: "leap order", reason: .leapSeconds) { $0.leapSeconds = [(5, 1), (5, 2)] },
        Fault(testDescription: "leap correction", reason: .leapSeconds) {
            $0.transitions = [(5, 0), (7, 0)]
            $0.leapSeconds = [(6, 100)]
        },
        Fault(testDescription: "footer", reason: .footer("CET")) { $0.footer = "CET" },
        Fault(testDescription: "no footer", reason: .cutOff(expectedBytes: 1)) { $0.footer = nil },
    ]

    @Test("that is malformed is refused by name", arguments: faults)
    func refused(fault: Fault) throws {
        var file = TZifBuilder()
        fault.build(&file)
        let error = #expect(throws: TZifError.self) { _ = try file.rules() }
        #expect(error?.reason == fault.reason)
        #expect(error?.description.contains("expected") == true)
    }

    @Test("that is empty, something else, or too large is refused by name")
    func notTZif() throws {
        let name = try ZoneName("Test/Built")
        func reason(_ bytes: [UInt8]) -> TZifError.Reason? {
            #expect(throws: TZifError.self) { _ = try ZoneRules(name: name, tzif: bytes) }?.reason
        }
        #expect(reason([]) == .cutOff(expectedBytes: 4))
        #expect(reason(Array("PNG, not a zone".utf8)) == .notTZif)
        #expect(reason([UInt8](repeating: 0, count: 70_000)) == .tooLarge(bytes: 70_000))
    }

    @Test("cut off anywhere is refused")
    func cutOff() throws {
        let bytes = try Zoneinfo.bytes("Australia/Lord_Howe")
        for length in 0..<bytes.count {
            #expect(throws: TZifError.self) {
                _ = try ZoneRules(name: ZoneName("Test/Built"), tzif: Array(bytes[..<length]))
            }
        }
    }

    @Test("with bytes changed at random is read or refused, and never traps", arguments: [1, 2, 3, 4] as [UInt64])
    func mutated(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let name = try ZoneName("Test/Built")
        let originals = try ["Europe/Berlin", "Asia/Gaza", "Africa/Casablanca", "Asia/Kolkata"].map(Zoneinfo.bytes)
        var read = 0
        for _ in 0..<500 {
            var bytes = random.pick(originals) ?? []
            for _ in 0...random.number(below: 4) {
                let isNearHeaderOrFooter = random.chance(0.5)
                let reach = isNearHeaderOrFooter ? UInt64(60) : UInt64(bytes.count)
                let index = Int(random.number(below: reach))
                let position = random.chance(0.5) ? index : bytes.count - 1 - index
                bytes[position] = random.pick([0, 1, 0x7F, 0x80, 0xFF, 0x2C, 0x39]) ?? 0
            }
            guard let rules = try? ZoneRules(name: name, tzif: bytes) else { continue }
            read += 1
            exercise(rules)
        }
        #expect(read > 50, "seed \(seed): only \(read) files were read, so little was tried")
    }

    private func exercise(_ rules: ZoneRules) {
        let calendar = BusinessCalendar(name: CalendarName("test"), zone: rules, weekly: .daily([.wholeDay]))
        for instant in [Instant.distantPast, .epoch, Instant(seconds: 1_795_000_000), .distantFuture] {
            _ = rules.abbreviation(at: instant)
            _ = rules.nextTransition(after: instant)
            _ = rules.instants(for: rules.localTime(of: instant).date, secondOfDay: 7_200)
            _ = instant.roundedUp(in: rules, to: .hour)
            _ = calendar.state(at: instant)
        }
    }
}

extension ZoneRules {
    /// The offset at a number of seconds after 1970.
    fileprivate func offset(after seconds: Int64) -> Int {
        offset(at: Instant(seconds: seconds))
    }
}
