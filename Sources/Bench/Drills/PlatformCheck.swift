import Contracts
private import Foundation

/// What the double's ledger says against the house, besides what every drill counts.
struct PlatformCheck {
    /// A brake reaches every worker by then: what is under way, what was read of the brake before, a new owner's first look.
    static let mostReaction = 2_000

    var examples: [String] = []
    /// Calls to an account that its platform had refused for longer than `mostReaction`.
    var whileThrottled = 0
    /// Texts that came to the platform more than `mostReaction` after its window: what is on its way at the end is not ours to stop.
    var afterWindow = 0
    /// Private replies to one comment beyond the first, refused ones included.
    var secondPrivateReplies = 0
    /// Public texts under one comment that were taken more than once.
    var repliedTwice = 0
    /// Texts to one person that were taken in another order than they were decided in.
    var outOfOrder = 0
    /// Calls that met a throttled account, and calls that were taken without an answer: a drill that met none shows nothing.
    var throttled = 0
    var unanswered = 0
    /// Calls beyond what the platform takes of an account or an app; it counts them itself.
    var overLimit = 0
    /// Texts whose window the platform knew, all in time.
    var withinWindow = 0

    var isClean: Bool {
        whileThrottled + afterWindow + secondPrivateReplies + repliedTwice + outOfOrder + overLimit == 0
    }

    /// - Parameters:
    ///   - ledger: path of the double's JSON lines.
    ///   - order: actions by hexadecimal id, with their place among all decided ones of their lane.
    init(ledger: String, order: [String: Int]) throws {
        var privately: [String: Int] = [:]
        var replies: [String: Int] = [:]
        var newest: [String: (place: Int, action: String)] = [:]
        for bytes in try Data(contentsOf: URL(filePath: ledger)).split(separator: 0x0A) {
            guard let line = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { continue }
            let kind = line["kind"] as? String ?? ""
            let (account, recipient) = (line["account"] as? String ?? "", line["recipient"] as? String ?? "")
            if line["answered"] as? Bool == false { unanswered += 1 }
            switch kind {
            case "throttled":
                throttled += 1
                if Int(line["text"] as? String ?? "") ?? 0 > Self.mostReaction {
                    whileThrottled += 1
                    note("a call to \(account) \(line["text"] ?? "") ms after it was refused")
                }
            case "over_limit":
                overLimit += 1
                note("beyond \(recipient) of \(account): \(line["text"] ?? "")")
            case "after_window":
                if Int(line["text"] as? String ?? "") ?? 0 > Self.mostReaction {
                    afterWindow += 1
                    note("a text to \(account)/\(recipient) \(line["text"] ?? "") ms after its window")
                }
            case "private_reply", "private_reply_refused":
                privately[recipient, default: 0] += 1
            case "reply":
                replies["\(recipient) \(line["text"] as? String ?? "")", default: 0] += 1
            case "send":
                if line["window_left_ms"] != nil { withinWindow += 1 }
                let mark = (line["metadata"] as? String ?? "").split(separator: ":")
                guard mark.count == 3, let place = order[String(mark[2])] else { continue }
                let person = "\(account)/\(recipient)"
                if let before = newest[person], before.place > place {
                    outOfOrder += 1
                    note("to \(person): \(mark[2]) after \(before.action)")
                }
                newest[person] = (place, String(mark[2]))
            default: break
            }
        }
        for (comment, count) in privately.sorted(by: { $0.key < $1.key }) where count > 1 {
            secondPrivateReplies += count - 1
            note("\(count) private replies to \(comment)")
        }
        for (reply, count) in replies.sorted(by: { $0.key < $1.key }) where count > 1 {
            repliedTwice += count - 1
            note("\(count) times: \(reply)")
        }
    }

    private mutating func note(_ text: String) {
        if examples.count < 10 { examples.append(text) }
    }
}
