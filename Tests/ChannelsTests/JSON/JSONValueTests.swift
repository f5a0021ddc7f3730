import Channels
import Testing

@Suite("JSON as a value")
struct JSONValueTests {
    @Test("booleans, whole numbers and fractions are told apart")
    func types() throws {
        let value = try JSONValue(parsing: Array(#"{"a":true,"b":1,"c":1.5,"d":null,"e":104857600000001,"f":0}"#.utf8))
        #expect(value == ["a": true, "b": 1, "c": .number(1.5), "d": .null, "e": 104_857_600_000_001, "f": 0])
    }

    @Test(
        "what is written is read again, in either escaping",
        arguments: ["", "plain", "ä \u{1F600} \u{0} \n\t\r\"\\/", "\u{2028}\u{FEFF}", "مرحبا", "e\u{301}"])
    func roundTrip(text: String) throws {
        let value: JSONValue = [.string(text), ["k\(text)": .string(text)], -5, false]
        for escaping in [JSONValue.Escaping.none, .unicode] {
            #expect(try JSONValue(parsing: value.bytes(escaping: escaping)) == value)
        }
        #expect(value.bytes(escaping: .unicode).allSatisfy { $0 < 0x80 })
    }

    @Test("the escaped form is the platform's: lower-case hex, surrogate pairs")
    func escaped() {
        let value: JSONValue = "hähä 😀"
        #expect(value.text(escaping: .unicode) == #""h\u00e4h\u00e4 \ud83d\ude00""#)
    }

    @Test("nesting beyond 512 is refused, not followed")
    func depth() {
        #expect(throws: JSONValue.Malformed.self) {
            try JSONValue(parsing: Array(String(repeating: "[", count: 100_000).utf8))
        }
    }

    @Test(
        "a number that no Double holds is marked and put back; any other is left alone",
        arguments: [
            (#"{"a":[1e400,"x"]}"#, true), (#"{"a":-1.5E+999}"#, true),
            (#"{"a":\#(String(repeating: "9", count: 400))}"#, true),
            (#"{"a":1e300,"b":-0.5,"c":12345678901234567890}"#, false), (#"{"a":"1e400","b":"\"1e400"}"#, false),
        ])
    func numbers(body: String, isReplaced: Bool) throws {
        let repaired = JSONRepair.repaired(Array(body.utf8))
        #expect((repaired != nil) == isReplaced)
        guard let repaired else { return }
        let value = try JSONValue(parsing: repaired)
        #expect(JSONRepair.isMarked(value))
        #expect(JSONRepair.restored(value.text()) == Array(body.utf8))
    }

    @Test("repair leaves whole text alone and names what it replaced")
    func repair() throws {
        #expect(JSONRepair.repaired(Array(#"{"a":"\ud83d\ude00 \\ud800 ü"}"#.utf8)) == nil)
        let broken = Array(#"{"a":"\udc00"}"#.utf8)
        let repaired = try #require(JSONRepair.repaired(broken))
        let value = try JSONValue(parsing: repaired)
        #expect(JSONRepair.isMarked(value))
        #expect(JSONRepair.restored(value.text()) == broken)
    }
}
