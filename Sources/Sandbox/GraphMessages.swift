internal import Channels
internal import Contracts
internal import Instants

/// Messages and private replies: what the platform has against them, in the order in which it says so.
extension GraphController {
    func message(_ call: Call) -> Reading {
        let recipient = call.body["recipient"]
        guard let account = call.caller else {
            // As the platform has it: no object of this id takes messages here.
            if call.isOwnNode {
                return .refused(
                    status: 400, code: 100, subcode: 33,
                    message: "Unsupported post request. Object with ID '\(call.node)' does not exist, cannot be loaded "
                        + "due to missing permissions, or does not support this operation")
            }
            return .refused(status: 400, code: 200, message: "(#200) The token is another page's")
        }
        let comment = recipient?["comment_id"]?.string
        let counted: [SandboxLimit.Counted] = comment == nil ? [.sends] : [.sends, .privateReplies]
        if let excess = limits.take(counted, account: account, app: settings.app(of: account.id)) {
            return .beyond(excess)
        }
        if let word = call.body["sender_action"]?.string, let contact = recipient?["id"]?.string {
            return .accepted(
                Accepted(
                    kind: "sender_action", account: account.id, recipient: contact, text: word, id: "",
                    answer: ["recipient_id": .string(contact)]))
        }
        let message = call.body["message"] ?? .null
        let parts: SandboxParts
        do throws(SandboxParts.Refusal) {
            parts = try SandboxParts(message, of: account, settings)
        } catch {
            return .refused(status: 400, code: 100, message: "(#100) \(error.message)")
        }
        let metadata = message["metadata"]?.string ?? ""
        if let comment { return privateReply(to: comment, account, parts, metadata) }
        return send(to: recipient?["id"]?.string ?? "", account, call, parts, metadata)
    }

    /// One to a comment, seven days long.
    private func privateReply(
        to comment: String, _ account: SandboxAccount, _ parts: SandboxParts, _ metadata: String
    ) -> Reading {
        let text = parts.text
        if let refusal = refusal(of: comment, account) { return refusal }
        if let written = posts.comment(comment, of: account.id),
            settings.now() - written.at > settings.privateReplyLasts
        {
            return refusedPrivately(
                comment, account, text, metadata, code: 10_900, "(#10900) The activity is too old to reply to")
        }
        guard threads.takePrivateReply(of: comment) else {
            return refusedPrivately(
                comment, account, text, metadata, code: 10_903, "(#10903) This user cant reply to this activity")
        }
        let id = "m_sandbox_\(threads.nextNumber())"
        let person =
            threads.author(of: comment)
            ?? posts.comment(comment, of: account.id).map { .init(account: account.id, contact: $0.contact) }
        let answer: JSONValue = ["recipient_id": .string(person?.contact ?? comment), "message_id": .string(id)]
        return .accepted(
            Accepted(
                kind: "private_reply", account: account.id, recipient: comment, metadata: metadata, text: text,
                id: id, answer: answer, person: person, parts: parts))
    }

    private func refusedPrivately(
        _ comment: String, _ account: SandboxAccount, _ text: String, _ metadata: String, code: Int64, _ words: String
    ) -> Reading {
        try? ledger.append(
            LedgerLine(
                at: settings.now(), kind: "private_reply_refused", account: account.id, recipient: comment,
                metadata: "", text: text, id: metadata, answered: true))
        return .refused(status: 400, code: code, message: words)
    }

    private func send(
        to contact: String, _ account: SandboxAccount, _ call: Call, _ parts: SandboxParts, _ metadata: String
    ) -> Reading {
        guard !contact.isEmpty else {
            return .refused(status: 400, code: 100, message: "(#100) Param recipient must have an id")
        }
        let person = SandboxThreads.Person(account: account.id, contact: contact)
        let tag = call.body["messaging_type"]?.string == "MESSAGE_TAG" ? call.body["tag"]?.string ?? "none" : nil
        var left: Duration?
        if let refusal = refusal(of: person, tag: tag, metadata: metadata, left: &left) { return refusal }
        let id = "m_sandbox_\(threads.nextNumber())"
        return .accepted(
            Accepted(
                kind: "send", account: account.id, recipient: contact, metadata: metadata, text: parts.text,
                tag: tag ?? "", left: left, id: id,
                answer: ["recipient_id": .string(contact), "message_id": .string(id)], person: person, parts: parts))
    }

    /// What is said of a comment that nobody wrote here, where that is known.
    func refusal(of comment: String, _ account: SandboxAccount) -> Reading? {
        guard settings.refusesUnknownComments, threads.author(of: comment) == nil,
            posts.comment(comment, of: account.id) == nil
        else { return nil }
        return .refused(
            status: 400, code: 100, subcode: 33, message: "(#100) Object with ID '\(comment)' does not exist")
    }

    /// What a window or a tag has against a text; it stands in the ledger with the milliseconds since the window's end.
    private func refusal(
        of person: SandboxThreads.Person, tag: String?, metadata: String, left: inout Duration?
    ) -> Reading? {
        let now = settings.now()
        switch windows.verdict(on: person, tag: tag, now: now) {
        case .open(let rest):
            left = rest
            return nil
        case .retiredTag: return .refused(status: 400, code: 100, message: "(#100) Invalid message tag")
        case .closed(let since):
            try? ledger.append(
                LedgerLine(
                    at: now, kind: "after_window", account: person.account, recipient: person.contact, metadata: "",
                    text: "\(since.wholeMilliseconds)", id: metadata, answered: true, tag: tag ?? ""))
            return .refused(
                status: 400, code: 10, subcode: 2_018_278,
                message: "(#10) This message is sent outside of allowed window.")
        }
    }
}
