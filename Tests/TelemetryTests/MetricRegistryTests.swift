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

    @Test("every name that is written is rendered: there is no list of names that could forget one")
    func written() {
        let registry = MetricRegistry()
        registry.set(.moveAge, to: 601)
        registry.set(.lanesWaiting, to: 3)
        registry.observe(.acceptedToCommitted, seconds: 1)
        registry.add(.decisions)
        let lines = registry.text().split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
        #expect(
            lines == [
                "# TYPE nightshift_accepted_to_committed_seconds histogram",
                "# TYPE nightshift_decisions_total counter",
                "# TYPE nightshift_lane_move_age_seconds gauge", "# TYPE nightshift_lanes_waiting gauge",
            ])
    }
}
