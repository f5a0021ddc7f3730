internal import Contracts

/// Mentions of the account elsewhere: Facebook's `mention`, Instagram's `mentions` (DOMAIN.md 4.4).
///
/// The platform names no author and, on Instagram, gives no text. The event says so with empty fields: a person looks at
/// the original. Waiting for the text before anybody hears of it would let a failed fetch lose the mention.
extension MetaNormaliser {
    func facebookMention(_ value: JSONValue, _ walk: Walk) throws(UpdateFault) -> Reading {
        let post = try value.requiredIdentifier("post_id")
        let target = try value.identifier("comment_id") ?? post
        let from = try value.nested("from")
        let sender = try value.identifier("sender_id")
        let author = try from?.identifier("id") ?? sender ?? ""
        guard author != walk.account else { return .dropped(.ownPublicReply) }
        let text = KeptText(try value.text("message") ?? "")
        let verb = try value.text("verb") ?? "add"
        switch verb {
        case "add":
            var mention = Mention()
            mention.id = target
            mention.post = post
            mention.text = text.text
            mention.fullLength = text.fullLength
            mention.authorName = try from?.shortText("name", most: 256) ?? ""
            let at = try value.milliseconds("created_time")
            return .event(walk.event("m:\(post):\(target)", contact: author, at: at, .mention(mention)))
        case "edited":
            var edit = Edit()
            edit.target = target
            edit.post = post
            edit.text = text.text
            edit.fullLength = text.fullLength
            let id = "m:\(post):\(target):edited:\(Self.digest(text.text))"
            return .event(walk.event(id, contact: author, at: nil, .edit(edit)))
        case "remove":
            var removal = Removal()
            removal.target = target
            removal.post = post
            return .event(walk.event("m:\(post):\(target):remove", contact: author, at: nil, .removal(removal)))
        default:
            throw UpdateFault(reason: .unknownKind, detail: "expected a known verb, got another word, value.verb")
        }
    }

    func instagramMention(_ value: JSONValue, _ walk: Walk) throws(UpdateFault) -> Reading {
        let media = try value.requiredIdentifier("media_id")
        var mention = Mention()
        mention.id = try value.identifier("comment_id") ?? media
        mention.post = media
        return .event(walk.event("m:\(media):\(mention.id)", contact: "", at: nil, .mention(mention)))
    }
}
