import Channels
import Contracts
import Hummingbird
import HummingbirdTesting
import Ingress
import Instants
import Lanes
import SwiftProtobuf
import Testing

@Suite("The producer API over HTTP")
struct ProducerControllerTests {
    static func line(_ id: String, account: String = IngressSetting.page) -> String {
        #"{"account":"\#(account)","contact":"7","happened_at":"2026-11-22T18:00:00Z","id":"\#(id)","message":{"text":"x"}}"#
    }

    @Test("each line is answered with its place in the log, in order")
    func held() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let response = try await client.produce(Self.line("a") + "\n\n" + Self.line("b") + "\n")
            #expect(response.status == .ok)
            let answers = try response.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
            #expect(answers.map { $0["id"]?.string } == ["a", "b"])
            #expect(answers.map { $0["index"]?.integer } == [0, 1])
            #expect(answers.first?["entry"] == "1000-0")
            #expect(answers.first?["lane"]?.string?.hasPrefix("fi-helsinki.") == true)
        }
        let event = try Event(serializedBytes: try #require(setting.holder.events.first).bytes)
        #expect(event.receivedAt == IngressSetting.now.milliseconds)
    }

    @Test("tokens are asked for with each request, and any of several will do")
    func exchangedToken() async throws {
        let tokens = IngressSetting.Recorder<String>()
        let setting = IngressSetting()
        var doors = setting.doors()
        doors.producerTokens = { tokens.all }
        doors.verifyTokens = { tokens.all }
        try await setting.application(doors: doors).test(.router) { client async throws in
            let handshake = "/webhooks/meta?hub.mode=subscribe&hub.challenge=7&hub.verify_token="
            for (added, taken) in [("old", ["old"]), ("new", ["old", "new"]), ("", ["old", "new"])] {
                tokens.add([added])
                for token in ["old", "new", ""] {
                    let isTaken = taken.contains(token)
                    let produced = try await client.produce(Self.line("a"), token: token)
                    #expect(produced.status == (isTaken ? .ok : .unauthorized), "\(token) of \(tokens.all)")
                    let shaken = try await client.execute(uri: handshake + token, method: .get)
                    #expect(shaken.status == (isTaken ? .ok : .forbidden), "\(token) of \(tokens.all)")
                }
            }
        }
    }

    @Test("a wrong line says what was expected, what came and where, and the others are held")
    func wrongLine() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let response = try await client.produce(
                [Self.line("a"), #"{"id":"b","colour":1}"#, Self.line("c", account: "nobody"), Self.line("d")]
                    .joined(separator: "\n"))
            #expect(response.status == .badRequest)
            let answers = try response.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
            #expect(answers.map { $0["error"] == nil } == [true, false, false, true])
            #expect(answers[1]["id"] == "b")
            #expect(answers[1]["error"]?["where"] == "line 2, account")
            #expect(answers[2]["error"]?["where"] == "line 3, account")
        }
        #expect(setting.holder.events.map(\.id) == ["a", "d"])
    }

    @Test("without the token nothing is taken")
    func token() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            for token in ["", "guess", IngressSetting.token + "x"] {
                #expect(try await client.produce(Self.line("a"), token: token).status == .unauthorized)
            }
        }
        #expect(setting.holder.events.isEmpty)
    }

    @Test(
        "a lane that does not take events is 429 or 503 with Retry-After",
        arguments: [
            (AppendRefusal.full("pending"), 429), (.busy, 429), (.closed, 503), (.unreachable("down"), 503),
            (.inDoubt, 503),
        ])
    func refused(refusal: AppendRefusal, status: Int) async throws {
        try await IngressSetting(refusal: refusal).application().test(.router) { client async throws in
            let response = try await client.produce(Self.line("a") + "\nnonsense")
            #expect(response.status.code == status)
            #expect(response.headers[.retryAfter] == "1")
            #expect(response.text.split(separator: "\n").count == 2)
        }
    }

    @Test("an instant ahead of the clock is held back and flagged")
    func ahead() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let late = Self.line("a").replacing("2026-11-22T18:00:00Z", with: "2031-01-01T00:00:00Z")
            #expect(try await client.produce(late).status == .ok)
        }
        let event = try Event(serializedBytes: try #require(setting.holder.events.first).bytes)
        #expect(event.happenedAt == IngressSetting.now.milliseconds && event.clockFlagged)
    }
}
