import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("What the customer has seen")
struct ReceiptTests {
    private static func receipt(_ id: String, read: Bool, until: Instant, at: Instant) -> Event {
        Event.of(id, at: at, in: .anna) {
            $0.receipt.read = read
            $0.receipt.until = until.milliseconds
        }
    }

    @Test("a read without an answer ends nothing: promise, timers and the open item stay to the byte")
    func endsNothing() throws {
        var scene = Scene()
        let night = Instant.november(20, 22)
        try scene.take(.message("m1", "Hello?", at: night), at: night)
        for action in scene.actions { try scene.settle(action) }
        var before = try #require(scene.states[.anna])
        #expect(!before.timers.isEmpty && !before.conversation.promises.isEmpty)
        let (actions, open) = (scene.actions.count, scene.openItems[.anna])
        let seen = night + .seconds(90)
        try scene.take(Self.receipt("r1", read: true, until: seen, at: seen), at: seen)
        #expect(scene.rules.last == "receipt.read")
        #expect(scene.actions.count == actions && scene.openItems[.anna] == open)
        let after = try #require(scene.states[.anna])
        #expect(after.conversation.seenUntil == seen.milliseconds && after.seenIds == before.seenIds)
        before.conversation.seenUntil = seen.milliseconds
        before.conversation.deliveredUntil = seen.milliseconds
        before.decisions = after.decisions
        before.lastNow = after.lastNow
        #expect(after == before)
    }

    @Test("the newest instant stands, whatever comes late, again, or from a clock ahead")
    func newest() throws {
        var scene = Scene()
        let start = Instant.november(20, 10)
        try scene.take(.message("m1", "Hello", at: start), at: start)
        let told: [(read: Bool, until: Int64, rule: String)] = [
            (false, 10, "receipt.delivered"), (true, 20, "receipt.read"), (true, 15, "receipt.known"),
            (false, 20, "receipt.known"), (true, 20, "receipt.known"), (false, 30, "receipt.delivered"),
            (true, 9_999_999, "receipt.read"),
        ]
        for (number, one) in told.enumerated() {
            let at = start + .seconds(60 + Int64(number))
            try scene.take(
                Self.receipt("r\(number)", read: one.read, until: start + .seconds(one.until), at: at), at: at)
            #expect(scene.rules.last == one.rule, "\(number)")
        }
        #expect(scene.talk().seenUntil == (start + .seconds(66)).milliseconds, "not later than it was told")
        #expect(scene.talk().deliveredUntil == scene.talk().seenUntil)
    }

    @Test("a receipt of somebody whom no state knows makes none")
    func nobody() throws {
        var scene = Scene()
        let at = Instant.november(20, 10)
        try scene.take(Self.receipt("r1", read: true, until: at, at: at), at: at)
        #expect(scene.states[.anna] == nil || scene.states[.anna] == EntityState())
        #expect(scene.actions.isEmpty)
    }

    @Test("a hundred receipts push no message out of the memory of ids")
    func memory() throws {
        var scene = Scene()
        let start = Instant.november(20, 10)
        try scene.take(.message("m1", "Hello", at: start), at: start)
        for number in 1...100 {
            let at = start + .seconds(Int64(number))
            try scene.take(Self.receipt("r\(number)", read: number % 2 == 0, until: at, at: at), at: at)
        }
        try scene.take(.message("m1", "Hello", at: start), at: start + .seconds(200))
        #expect(scene.rules.last == "duplicate")
    }
}
