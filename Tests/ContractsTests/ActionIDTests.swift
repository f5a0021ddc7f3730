import Contracts
import SwiftProtobuf
import Testing

@Suite("Action ids")
struct ActionIDTests {
    @Test("the id is the first half of SHA-256 over conversation, cause, kind and n, joined by 0x1F")
    func derived() throws {
        let id = ActionID(conversation: try EntityID("m/a/b"), cause: "e1", kind: .privateReply, n: 3)
        // printf 'm/a/b\x1fe1\x1fprivate_reply\x1f3' | sha256sum
        #expect(id.description == "b609367317abdfe9f327aef05ace1aa9")
    }

    @Test("an id reads back from its hex and from an action's two halves")
    func roundTrip() {
        for id in [ActionID(high: 0, low: 1), ActionID(high: .max, low: .max), ActionID(high: 0xAB, low: 0)] {
            #expect(ActionID(hex: id.description) == id && id.description.utf8.count == 32)
            var action = Action()
            action.actionID = id
            #expect(action.actionID == id)
        }
    }

    @Test(
        "what is no id is refused",
        arguments: [
            "", "0", String(repeating: "0", count: 31), String(repeating: "0", count: 33),
            String(repeating: "g", count: 32), "+" + String(repeating: "0", count: 31),
            String(repeating: "0", count: 16) + "+" + String(repeating: "0", count: 15),
            String(repeating: "0", count: 16) + "-" + String(repeating: "0", count: 15),
            String(repeating: "0", count: 16) + "-" + String(repeating: "1", count: 15),
        ])
    func noID(text: String) {
        #expect(ActionID(hex: text) == nil)
    }

    @Test("ids of every kind differ, and its word is the schema's name in lower case")
    func words() throws {
        let conversation = try EntityID("m/a/b")
        let kinds = Action.Kind.allCases
        let ids = kinds.map { ActionID(conversation: conversation, cause: "e", kind: $0, n: 0) }
        #expect(Set(ids).count == kinds.count)
        for kind in kinds where kind != .unspecified {
            #expect(try Action(jsonString: "{\"kind\":\"\(kind.word.uppercased())\"}").kind == kind)
        }
    }
}
