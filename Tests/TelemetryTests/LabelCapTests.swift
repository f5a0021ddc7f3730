import Telemetry
import Testing

@Suite("Values of labels")
struct LabelCapTests {
    @Test("the first values keep their names, all others share one, each for as long as the process lives")
    func cap() {
        var cap = LabelCap(most: 2)
        let labels = ["a", "b", "a", "c", "d", "b", "c"].map { cap.label($0) }
        #expect(labels == ["a", "b", "a", "other", "other", "b", "other"])
    }
}
