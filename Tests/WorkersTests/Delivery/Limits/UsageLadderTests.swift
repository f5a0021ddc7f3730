import Channels
import Contracts
import Instants
import Lanes
import Testing

@testable import Delivery

@Suite("The ladder of a platform's limits, at the gate", .timeLimit(.minutes(5)))
struct UsageLadderTests {
    private static func usage(_ percent: Int, minutes: Int = 0) throws -> MetaUsage {
        let header = #"{"1":[{"type":"pages","call_count":\#(percent),"estimated_time_to_regain_access":\#(minutes)}]}"#
        return try #require(MetaUsage(headers: ["x-business-use-case-usage": header]))
    }

    /// The classes that a courier's brake on the shop stops now, by rank; nil: no brake stands.
    private static func stopped(_ kit: Courting, at later: Duration = .zero) -> [Int]? {
        let server = kit.loop.serverNow(.now)
        guard let brake = kit.loop.gate.brake(on: "shop", now: server + later) else { return nil }
        return (1...7).filter { rank in Urgency(rank: rank).map(brake.stops) ?? false }
    }

    @Test(
        "each step stops its classes for a minute, a throttled account everything for as long as it was told; other workers are told",
        arguments: [
            (74, 0, nil), (75, 0, []), (84, 0, []), (85, 0, [7]), (94, 0, [7]), (95, 0, [6, 7]),
            (97, 0, [6, 7]), (97, 19, [1, 2, 3, 4, 5, 6, 7]),
        ] as [(Int, Int, [Int]?)])
    func step(percent: Int, minutes: Int, stopped: [Int]?) throws {
        let kit = try Courting(.send)
        // It knows Redis's clock from its first turn on.
        kit.house.sink.answer(nil)
        try kit.turn(kit.now)
        kit.loop.heed(try Self.usage(percent, minutes: minutes), of: "shop")
        #expect(Self.stopped(kit) == stopped)
        let end: Duration = minutes > 0 ? .seconds(Int64(minutes) * 60) : .seconds(60)
        #expect(Self.stopped(kit, at: end - .seconds(30)) == stopped)
        #expect(Self.stopped(kit, at: end) == nil)
        try kit.turn(kit.now)
        let standing = try kit.house.store.brakes([.account("shop")])
        #expect((standing.first ?? nil)?.lets == stopped.map { 7 - $0.count })
    }

    @Test("on the way up each stricter step holds at once, and each is told to the others once")
    func up() throws {
        let kit = try Courting(.send)
        var told = 0
        for (percent, stopped) in [(75, []), (85, [7]), (95, [6, 7])] as [(Int, [Int])] {
            for _ in 0..<3 { kit.loop.heed(try Self.usage(percent), of: "shop") }
            told += 1
            #expect(Self.stopped(kit) == stopped && kit.loop.gate.toShare.count == told, "\(percent)")
        }
        kit.loop.heed(try Self.usage(98, minutes: 5), of: "shop")
        #expect(Self.stopped(kit)?.count == 7)
    }

    @Test("on the way back a looser word ends nothing early; with the end of the stricter one it holds")
    func back() throws {
        let kit = try Courting(.send)
        kit.loop.heed(try Self.usage(95), of: "shop")
        for percent in [85, 75, 10] { kit.loop.heed(try Self.usage(percent), of: "shop") }
        #expect(Self.stopped(kit) == [6, 7] && kit.loop.gate.toShare.count == 1)
        // Its last half minute: what stops less than it, but stops anything, is told for the time behind it.
        let server = kit.loop.serverNow(.now)
        kit.loop.gate.known["shop"]?.brake?.until = server + .seconds(29)
        kit.loop.heed(try Self.usage(75), of: "shop")
        #expect(kit.loop.gate.toShare.count == 1, "half of the tokens lengthens no stop")
        kit.loop.gate.known["shop"]?.brake?.until = server
        kit.loop.heed(try Self.usage(85), of: "shop")
        #expect(Self.stopped(kit) == [7] && kit.loop.gate.toShare.count == 2)
        kit.loop.gate.known["shop"]?.brake?.until = server
        kit.loop.heed(try Self.usage(76), of: "shop")
        #expect(Self.stopped(kit) == [])
        kit.loop.gate.known["shop"]?.brake?.until = server
        kit.loop.heed(try Self.usage(74), of: "shop")
        #expect(Self.stopped(kit) == nil && kit.loop.gate.toShare.count == 3)
    }

    @Test("a step that still holds in its last half minute is told anew for a whole one")
    func renewed() throws {
        let kit = try Courting(.send)
        kit.loop.heed(try Self.usage(85), of: "shop")
        kit.loop.gate.known["shop"]?.brake?.until = kit.loop.serverNow(.now) + .seconds(29)
        kit.loop.heed(try Self.usage(85), of: "shop")
        #expect(kit.loop.gate.toShare.count == 2 && Self.stopped(kit, at: .seconds(50)) == [7])
    }
}
