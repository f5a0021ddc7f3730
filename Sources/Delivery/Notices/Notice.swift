internal import Channels
internal import Contracts
internal import Instants
internal import Settings

/// What whoever is called is told: which conversation, why, since when. No customer text leaves the house by this way.
struct Notice {
    let id: String
    /// Who is called.
    let target: String
    let team: String
    let rule: String
    /// What the desk counted, in a sentence; empty for a single conversation.
    let facts: String
    /// The customer's conversation.
    let conversation: String
    /// The desk's entity: the same for every notice of one matter.
    let matter: String
    let decidedAt: Instant
    /// Whether it calls, or tells whom it called before that somebody sees to it or that it is over.
    let stage: Action.Stage
    /// Nil without an address of ingress or without its secret, and where nobody is called.
    let acknowledge: String?

    /// - Parameter link: base and secret of the links of acknowledgement.
    init(_ action: Action, link: (base: String, secret: [UInt8])?, now: Instant) {
        id = action.actionID.description
        target = action.contact.isEmpty ? action.team : action.contact
        team = action.team
        rule = action.rule
        facts = action.text
        matter = action.conversation
        let desk = try? EntityID(action.conversation)
        conversation = (desk?.kind == .matter ? desk?.parts.last : nil) ?? action.conversation
        decidedAt = Instant(milliseconds: action.decidedAt)
        stage = action.stage
        guard let link, stage == .call else {
            acknowledge = nil
            return
        }
        // A customer's conversation is claimed itself, a spike as the desk's matter, a digest with all that the desk called for.
        let named = (try? EntityID(conversation))?.kind
        let claimed = named == .messages || named == .comments ? conversation : action.conversation
        let path = AcknowledgeLink(
            conversation: claimed, target: target, notice: id, until: now + AcknowledgeLink.lifetime)
        acknowledge = link.base + path.signed(secret: link.secret)
    }

    /// One sentence for people.
    var sentence: String {
        switch stage {
        case .acknowledged: "\(team): somebody sees to \(subject)"
        case .resolved: "\(team): \(subject) is over"
        case .call, .UNRECOGNIZED: facts.isEmpty ? reason : "\(team): \(facts)"
        }
    }

    private var subject: String { rule == "digest" ? "what was called for" : conversation }
    private var word: String {
        switch stage {
        case .acknowledged: "acknowledged"
        case .resolved: "resolved"
        case .call, .UNRECOGNIZED: "call"
        }
    }

    private var reason: String { "\(team): \(rule.isEmpty ? "a customer waits" : rule) in \(conversation)" }

    /// The body for a kind of receiver.
    ///
    /// - Parameter key: PagerDuty's routing key.
    func body(_ form: NoticeTarget.Form, key: String = "") -> JSONValue {
        switch form {
        case .json: json
        case .slack: slack
        case .teams: teams
        case .pagerduty: pagerDuty(key)
        }
    }

    private var json: JSONValue {
        var fields: [String: JSONValue] = [
            "id": .string(id), "stage": .string(word), "target": .string(target), "team": .string(team),
            "rule": .string(rule),
            "conversation": .string(conversation), "matter": .string(matter), "text": .string(sentence),
            "decided_at": .string(decidedAt.description),
        ]
        if let acknowledge { fields["acknowledge"] = .string(acknowledge) }
        return ["version": 1, "notice": .object(fields)]
    }

    /// Slack's incoming webhook: `text` in its markup, in which three characters are escaped.
    private var slack: JSONValue {
        let escaped = sentence.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        return ["text": .string(escaped + (acknowledge.map { "\n<\($0)|I see to it>" } ?? ""))]
    }

    /// Teams: a message with an adaptive card, as its workflow "when a webhook request is received" takes it.
    private var teams: JSONValue {
        var card: [String: JSONValue] = [
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "body": [["type": "TextBlock", "text": .string(sentence), "wrap": true]],
        ]
        if let acknowledge {
            card["actions"] = [["type": "Action.OpenUrl", "title": "I see to it", "url": .string(acknowledge)]]
        }
        return [
            "type": "message",
            "attachments": [
                ["contentType": "application/vnd.microsoft.card.adaptive", "content": .object(card)]
            ],
        ]
    }

    /// PagerDuty's Events API v2. All notices of a matter are one incident: the first one opens it, a further one of the ladder
    /// adds to it, whoever claims the matter acknowledges it, and with the matter's end it is resolved.
    private func pagerDuty(_ key: String) -> JSONValue {
        let actions: [Action.Stage: JSONValue] = [.acknowledged: "acknowledge", .resolved: "resolve"]
        var event: [String: JSONValue] = [
            "routing_key": .string(key), "event_action": actions[stage] ?? "trigger",
            "dedup_key": .string(incident),
        ]
        guard actions[stage] == nil else { return .object(event) }
        event["payload"] = [

            "summary": .string(TextLimit(unit: .bytes, most: 1_024).cut(sentence)), "source": "nightshift",
            "severity": .string(rule == "safety" ? "critical" : "error"),
            "timestamp": .string(decidedAt.description), "component": .string(team), "class": .string(rule),
            "custom_details": ["conversation": .string(conversation), "notice": .string(id)],
        ]
        if let acknowledge {
            event["links"] = [["href": .string(acknowledge), "text": "I see to it"]]
        }
        return .object(event)
    }

    /// The same for all notices of a matter, and no other's: PagerDuty takes 255 bytes.
    private var incident: String {
        guard matter.utf8.count > 255 else { return matter }
        return TextLimit(unit: .bytes, most: 230).cut(matter) + "-" + String(StableHash.hash(matter), radix: 16)
    }
}
