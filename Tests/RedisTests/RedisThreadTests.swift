import Redis
import TestSupport
import Testing

@Suite("RedisThread", .timeLimit(.minutes(5)))
struct RedisThreadTests {
    @Test("many tasks share one connection, each gets its own answer")
    func share() async throws {
        let server = try PrivateRedis()
        let thread = try RedisThread(server.endpoint, clientName: "shared")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let text = try await thread.run { try $0.call(RedisCommand("ECHO", "\(number)")).string }
                    return text == "\(number)"
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        let clients = try await thread.run { try $0.call(RedisCommand("CLIENT", "LIST")).string ?? "" }
        #expect(clients.split(separator: "\n").filter { $0.contains("name=shared") }.count == 1)
    }

    @Test("after the server was killed it fails at once, and works again when the server is back")
    func reconnects() async throws {
        let server = try PrivateRedis()
        let thread = try RedisThread(server.endpoint, clientName: "tests")
        _ = try await thread.run { try $0.call(RedisCommand("PING")) }
        server.kill()
        await #expect(throws: RedisError.self) { _ = try await thread.run { try $0.call(RedisCommand("PING")) } }
        let refused = await #expect(throws: RedisError.self) {
            _ = try await thread.run { try $0.call(RedisCommand("PING")) }
        }
        #expect(refused?.code == .connect)
        try server.restart()
        var answered = false
        while !answered { answered = (try? await thread.run { try $0.call(RedisCommand("PING")) }) != nil }
    }

    @Test("a call that waited too long for its turn fails without being run")
    func late() async throws {
        let server = try PrivateRedis()
        let thread = try RedisThread(server.endpoint, clientName: "tests")
        let error = await #expect(throws: RedisError.self) {
            _ = try await thread.run(within: .zero) { try $0.call(RedisCommand("SET", "key", "1")) }
        }
        #expect(error?.code == .deadline)
        #expect(try await thread.run { try $0.call(RedisCommand("EXISTS", "key")) }.int == 0)
    }

    @Test("with its last reference the thread ends and the connection is closed")
    func ends() async throws {
        let server = try PrivateRedis()
        do {
            let thread = try RedisThread(server.endpoint, clientName: "ending")
            _ = try await thread.run { try $0.call(RedisCommand("PING")) }
        }
        let connection = try server.connect()
        while try #require(connection.call(RedisCommand("CLIENT", "LIST")).string).contains("name=ending") {}
    }
}
