private import Foundation
import Instants
private import Sandbox

/// What the double's ledger says against the house, besides what every drill counts.
struct PlatformCheck {
    /// A brake reaches every worker by then: what is under way, what was read of the brake before, a new owner's first look.
    static let mostReaction = 2_000

    var examples: [String] = []
    /// Calls to an account that its platform had refused for longer than `mostReaction`.
    var whileThrottled = 0
    /// Texts that came to the platform more than `mostReaction` after its window: what is on its way at the end is not ours to stop.
    var afterWindow = 0
    /// Comments under which a private reply was taken.
    var privateReplies = 0
    /// Private replies to one comment beyond the first, refused ones included, unless the same action asks again whether it was taken.
    var secondPrivateReplies = 0
    /// Those that did: the answer to an attempt was lost, or its worker was killed.
    var privatelyAgain = 0
    /// Public texts under one comment that were taken more than once.
    var repliedTwice = 0
    /// Texts to one person that were taken in another order than they were decided in.
    var outOfOrder = 0
    /// Messages that were taken, and are called failed, expired or cancelled in the results.
    var takenAndFailed = 0
    /// Calls that met a throttled account, and calls that were taken without an answer: a drill that met none shows nothing.
    var throttled = 0
    var unanswered = 0
    /// Of the messages among those the ones that are neither ambiguous nor failed: an echo told that they were taken.
    var proved = 0
    /// Calls beyond what the platform takes of an account or an app; it counts them itself.
    var overLimit = 0
    /// Texts whose window the platform knew, all in time.
    var withinWindow = 0
    /// Seen marks that were taken.
    var marks = 0
    /// Most messages, private replies and marks that one account's platform took within the time of its limit.
    var busiest = 0

    var isClean: Bool {
        whileThrottled + afterWindow + secondPrivateReplies + repliedTwice + outOfOrder + overLimit + takenAndFailed
            == 0
    }

    /// - Parameters:
    ///   - ledger: path of the double's JSON lines.
    ///   - order: actions by hexadecimal id, with their place among all decided ones of their lane.
    ///   - ambiguous: the actions that results name so.
    ///   - failed: those whose outcome says that nothing was delivered.
    ///   - span: the time of the limit on what is sent.
    init(
        ledger: String, order: [String: Int], ambiguous: Set<String> = [], failed: Set<String> = [],
        span: Duration = .seconds(1)
    ) throws {
        var reading = LedgerReading(order: order, ambiguous: ambiguous, failed: failed, span: span)
        for bytes in try Data(contentsOf: URL(filePath: ledger)).split(separator: 0x0A) {
            guard let line = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { continue }
            add(LedgerWords(line), &reading)
        }
        for (comment, actions) in reading.privately.sorted(by: { $0.key < $1.key }) {
            privatelyAgain += actions.values.reduce(0, +) - actions.count
            guard actions.count > 1 else { continue }
            secondPrivateReplies += actions.count - 1
            note("\(actions.count) private replies to \(comment)")
        }
        for (reply, count) in reading.replies.sorted(by: { $0.key < $1.key }) where count > 1 {
            repliedTwice += count - 1
            note("\(count) times: \(reply)")
        }
    }

    /// What the drill's plan wanted to be met and was not.
    func missing(_ trouble: PlatformTrouble?) -> [String] {
        let most = trouble?.sends?.most ?? 0
        return [
            ("no account was throttled", throttled == 0), ("no call was without an answer", unanswered == 0),
            ("no text had a window", withinWindow == 0), ("no echo proved anything", proved == 0),
            ("nobody was answered in private", privateReplies == 0), ("nothing was marked as seen", marks == 0),
            ("no account came near its limit", busiest * 2 < most),
        ].filter(\.1).map(\.0)
    }

