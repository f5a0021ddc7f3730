internal import Channels
internal import Contracts

/// What is done about a comment. A platform without comments answers that it has no such thing; one with them may say that there is no
/// such comment. Whatever it answers, it carries out once.
extension GenericConformance {
    private static let commentKinds: [(kind: Action.Kind, name: String)] = [
        (.reply, "a reply to a comment"), (.privateReply, "a private reply to a comment"),
        (.hide, "the hiding of a comment"),
        (.unhide, "the showing of a comment"),
    ]
    /// What CHANNELS.md lets a bridge say of an action that it understood.
    private static let final: Set<String> = ["delivered", "failed", "unsupported"]

    func comments(_ run: UInt64) async -> [Check] {
        var checks: [Check] = []
        for (number, (kind, name)) in Self.commentKinds.enumerated() {
            var action = self.action(kind, ActionID(high: run, low: 16 + UInt64(number)))
            action.comment = comment
            if kind == .hide || kind == .unhide { action.text = "" }
            let first = await told(action, attempt: 1)
            let again = await told(action, attempt: 2)
            checks.append(
                Check(
                    name: "\(name) is answered delivered, failed or unsupported, and the same again",
                    fault: first.fault ?? again.fault
                        ?? (first.word == again.word ? nil : "expected \(first.word) again, got \(again.word)")))
        }
        return checks
    }

    /// The status with the platform's id, or what was expected instead.
    private func told(_ action: Action, attempt: UInt32) async -> (word: String, fault: String?) {
        let reply = await request(
            body(of: action, attempt: attempt).bytes(), action.actionID, secrets: address.secrets)
        if case .answer(200...299, _, let bytes) = reply, let document = try? JSONValue(parsing: bytes),
            let status = document["status"]?.string, Self.final.contains(status)
        {
            guard status == "delivered" else { return (status, nil) }
            return ("delivered \(document["id"]?.string ?? "without an id")", nil)
        }
        let came = Self.word(GenericCarrier.outcome(reply, 1))
        return ("", "expected status delivered, failed or unsupported, got \(came)")
    }
}
