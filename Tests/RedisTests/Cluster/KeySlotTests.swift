import Testing

@testable import Redis

@Suite("KeySlot")
struct KeySlotTests {
    @Test(
        "a slot is the specification's",
        arguments: [
            ("123456789", 0x31C3), ("foo", 12_182), ("bar", 5_061), ("hello", 866), ("", 0), ("somekey", 11_058),
        ])
    func slots(key: String, slot: Int) {
        #expect(KeySlot(of: Array(key.utf8)).number == slot)
    }

    @Test(
        "of a key with a hash tag only the tag counts",
        arguments: [
            ("{user1000}.following", "user1000"), ("foo{bar}{zap}", "bar"), ("foo{{bar}}zap", "{bar"),
            ("ns:{de-berlin.3}:state:17", "de-berlin.3"), ("a}b{c}", "c"),
        ])
    func tags(key: String, tag: String) {
        #expect(KeySlot(of: Array(key.utf8)) == KeySlot(of: Array(tag.utf8)))
    }

    @Test("an empty or unclosed tag is none", arguments: ["foo{}{bar}", "{}", "foo{bar", "}foo{"])
    func noTags(key: String) {
        let marked = KeySlot(of: Array(key.utf8))
        #expect(marked != KeySlot(of: Array("bar".utf8)))
        // The whole key counts: with a last byte more it is another slot.
        #expect(marked != KeySlot(of: Array((key + "!").utf8)))
    }

    @Test("only 0 to 16383 are slots")
    func bounds() {
        #expect(KeySlot(-1) == nil)
        #expect(KeySlot(16_384) == nil)
        #expect(KeySlot(16_383)?.number == 16_383)
    }
}
