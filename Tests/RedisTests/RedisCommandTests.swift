import Testing

@testable import Redis

@Suite("RedisCommand")
struct RedisCommandTests {
    @Test("arguments are written as RESP, whatever their type and length")
    func encoding() {
        var command = RedisCommand("SET")
        command.add("ключ")
        command.add([0, 0x0D, 0x0A])
        command.add([1, 2, 3, 4][1...2])
        command.add(Int64.min)
        command.add(-7)
        command.add(UInt64.max)
        command.add("")
        var output = Array("x".utf8)
        command.encode(into: &output)
        let expected =
            Array("x*8\r\n$3\r\nSET\r\n$8\r\nключ\r\n$3\r\n".utf8) + [0, 0x0D, 0x0A] + Array("\r\n$2\r\n".utf8) + [
                2, 3,
            ]
            + Array("\r\n$20\r\n-9223372036854775808\r\n$2\r\n-7\r\n$20\r\n18446744073709551615\r\n$0\r\n\r\n".utf8)
        #expect(output == expected)
        #expect(command.argumentCount == 8)
    }

    @Test("lengths of every number of digits are right", arguments: [0, 9, 10, 99, 100, 1_000, 65_536, 1 << 20])
    func lengths(count: Int) {
        var command = RedisCommand("X")
        command.add([UInt8](repeating: 7, count: count))
        var output: [UInt8] = []
        command.encode(into: &output)
        #expect(output.starts(with: Array("*2\r\n$1\r\nX\r\n$\(count)\r\n".utf8)))
        #expect(output.count == "*2\r\n$1\r\nX\r\n$\(count)\r\n\r\n".utf8.count + count)
    }
}
