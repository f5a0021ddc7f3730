import Contracts
import Ingress
import Instants
import SwiftProtobuf
import Testing

@Suite("Posts that webhooks told of")
struct PostBookTests {
    private static func comment(_ post: String, at seconds: Int64) -> Event {
        var event = Event()
        event.account = "shop"
        event.receivedAt = seconds * 1_000
        event.comment.id = "c"
        event.comment.post = post
        return event
    }

    @Test("each post is given once with its newest instant; what could not be written is given again")
    func takes() {
        let book = PostBook(mostPerAccount: 2)
        book.note(Self.comment("p1", at: 1))
        book.note(Self.comment("p1", at: 2))
        book.note(Self.comment("p2", at: 3))
        book.note(Self.comment("p3", at: 4))
        let taken = book.take()
        #expect(taken == ["shop": ["p1": Instant(seconds: 2), "p2": Instant(seconds: 3)]])
        #expect(book.take().isEmpty)
        book.note(Self.comment("p1", at: 9))
        book.giveBack(taken)
        #expect(book.take() == ["shop": ["p1": Instant(seconds: 9), "p2": Instant(seconds: 3)]])
        var message = Event()
        message.message.text = "Hello"
        book.note(message)
        #expect(book.take().isEmpty)
    }
}
