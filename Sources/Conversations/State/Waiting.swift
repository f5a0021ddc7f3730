import Contracts
import Instants

/// Who waits for whom.
///
/// Direct threads compare instants: the newest thing that wants an answer against the newest word of a person, so any
/// order of arrival ends in the same state. Under a post several authors write, each answered for himself: there the
/// marks of the comments say it.
extension Conversation {
    static let mostComments = 32

    /// When the customer last did something that wants an answer; `epoch` if never.
    var lastAsked: Instant {
        switch lastAskedAt {
        case 0: Instant(milliseconds: lastCustomerAt)
        case 1: .epoch
        default: Instant(milliseconds: lastAskedAt)
        }
    }

    /// Notes that the customer did something.
    ///
    /// - Parameter opensWindow: false for what opens no window of the platform's (DOMAIN.md 4.6), an edit: it counts as words
    ///   of the customer only if none are known.
    mutating func noteCustomer(at happened: Instant, wantsAnswer: Bool, opensWindow: Bool = true) {
        let asked = wantsAnswer ? max(lastAsked, happened) : lastAsked
        if opensWindow || lastCustomerAt == 0 {
            if happened.milliseconds > lastCustomerAt {
                unsent = ""
                unreachable = false
            }
            lastCustomerAt = max(lastCustomerAt, happened.milliseconds)
        }
        if asked == .epoch {
            lastAskedAt = 1
        } else {
            lastAskedAt = asked.milliseconds == lastCustomerAt ? 0 : asked.milliseconds
        }
    }

    /// Puts the conversation before the team.
    mutating func list(since instant: Instant, isLate: Bool = false) {
        if status == .waitingTeam, waitingSince != 0 {
            waitingSince = min(waitingSince, instant.milliseconds)
        } else {
            status = .waitingTeam
            waitingSince = instant.milliseconds
        }
        if isLate { late = true }
    }

    /// A person wrote or resolved at that instant. True if nothing waits for the team any more.
    mutating func close(asOf instant: Instant, as closing: Conversation.Status) -> Bool {
        let isNewest = instant.milliseconds >= lastAgentAt
        lastAgentAt = max(lastAgentAt, instant.milliseconds)
        guard lastAsked > instant else {
            if isNewest { unlist(as: closing) }
            return isNewest
        }
        // What was asked first after it is not kept; the newest is known, and is never too early.
        if status == .waitingTeam, waitingSince <= instant.milliseconds { waitingSince = lastAsked.milliseconds }
        return false
    }

    mutating func unlist(as closing: Conversation.Status) {
        status = closing
        waitingSince = 0
        late = false
        unsent = ""
    }
}

/// The comments of a conversation under a post.
extension Conversation {
    /// Notes a comment, or changes what is known of it. Who wrote the root stays known however many comments follow: it says
    /// whose the thread is.
    mutating func mark(_ comment: String, under root: String?, _ change: (inout CommentMark) -> Void) {
        if let index = comments.firstIndex(where: { $0.id == comment }) {
            change(&comments[index])
            return
        }
        var mark = CommentMark()
        mark.id = comment
        change(&mark)
        if comments.count >= Self.mostComments {
            let gone = comments.remove(at: comments.firstIndex { $0.answered || $0.removed } ?? 0)
            if gone.id == root { contact = gone.author }
        }
        comments.append(mark)
    }

    func comment(_ id: String) -> CommentMark? { comments.first { $0.id == id } }

    /// Some comment wants an answer.
    var hasOpenComment: Bool { comments.contains { !$0.answered && !$0.removed } }
}
