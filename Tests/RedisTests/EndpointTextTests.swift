import Redis
import Testing

@Suite("EndpointText")
struct EndpointTextTests {
    @Test(
        "an endpoint is read and shown without its password",
        arguments: [
            ("redis://localhost", "redis://localhost:6379"),
            ("redis://10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"),
            ("redis://:secret@host:1", "redis://host:1"),
            ("redis://app:s%40cr%3Aet@host/", "redis://app@host:6379"),
            ("rediss://app:secret@[::1]:6380/0", "rediss://app@[::1]:6380"),
            ("/run/redis.sock", "unix:///run/redis.sock"),
            ("./redis.sock", "unix://./redis.sock"),
            ("unix:///run/a%20b.sock?db=2", "unix:///run/a b.sock?db=2"),
            ("unix://app:secret@/run/redis.sock", "unix://app@/run/redis.sock"),
            ("redis+cluster://a:7000,b,[::1]:7002,a:7000", "redis+cluster://a:7000,b:6379,[::1]:7002"),
            ("rediss+cluster://app:secret@a:7000/0?ca=x", "rediss+cluster://app@a:7000"),
            ("redis+sentinel://:secret@a,b:2/main", "redis+sentinel://a:26379,b:2/main"),
            ("redis+sentinel://a/main/3", "redis+sentinel://a:26379/main/3"),
            ("redis+sentinel://a/main?sentinel_password=secret&sentinel_user=eye", "redis+sentinel://a:26379/main"),
        ])
    func reads(text: String, shown: String) throws {
        let endpoint = try RedisEndpoint(parsing: text)
        #expect("\(endpoint)" == shown)
        var dumped = ""
        dump(endpoint, to: &dumped)
        #expect(!dumped.contains("secret"))
    }

    @Test("options set time-outs and TLS")
    func options() throws {
        let endpoint = try RedisEndpoint(
            parsing: "rediss://h:1?ca=/a%2Bb.pem&cert=c.pem&key=k.pem&server_name=redis.test"
                + "&connect_timeout_ms=250&reply_timeout_ms=9000")
        let tls = RedisTLS(
            authorityFile: "/a+b.pem", certificateFile: "c.pem", keyFile: "k.pem", serverName: "redis.test")
        #expect(endpoint.tls == tls)
        #expect(endpoint.timeouts.connect == .milliseconds(250))
        #expect(endpoint.timeouts.reply == .seconds(9))
    }

    @Test("Sentinels have a name and a password of their own, percent-decoded like all others")
    func sentinelEntrance() throws {
        let text = "redis+sentinel://app:one@a/main?sentinel_user=e%26e&sentinel_password=t%26w%40"
        let endpoint = try RedisEndpoint(parsing: text)
        #expect(endpoint.sentinelEntrance == .init(user: "e&e", password: RedisPassword("t&w@")))
        #expect(endpoint.user == "app" && endpoint.password == RedisPassword("one"))
    }

    @Test(
        "what is no endpoint is refused, with the reason and without a password",
        arguments: [
            ("", "expected redis://"), ("localhost:6379", "expected redis://"), ("http://a:secret@h", "expected redis"),
            ("redis:/h", "expected redis://"), ("redis://", "a host"), ("redis://h:0", "a port"),
            ("redis://h:70000", "a port"), ("redis://h:+1x", "a port"), ("redis://a:sec/secret@h:1", "a port"),
            ("redis://secret@h", "user:password@"), ("redis://h/x", "database"), ("redis://h/-1", "database"),
            ("redis://:secret%4@h", "hexadecimal"), ("redis://:secret%ff@h", "UTF-8"), ("redis://[::1", "expected ]"),
            ("redis://[::1]x", ":port"), ("redis://h?ca=x", "options"), ("rediss://h?nonsense=1", "options"),
            ("rediss://h?cert=x", "together"), ("redis://h?reply_timeout_ms=0", "time-out"), ("unix://run", "absolute"),
            ("redis+sentinel://:secret@h", "/service"), ("redis+sentinel://h,:2/m", "a host"),
            ("redis+sentinel://h/m?sentinel_user=eye", "sentinel_password"),
            ("redis+sentinel://h/m?sentinel_passwort=secret", "options"),
            ("redis+sentinel://h/m?sentinel_password=a@secret&x", "option=value"),
            ("redis+sentinel://:secret?@h/m?sentinel_password=secret", "/service"),
            ("redis://h?sentinel_password=secret", "options"), ("redis+cluster://h:1,,g:2", "a host"),
            ("redis+cluster://h/1", "no database"),
            ("redis+cluster://h?db=1", "options"), ("redis+cluster:h", "expected redis://"),
        ])
    func refuses(text: String, reason: String) throws {
        let error = try #require(throws: RedisError.self) { try RedisEndpoint(parsing: text) }
        #expect(error.code == .configuration)
        #expect(error.message.contains(reason))
        #expect(!"\(error)".contains("secret"))
    }
}
