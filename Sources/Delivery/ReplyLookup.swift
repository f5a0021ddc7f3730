internal import Channels
internal import Contracts

// Whether a reply to a comment stands there already.
//
// Problem: a reply carries no mark, and the platform takes the same one twice. Choice: before an attempt that follows one
// which may have been taken, the comment's replies are read, and one of the account's with these very words is ours. A
// look that cannot be had ends as unclear: nothing is said twice. How it fails: a person who wrote the same words there by
// hand meanwhile is taken for us, which leaves the customer with one answer, as wanted.
struct ReplyLookup: Sendable {
    let client: MetaClient
    let channel: MetaChannel
    let attempt: Attempt

    /// What the attempt came to without a call; nil: the reply is not there, and is to be sent.
    func answer(for call: MetaRequest, within patience: Duration) async -> SendAnswer? {
        let words = call.body?["message"]?.string ?? call.query.first { $0.name == "message" }?.value ?? ""
        let (edge, field) = channel == .facebook ? ("comments", "message") : ("replies", "text")
        let read = MetaRead(
            [attempt.action.comment, edge], [("fields", "id,\(field),from"), ("limit", "100")])
        let found = await client.fetch(
            read, account: attempt.action.account, attempt: attempt.tries, deadline: patience)
        guard let document = found.document else {
            switch found.answer {
            case .failed(var failure):
                failure.mayHaveGone = true
                return .ambiguous(failure)
            default: return found.answer
            }
        }
        for reply in document["data"]?.array ?? [] where reply[field]?.string == words {
            let author = reply["from"]?["id"]?.string
            guard author == nil || author == attempt.action.account else { continue }
            return .delivered(providerID: reply["id"]?.string ?? "")
        }
        return nil
    }
}
