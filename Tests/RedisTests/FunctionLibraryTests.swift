import Redis
import TestSupport
import Testing

@Suite("FunctionLibrary")
struct FunctionLibraryTests {
    static let functions = FunctionLibrary(
        name: "counting",
        source: """
            #!lua name=counting
            redis.register_function('count_up', function(keys) return redis.call('INCR', keys[1]) end)
            """)

    @Test("a function that the server lost is loaded again, and nothing that ran is run twice")
    func loadsAgain() throws {
        let server = try PrivateRedis()
        let connection = try server.connect()
        let count = RedisCommand("FCALL", "count_up", "1", "counter")
        let mixed = [RedisCommand("INCR", "other"), count, count]
        #expect(try connection.pipeline(mixed, loading: Self.functions).map(\.int) == [1, 1, 2])
        #expect(try connection.pipeline(mixed, loading: Self.functions).map(\.int) == [2, 3, 4])
        _ = try connection.call(RedisCommand("FUNCTION", "FLUSH"))
        #expect(try connection.pipeline(mixed, loading: Self.functions).map(\.int) == [3, 5, 6])
        _ = try connection.call(RedisCommand("FUNCTION", "FLUSH"))
        #expect(try connection.call(count, loading: Self.functions).int == 7)
    }

    @Test("a library that is there already is loaded; a faulty one is an error")
    func loading() throws {
        let server = try PrivateRedis()
        let connection = try server.connect()
        try Self.functions.load(on: connection)
        try Self.functions.load(on: connection)
        let faulty = FunctionLibrary(name: "faulty", source: "#!lua name=faulty\nthis is no Lua")
        let error = try #require(throws: RedisError.self) { try faulty.load(on: connection) }
        #expect(error.serverError?.code == "ERR")
        #expect(!connection.isBroken)
    }

    @Test("a function that the library does not have stays not found")
    func unknown() throws {
        let server = try PrivateRedis()
        let connection = try server.connect()
        let replies = try connection.pipeline([RedisCommand("FCALL", "nobody", "0")], loading: Self.functions)
        #expect(replies.first?.error?.isFunctionNotFound == true)
    }
}
