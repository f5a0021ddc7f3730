internal import Channels
internal import Contracts

/// What one message consists of, as far as the platform takes it (DOMAIN.md 4.5): a text or a template, and buttons.
struct SandboxParts: Sendable {
    struct Refusal: Error {
        let message: String
    }

    private static let mostElements = 10
    private static let mostQuickReplies = 13
    private static let longestTitle = 20
    /// A generic template's title and subtitle; from memory.
    private static let longestLine = 80

    /// Empty for a template.
    private(set) var text = ""
    /// Products' ids, or titles with their addresses.
    private(set) var cards: [String] = []
    private(set) var quickReplies: [String] = []

    /// What a customer sees.
    var shown: String {
        ([text] + cards.map { "▭ " + $0 }
            + (quickReplies.isEmpty ? [] : [quickReplies.map { "[\($0)]" }.joined(separator: " ")]))
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }

    init(_ message: JSONValue, of account: SandboxAccount, _ settings: SandboxSettings) throws(Refusal) {
        let takes = settings.takes
        let attachment = message["attachment"]
        if let text = message["text"]?.string, !text.isEmpty {
            guard attachment == nil else { throw Refusal(message: "A message has a text or an attachment") }
            let limit = (account.isInstagram ? MetaChannel.instagram : .facebook).messageLimit
            guard limit.holds(text) else {
                throw Refusal(message: "Length of param message[text] must be at most \(limit.most)")
            }
            self.text = text
        } else {
            guard let attachment, attachment["type"]?.string == "template", let payload = attachment["payload"] else {
                throw Refusal(message: "Param message must have a text or a template")
            }
            guard takes.templates else { throw Refusal(message: "Templates are not supported here") }
            cards = try Self.elements(payload, settings.catalogues[account.id] ?? [])
        }
        guard let replies = message["quick_replies"]?.array else { return }
        guard takes.quickReplies else { throw Refusal(message: "Quick replies are not supported here") }
        guard (1...Self.mostQuickReplies).contains(replies.count) else {
            throw Refusal(message: "Param quick_replies must have 1 to \(Self.mostQuickReplies) elements")
        }
        for reply in replies {
            guard let title = reply["title"]?.string, (1...Self.longestTitle).contains(title.count),
                reply["content_type"]?.string == "text", reply["payload"]?.string?.isEmpty == false
            else {
                throw Refusal(
                    message: "A quick reply has a title of at most \(Self.longestTitle) characters and a payload")
            }
            quickReplies.append(title)
        }
    }

    private static func elements(_ payload: JSONValue, _ catalogue: Set<String>) throws(Refusal) -> [String] {
        let elements = payload["elements"]?.array ?? []
        guard (1...mostElements).contains(elements.count) else {
            throw Refusal(message: "Param elements must have 1 to \(mostElements) elements")
        }
        var cards: [String] = []
        for element in elements {
            switch payload["template_type"]?.string {
            case "product": cards.append(try product(element, catalogue))
            case "generic": cards.append(try generic(element))
            default: throw Refusal(message: "Param template_type must be one of the known")
            }
        }
        return cards
    }

    private static func product(_ element: JSONValue, _ catalogue: Set<String>) throws(Refusal) -> String {
        guard let id = element["id"]?.string, catalogue.contains(id) else {
            throw Refusal(message: "Invalid product id: it is not in the page's catalogue")
        }
        return id
    }

    private static func generic(_ element: JSONValue) throws(Refusal) -> String {
        guard let title = element["title"]?.string, (1...longestLine).contains(title.count),
            element["subtitle"]?.string?.count ?? 0 <= longestLine
        else { throw Refusal(message: "An element has a title of at most \(longestLine) characters") }
        guard element["subtitle"] != nil || element["image_url"] != nil || element["buttons"] != nil else {
            throw Refusal(message: "An element has a subtitle, an image or buttons beside its title")
        }
        let link = element["default_action"]?["url"]?.string
        for url in [link, element["image_url"]?.string].compactMap({ $0 }) where !url.hasPrefix("https://") {
            throw Refusal(message: "An address begins with https")
        }
        return link.map { title + " " + $0 } ?? title
    }
}
