// Direct messages that webhooks left out, read from the conversations edge (DOMAIN.md 4.3).
//
// Problem: an outage of webhooks loses direct messages too, and the platform tells of them by conversation only, the
// newest twenty of each. Choice: conversations are read from the one that changed last back to the start of the gap; each
// message of a customer in it becomes the event that its webhook would have been, to the id, so that the lane itself tells
// the second as a duplicate. A message behind which the account has written something newer is marked: somebody may have
// answered it, so people see it and automation does not. Rejected: our own and our colleagues' messages as echoes, since
// the platform does not give back our mark here, and without it we would take our own words for another app's. How it
// fails: of a conversation with more than twenty messages since the last sweep the oldest are not seen; stickers and other
// attachments come as their type only.

package import Contracts
package import Instants
internal import SwiftProtobuf

/// The reads of one account's conversations, and their answers as events. Pure.
package struct MetaMessageSweep: Sendable {
    package static let pageSize = 25
    /// The platform gives no more of a conversation.
    package static let mostMessages = 20

    private let channel: MetaChannel
    private let account: String
    private let node: String

    /// - Parameter login: by which node the account's conversations are read.
    package init(channel: MetaChannel, account: String, login: MetaLogin = .page) {
        self.channel = channel
        self.account = account
        node = login.node(of: account)
    }

    /// One page of conversations, the one that changed last first.
    package func conversations(after: String?) -> MetaRead {
        var query = [
            ("platform", channel == .instagram ? "instagram" : "messenger"), ("limit", "\(Self.pageSize)"),
            (
                "fields",
                "id,updated_time,messages.limit(\(Self.mostMessages)){id,message,created_time,from,attachments{mime_type}}"
            ),
        ]
        if let after { query.append(("after", after)) }
        return MetaRead([node, "conversations"], query)
    }

    /// Whether everything behind this page changed last before that instant.
    package func ends(_ page: JSONValue, before instant: Instant) -> Bool {
        let last = (page["data"]?.array ?? []).compactMap { MetaSweep.instant($0["updated_time"]) }.min()
        return last.map { $0 < instant } ?? true
    }

    /// The customers' messages of one page that were written in `range`, oldest first. What is no message is passed over.
    package func events(in page: JSONValue, range: Range<Instant>, received: Instant) -> [Event] {
        var events: [Event] = []
        for conversation in page["data"]?.array ?? [] {
            let messages = conversation["messages"]?["data"]?.array ?? []
            let read = messages.compactMap { try? message($0) }
            let answered = read.filter { isOwn($0.author) }.map(\.at).max()
            for one in read where !isOwn(one.author) && range.contains(one.at) {
                var event = Event()
                event.id = MetaNormaliser.messageID(one.id)
                event.account = account
                event.contact = one.author
                event.happenedAt = min(one.at, received).milliseconds
                event.receivedAt = received.milliseconds
                event.swept = true
                event.message = one.message
                event.message.answeredSince = answered.map { $0 >= one.at } ?? false
                guard ((try? event.serializedData().count) ?? .max) <= EventFraming.mostEventBytes else { continue }
                events.append(event)
            }
        }
        return events.sorted { ($0.happenedAt, $0.id) < ($1.happenedAt, $1.id) }
    }

    /// The platform may name the page where the account wrote by way of it.
    private func isOwn(_ author: String) -> Bool { author == account || author == node }

    private func message(
        _ value: JSONValue
    ) throws(UpdateFault) -> (id: String, author: String, at: Instant, message: DirectMessage) {
        let id = try value.requiredIdentifier("id", longest: JSONValue.longestMessageID)
        guard let author = try value.nested("from")?.identifier("id") else { throw .missing("an author", "from.id") }
        guard let at = MetaSweep.instant(value["created_time"]) else { throw .missing("an instant", "created_time") }
        let text = KeptText(try value.text("message") ?? "")
        var message = DirectMessage()
        message.text = text.text
        message.fullLength = text.fullLength
        message.attachments = (value["attachments"]?["data"]?.array ?? []).prefix(16).map { given in
            var attachment = Attachment()
            attachment.type = given["mime_type"]?.string.map { String($0.prefix { $0 != "/" }) } ?? "unsupported"
            return attachment
        }
        return (id, author, at, message)
    }
}
