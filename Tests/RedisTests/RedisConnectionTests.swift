import Redis
import TestSupport
import Testing

@Suite("RedisConnection")
struct RedisConnectionTests {
    @Test("a pipeline gives its replies in order, over unix socket and TCP")
    func pipeline() throws {
        let server = try PrivateRedis(withTCP: true)
        for endpoint in [server.endpoint, try #require(server.tcpEndpoint)] {
            let connection = try RedisConnection(endpoint, clientName: "tests")
            var set = RedisCommand("SET")
            set.add("key")
            set.add([0, 13, 10, 255])
            var wrong = RedisCommand("INCRBY", "key")
            wrong.add(Int64.min)
            let replies = try connection.pipeline([
                set, RedisCommand("GET", "key"), wrong, RedisCommand("STRLEN", "key"), RedisCommand("GET", "none"),
                RedisCommand("LRANGE", "none", "0", "-1"), RedisCommand("CLIENT", "GETNAME"),
            ])
            #expect(replies[0] == .status("OK"))
            #expect(replies[1] == .bytes([0, 13, 10, 255]))
            #expect(replies[2].error?.code == "ERR")
            #expect(replies[3].int == 4)
            #expect(replies[4].isNil)
            #expect(replies[5] == .array([]))
            #expect(replies[6].string == "tests")
        }
    }
}
