import Channels
import Testing

@Suite("Signatures and handshake of webhooks")
struct WebhookSignatureTests {
    @Test("the platform's table of signatures holds")
    func table() throws {
        let rows = try #require(try JSONValue(parsing: Fixture.bytes("meta_signatures.json")).array)
        #expect(rows.count >= 8)
        for row in rows {
            let body = Array(try #require(row["body"]?.string).utf8)
            let secret = Array(try #require(row["secret"]?.string).utf8)
            let signers = WebhookSignature.signers(
                of: body, header: row["header"]?.string, among: [("app", secret)])
            #expect((signers == ["app"]) == row["valid"]?.bool, "\(row.text())")
        }
    }

    @Test("of several secrets the one that signed is named")
    func rotation() {
        let body = Array(#"{"object":"page"}"#.utf8)
        let secrets: [(name: String, secret: [UInt8])] = [
            ("empty", []), ("old", Array("one".utf8)), ("new", Array("two".utf8)),
        ]
        for (name, secret) in secrets.dropFirst() {
            let header = WebhookSignature.header(for: body, secret: secret)
            #expect(WebhookSignature.signers(of: body, header: header, among: secrets) == [name])
        }
        let foreign = WebhookSignature.header(for: body, secret: Array("three".utf8))
        #expect(WebhookSignature.signers(of: body, header: foreign, among: secrets) == [])
        let empty = WebhookSignature.header(for: body, secret: [])
        #expect(WebhookSignature.signers(of: body, header: empty, among: secrets) == [])
    }

    @Test("all names of the secret that signed are given, each once")
    func sharedSecret() {
        let (one, two) = (Array("one".utf8), Array("two".utf8))
        let header = WebhookSignature.header(for: [1], secret: one)
        let secrets = [("a", two), ("b", one), ("c", one), ("b", one)]
        #expect(WebhookSignature.signers(of: [1], header: header, among: secrets) == ["b", "c"])
    }

    @Test(
        "headers that are no signature never verify",
        arguments: [nil, "", "sha256=", "sha256=zz", "sha256=" + String(repeating: "0", count: 63), "SHA256=ab"])
    func malformed(header: String?) {
        #expect(WebhookSignature.signers(of: [1], header: header, among: [("a", [1])]) == [])
    }

    @Test("the handshake gives the challenge back to whoever knows our token")
    func handshake() {
        func answer(_ mode: String?, _ token: String?, ours: [String] = ["token"]) -> String? {
            WebhookHandshake.challenge(mode: mode, token: token, challenge: "1158", ours: ours)
        }
        #expect(answer("subscribe", "token") == "1158")
        #expect(answer("subscribe", "other") == nil)
        #expect(answer("unsubscribe", "token") == nil)
        #expect(answer("subscribe", nil) == nil)
        #expect(answer("subscribe", "", ours: [""]) == nil)
        #expect(answer("subscribe", "token", ours: []) == nil)
        let both = ["new", "old"]
        #expect(both.allSatisfy { answer("subscribe", $0, ours: both) == "1158" })
        #expect(answer("subscribe", "older", ours: both) == nil)
    }
}
