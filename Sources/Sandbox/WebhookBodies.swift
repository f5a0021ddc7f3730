internal import Channels
package import Instants

/// Bodies of Meta's webhooks as the platform sends them: escaped unicode, signed over the bytes.
///
/// Used by the sandbox's page, the sample day, drills and tests, so that what goes in is what production gets.
package enum WebhookBodies {
    package struct Signed: Sendable {
        package let bytes: [UInt8]
        /// Value of the header `WebhookSignature.headerName`.
        package let signature: String
    }

    /// One update, to be put into a body.
    package struct Update: Sendable {
        /// `messaging`, `standby` or `changes`.
        let list: String
        let value: JSONValue
    }

    /// One entry of one account.
    ///
    /// - Parameter at: when the platform sends it.
    package static func body(account: String, isInstagram: Bool, at: Instant, _ updates: [Update]) -> [UInt8] {
        // The platform counts in seconds where it tells of changes.
        let time = updates.contains { $0.list == "changes" } ? at.seconds : at.milliseconds
        var entry: [String: JSONValue] = ["id": .string(account), "time": .integer(time)]
        for list in ["messaging", "standby", "changes"] {
            let values = updates.filter { $0.list == list }.map(\.value)
            if !values.isEmpty { entry[list] = .array(values) }
        }
        let body: JSONValue = ["object": isInstagram ? "instagram" : "page", "entry": [.object(entry)]]
        return body.bytes(escaping: .unicode)
    }

    /// The same with the signature of an app's secret.
    package static func signed(_ bytes: [UInt8], secret: [UInt8]) -> Signed {
        Signed(bytes: bytes, signature: WebhookSignature.header(for: bytes, secret: secret))
    }

    package static func message(
        account: String, contact: String, id: String, text: String, at: Instant
    ) -> Update {
        messaging(account, contact, at, "message", ["mid": .string(id), "text": .string(text)])
    }

    /// A message with a picture and no text.
    package static func attachment(account: String, contact: String, id: String, at: Instant) -> Update {
        let picture: JSONValue = ["type": "image", "payload": ["url": "https://cdn.example.test/sample.jpg"]]
        return messaging(account, contact, at, "message", ["mid": .string(id), "attachments": [picture]])
    }

    package static func edit(
        account: String, contact: String, of id: String, number: Int, text: String, at: Instant
    ) -> Update {
        messaging(
            account, contact, at, "message_edit",
            ["mid": .string(id), "text": .string(text), "num_edit": .string(String(number))])
    }

    /// The customer takes a message back.
    package static func removal(account: String, contact: String, of id: String, at: Instant) -> Update {
        messaging(account, contact, at, "message", ["mid": .string(id), "is_deleted": true])
    }

    package static func postback(
        account: String, contact: String, id: String, payload: String, title: String = "Start", at: Instant
    ) -> Update {
        messaging(
            account, contact, at, "postback",
            ["mid": .string(id), "payload": .string(payload), "title": .string(title)])
    }

    /// What the account sent, come back: sender and recipient are swapped.
    package static func echo(
        account: String, contact: String, id: String, text: String, metadata: String?, app: String, at: Instant
    ) -> Update {
        var message: [String: JSONValue] = [
            "mid": .string(id), "text": .string(text), "is_echo": true, "app_id": .string(app),
        ]
        if let metadata { message["metadata"] = .string(metadata) }
        return messaging(contact, account, at, "message", .object(message))
    }

    /// A comment under a post; Facebook's and Instagram's shapes differ.
    package static func comment(
        isInstagram: Bool, contact: String, id: String, post: String, parent: String? = nil, text: String,
        at: Instant
    ) -> Update {
        guard isInstagram else { return feed("add", contact, id, post, parent, text, at) }
        var value: [String: JSONValue] = [
            "id": .string(id), "text": .string(text),
            "from": ["id": .string(contact), "username": .string("user\(contact.suffix(4))")],
            "media": ["id": .string(post), "media_product_type": "FEED"],
        ]
        if let parent { value["parent_id"] = .string(parent) }
        return Update(list: "changes", value: ["field": "comments", "value": .object(value)])
    }

    /// A Facebook comment that got another text.
    package static func commentEdit(
        contact: String, id: String, post: String, parent: String? = nil, text: String, at: Instant
    ) -> Update {
        feed("edited", contact, id, post, parent, text, at)
    }

    /// A Facebook comment that was taken back.
    package static func commentRemoval(
        contact: String, id: String, post: String, parent: String? = nil, at: Instant
    ) -> Update {
        feed("remove", contact, id, post, parent, nil, at)
    }

    private static func feed(
        _ verb: String, _ contact: String, _ id: String, _ post: String, _ parent: String?, _ text: String?,
        _ at: Instant
    ) -> Update {
        var value: [String: JSONValue] = [
            "item": "comment", "verb": .string(verb), "comment_id": .string(id), "post_id": .string(post),
            "parent_id": .string(parent ?? post), "created_time": .integer(at.seconds),
            "from": ["id": .string(contact), "name": .string("User \(contact.suffix(4))")],
        ]
        if let text { value["message"] = .string(text) }
        return Update(list: "changes", value: ["field": "feed", "value": .object(value)])
    }

    private static func messaging(
        _ account: String, _ contact: String, _ at: Instant, _ key: String, _ value: JSONValue
    ) -> Update {
        let update: [String: JSONValue] = [
            "sender": ["id": .string(contact)], "recipient": ["id": .string(account)],
            "timestamp": .integer(at.milliseconds), key: value,
        ]
        return Update(list: "messaging", value: .object(update))
    }
}
