import Channels
import Contracts
import Hummingbird
import HummingbirdTesting
import Ingress
import Lanes
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@Suite("From a webhook to a lane's log")
struct IngressToLaneTests {
    @Test("what was answered 200 stands in the lanes' logs, in the order of acceptance")
    func webhookToLog() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connector = LaneConnector(endpoint: redis.endpoint)
        let appender = LaneAppender(connector: connector)
        defer { appender.stop() }
        let setting = IngressSetting()
        try await setting.application(appender).test(.router) { client async throws in
            for number in 0..<20 {
                let body = IngressSetting.message("m\(number)", contact: "\(number % 4)")
                #expect(try await client.webhook(body).status == .ok)
            }
            let line = ProducerControllerTests.line("from-a-shop")
            let answer = try await client.produce(line)
            #expect(answer.status == .ok && answer.text.contains(#""entry":""#))
        }
        let store = try connector.open()
        var ids: [String: [String]] = [:]
        for name in ["fi-helsinki.0", "fi-helsinki.1"] {
            for entry in try store.log(try LaneName(name)) {
                for range in try EventFraming.ranges(of: entry.body) {
                    let event = try Event(serializedBytes: Array(entry.body[range]))
                    ids[event.contact, default: []].append(event.id)
                }
            }
        }
        for contact in 0..<4 {
            let expected = stride(from: contact, to: 20, by: 4).map { "dm:m\($0)" }
            #expect(ids["\(contact)"] == expected)
        }
        #expect(ids["7"] == ["from-a-shop"])
    }
}
