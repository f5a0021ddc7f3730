import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Routing")
struct RoutingTests {
    private let policy = TestPolicy().built()

    @Test("a message belongs to account and contact, a reply of a person to the conversation it names")
    func messages() throws {
        let message = Event.message("m", "x", at: .epoch)
        #expect(try EntityID.of(message) == .anna)
        #expect(try EntityID.of(.reply("r", "x", at: .epoch)) == .anna)
        let lane = try policy.lane(of: message)
        #expect(lane == (try PartitionName("de-berlin").lane(account: "shop", contact: "anna", of: 8)))
        #expect(try policy.lane(of: .reply("r", "x", at: .epoch)) == lane)
    }

    @Test("a comment belongs to its root under the original post, its edits and removals too", arguments: ["", "post"])
    func comments(parent: String) throws {
        #expect(try EntityID.of(.comment("c1", "x", at: .epoch, under: parent)) == .thread)
        #expect(try EntityID.of(.comment("c2", "x", at: .epoch, under: "c1")) == .thread)
        var removal = Event.of("r", at: .epoch)
        removal.removal = Removal.with {
            $0.target = "c2"
            $0.post = "post"
            $0.parent = "c1"
        }
        #expect(try EntityID.of(removal) == .thread)
        #expect(EntityID.thread.parent == .post(account: "shop", originalPost: "post"))
    }

    @Test("edge case 54: an ad's own media leads to the original post, by the event's own word or by the alias")
    func boosted() throws {
        var byWord = Event.comment("c1", "x", at: .epoch)
        byWord.comment.post = "ad-media"
        byWord.comment.originalPost = "post"
        var byAlias = byWord
        byAlias.comment.originalPost = ""
        #expect(try EntityID.of(byWord) == .thread)
        #expect(try EntityID.of(byAlias, aliases: PostAliases(["shop": ["ad-media": "post"]])) == .thread)
        #expect(try EntityID.of(byAlias) == .comments(account: "shop", originalPost: "ad-media", root: "c1"))
        #expect(try policy.lane(of: byWord) == policy.lane(of: .comment("c7", "x", at: .epoch)))
    }

    @Test("an event without a place says what is missing")
    func faults() throws {
        var event = Event.message("m", "x", at: .epoch)
        event.contact = ""
        #expect(throws: RoutingError.missing(field: "contact", kind: "message")) { try EntityID.of(event) }
        event.conversation = "m/other/anna"
        #expect(throws: RoutingError.conversation("m/other/anna", account: "shop")) { try EntityID.of(event) }
        event.conversation = "nonsense"
        #expect(throws: RoutingError.conversation("nonsense", account: "shop")) { try EntityID.of(event) }
        var stranger = Event.message("m", "x", at: .epoch)
        stranger.account = "nobody"
        #expect(throws: RoutingError.unknownAccount("nobody")) { try policy.lane(of: stranger) }
    }
}
