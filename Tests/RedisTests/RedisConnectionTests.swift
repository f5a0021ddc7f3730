import Redis
import TestSupport
import Testing

@Suite("RedisConnection", .timeLimit(.minutes(2)))
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
            #expect(try connection.pipeline([]) == [])
        }
    }

    @Test("a pipeline of 10,000 commands with values of 1 MiB among them does not block itself")
    func longPipeline() throws {
        let server = try PrivateRedis()
        let connection = try server.connect()
        var large = RedisCommand("ECHO")
        large.add([UInt8](repeating: 0x0D, count: 1 << 20))
        let commands = (0..<10_000).map { $0 % 200 == 0 ? large : RedisCommand("ECHO", "\($0)") }
        let replies = try connection.pipeline(commands, deadline: .seconds(60))
        #expect(replies.count == 10_000)
        let isRight = replies.indices.allSatisfy {
            $0 % 200 == 0 ? replies[$0].bytes?.count == 1 << 20 : replies[$0].string == "\($0)"
        }
        #expect(isRight)
        #expect(!connection.isBroken)
    }

    @Test("user, password, database and name are used; a wrong password is an error that does not show it")
    func entrance() throws {
        let server = try PrivateRedis(["user app on >s3cret ~* +@all", "requirepass other"])
        var endpoint = server.endpoint
        endpoint.database = 3
        #expect(try #require(throws: RedisError.self) { try RedisConnection(endpoint) }.serverError?.code == "NOAUTH")
        endpoint.user = "app"
        endpoint.password = RedisPassword("wr0ng")
        let refused = try #require(throws: RedisError.self) { try RedisConnection(endpoint) }
        #expect(refused.serverError?.code == "WRONGPASS")
        #expect(!"\(refused)".contains("wr0ng"))
        endpoint.password = RedisPassword("s3cret")
        let connection = try RedisConnection(endpoint, clientName: "tests")
        #expect(try connection.call(RedisCommand("ACL", "WHOAMI")).string == "app")
        let line = try #require(try connection.call(RedisCommand("CLIENT", "INFO")).string)
        #expect(line.contains(" db=3 ") && line.contains(" name=tests "))
    }

    @Test("a server's error is thrown by call and breaks nothing")
    func serverError() throws {
        let server = try PrivateRedis()
        let connection = try server.connect()
        let error = try #require(throws: RedisError.self) { try connection.call(RedisCommand("NONSENSE", "1")) }
        #expect(error.operation == "NONSENSE")
        #expect(error.serverError?.code == "ERR")
        #expect(try connection.call(RedisCommand("PING")) == .status("PONG"))
    }

    @Test("an answer that comes after its deadline is never taken for another call's")
    func lateReply() throws {
        let server = try PrivateRedis()
        let connection = try server.connect()
        server.pause()
        let late = try #require(throws: RedisError.self) {
            try connection.call(RedisCommand("ECHO", "late"), deadline: .milliseconds(20))
        }
        #expect(late.code == .deadline)
        server.resume()
        let refused = try #require(throws: RedisError.self) { try connection.call(RedisCommand("ECHO", "next")) }
        #expect(refused.code == .broken)
        #expect(connection.isBroken)
    }

    @Test("nobody listening, and a server that accepts and never answers, end in an error in time")
    func unreachable() throws {
        let nobody = RedisEndpoint(.tcp(host: "127.0.0.1", port: try freeLoopbackPort()))
        #expect(try #require(throws: RedisError.self) { try RedisConnection(nobody) }.code == .connect)
        #expect(try #require(throws: RedisError.self) { try RedisConnection(.unix("/none")) }.code == .connect)
        let server = try PrivateRedis(withTCP: true)
        server.pause()
        for endpoint in [server.endpoint, try #require(server.tcpEndpoint)] {
            var endpoint = endpoint
            endpoint.timeouts.connect = .milliseconds(50)
            #expect(try #require(throws: RedisError.self) { try RedisConnection(endpoint) }.code == .deadline)
        }
    }

    @Test("a server that stops in the middle of an answer is noticed at the deadline, one that closes at once")
    func halfOpen() throws {
        for (closes, code) in [(false, RedisError.Code.deadline), (true, .connectionLost)] {
            let stub = try StubServer(answering: [Array("*2\r\n$5\r\nhel".utf8)], thenCloses: closes)
            let connection = try RedisConnection(stub.endpoint)
            let error = try #require(throws: RedisError.self) {
                try connection.call(RedisCommand("GET", "key"), deadline: closes ? .seconds(30) : .milliseconds(50))
            }
            #expect(error.code == code)
            #expect(connection.isBroken)
        }
    }

    @Test(
        "a malformed or oversized answer breaks the connection and nothing else",
        arguments: ["$9223372036854775807\r\n", "*2147483647\r\n", "$-5\r\n", "garbage\r\n", "$1\r\nabc"])
    func malformed(answer: String) throws {
        let stub = try StubServer(answering: [Array(answer.utf8)])
        let connection = try RedisConnection(stub.endpoint)
        let error = try #require(throws: RedisError.self) { try connection.call(RedisCommand("GET", "key")) }
        #expect(error.code == .malformedReply)
        #expect(connection.isBroken)
    }

    @Test("an answer that nobody asked for is taken for no other call's")
    func unasked() throws {
        let stub = try StubServer(answering: [Array("+one\r\n+two\r\n".utf8)])
        let connection = try RedisConnection(stub.endpoint)
        #expect(try connection.call(RedisCommand("GET", "key")) == .status("one"))
        let error = try #require(throws: RedisError.self) { try connection.call(RedisCommand("GET", "key")) }
        #expect(error.code == .malformedReply)
    }

    @Test("a killed server's connection is lost; a new one works after the restart and finds what was persisted")
    func restart() throws {
        let server = try PrivateRedis(["appendonly yes", "appendfsync always"])
        let connection = try server.connect()
        _ = try connection.call(RedisCommand("SET", "key", "value"))
        server.kill()
        let error = try #require(throws: RedisError.self) { try connection.call(RedisCommand("GET", "key")) }
        #expect(error.code == .connectionLost)
        try server.restart()
        #expect(try server.connect().call(RedisCommand("GET", "key")).string == "value")
    }
}
