internal import Contracts

/// Direct messages and what belongs to them: `entry[].messaging[]` (DOMAIN.md 4.4).
extension MetaNormaliser {
    /// Attachments kept of one message.
    private static let mostAttachments = 16

    func messaging(_ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Reading {
        if let message = try update.nested("message") { return try self.message(message, update, walk) }
        if let edit = try update.nested("message_edit") { return .event(try self.edit(edit, update, walk)) }
        if let postback = try update.nested("postback") { return .event(try self.postback(postback, update, walk)) }
        if let reaction = try update.nested("reaction") { return .event(try self.reaction(reaction, update, walk)) }
        if let referral = try update.nested("referral") { return .event(try self.referral(referral, update, walk)) }
        for (key, reason) in [("read", DropReason.read), ("delivery", .delivery)] where update[key] != nil {
            guard wantsReceipts(walk.account) else { return .dropped(reason) }
            return .event(try receipt(key, update, walk))
        }
        if let control = try threadControl(update, walk) { return .event(control) }
        if update["app_roles"] != nil {
            throw UpdateFault(reason: .threadControl, detail: "expected a thread's owner, got app_roles, update")
        }
        for key in MetaEnforcement.keys where update[key] != nil {
            throw UpdateFault(reason: .policyEnforcement, detail: "expected a message, got \(key), update")
        }
        throw UpdateFault(reason: .unknownKind, detail: "expected a known kind of update, got another, update")
    }

    private func message(
        _ message: JSONValue, _ update: JSONValue, _ walk: Walk
    ) throws(UpdateFault) -> Reading {
        let mid = try message.requiredIdentifier("mid", longest: JSONValue.longestMessageID)
        let at = try update.milliseconds("timestamp")
        let isEcho = try message.flag("is_echo")
        if try message.flag("is_deleted") {
            guard !isEcho else { return .dropped(.ownRemoval) }
            var removal = Removal()
            removal.target = mid
            return .event(walk.event("unsend:\(mid)", contact: try sender(update), at: at, .removal(removal)))
        }
        if isEcho { return .event(try echo(message, mid, at, update, walk)) }
        var kept = DirectMessage()
        let text = KeptText(try message.text("text") ?? "")
        kept.text = text.text
        kept.fullLength = text.fullLength
        kept.attachments = try Self.attachments(message)
        if try message.flag("is_unsupported") {
            var unsupported = Attachment()
            unsupported.type = "unsupported"
            kept.attachments.append(unsupported)
        }
        kept.payload = try message.nested("quick_reply")?.shortText("payload") ?? ""
        kept.replyTo = try message.nested("reply_to")?.identifier("mid", longest: JSONValue.longestMessageID) ?? ""
        let standalone = try update.nested("referral")
        let referral = try message.nested("referral") ?? standalone
        kept.ad = try Self.ad(referral)
        kept.products = MetaProducts.shown(message, referral)
        return .event(walk.event(Self.messageID(mid), contact: try sender(update), at: at, .message(kept)))
    }

    /// Sender and recipient are swapped in an echo: the customer is the recipient.
    private func echo(
        _ message: JSONValue, _ mid: String, _ at: Int64?, _ update: JSONValue, _ walk: Walk
    ) throws(UpdateFault) -> Event {
        guard let contact = try update.nested("recipient")?.identifier("id") else {
            throw .missing("an id", "recipient.id")
        }
        var echo = Echo()
        echo.message = mid
        echo.metadata = try message.shortText("metadata") ?? ""
        echo.app = try message.identifier("app_id") ?? ""
        echo.text = KeptText(try message.text("text") ?? "").text
        echo.inbox = inboxApps(walk.account).contains(echo.app)
        var event = walk.event("echo:\(mid)", contact: contact, at: at, .echo(echo))
        // What we sent from elsewhere goes back there.
        if let conversation = SendMark(echo.metadata)?.conversation, conversation.kind == .comments,
            conversation.isOf(account: walk.account)
        {
            event.conversation = conversation.text
        }
        return event
    }

    private func edit(_ edit: JSONValue, _ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Event {
        let mid = try edit.requiredIdentifier("mid", longest: JSONValue.longestMessageID)
        let at = try update.milliseconds("timestamp")
        let number = try edit.identifier("num_edit") ?? String(at ?? 0)
        let text = KeptText(try edit.text("text") ?? "")
        var kept = Edit()
        kept.target = mid
        kept.text = text.text
        kept.fullLength = text.fullLength
        return walk.event("edit:\(mid):\(number)", contact: try sender(update), at: at, .edit(kept))
    }

    private func postback(_ postback: JSONValue, _ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Event {
        let contact = try sender(update)
        let at = try update.milliseconds("timestamp")
        var kept = Postback()
        kept.payload = try postback.shortText("payload") ?? ""
        kept.title = try postback.shortText("title") ?? ""
        kept.ad = try Self.ad(postback.nested("referral"))
        kept.products = MetaProducts.shown(nil, try postback.nested("referral"))
        let mid = try postback.identifier("mid", longest: JSONValue.longestMessageID)
        // Its title stands in the thread as a message of this id: a sweep of messages must find it known.
        let id = mid.map(Self.messageID) ?? "pb:\(contact):\(Self.digest(kept.payload)):\(at ?? 0)"
        return walk.event(id, contact: contact, at: at, .postback(kept))
    }

    /// A person who is known already came back through an ad or a link: like a button without a text.
    private func referral(_ referral: JSONValue, _ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Event {
        let contact = try sender(update)
        let at = try update.milliseconds("timestamp")
        var kept = Postback()
        kept.payload = try referral.shortText("ref") ?? ""
        kept.ad = try Self.ad(referral)
        kept.products = MetaProducts.shown(nil, referral)
        let id = "ref:\(contact):\(Self.digest(kept.payload + "\u{1F}" + kept.ad)):\(at ?? 0)"
        return walk.event(id, contact: contact, at: at, .postback(kept))
    }

    private func reaction(_ reaction: JSONValue, _ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Event {
        let contact = try sender(update)
        let at = try update.milliseconds("timestamp")
        let action = try reaction.shortText("action", most: 32) ?? "react"
        var kept = Reaction()
        kept.target = try reaction.requiredIdentifier("mid", longest: JSONValue.longestMessageID)
        let word = try reaction.shortText("reaction", most: 64)
        kept.emoji = try reaction.shortText("emoji", most: 64) ?? word ?? ""
        kept.removed = action == "unreact"
        let id = "react:\(kept.target):\(contact):\(action):\(at ?? 0)"
        return walk.event(id, contact: contact, at: at, .reaction(kept))
    }

    /// Messenger names the instant up to which all is read or delivered, Instagram the message that was read.
    private func receipt(_ key: String, _ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Event {
        guard let value = try update.nested(key) else { throw .missing("an object", key) }
        let contact = try sender(update)
        let at = try update.milliseconds("timestamp")
        var kept = Receipt()
        kept.read = key == "read"
        kept.message = try value.identifier("mid", longest: JSONValue.longestMessageID) ?? ""
        guard let until = try value.milliseconds("watermark") ?? (kept.message.isEmpty ? nil : at) else {
            throw .missing("a watermark or a mid with a timestamp", key)
        }
        kept.until = until
        let id = "\(key):\(contact):" + (kept.message.isEmpty ? String(until) : kept.message)
        return walk.event(id, contact: contact, at: at ?? until, .receipt(kept))
    }

    private func sender(_ update: JSONValue) throws(UpdateFault) -> String {
        guard let id = try update.nested("sender")?.identifier("id") else { throw .missing("an id", "sender.id") }
        return id
    }

    private static func ad(_ referral: JSONValue?) throws(UpdateFault) -> String {
        guard let referral, try referral.text("source") == "ADS" else { return "" }
        return try referral.identifier("ad_id") ?? "unknown"
    }

    private static func attachments(_ message: JSONValue) throws(UpdateFault) -> [Attachment] {
        var kept: [Attachment] = []
        for attachment in try message.list("attachments")?.prefix(mostAttachments) ?? [] {
            guard case .object = attachment else { throw .expected("an object", attachment, "attachments") }
            var one = Attachment()
            one.type = try attachment.shortText("type", most: 64) ?? "unknown"
            one.url = link(attachment["payload"]?["url"])
            kept.append(one)
        }
        return kept
    }

    /// A link that is longer than 1,024 bytes is of no use cut, and is left out.
    static func link(_ value: JSONValue?) -> String {
        guard let url = value?.string, url.utf8.count <= 1_024 else { return "" }
        return url
    }

    /// 16 hex digits of the stable hash, for ids that must tell texts apart.
    static func digest(_ text: String) -> String {
        let digits = String(StableHash.hash(text), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
