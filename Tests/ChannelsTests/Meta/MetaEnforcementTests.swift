import Channels
import Contracts
import Instants
import Testing

@Suite("The platform enforces its policy")
struct MetaEnforcementTests {
    @Test(
        "a block is told from a warning and from its end, and a word that nobody knows warns",
        arguments: [
            (#"{"policy-enforcement":{"action":"block","reason":"spam"}}"#, MetaEnforcement.Measure.block),
            (#"{"policy_enforcement":{"action":"warning"}}"#, .warning),
            (#"{"policy-enforcement":{"action":"review"}}"#, .warning),
            (#"{"policy-enforcement":{"action":"unblock"}}"#, .unblock),
        ])
    func measure(update: String, measure: MetaEnforcement.Measure) throws {
        let told = try #require(MetaEnforcement(Array(update.utf8)))
        #expect(told.measure == measure && !told.reason.isEmpty)
        #expect(MetaEnforcement(Array(#"{"message":{}}"#.utf8)) == nil)
    }

    @Test("it is told to the account's own entity, once an hour")
    func event() throws {
        let update = Array(#"{"policy-enforcement":{"action":"block","reason":"spam"}}"#.utf8)
        let told = try #require(MetaEnforcement(update))
        let start = Instant(seconds: 3_600 * 500_000)
        let events = [0, 3_599, 3_600].map {
            told.event(of: "shop", update: update, received: start + .seconds(Int64($0)))
        }
        #expect(events[0].id == events[1].id && events[1].id != events[2].id)
        #expect(events[0].conversation == EntityID.watch(of: "shop").text)
        #expect(events[0].command.verb == .enforced && events[0].command.subject == "block spam")
    }
}
