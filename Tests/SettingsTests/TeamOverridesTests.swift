import BusinessTime
import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import TestSupport
import Testing

@testable import Settings

@Suite("Overrides of teams")
struct TeamOverridesTests {
    private func at(_ text: String) throws -> Instant { try Instant(rfc3339: text) }

    private func bundle() throws -> PolicyBundle {
        try PolicyBundle(try ShippedConfig.wordless(), zones: ZoneFolder())
    }

    @Test(
        "edge case 52: a team sent home is closed at once by a new policy, comes back by itself, and can be called back"
    )
    func publishes() throws {
        let server = try PrivateRedis()
        let store = try PolicyStore(LaneConnector(endpoint: server.endpoint, keyspace: .standard))
        // A Thursday afternoon on which Berlin is there until 20:00.
        let (now, until) = (try at("2026-12-03T13:00:00Z"), try at("2026-12-04T09:30:00Z"))
        let closed = try #require(HoursOverride(isOpen: false, from: now, until: until))
        #expect(try store.publishOverride(of: "berlin", closed, now: now) == nil)
        let first = try bundle()
        _ = try store.publish(
            first.canonicalBytes, hash: try Policy.build(first, number: 0).hash, expected: 0)
        #expect(try store.publishOverride(of: "berlin", closed, now: now) == 2)

        let stored = try #require(try store.current())
        let policy = try Policy.build(try PolicyBundle(canonical: stored.bytes), number: stored.number)
        #expect(policy.hash == stored.hash)
        let coverage = try #require(policy.markets["de"]?.coverage)
        #expect(coverage.isOpen(at: now - .seconds(1)))
        #expect(coverage.state(at: now) == HoursState(isOpen: false, until: nil, nextOpen: until))
        #expect(coverage.closedPeriod(containing: now) == ClosedPeriod(start: now, end: until))
        #expect(policy.markets["fi"]?.coverage.isOpen(at: now) == true)
        // What was decided under the policy before it is replayed with that one, which still lies there.
        let before = try #require(try store.load(1))
        #expect(before.bytes == first.canonicalBytes)

        #expect(try store.publishOverride(of: "berlin", nil, now: now + .seconds(60)) == 3)
        #expect(try store.current()?.bytes == first.canonicalBytes)
        #expect(throws: ConfigFaults.self) { try store.publishOverride(of: "berln", closed, now: now) }
        #expect(try store.number() == 3)
    }

    @Test("a team that works tonight is there, and what hours prints says who said so")
    func opens() throws {
        let (now, until) = (try at("2026-12-05T20:00:00Z"), try at("2026-12-05T23:00:00Z"))
        let open = try #require(HoursOverride(isOpen: true, from: now, until: until))
        let team = try #require(
            try HoursPlan(try bundle().overriding("berlin", with: open, now: now)).teams.first { $0.name == "berlin" })
        let report = TeamHoursReport(team, at: now, askedZone: nil, tzdata: "2026f")
        #expect(report.hours.open && report.hours.until == until.description)
        #expect(report.override?.holds == true && report.override?.mode == "open")
        let json = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
        #expect(
            json.contains("\"team\":\"berlin\"") && json.contains("\"next_open\"") && json.contains("\"holds\":true"))
        let later = TeamHoursReport(team, at: until, askedZone: nil, tzdata: "2026f")
        #expect(!later.hours.open && later.override?.holds == false)
    }

    @Test("a configuration published meanwhile keeps overrides that still run, and drops those that are over")
    func kept() throws {
        let (now, until) = (try at("2026-12-03T13:00:00Z"), try at("2026-12-03T18:00:00Z"))
        let closed = try #require(HoursOverride(isOpen: false, from: now, until: until))
        let inForce = try bundle().overriding("berlin", with: closed, now: now)
        let kept = try bundle().keepingOverrides(of: inForce, now: now + .seconds(3_600))
        #expect(kept.canonicalBytes == inForce.canonicalBytes)
        #expect(try bundle().keepingOverrides(of: inForce, now: until).canonicalBytes == bundle().canonicalBytes)
        // Another team's override drops the one that is over.
        let next = try inForce.overriding(
            "tokyo", with: HoursOverride(isOpen: true, from: until, until: until + .seconds(60)), now: until)
        #expect(try HoursPlan(next).teams.filter { $0.override != nil }.map(\.name) == ["tokyo"])
    }

    @Test("an override that is written wrongly is a fault at its place")
    func faults() throws {
        let text = """
            berln: {mode: closed, from: "2026-12-03T13:00:00Z", until: "2026-12-03T14:00:00Z"}
            berlin: {mode: shut, from: "2026-12-03T13:00:00Z", until: "2026-12-03T14:00:00Z"}
            tokyo: {mode: open, from: "2026-12-03T13:00:00Z", until: "2026-12-03T12:00:00Z"}
            """
        let faults = ConfigCheck(try ShippedConfig.wordless(with: text, at: "overrides.yaml")).faults
        #expect(
            faults.map { "\($0.line): \($0.got)" } == ["1: \"berln\"", "2: \"shut\"", "3: \"2026-12-03T12:00:00Z\""])
        #expect(faults.first?.nearest == "berlin")
    }
}
