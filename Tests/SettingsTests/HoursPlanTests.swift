import BusinessTime
import Foundation
import Instants
import Testing

@testable import Settings

@Suite("Teams, markets and their coverage")
struct HoursPlanTests {
    private func at(_ text: String) throws -> Instant { try Instant(rfc3339: text) }

    private func plan(with files: [String: String]) throws -> HoursPlan {
        var all = try ShippedConfig.files().files.filter { files[$0.path] == nil }
        all += files.map { ConfigFiles.File(path: $0.key, bytes: Array($0.value.utf8)) }
        return try HoursPlan(ConfigFiles(all), zones: ZoneFolder())
    }

    @Test("a team has several calendars, and serves other markets in its languages and on its channels")
    func serves() throws {
        let plan = try plan(with: [
            "teams/newyork.yaml":
                "calendars: [newyork, mexico]\nlanguages: [en]\nmarkets: [de]\nchannels: [facebook]\non_call: x\n"
        ])
        let market = try #require(plan.markets.first { $0.name == "de" })
        // Monday 21:00 in Berlin, 15:00 in New York.
        let evening = try at("2026-11-23T20:00:00Z")
        #expect(market.coverage.coverage(language: "en", channel: "facebook").isOpen(at: evening))
        #expect(!market.coverage.coverage(language: "en", channel: "instagram").isOpen(at: evening))
        #expect(!market.coverage.coverage(language: "de", channel: "facebook").isOpen(at: evening))
        // Half past midnight in Berlin: Mexico's calendar is still open, New York's is not.
        let night = try at("2026-11-24T00:30:00Z")
        #expect(market.coverage.coverage(language: "en", channel: "facebook").isOpen(at: night))
        #expect(market.languages == ["de", "en"])
        #expect(market.channels == ["facebook", "instagram", "sandbox"])
        #expect(market.coverage.coverage(language: "sv", channel: "facebook") == market.coverage.fallback)
        let reports = CoverageReport.reports(
            of: market, from: try at("2026-11-22T00:00:00Z"), to: try at("2027-11-22T00:00:00Z"))
        #expect(
            reports.map { "\($0.language) \($0.channels.joined(separator: " ")): \($0.teams.joined(separator: " "))" }
                == [
                    "de facebook instagram sandbox: berlin", "en facebook: berlin newyork",
                    "en instagram sandbox: berlin",
                ])
        let english = reports[1]
        let clocks = english.spells.filter { $0.clockChange != nil }
        #expect(clocks.count > 20)
        #expect(
            clocks.allSatisfy {
                english.why($0).contains("America/New_York") || english.why($0).contains("Europe/Berlin")
            })
        #expect(english.weekly.contains { $0.text == "overlap mon 15:00 to mon 18:00, berlin and newyork" })
    }

    @Test("a market without a calendar or with a language that nobody speaks is told by its own team's hours")
    func fallback() throws {
        let plan = try plan(with: ["teams/berlin.yaml": "calendar: berlin\nlanguages: [en]\non_call: x\n"])
        let market = try #require(plan.markets.first { $0.name == "de" })
        let reports = CoverageReport.reports(
            of: market, from: try at("2026-11-22T00:00:00Z"), to: try at("2026-12-22T00:00:00Z"))
        #expect(reports.map(\.isFallback) == [true, false])
        #expect(reports[0].spells == reports[1].spells)
    }

    @Test("a year of the shipped configuration is surveyed in well under a second")
    func quick() throws {
        let clock = ContinuousClock()
        let plan = try plan(with: [:])
        var count = 0
        let time = try clock.measure {
            for market in plan.markets {
                count += CoverageReport.reports(
                    of: market, from: try at("2026-11-22T00:00:00Z"), to: try at("2027-11-23T00:00:00Z")
                ).reduce(0) { $0 + $1.spells.count }
            }
        }
        #expect(count > 4_000)
        // A debug build on a busy machine; released it takes some hundredths of a second.
        #expect(time < .seconds(10))
    }

    @Test("faults of every file are named together")
    func faults() {
        do {
            _ = try plan(with: [
                "teams/berlin.yaml": "calendar: munich\nlanguages: [de]\nmarkets: [xx]\non_call: x\n",
                "calendars/tokyo.yaml": "zone: Asia/Tokio\nhours: {}\n",
            ])
            Issue.record("expected faults")
        } catch {
            #expect(
                (error as? ConfigFaults)?.faults.map { "\($0.file):\($0.line):\($0.column) \($0.nearest ?? "")" } == [
                    "calendars/tokyo.yaml:1:7 Asia/Tokyo", "teams/berlin.yaml:1:11 ", "teams/berlin.yaml:3:11 mx",
                ])
        }
    }
}
