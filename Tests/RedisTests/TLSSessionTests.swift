import Redis
import TestSupport
import Testing

@Suite("TLSSession", .serialized)
struct TLSSessionTests {
    private func endpoint(_ server: PrivateRedis, _ tls: RedisTLS) throws -> RedisEndpoint {
        RedisEndpoint(.tcp(host: "127.0.0.1", port: try #require(server.tlsPort)), tls: tls)
    }

    @Test("a server is trusted only with the right roots and for its own name")
    func names() throws {
        let certificates = try TestCertificates()
        let server = try PrivateRedis(tls: certificates)
        let roots = certificates.authority
        for name in [nil, "redis.test"] {
            let connection = try RedisConnection(
                endpoint(server, RedisTLS(authorityFile: roots, serverName: name)))
            #expect(try connection.call(RedisCommand("PING")) == .status("PONG"))
        }
        for (tls, reason) in [
            (RedisTLS(authorityFile: roots, serverName: "other.test"), "hostname mismatch"),
            (RedisTLS(authorityFile: roots, serverName: "127.0.0.2"), "IP address mismatch"),
            (RedisTLS(authorityFile: certificates.otherAuthority), "certificate"),
            (RedisTLS(), "certificate"),
            (RedisTLS(authorityFile: "/nowhere.pem"), "/nowhere.pem"),
        ] {
            let error = try #require(throws: RedisError.self) { try RedisConnection(endpoint(server, tls)) }
            #expect(error.code == .tls)
            #expect(error.message.contains(reason))
        }
    }

    @Test("a server that demands a client's certificate gets one, and refuses who has none")
    func clientCertificate() throws {
        let certificates = try TestCertificates()
        let server = try PrivateRedis(["tls-auth-clients yes"], tls: certificates)
        var tls = RedisTLS(authorityFile: certificates.authority)
        let error = try #require(throws: RedisError.self) { try RedisConnection(endpoint(server, tls)) }
        #expect(error.code == .tls)
        #expect(error.message.contains("certificate required"))
        tls.certificateFile = certificates.client.certificate
        tls.keyFile = certificates.client.key
        #expect(try RedisConnection(endpoint(server, tls)).call(RedisCommand("PING")) == .status("PONG"))
        tls.keyFile = certificates.server.key
        #expect(throws: RedisError.self) { try RedisConnection(endpoint(server, tls)) }
    }

    @Test("a long pipeline does not block itself over TLS")
    func longPipeline() throws {
        let certificates = try TestCertificates()
        let server = try PrivateRedis(tls: certificates)
        let connection = try RedisConnection(endpoint(server, RedisTLS(authorityFile: certificates.authority)))
        var echo = RedisCommand("ECHO")
        echo.add([UInt8](repeating: 9, count: 1 << 20))
        let replies = try connection.pipeline(Array(repeating: echo, count: 24), deadline: .seconds(60))
        #expect(replies.allSatisfy { $0.bytes?.count == 1 << 20 })
    }

    @Test("a server without TLS, and one that never answers, end in an error in time")
    func noTLS() throws {
        let server = try PrivateRedis(withTCP: true)
        var plain = try #require(server.tcpEndpoint)
        plain.tls = RedisTLS()
        plain.timeouts.connect = .milliseconds(100)
        // Redis takes the greeting for an inline command, and answers only if a line's end happens to be in it.
        for isPaused in [false, true] {
            if isPaused { server.pause() }
            let error = try #require(throws: RedisError.self) { try RedisConnection(plain) }
            #expect(error.code == .deadline || (error.code == .tls && !isPaused))
        }
    }
}
