// What webhooks leave out, read from the Graph API (DOMAIN.md 4.3, 4.4).
//
// Problem: a comment that a sweep finds must not be decided beside the one that a webhook brings. Choice: it becomes the
// event that the webhook would have been, to the id, so the lane itself tells the second as a duplicate. Rejected: a list
// of known comments beside the lanes, which could disagree with them. How it fails: a comment whose text was changed after
// its webhook has another id; its conversation knows the comment and notes it only.
//
// The account's own replies stand among a post's comments and tell no author: one that answers a comment is told from one
// that answers its neighbour in the same thread by the parent only, which the platform makes the thread's root where replies
// are flat. So a comment counts as answered by a later own reply under it, or beside it under the same comment: people see
// it, automation says nothing to it. How it fails: a reply that stands on a page that is not read is not known.

package import Contracts
package import Instants
internal import SwiftProtobuf

/// One read of the Graph API, without host, version and token.
package struct MetaRead: Sendable {
    package let path: [String]
    package let query: [(String, String)]

    package init(_ path: [String], _ query: [(String, String)] = []) {
        self.path = path
        self.query = query
    }
}

/// The reads of one account's sweep, and their answers as events. Pure.
package struct MetaSweep: Sendable {
    package static let pageSize = 100
    /// Answers of a comment that come beside it; what lies behind them is read by the comment.
    private static let nestedReplies = 50
    private static let replyFields = "id,text,timestamp,from"

    private let channel: MetaChannel
    private let account: String

    package init(channel: MetaChannel, account: String) {
        self.channel = channel
        self.account = account
    }

    /// The lists of an account's posts, ads among them where the platform lists those; the newest first.
    package var posts: [MetaRead] {
        let query = [("fields", "id"), ("limit", "\(Self.pageSize)")]
        return switch channel {
        case .facebook: [MetaRead([account, "feed"], query), MetaRead([account, "ads_posts"], query)]
        case .instagram: [MetaRead([account, "media"], query)]
        }
    }

    /// The page of a list of posts that begins there.
    package static func page(of list: MetaRead, after: String?) -> MetaRead {
        after.map { MetaRead(list.path, list.query + [("after", $0)]) } ?? list
    }

    /// One page of a post's comments, answers to comments included, from `since` on. Instagram's are the first comments of
    /// threads, whose answers stand beside them and may be young where they are old: it is not asked from an instant on.
    package func comments(of post: String, since: Instant, after: String?) -> MetaRead {
        var query = [("limit", "\(Self.pageSize)"), ("date_format", "U")]
        switch channel {
        case .facebook:
            query += [
                ("since", "\(since.seconds)"),
                ("filter", "stream"), ("order", "reverse_chronological"),
                ("fields", "id,message,created_time,from,parent{id},attachment{type}"),
            ]
        case .instagram:
            query.append(("fields", "id,text,timestamp,from,replies.limit(\(Self.nestedReplies)){\(Self.replyFields)}"))
        }
        if let after { query.append(("after", after)) }
        return MetaRead([post, "comments"], query)
    }

    /// So much older than what is looked for may the first comment of an Instagram thread be; answers below still older ones
    /// come by webhook alone.
    package static let oldestThread = Duration.seconds(7 * 86_400)

    /// Whether nothing from `instant` on lies behind this page: the newest come first.
    package func ends(_ page: JSONValue, before instant: Instant) -> Bool {
        isOlder(page, than: channel == .facebook ? instant : instant - Self.oldestThread)
    }

    /// Whether all first comments of a page are, those of which the platform tells it; false if it is of none.
    package func isOlder(_ page: JSONValue, than instant: Instant) -> Bool {
        let name = channel == .facebook ? "created_time" : "timestamp"
        let newest = (page["data"]?.array ?? []).compactMap { Self.instant($0[name]) }.max()
        return newest.map { $0 < instant } ?? false
    }

    /// The comments of a page whose answers do not all stand in it, and where the rest begins.
    package static func unread(in page: JSONValue) -> [(comment: String, after: String)] {
        (page["data"]?.array ?? []).compactMap { comment in
            guard let id = (try? comment.identifier("id")) ?? nil, let after = comment["replies"].flatMap(next) else {
                return nil
            }
            return (id, after)
        }
    }

    /// A further page of an Instagram comment's answers.
    package static func replies(to comment: String, after: String) -> MetaRead {
        let query = [("fields", replyFields), ("date_format", "U"), ("limit", "\(pageSize)"), ("after", after)]
        return MetaRead([comment, "replies"], query)
    }

    /// What a list of posts names.
    package static func ids(in list: JSONValue) -> [String] {
        (list["data"]?.array ?? []).compactMap { (try? $0.identifier("id")) ?? nil }
    }

    /// Where the next page begins; nil behind the last one.
    package static func next(in list: JSONValue) -> String? {
        guard let paging = list["paging"], paging["next"]?.string != nil else { return nil }
        return paging["cursors"]?["after"]?.string
    }

    /// The newest own reply under each comment of a post, in milliseconds since 1970. Kept from page to page: replies are
    /// newer than what they answer, and so stand on an earlier page, or on the same.
    package struct OwnReplies: Sendable {
        fileprivate var newest: [String: Int64] = [:]

        package init() {}

        fileprivate func answer(_ comment: Comment, at: Int64) -> Bool {
            let beside = comment.parent.isEmpty || comment.parent == comment.post ? nil : newest[comment.parent]
            return [newest[comment.id], beside].contains { ($0 ?? .min) >= at }
        }
    }

    /// The comments of one page that were written in `range`, oldest first, as the events that webhooks would have brought.
    /// What is no comment is passed over: a sweep sees it again, and the platform's webhook has a quarantine.
    ///
    /// - Parameters:
    ///   - original: the post that an ad's own media is a copy of, where that is known.
    ///   - replies: by comment, the answers that stand on further pages (`unread`).
    ///   - own: those of the pages before; this page's are added.
    package func events(
        in page: JSONValue, replies: [String: [JSONValue]] = [:], post: String, original: String?,
        range: Range<Instant>, received: Instant, own: inout OwnReplies
    ) -> [Event] {
        var events: [Event] = []
        for comment in page["data"]?.array ?? [] {
            add(comment, parent: nil, &events)
            let id = (try? comment.identifier("id")) ?? nil
            let answers = (comment["replies"]?["data"]?.array ?? []) + (id.flatMap { replies[$0] } ?? [])
            for answer in answers { add(answer, parent: id, &events) }
        }
        for index in events.indices {
            events[index].comment.answeredSince = own.answer(
                events[index].comment, at: events[index].happenedAt)
        }
        return events.filter { range.contains(Instant(milliseconds: $0.happenedAt)) }.sorted {
            ($0.happenedAt, $0.id) < ($1.happenedAt, $1.id)
        }

        func add(_ comment: JSONValue, parent: String?, _ events: inout [Event]) {
            guard let fields = try? read(comment, post: post, parent: parent) else { return }
            if fields.author == account {
                let answered = fields.comment.parent
                if !answered.isEmpty { own.newest[answered] = max(own.newest[answered] ?? .min, fields.at) }
                return
            }
            var event = Event()
            event.id = fields.id
            event.account = account
            event.contact = fields.author
            event.happenedAt = min(fields.at, received.milliseconds)
            event.receivedAt = received.milliseconds
            event.swept = true
            event.comment = fields.comment
            event.comment.originalPost = original ?? ""
            // It is marked later, which takes three bytes.
            guard ((try? event.serializedData().count) ?? .max) <= EventFraming.mostEventBytes - 8 else { return }
            events.append(event)
        }
    }

    private func read(
        _ comment: JSONValue, post: String, parent: String?
    ) throws(UpdateFault) -> (id: String, author: String, at: Int64, comment: Comment) {
        let id = try comment.requiredIdentifier("id")
        let text = try comment.text(channel == .facebook ? "message" : "text") ?? ""
        guard let at = Self.instant(comment[channel == .facebook ? "created_time" : "timestamp"]) else {
            throw .missing("an instant", "created_time")
        }
        let from = try comment.nested("from")
        let kept = KeptText(text)
        var found = Comment()
        found.id = id
        found.post = post
        found.parent = try comment.nested("parent")?.identifier("id") ?? parent ?? (channel == .facebook ? post : "")
        found.text = kept.text
        found.fullLength = kept.fullLength
        found.authorName = try from?.shortText(channel == .facebook ? "name" : "username", most: 256) ?? ""
        if let type = try comment.nested("attachment")?.text("type") {
            var attachment = Attachment()
            attachment.type = type
            found.attachments = [attachment]
        }
        return (MetaNormaliser.commentID(id, text: text), try from?.identifier("id") ?? "", at.milliseconds, found)
    }

    /// Seconds since 1970, as asked for, or the platform's usual `2026-11-23T09:00:00+0000`.
    static func instant(_ value: JSONValue?) -> Instant? {
        if let seconds = value?.integer { return Instant(seconds: seconds) }
        guard let text = value?.string else { return nil }
        let digits = Array(text)
        guard digits.count > 5, digits[digits.count - 5] == "+" || digits[digits.count - 5] == "-" else {
            return try? Instant(rfc3339: text)
        }
        return try? Instant(rfc3339: String(digits.dropLast(2)) + ":" + String(digits.suffix(2)))
    }
}

