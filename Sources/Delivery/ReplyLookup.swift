internal import Channels
internal import Contracts

// Whether a reply to a comment stands there already.
//
// Problem: a reply carries no mark, and the platform takes the same one twice. Choice: before an attempt that follows one
// which may have been taken, the comment's replies are read, and one of the account's with these words is ours; where
// replies are flat, those to a reply stand under the thread's first comment, whose replies are read then too. A look that cannot be had, or does not end within its pages, ends as unclear: nothing is said twice. How it fails: a person who
// wrote the same words there by
// hand meanwhile is taken for us, which leaves the customer with one answer, as wanted.
struct ReplyLookup: Sendable {
    /// A thousand replies, the newest first where the platform takes an order.
    private static let mostPages = 10

    let client: MetaClient
    let channel: MetaChannel
    let attempt: Attempt

    /// What the attempt came to without a call; nil: the reply is not there, and is to be sent.
    func answer(for call: MetaRequest, within patience: Duration) async -> SendAnswer? {
        let words = call.body?["message"]?.string ?? call.query.first { $0.name == "message" }?.value ?? ""
        let end = ContinuousClock.now + patience
        for comment in [attempt.action.comment] + Self.roots(of: attempt.action) {
            if let answer = await answer(Self.plain(words), under: comment, until: end) { return answer }
        }
        return nil
    }

    /// The comment under which the thread stands, if another one is answered.
    private static func roots(of action: Action) -> [String] {
        guard let thread = try? EntityID(action.conversation), thread.kind == .comments, let root = thread.parts.last,
            root != action.comment
        else { return [] }
        return [root]
    }

    /// The platform trims what it is given, and may break lines in its own way.
    private static func plain(_ words: String) -> String {
        words.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private func answer(
        _ words: String, under comment: String, until end: ContinuousClock.Instant
    ) async -> SendAnswer? {
        let (edge, field) = channel == .facebook ? ("comments", "message") : ("replies", "text")
        let order = channel == .facebook ? [("order", "reverse_chronological")] : []
        let list = MetaRead(
            [comment, edge], [("fields", "id,\(field),from"), ("limit", "100")] + order)
        var after: String?
        for _ in 0..<Self.mostPages {
            let left = end - .now
            guard left > .zero else { break }
            let found = await client.fetch(
                MetaSweep.page(of: list, after: after), account: attempt.action.account, attempt: attempt.tries,
                deadline: left)
            guard let document = found.document else { return Self.unclear(found.answer) }
            if let id = own(words, field, in: document) { return .delivered(providerID: id) }
            guard let next = MetaSweep.next(in: document), next != after else { return nil }
            after = next
        }
        return Self.unclear(
            .failed(SendFailure(status: 0, message: "expected the end of a comment's replies, there are more")))
    }

    /// The platform's id of the account's own reply with these words on a page.
    private func own(_ words: String, _ field: String, in page: JSONValue) -> String? {
        for reply in page["data"]?.array ?? [] where (reply[field]?.string).map(Self.plain) == words {
            let author = reply["from"]?["id"]?.string
            if author == nil || author == attempt.action.account { return reply["id"]?.string ?? "" }
        }
        return nil
    }

    private static func unclear(_ answer: SendAnswer) -> SendAnswer {
        guard case .failed(var failure) = answer else { return answer }
        failure.mayHaveGone = true
        return .ambiguous(failure)
    }
}
