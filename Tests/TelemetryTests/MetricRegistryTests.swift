import Testing

@testable import Telemetry

@Suite("Prometheus text")
struct MetricRegistryTests {
    @Test("a counter is rendered once with its help, type and sorted series")
    func counter() {
        let registry = MetricRegistry()
        registry.add(.decisions, [("verdict", "duplicate")])
        registry.add(.decisions, [("verdict", "decided")], by: 41)
        registry.add(.decisions, [("verdict", "decided")])
        #expect(
            registry.text() == """
                # HELP nightshift_decisions_total Decisions committed; label verdict.
                # TYPE nightshift_decisions_total counter
                nightshift_decisions_total{verdict="decided"} 42
                nightshift_decisions_total{verdict="duplicate"} 1

                """)
    }

    @Test("a gauge that is told of a few keeps no series of those that it is told of no more")
    func replaced() {
        let registry = MetricRegistry()
        registry.set(.leading, to: 1)
        registry.replace(.hotLaneDecisions, with: [([("lane", "a.0")], 30), ([("lane", "a.1")], 20)])
        registry.replace(.hotLaneDecisions, with: [([("lane", "a.1")], 25)])
        let lines = registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines == ["nightshift_hot_lane_decisions_per_second{lane=\"a.1\"} 25", "nightshift_leading 1"])
    }

    @Test("a histogram's buckets add up, and end with the count")
    func histogram() {
        let registry = MetricRegistry()
        registry.observe(.acceptedToCommitted, seconds: 0.000_4)
        registry.observe(.acceptedToCommitted, seconds: 0.003, count: 2)
        registry.observe(.acceptedToCommitted, seconds: 90)
        let text = registry.text()
        #expect(text.contains("_bucket{le=\"0.0005\"} 1\n"))
        #expect(text.contains("_bucket{le=\"0.005\"} 3\n"))
        #expect(text.contains("_bucket{le=\"60\"} 3\n"))
        #expect(text.contains("_bucket{le=\"+Inf\"} 4\n"))
        #expect(text.contains("_count 4\n"))
    }

    @Test("quotes, backslashes and line feeds in a label value are escaped")
    func escapes() {
        let registry = MetricRegistry()
        registry.set(.lanesOwned, [("member", "a\"b\\c\nd")], to: 1)
        #expect(registry.text().contains("{member=\"a\\\"b\\\\c\\nd\"} 1"))
    }

    @Test("more label sets than the bound are folded into one series")
    func bounded() {
        let registry = MetricRegistry()
        for number in 0..<(MetricRegistry.mostSeries + 500) {
            registry.add(.eventsQuarantined, [("reason", "r\(number)")])
        }
        let lines = registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count <= MetricRegistry.mostSeries + 1)
        #expect(lines.contains("nightshift_events_quarantined_total{reason=\"other\"} 500"))
    }

    @Test("every name of the catalogue is well-formed, unique, and counters end with _total")
    func catalogue() {
        #expect(Set(MetricName.all.map(\.text)).count == MetricName.all.count)
        for name in MetricName.all {
            #expect(name.text.hasPrefix("nightshift_"))
            #expect(name.text.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") })
            #expect((name.kind == .counter) == name.text.hasSuffix("_total"))
        }
    }
}