    private mutating func add(_ line: LedgerWords, _ reading: inout LedgerReading) {
        if !line.isAnswered { unanswered += 1 }
        switch line.kind {
        case "throttled":
            throttled += 1
            guard line.number > Self.mostReaction else { return }
            whileThrottled += 1
            note("a call to \(line.account) \(line.number) ms after it was refused")
        case "over_limit":
            overLimit += 1
            note("beyond \(line.recipient) of \(line.account): \(line.text)")
        case "after_window":
            guard line.number > Self.mostReaction else { return }
            afterWindow += 1
            note("a text to \(line.account)/\(line.recipient) \(line.number) ms after its window")
        case "private_reply", "private_reply_refused":
            if line.kind == "private_reply" {
                privateReplies += 1
                busiest = max(busiest, reading.count(line))
            }
            reading.privately[line.recipient, default: [:]][line.action, default: 0] += 1
        case "reply":
            reading.replies["\(line.recipient) \(line.text)", default: 0] += 1
        case "sender_action":
            marks += 1
            busiest = max(busiest, reading.count(line))
        case "send":
            busiest = max(busiest, reading.count(line))
            addMessage(line, &reading)
        default: break
        }
    }

    private mutating func addMessage(_ line: LedgerWords, _ reading: inout LedgerReading) {
        if line.hasWindow { withinWindow += 1 }
        let person = "\(line.account)/\(line.recipient)"
        if reading.failed.contains(line.action) {
            takenAndFailed += 1
            note("to \(person): \(line.action) was taken and is called failed")
        } else if !line.isAnswered, !reading.ambiguous.contains(line.action) {
            proved += 1
        }
        guard let place = reading.order[line.action] else { return }
        if let before = reading.newest[person], before.place > place {
            outOfOrder += 1
            note("to \(person): \(line.action) after \(before.action)")
        }
        reading.newest[person] = (place, line.action)
    }

    private mutating func note(_ text: String) {
        if examples.count < 10 { examples.append(text) }
    }
}

/// One line of the ledger.
private struct LedgerWords {
    let kind: String
    let account: String
    let recipient: String
    let text: String
    let isAnswered: Bool
    let hasWindow: Bool
    /// Milliseconds since 1970; zero without an instant.
    let at: Int64
    /// In hexadecimal digits; empty without our mark. A private reply's has more parts, and a refused one's stands in its id.
    let action: String

    init(_ line: [String: Any]) {
        func word(_ name: String) -> String { line[name] as? String ?? "" }
        kind = word("kind")
        account = word("account")
        recipient = word("recipient")
        text = word("text")
        isAnswered = line["answered"] as? Bool != false
        hasWindow = line["window_left_ms"] != nil
        at = (try? Instant(rfc3339: word("at")))?.milliseconds ?? 0
        let mark = word(kind == "private_reply_refused" ? "id" : "metadata").split(separator: ":", maxSplits: 3)
        action = mark.count >= 3 ? String(mark[2]) : ""
    }

    var number: Int { Int(text) ?? 0 }
}

/// What is kept from line to line.
private struct LedgerReading {
    let order: [String: Int]
    let ambiguous: Set<String>
    let failed: Set<String>
    /// Comments with the actions that asked for a private reply, and how often each did.
    var privately: [String: [String: Int]] = [:]
    var replies: [String: Int] = [:]
    var newest: [String: (place: Int, action: String)] = [:]
    private var lately: [String: [Int64]] = [:]
    private let span: Int64

    init(order: [String: Int], ambiguous: Set<String>, failed: Set<String>, span: Duration) {
        self.span = span.wholeMilliseconds
        self.order = order
        self.ambiguous = ambiguous
        self.failed = failed
    }

    /// How many texts the account's platform took within the span that ends with this line.
    mutating func count(_ line: LedgerWords) -> Int {
        var instants = lately[line.account] ?? []
        instants.removeAll { $0 <= line.at - span }
        instants.append(line.at)
        lately[line.account] = instants
        return instants.count
    }
}