extension MetaNormaliser {
    /// The id of a direct message's event, by whichever way it comes.
    package static func messageID(_ message: String) -> String { "dm:\(message)" }

    /// The id of a new comment's event, by whichever way it comes.
    package static func commentID(_ comment: String, text: String) -> String { "c:\(comment):add:\(digest(text))" }
}

/// A customer's profile, asked for and read. Pure.
package enum MetaProfile {
    package static func read(of contact: String, channel: MetaChannel) -> MetaRead {
        MetaRead([contact], [("fields", channel == .facebook ? "first_name,locale,timezone" : "name,username")])
    }

    /// - Returns: name, locale and minutes ahead of UTC in decimal digits, each empty where the platform does not tell it.
    package static func fields(in profile: JSONValue) -> (name: String, locale: String, utcOffset: String) {
        let name = profile["first_name"]?.string ?? profile["name"]?.string ?? profile["username"]?.string ?? ""
        let locale = profile["locale"]?.string ?? ""
        return (
            TextLimit(unit: .bytes, most: 64).cut(name), TextLimit(unit: .bytes, most: 16).cut(locale),
            offset(profile["timezone"])
        )
    }

    /// Hours ahead of UTC, halves and quarters included.
    private static func offset(_ hours: JSONValue?) -> String {
        switch hours {
        case .integer(let hours)? where (-14...14).contains(hours): "\(hours * 60)"
        case .number(let hours)? where hours > -15 && hours < 15: "\(Int((hours * 60).rounded()))"
        default: ""
        }
    }
}
