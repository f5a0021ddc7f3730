import Channels
import Contracts
import Hummingbird
import HummingbirdTesting
import Ingress
import Lanes
import SwiftProtobuf
import Testing

@Suite("The platform's word that a person wants their data deleted")
struct DeletionControllerTests {
    private static func doors(
        _ setting: IngressSetting, address: String? = "https://hooks.shop.test", standing: ForgetStanding? = .underWay
    ) throws -> IngressDoors {
        let partition = try PartitionName("fi-helsinki")
        let desk = try LaneName.desk(team: "helsinki")
        var doors = setting.doors()
        doors.publicAddress = address
        doors.accounts = { $0 == "first" ? [IngressSetting.page, "shop-b"] : [] }
        doors.lanes = { _ in [partition.lane(0), partition.lane(1), desk] }
        doors.deletion = { _ in standing }
        return doors
    }

    private static func form(_ secret: [UInt8] = IngressSetting.secret) -> [UInt8] {
        Array("signed_request=\(SignedRequest.text(userID: "77001122", issuedAt: 1, secret: secret))".utf8)
    }

    @Test("is an order to every lane of every account of the app, and is answered with a code and its page")
    func ordered() async throws {
        let setting = IngressSetting()
        try await setting.application(doors: try Self.doors(setting)).test(.router) { client async throws in
            let response = try await client.post("/webhooks/meta/deletion", Self.form())
            #expect(response.status == .ok)
            let answer = try JSONValue(parsing: Array(response.text.utf8))
            let code = try #require(answer["confirmation_code"]?.string)
            #expect(
                answer["url"]?.string == "https://hooks.shop.test/webhooks/meta/deletion?code=\(code)"
                    && code.count == 32)
            let events = setting.holder.events
            #expect(events.count == 6 && Set(events.map(\.lane)).count == 3)
            for held in events {
                let event = try Event(serializedBytes: held.bytes)
                let order = try #require(
                    ForgetOrder(event, at: Position(entry: EntryID(milliseconds: 1, sequence: 0), index: 0)))
                #expect(order.code == code && order.contact == "77001122")
            }
            let page = try await client.execute(uri: "/webhooks/meta/deletion?code=\(code)", method: .get)
            #expect(page.status == .ok && page.text.contains("being deleted"))
        }
    }

    @Test("is refused without a signature of ours, an address, or lanes that take it")
    func refused() async throws {
        let setting = IngressSetting()
        try await setting.application(doors: try Self.doors(setting)).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form([1, 2])).status == .unauthorized)
            #expect(try await client.post("/webhooks/meta/deletion", []).status == .unauthorized)
            // The second app has no account here.
            let other = try await client.post("/webhooks/meta/deletion", Self.form(IngressSetting.otherSecret))
            #expect(other.status == .serviceUnavailable)
            #expect(try await client.execute(uri: "/webhooks/meta/deletion?code=..", method: .get).status == .notFound)
        }
        #expect(setting.holder.events.isEmpty)
        let full = IngressSetting(refusal: .closed)
        try await full.application(doors: try Self.doors(full, standing: nil)).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .serviceUnavailable)
            #expect(
                try await client.execute(uri: "/webhooks/meta/deletion?code=ab", method: .get).status
                    == .serviceUnavailable)
        }
        let plain = IngressSetting()
        try await plain.application(doors: try Self.doors(plain, address: nil)).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .notFound)
        }
    }

    @Test(
        "its page says what stands",
        arguments: [(ForgetStanding.unknown, "Nothing is known"), (.done(ForgetTally()), "is deleted")])
    func pages(standing: ForgetStanding, words: String) async throws {
        let setting = IngressSetting()
        let doors = try Self.doors(setting, standing: standing)
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(
                try await client.execute(uri: "/webhooks/meta/deletion?code=ab12", method: .get).text.contains(words))
        }
    }
}
