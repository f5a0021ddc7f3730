import Contracts
import Conversations
import Instants
import SwiftProtobuf

/// What happens in a history. Rare things that an invariant is about are drawn more often than life would.
extension History {
    static let spam = "Earn money fast, message my broker on telegram"
    static let rival = "Same bag for half at rival.example"
    static let criticism = ["This shop is a scam", "Terrible quality", "My bag never arrived"]
    /// Stands in many texts, and may never stand in public.
    static let secrets = ["77419", "Zarathustra"]
    /// Graphemes of several scalars, for what is cut.
    private static let wide = "Kim: 👨‍👩‍👧‍👦👨‍👩‍👧‍👦 e\u{301}e\u{301}e\u{301} नमस्ते नमस्ते 👍🏽👍🏽👍🏽 สวัสดี"

    mutating func event(at: Instant) -> Event {
        number += 1
        let event = generator.number(below: 100) < shop.commentsShare ? publicEvent(at) : privateEvent(at)
        switch generator.number(below: 24) {
        case 0: return event.happened(at - .seconds(1_200), received: at)
        case 1: return event.happened(at - .seconds(30 * 3_600), received: at)
        case 2: return event.happened(at + .seconds(60), received: at)
        default: return event
        }
    }

    private mutating func privateEvent(_ at: Instant) -> Event {
        let id = "dm:\(number)"
        switch generator.number(below: 20) {
        case 0: return .reply("r\(number)", "Hello from Kim \(number)", at: at)
        case 1: return .reply("r\(number)", Self.wide, at: at)
        case 2: return .echo("e\(number)", at: at, inbox: generator.chance(0.6))
        case 3: return .of("x\(number)", at: at) { $0.reaction.emoji = "❤️" }
        case 4: return .of("k\(number)", at: at) { $0.claim.agent = "kim" }
        case 5: return .of("s\(number)", at: at) { $0.resolve.agent = "kim" }
        case 6: return .of("u\(number)", at: at) { $0.removal.target = "\(number / 2)" }
        case 7:
            let verb: ThreadControl.Verb = generator.chance(0.5) ? .taken : .passed
            let isOurs = generator.chance(0.4)
            return .of("t\(number)", at: at) {
                $0.threadControl = ThreadControl.with {
                    $0.verb = verb
                    $0.app = isOurs ? "us" : "other"
                    $0.ours = isOurs
                }
            }
        case 8: return own(.message(id, "how much?", at: at), in: .anna)
        case 9: return .message(id, "5", at: at)
        default: return .message(id, words(), at: at)
        }
    }

    private mutating func publicEvent(_ at: Instant) -> Event {
        let isKnown = !comments.isEmpty
        switch isKnown ? generator.number(below: 16) : 15 {
        case 0: return .reply("r\(number)", "Hello from Kim \(number)", at: at, in: thread(), comment: anyComment().id)
        case 1: return .reply("r\(number)", Self.wide, at: at, in: thread())
        case 2, 3:
            let (comment, text) = (anyComment(), words())
            return placed("e\(number)", comment, at) { event in
                event.edit = Edit.with {
                    $0.target = comment.id
                    $0.post = "post"
                    $0.parent = comment.root == comment.id ? "" : comment.root
                    $0.text = text
                }
            }
        case 4:
            let comment = anyComment()
            return placed("u\(number)", comment, at) { event in
                event.removal = Removal.with {
                    $0.target = comment.id
                    $0.post = "post"
                    $0.parent = comment.root == comment.id ? "" : comment.root
                }
            }
        case 5:
            let (comment, isHidden) = (anyComment(), generator.chance(0.5))
            return placed("m\(number)", comment, at) { event in
                event.moderated = Moderated.with {
                    $0.target = comment.id
                    $0.post = "post"
                    $0.parent = comment.root == comment.id ? "" : comment.root
                    $0.hidden = isHidden
                }
            }
        case 6: return .of("s\(number)", at: at, in: thread()) { $0.resolve.agent = "kim" }
        case 7: return own(.comment("c\(number)", "how much?", at: at, under: comments[0].root), in: thread())
        case 8, 9:
            // A sweep finds a comment that a webhook has named before.
            let comment = anyComment()
            var found = Event.comment(
                comment.id, "where is my order 77419?", at: at, by: comment.author,
                under: comment.root == comment.id ? "" : comment.root)
            found.id = "sweep:\(number)"
            return found
        default: return newComment(at)
        }
    }

    private mutating func newComment(_ at: Instant) -> Event {
        let root = comments.isEmpty || generator.chance(0.2) ? nil : anyComment().root
        let comment = (
            id: "c\(number)", root: root ?? "c\(number)", author: generator.chance(0.5) ? "bo4711" : "cy4712"
        )
        comments.append(comment)
        return .comment(comment.id, words(), at: at, by: comment.author, under: root ?? "")
    }

    private mutating func anyComment() -> (id: String, root: String, author: String) {
        generator.pick(comments) ?? (id: "c0", root: "c0", author: "bo4711")
    }

    private mutating func thread() -> EntityID {
        .comments(account: "shop", originalPost: "post", root: anyComment().root)
    }

    private func placed(
        _ id: String, _ comment: (id: String, root: String, author: String), _ at: Instant,
        _ fill: (inout Event) -> Void
    ) -> Event {
        var event = Event.of(id, at: at, contact: comment.author)
        fill(&event)
        return event
    }

    private func own(_ event: Event, in conversation: EntityID) -> Event {
        var event = event
        event.contact = "shop"
        event.conversation = conversation.text
        return event
    }

    private mutating func words() -> String {
        let pieces = [
            "how much is it?", "how much is it?", "what size?", "where is my order 77419?",
            "hello \(number), I am Quirin Zarathustra?", "lovely quality", "a real person please", "🔥",
            "hello \(number)?",
            Self.spam, Self.spam, Self.rival, Self.criticism[Int(generator.number(below: 3))],
            "I will burn your shop down",
        ]
        if generator.chance(0.08) {
            let proofs = [Self.spam, Self.rival]
            return (generator.pick(Self.criticism) ?? "") + ". " + (generator.pick(proofs) ?? "")
        }
        let first = generator.pick(pieces) ?? ""
        guard generator.chance(0.25), let second = generator.pick(pieces) else { return first }
        return first + ". " + second
    }
}

extension Event {
    fileprivate func happened(_ happened: Instant, received: Instant) -> Event {
        var copy = self
        copy.happenedAt = happened.milliseconds
        copy.receivedAt = received.milliseconds
        return copy
    }
}
