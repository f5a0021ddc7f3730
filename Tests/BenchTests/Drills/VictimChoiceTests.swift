import Testing

@testable import Bench

@Suite("Whose turn it is to be killed")
struct VictimChoiceTests {
    private let workers = ["w1", "w2", "w10"]
    private let lanes = ["de.0", "de.1", "de.2"]

    @Test("the workers in turn, each with its own lanes, whatever their incarnations")
    func turns() {
        var choice = VictimChoice()
        let owners = ["de.0": "w1#a", "de.1": "w10#b", "de.2": "w2#c"]
        let taken = (0..<4).map { _ in choice.take(workers: workers, frozen: nil, lanes: lanes, owners: owners) }
        #expect(taken.map(\.worker) == [0, 1, 2, 0])
        // A name that begins another's takes none of its lanes.
        #expect(taken.map(\.lanes) == [["de.0"], ["de.2"], ["de.1"], ["de.0"]])
    }

    @Test("one that owns nothing is passed over, and so is the one that is stopped")
    func passedOver() {
        var choice = VictimChoice()
        let owners = ["de.0": "w1#a", "de.1": "w10#b", "de.2": ""]
        #expect(choice.take(workers: workers, frozen: 0, lanes: lanes, owners: owners) == (2, ["de.1"]))
        #expect(choice.take(workers: workers, frozen: nil, lanes: lanes, owners: owners) == (0, ["de.0"]))
    }

    @Test("if nobody owns anything, a running one is taken all the same")
    func nobody() {
        var choice = VictimChoice()
        #expect(choice.take(workers: workers, frozen: 0, lanes: lanes, owners: [:]) == (1, []))
    }
}
