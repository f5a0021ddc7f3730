internal import Contracts
internal import Instants

/// Comments and mentions: `entry[].changes[]` (DOMAIN.md 4.4).
extension MetaNormaliser {
    func change(_ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Reading {
        let field = try update.text("field") ?? ""
        guard let value = try update.nested("value") else { throw .missing("an object", "value") }
        switch field {
        case "feed": return try feed(value, walk)
        case "comments", "live_comments":
            return try instagramComment(value, walk, isLive: field == "live_comments")
        case "mention": return try facebookMention(value, walk)
        case "mentions": return try instagramMention(value, walk)
        default:
            throw UpdateFault(reason: .unknownKind, detail: "expected a known field, got another word, field")
        }
    }

    /// A change on a Facebook page. `item` and `verb` are open sets.
    private func feed(_ value: JSONValue, _ walk: Walk) throws(UpdateFault) -> Reading {
        guard try value.text("item") == "comment" else { return .dropped(.feedOther) }
        let verb = try value.text("verb") ?? ""
        let place = try Place(facebook: value)
        if verb == "hide" || verb == "unhide" {
            // The same comment may be hidden more than once, so the instant of the news is part of its name.
            let id = "c:\(place.comment):\(verb):\(walk.sent?.milliseconds ?? 0)"
            return .event(walk.event(id, contact: "", at: nil, .moderated(place.asModerated(hidden: verb == "hide"))))
        }
        // Below a comment it may be a colleague's answer; elsewhere the account's own words answer nobody.
        if place.author == walk.account, verb != "add" || !place.isReply { return .dropped(.ownPublicReply) }
        let text = try value.text("message") ?? ""
        let id = "c:\(place.comment):\(verb):\(Self.digest(text))"
        switch verb {
        case "add":
            var comment = place.asComment(KeptText(text))
            for type in ["photo", "video"] where try value.text(type) != nil {
                var attachment = Attachment()
                attachment.type = type
                attachment.url = Self.link(value[type])
                comment.attachments.append(attachment)
            }
            let at = try value.milliseconds("created_time")
            return .event(walk.event(id, contact: place.author, at: at, .comment(comment)))
        case "edited":
            // `created_time` is the comment's, not the edit's: the entry's own instant is nearer to what happened.
            return .event(walk.event(id, contact: place.author, at: nil, .edit(place.asEdit(KeptText(text)))))
        case "remove":
            return .event(walk.event(id, contact: place.author, at: nil, .removal(place.asRemoval())))
        default:
            throw UpdateFault(reason: .unknownKind, detail: "expected a known verb, got another word, value.verb")
        }
    }

    private func instagramComment(
        _ value: JSONValue, _ walk: Walk, isLive: Bool
    ) throws(UpdateFault) -> Reading {
        let place = try Place(instagram: value)
        if place.author == walk.account, !place.isReply { return .dropped(.ownPublicReply) }
        let text = try value.text("text") ?? ""
        let id = Self.commentID(place.comment, text: text)
        let at = try value.milliseconds("created_time")
        var comment = place.asComment(KeptText(text))
        comment.live = isLive
        return .event(walk.event(id, contact: place.author, at: at, .comment(comment)))
    }
}

/// Who wrote a comment and where it stands.
private struct Place {
    let comment: String
    let post: String
    let originalPost: String
    let parent: String
    let ad: String
    /// Empty if the platform does not say.
    let author: String
    let authorName: String

    /// A post that is not published but promoted exists only as an ad; it then is its own mark, since the platform gives
    /// no ad id here.
    init(facebook value: JSONValue) throws(UpdateFault) {
        comment = try value.requiredIdentifier("comment_id")
        post = try value.requiredIdentifier("post_id")
        originalPost = ""
        parent = try value.identifier("parent_id") ?? ""
        let from = try value.nested("from")
        let oldID = try value.identifier("sender_id")
        let oldName = try value.shortText("sender_name", most: 256)
        author = try from?.identifier("id") ?? oldID ?? ""
        authorName = try from?.shortText("name", most: 256) ?? oldName ?? ""
        let details = try value.nested("post")
        let isPromoted = try details?.text("promotion_status") != nil && details?["is_published"]?.bool == false
        ad = isPromoted ? post : ""
    }

    init(instagram value: JSONValue) throws(UpdateFault) {
        guard let media = try value.nested("media") else { throw .missing("an object", "value.media") }
        comment = try value.requiredIdentifier("id")
        post = try media.requiredIdentifier("id")
        originalPost = try media.identifier("original_media_id") ?? ""
        parent = try value.identifier("parent_id") ?? ""
        let from = try value.nested("from")
        author = try from?.identifier("id") ?? ""
        authorName = try from?.shortText("username", most: 256) ?? ""
        let isAd = try media.text("media_product_type") == "AD"
        ad = try media.identifier("ad_id") ?? (isAd ? post : "")
    }

    /// It stands below another comment.
    var isReply: Bool { !parent.isEmpty && parent != post && parent != originalPost }

    func asComment(_ text: KeptText) -> Comment {
        var kept = Comment()
        kept.id = comment
        kept.post = post
        kept.originalPost = originalPost
        kept.parent = parent
        kept.ad = ad
        kept.text = text.text
        kept.fullLength = text.fullLength
        kept.authorName = authorName
        return kept
    }

    func asEdit(_ text: KeptText) -> Edit {
        var kept = Edit()
        kept.target = comment
        kept.text = text.text
        kept.fullLength = text.fullLength
        kept.post = post
        kept.originalPost = originalPost
        kept.parent = parent
        return kept
    }

    func asModerated(hidden: Bool) -> Moderated {
        var kept = Moderated()
        kept.target = comment
        kept.hidden = hidden
        kept.post = post
        kept.originalPost = originalPost
        kept.parent = parent
        return kept
    }

    func asRemoval() -> Removal {
        var kept = Removal()
        kept.target = comment
        kept.post = post
        kept.originalPost = originalPost
        kept.parent = parent
        return kept
    }
}
