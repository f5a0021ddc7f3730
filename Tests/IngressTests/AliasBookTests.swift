import Contracts
import Ingress
import SwiftProtobuf
import Testing

@Suite("Originals of ads' media")
struct AliasBookTests {
    private static func comment(_ post: String, original: String = "", account: String = "ig") -> Event {
        var event = Event()
        event.account = account
        event.comment = Comment.with {
            $0.id = "c"
            $0.post = post
            $0.originalPost = original
        }
        return event
    }

    @Test("what one comment names, the next that names its ad's media only is given")
    func learns() {
        let book = AliasBook(mostPerAccount: 10)
        #expect(book.complete(Self.comment("ad")).comment.originalPost.isEmpty)
        _ = book.complete(Self.comment("ad", original: "post"))
        #expect(book.complete(Self.comment("ad")).comment.originalPost == "post")
        #expect(book.complete(Self.comment("ad", account: "another")).comment.originalPost.isEmpty)
        #expect(book.complete(Self.comment("post")).comment.originalPost.isEmpty)
        _ = book.complete(Self.comment("ad", original: "later"))
        #expect(book.complete(Self.comment("ad")).comment.originalPost == "post")
        #expect(book.fresh(atMost: 9) == ["ig": ["ad": "post"]])
    }

    @Test("what is written is no longer new; what Redis holds is used, and what was learned meanwhile stays")
    func exchange() {
        let book = AliasBook(mostPerAccount: 10)
        _ = book.complete(Self.comment("ad1", original: "post1"))
        let fresh = book.fresh(atMost: 9)
        _ = book.complete(Self.comment("ad2", original: "post2"))
        book.written(fresh)
        #expect(book.fresh(atMost: 9) == ["ig": ["ad2": "post2"]])
        book.use(recent: ["ig": ["ad1": "post1", "ad3": "post3"]], older: [:])
        let originals = ["ad1", "ad2", "ad3"].map { book.complete(Self.comment($0)).comment.originalPost }
        #expect(originals == ["post1", "post2", "post3"])
        book.written(book.fresh(atMost: 9))
        #expect(book.fresh(atMost: 9).isEmpty)
    }

    @Test("an account's book has a bound")
    func bound() {
        let book = AliasBook(mostPerAccount: 2)
        for number in 1...3 { _ = book.complete(Self.comment("ad\(number)", original: "post")) }
        let known = (1...3).map { book.complete(Self.comment("ad\($0)")).comment.originalPost }
        #expect(known == ["post", "post", ""])
        #expect(book.takeRefused() == 1)
        #expect(book.takeRefused() == 0)
    }

    @Test("an ad of the period before that is named again is new in this one; one that is not makes room")
    func periods() {
        let book = AliasBook(mostPerAccount: 2)
        book.use(recent: [:], older: ["ig": ["ad1": "post1", "ad2": "post2"]])
        #expect(book.complete(Self.comment("ad1")).comment.originalPost == "post1")
        #expect(book.fresh(atMost: 9) == ["ig": ["ad1": "post1"]])
        _ = book.complete(Self.comment("ad3", original: "post3"))
        // The bound is of what is written; what is known is still used.
        #expect(book.complete(Self.comment("ad2")).comment.originalPost == "post2")
        #expect(book.fresh(atMost: 9) == ["ig": ["ad1": "post1", "ad3": "post3"]])
        book.use(recent: ["ig": ["ad1": "post1"]], older: [:])
        #expect(book.complete(Self.comment("ad2")).comment.originalPost.isEmpty)
    }

    @Test("a piece of what is new is in a fixed order, and the rest comes with the next")
    func pieces() {
        let book = AliasBook(mostPerAccount: 10)
        for account in ["b", "a"] {
            for number in [2, 1] { _ = book.complete(Self.comment("ad\(number)", original: "p", account: account)) }
        }
        let first = book.fresh(atMost: 3)
        #expect(first == ["a": ["ad1": "p", "ad2": "p"], "b": ["ad1": "p"]])
        book.written(first)
        #expect(book.fresh(atMost: 3) == ["b": ["ad2": "p"]])
    }
}
