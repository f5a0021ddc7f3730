import TestEffort
import Testing

@Suite("Effort")
struct EffortTests {
    @Test(
        "unset, or no whole number from 1 to 100,000, is the usual effort",
        arguments: [nil, "", "0", "-3", "1.5", "9e9", "100001"])
    func usual(text: String?) {
        #expect(Effort.parse(text) == 1)
    }

    @Test("a factor multiplies the cases")
    func factor() {
        #expect(Effort.parse("170") == 170 && Effort.parse("100000") == 100_000)
        #expect(Effort.cases(6_000) == 6_000 * Effort.factor)
    }
}
