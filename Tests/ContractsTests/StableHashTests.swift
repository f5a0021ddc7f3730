import Contracts
import Testing

@Suite("The stable hash")
struct StableHashTests {
    /// The first three from the xxHash test vectors, the others from an implementation of our own in Python.
    @Test(
        "it is XXH64 with seed 0",
        arguments: [
            ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
            ("0123456789abcdef0123456789abcdef0123456789", 0xA761_90C3_ACF0_8A1C),
            ("Größe ของ 尺寸", 0xD1B9_879B_1C0B_3989),
        ] as [(String, UInt64)])
    func vectors(text: String, expected: UInt64) {
        #expect(StableHash.hash(text) == expected)
    }

    @Test("a long run of bytes goes through every round")
    func long() {
        let bytes = (0..<1_000).map { UInt8($0 % 251) }
        #expect(bytes.withUnsafeBytes { StableHash.hash(bytes: $0) } == 0xF306_F04A_A88B_54D3)
    }

    @Test("parts are joined by 0x1F")
    func parts() {
        #expect(StableHash.hash("acct", "contact") == 0x85DF_875E_D07F_4882)
        #expect(StableHash.hash("acct", "contact") == StableHash.hash("acct\u{1F}contact"))
        #expect(StableHash.hash("a", "bc") != StableHash.hash("ab", "c"))
    }
}
