import Channels
import Contracts
import Instants
import Testing

@Suite("Comments of a sweep as events")
struct MetaSweepTests {
    private static let now = Instant(seconds: 1_795_370_400)

    @Test("on Instagram a comment with the account's later reply under it is answered, one with an earlier is not")
    func instagram() throws {
        func comment(_ id: String, _ ago: Int64, by author: String = "7") -> String {
            #""id":"\#(id)","text":"how much?","timestamp":\#(Self.now.seconds - ago),"from":{"id":"\#(author)"}"#
        }
        let page = """
            {"data":[
              {\(comment("c1", 900)),"replies":{"data":[
                {\(comment("r1", 800))},{\(comment("own1", 700, by: "shop"))},{\(comment("r2", 600))}]}},
              {\(comment("c2", 500)),"replies":{"data":[{\(comment("r3", 400))}]}},
              {\(comment("own2", 300, by: "shop")),"replies":{"data":[{\(comment("r4", 200))}]}}]}
            """
        var own = MetaSweep.OwnReplies()
        let events = MetaSweep(channel: .instagram, account: "shop").events(
            in: try JSONValue(parsing: Array(page.utf8)), post: "m", original: nil,
            range: (Self.now - .seconds(1_000))..<Self.now, received: Self.now, own: &own)
        #expect(events.map(\.comment.id) == ["c1", "r1", "r2", "c2", "r3", "r4"])
        #expect(events.filter(\.comment.answeredSince).map(\.comment.id) == ["c1", "r1"])
    }
}
