import Contracts
import Instants
import Lanes
import Settings
import Testing

@Suite("Lanes as people name them")
struct NamedLanesTests {
    private func topology() throws -> Topology {
        var topology = Topology(
            number: 1,
            partitions: [
                try PartitionName("de-berlin"): .init(market: "de", zone: "Europe/Berlin", lanes: 3),
                try PartitionName("fr-paris"): .init(market: "fr", zone: "Europe/Paris", lanes: 1),
            ], desks: ["support": 1])
        topology.retired = [try LaneName("de-berlin.7"): Instant(milliseconds: 0)]
        return topology
    }

    private func texts(_ names: String...) throws -> [String] {
        try NamedLanes.lanes(names, of: topology()).map(\.text)
    }

    @Test("a lane, a partition and a desk are found, each lane once, in the order in which they were named")
    func found() throws {
        #expect(
            try texts("fr-paris", "de-berlin.1", "de-berlin") == [
                "fr-paris.0", "de-berlin.1", "de-berlin.0", "de-berlin.2",
            ])
        #expect(try texts("desk-support") == ["desk-support.0"])
        #expect(try texts("desk-support.0") == ["desk-support.0"])
        #expect(try texts().isEmpty)
    }

    @Test(
        "a name that means nothing is refused with the nearest one that does",
        arguments: [
            (
                "de-berln",
                "names: expected a lane or partition of this namespace, got \"de-berln\"; did you mean de-berlin?"
            ),
            (
                "de-berln.2",
                "names: expected a lane or partition of this namespace, got \"de-berln.2\"; did you mean de-berlin.2?"
            ),
            (
                "de-berln.9",
                "names: expected a lane or partition of this namespace, got \"de-berln.9\"; did you mean de-berlin?"
            ),
            (
                "de-berlin.3",
                "names: expected a lane of de-berlin, which has de-berlin.0 to de-berlin.2, got \"de-berlin.3\""
            ),
            ("fr-paris.1", "names: expected a lane of fr-paris, which has fr-paris.0 alone, got \"fr-paris.1\""),
            (
                "desk-suport",
                "names: expected a lane or partition of this namespace, got \"desk-suport\"; did you mean desk-support?"
            ),
            ("Tokyo", "names: expected a lane or partition of this namespace, got \"Tokyo\""),
            (
                "de-berlin.7",
                "de-berlin.7: a resize took it out of use at 1970-01-01T00:00:00.000Z; nothing is decided in it, its log and results stay readable"
            ),
        ])
    func unknown(name: String, words: String) throws {
        let fault = try #require(throws: NamedLanes.Fault.self) {
            try NamedLanes.lanes(["fr-paris", name], of: topology())
        }
        #expect(fault.description == words)
    }
}
