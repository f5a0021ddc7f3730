import Channels
import Contracts
import Hummingbird
import HummingbirdTesting
import Ingress
import Instants
import Lanes
import SwiftProtobuf
import Testing

@Suite("The platform's word that a person wants their data deleted")
struct DeletionControllerTests {
    private static func doors(
        _ setting: IngressSetting, address: String? = "https://hooks.shop.test", standing: ForgetStanding? = .underWay,
        holder: (any EventHolder)? = nil
    ) throws -> IngressDoors {
        let partition = try PartitionName("fi-helsinki")
        let desk = try LaneName.desk(team: "helsinki")
        var doors = setting.doors(holder)
        doors.publicAddress = address
        doors.accounts = { $0 == "first" ? [IngressSetting.page, "shop-b"] : [] }
        doors.lanes = { _ in
            [partition.lane(0), partition.lane(1), desk].map { LanePlace(lane: $0, generation: 4) }
        }
        doors.noteDeletion = { code, orders in
            // An order for each account, with that account's lanes.
            orders.count == 2 && orders.values.allSatisfy { $0.count == 3 }
                && orders.keys.allSatisfy { $0.hasPrefix(code + ":") }
        }
        doors.deletion = { _ in standing }
        doors.clearQuarantine = { accounts, contact in
            accounts == [IngressSetting.page, "shop-b"] && contact == "77001122"
        }
        return doors
    }

    private static let code = String(repeating: "0f", count: 16)

    private static func form(_ secret: [UInt8] = IngressSetting.secret, age: Int64 = 1) -> [UInt8] {
        let issued = IngressSetting.now.seconds - age
        return Array("signed_request=\(SignedRequest.text(userID: "77001122", issuedAt: issued, secret: secret))".utf8)
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
            #expect(events.allSatisfy { $0.generation == 4 })
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

    @Test("said again is the same order; an old one, and one from the future, is none", arguments: [3_601, -301, 1])
    func repeated(age: Int64) async throws {
        let setting = IngressSetting()
        try await setting.application(doors: try Self.doors(setting)).test(.router) { client async throws in
            let first = try await client.post("/webhooks/meta/deletion", Self.form(age: age))
            let second = try await client.post("/webhooks/meta/deletion", Self.form(age: age))
            #expect(first.status == (age == 1 ? .ok : .unauthorized))
            #expect(first.text == second.text)
        }
        #expect(Set(setting.holder.events.map(\.id)).count == (age == 1 ? 2 : 0))
    }

    @Test("of an instant beyond all clocks is refused", arguments: [Int64.min, .min + 1, .max])
    func beyondClocks(issued: Int64) async throws {
        let setting = IngressSetting()
        let form = SignedRequest.text(userID: "77001122", issuedAt: issued, secret: IngressSetting.secret)
        try await setting.application(doors: try Self.doors(setting)).test(.router) { client async throws in
            let answer = try await client.post("/webhooks/meta/deletion", Array("signed_request=\(form)".utf8))
            #expect(answer.status == .unauthorized)
        }
    }

    @Test("is refused while nobody knows the lanes, and while nobody can note whose answers count")
    func unknownLanes() async throws {
        let setting = IngressSetting()
        var doors = try Self.doors(setting)
        doors.noteDeletion = { _, _ in false }
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .serviceUnavailable)
        }
        doors.lanes = { _ in nil }
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .serviceUnavailable)
        }
        #expect(setting.holder.events.isEmpty)
    }

    @Test("is refused where updates that nobody understood were not all looked at: said again it is the same order")
    func quarantine() async throws {
        let setting = IngressSetting()
        var doors = try Self.doors(setting)
        doors.clearQuarantine = { _, _ in false }
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .serviceUnavailable)
        }
        #expect(setting.holder.events.count == 6)
    }

    @Test("is refused where a retired lane could not be given it, after live lanes have it")
    func retired() async throws {
        let setting = IngressSetting()
        var doors = try Self.doors(setting)
        let asked = IngressSetting.Recorder<Int>()
        doors.orderRetired = { _, orders, events in
            asked.add([events.count])
            return orders.count != 2
        }
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .serviceUnavailable)
        }
        #expect(setting.holder.events.count == 6 && asked.all == [2])
    }

    @Test("refused by some lanes, nobody waits for these, and retired lanes do not have it")
    func refusedBySome() async throws {
        let setting = IngressSetting()
        let desk = try LaneName.desk(team: "helsinki")
        var doors = try Self.doors(setting, holder: PickyHolder(refused: desk))
        let noted = IngressSetting.Recorder<[String: [LaneName]]>()
        let asked = IngressSetting.Recorder<Int>()
        doors.noteDeletion = { _, orders in
            noted.add([orders])
            return true
        }
        doors.orderRetired = { _, _, events in
            asked.add([events.count])
            return true
        }
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .serviceUnavailable)
        }
        let partition = try PartitionName("fi-helsinki")
        let taken = [partition.lane(0), partition.lane(1)]
        #expect(noted.all.map(\.count) == [2, 2] && asked.all.isEmpty)
        #expect(noted.all.last?.values.allSatisfy { $0 == taken } == true)
    }

    /// Takes everything but what is for one lane.
    private struct PickyHolder: EventHolder {
        let refused: LaneName

        func hold(_ events: [LaneEvent]) async -> [AppendResult] {
            events.map { event in
                event.lane == refused
                    ? .refused(.closed) : .held(Position(entry: EntryID(milliseconds: 1_000, sequence: 0), index: 0))
            }
        }
    }

    @Test("goes to the lanes of the topology, to all of them where the account was moved")
    func lanes() throws {
        let (berlin, paris) = (try PartitionName("de-berlin"), try PartitionName("fr-paris"))
        var topology = Topology()
        topology.partitions[berlin] = Topology.Partition(generation: 3, market: "de", zone: "Europe/Berlin", lanes: 16)
        topology.partitions[paris] = Topology.Partition(market: "fr", zone: "Europe/Paris", lanes: 2)
        topology.desks["team"] = 1
        topology.accounts["stays"] = Topology.Account(partition: berlin)
        topology.accounts["moved"] = Topology.Account(generation: 2, partition: berlin)
        let stays = topology.lanes(ofPeopleOf: "stays")
        #expect(stays.count == 17 && stays.filter { !$0.lane.isDesk }.allSatisfy { $0.generation == 3 })
        #expect(topology.lanes(ofPeopleOf: "moved").count == 19)
        #expect(topology.lanes(ofPeopleOf: "nobody").isEmpty)
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
                try await client.execute(uri: "/webhooks/meta/deletion?code=\(Self.code)", method: .get).status
                    == .serviceUnavailable)
        }
        let plain = IngressSetting()
        try await plain.application(doors: try Self.doors(plain, address: nil)).test(.router) { client async throws in
            #expect(try await client.post("/webhooks/meta/deletion", Self.form()).status == .notFound)
        }
    }

    private static var tally: ForgetTally {
        var tally = ForgetTally()
        tally.results = 1
        return tally
    }

    @Test(
        "its page says what stands",
        arguments: [
            (ForgetStanding.unknown, "Nothing is known"), (.done(ForgetTally()), "Nothing was found"),
            (.done(Self.tally), "is deleted"),
        ])
    func pages(standing: ForgetStanding, words: String) async throws {
        let setting = IngressSetting()
        let doors = try Self.doors(setting, standing: standing)
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(
                try await client.execute(uri: "/webhooks/meta/deletion?code=\(Self.code)", method: .get).text.contains(
                    words))
        }
    }
}
