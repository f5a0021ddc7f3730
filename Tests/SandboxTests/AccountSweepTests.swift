import Channels
import Contracts
import Delivery
import Instants
import Sandbox
import Testing

@Suite("Sweeps over an account's posts, against the platform's double")
struct AccountSweepTests {
    @Test("every page of the lists of posts is read")
    func manyPosts() async throws {
        let posts = SandboxPosts()
        for number in 0..<230 {
            posts.add(
                .init(id: "c\(number)", contact: "77", text: "how much?", at: GraphFetchTests.now - .seconds(200)),
                to: "post\(number)", of: GraphFetchTests.account, isAd: number % 2 == 1)
        }
        let lanes = GraphFetchTests.Lanes()
        try await SandboxTests.run(SandboxTests.settings(), posts: posts) { url, _, _ in
            _ = try await GraphFetchTests.carryOut(
                GraphFetchTests.action(.comments, since: .seconds(90_000)), at: url, lanes)
        }
        #expect(Set(lanes.comments.map(\.comment.id)).count == 230)
        #expect(lanes.fetched.map(\.found) == [230])
    }

    @Test("a short sweep reads the newest of each list, what webhooks told of lately, and the posts whose turn it is")
    func turns() async throws {
        let posts = SandboxPosts()
        let names = (100..<230).map { "post\($0)" }
        for (number, post) in names.enumerated() {
            let isAd = number % 2 == 1
            let at = GraphFetchTests.now - .seconds(200)
            posts.add(
                .init(id: "c\(post)", contact: "77", text: "how much?", at: at), to: post, of: GraphFetchTests.account,
                isAd: isAd)
            // Behind the end of the last sweep, and less than a day.
            let before = GraphFetchTests.now - .seconds(40_000)
            posts.add(
                .init(id: "d\(post)", contact: "77", text: "and?", at: before), to: post, of: GraphFetchTests.account,
                isAd: isAd)
        }
        let lanes = GraphFetchTests.Lanes(known: [
            .init(id: "post220", toldAt: GraphFetchTests.now - .seconds(80_000)),
            .init(id: "post221", toldAt: GraphFetchTests.now - .seconds(90_000)),
        ])
        let action = GraphFetchTests.action(.comments, since: .seconds(900))
        try await SandboxTests.run(SandboxTests.settings(), posts: posts) { url, _, _ in
            _ = try await GraphFetchTests.carryOut(action, at: url, lanes)
        }
        let round = PostRound(Instant(milliseconds: action.since)..<Instant(milliseconds: action.until))
        let due = names.filter(round.isDue)
        let lively = names.prefix(50) + ["post220"]
        #expect(Set(lanes.comments.map(\.comment.id)) == Set((due + lively).map { "c\($0)" } + due.map { "d\($0)" }))
    }

    @Test("nothing from before the account was watched is found, also under a post that is read from before")
    func beginning() async throws {
        let posts = SandboxPosts()
        for (name, ago) in [("old", Int64(900)), ("young", 200)] {
            posts.add(
                .init(id: name, contact: "77", text: "how much?", at: GraphFetchTests.now - .seconds(ago)), to: "post",
                of: GraphFetchTests.account)
        }
        let lanes = GraphFetchTests.Lanes()
        // A sweep of a day reads every post back to a day before.
        var asked = GraphFetchTests.action(.comments, since: .seconds(90_000))
        asked.earliest = (GraphFetchTests.now - .seconds(600)).milliseconds
        let action = asked
        try await SandboxTests.run(SandboxTests.settings(), posts: posts) { url, _, _ in
            _ = try await GraphFetchTests.carryOut(action, at: url, lanes)
        }
        #expect(lanes.comments.map(\.comment.id) == ["young"])
    }

    @Test(
        "an own reply marks what it answers, on whichever page that stands, and its neighbours before it in the thread")
    func ownReplies() async throws {
        let posts = SandboxPosts()
        func add(_ id: String, ago: Int64, by contact: String = "77", under parent: String? = nil) {
            posts.add(
                .init(
                    id: id, contact: contact, text: "how much? \(id)", at: GraphFetchTests.now - .seconds(ago),
                    parent: parent), to: "900", of: GraphFetchTests.account)
        }
        let own = GraphFetchTests.account
        // More than a page of others lies between the question and its answer, which is too young to be offered itself.
        add("asked", ago: 3_000)
        for number in 0..<150 { add("other\(number)", ago: 500 + Int64(number)) }
        add("answer", ago: 10, by: own, under: "asked")
        add("root", ago: 3_000)
        add("before", ago: 2_900, under: "root")
        add("answer2", ago: 2_800, by: own, under: "root")
        add("after", ago: 2_700, under: "root")
        // Of the account's own, and no reply.
        add("said", ago: 100, by: own)
        let lanes = GraphFetchTests.Lanes()
        try await SandboxTests.run(SandboxTests.settings(), posts: posts) { url, _, _ in
            _ = try await GraphFetchTests.carryOut(GraphFetchTests.action(.comments), at: url, lanes)
        }
        #expect(lanes.comments.count == 154)
        let answered = lanes.comments.filter(\.comment.answeredSince).map(\.comment.id)
        #expect(Set(answered) == ["asked", "root", "before"])
    }

    @Test(
        "a post that is forbidden costs itself alone, one that fails the end of the sweep, and all of them a permission",
        arguments: [
            (codes: [200, nil, nil] as [Int64?], found: 2, isWhole: true), ([nil, 10, 299], 1, true),
            ([200, 3, 10], 0, false), ([551, nil, nil], 2, false), ([nil, nil, 100], 2, false),
            ([nil, 551, 200], 1, false),
        ])
    func forbidden(codes: [Int64?], found: UInt32, isWhole: Bool) async throws {
        let posts = SandboxPosts()
        for (number, code) in codes.enumerated() {
            let comment = SandboxPosts.Comment(
                id: "c\(number)", contact: "77", text: "how much?", at: GraphFetchTests.now - .seconds(200))
            posts.add(comment, to: "post\(number)", of: GraphFetchTests.account)
            posts.refuse("post\(number)", of: GraphFetchTests.account, code: code)
        }
        let lanes = GraphFetchTests.Lanes()
        try await SandboxTests.run(SandboxTests.settings(), posts: posts) { url, _, _ in
            let answered = try await GraphFetchTests.carryOut(GraphFetchTests.action(.comments), at: url, lanes)
            #expect(answered.answer == .delivered(providerID: ""))
        }
        #expect(lanes.fetched.map(\.found) == [found])
        #expect(lanes.fetched.first?.until == (isWhole ? (GraphFetchTests.now - .seconds(60)).milliseconds : 0))
        #expect(lanes.fetched.first?.resume == "")
        #expect(lanes.fetched.first?.text.isEmpty == isWhole)
    }
}
