internal import AsyncHTTPClient
internal import Channels
import Instants
internal import NIOCore
internal import NIOHTTP1
package import Sandbox
import Synchronization

/// How webhooks misbehave in a drill of the platform, in calls of a thousand.
package struct PlatformTrouble: Sendable, Equatable {
    /// Comments of which no webhook ever tells.
    package var lost: UInt64 = 100
    /// Bodies that come twice.
    package var doubled: UInt64 = 80
    /// Bodies of comments that come late, behind newer ones.
    package var late: UInt64 = 80
    /// Bodies of direct messages that come late, behind newer ones of the same people.
    package var overtaken: UInt64 = 60
    /// The platform's limits, scaled so far down that the drill meets them; the drill's configuration says the same.
    package var limits = [
        SandboxLimit(.sends, most: 100, per: .seconds(10)), SandboxLimit(.privateReplies, most: 40, per: .seconds(20)),
    ]
    /// Calls that the double takes and does not answer, and those that it refuses or fails.
    package var timeouts = 50
    package var errors = 50
    package var throttle = ThrottlePlan(every: .seconds(20), last: .seconds(4))
    /// The platform's windows, scaled; the drill's configuration says the same. Longer than comments are old when they are
    /// written, so that they are still answered.
    package var windows = WindowPlan(standard: .seconds(180), person: .seconds(360))
}

/// How often webhooks misbehaved.
struct PlatformCounts: Sendable, Equatable {
    var comments = 0
    var lost = 0
    var doubled = 0
    var late = 0
    var overtaken = 0

    /// What a drill of the platform did not do although it must.
    var missing: [String] {
        [("lost", lost), ("doubled", doubled), ("late", late), ("overtaken", overtaken)].filter { $0.1 == 0 }.map {
            "no webhook was \($0.0)"
        }
    }
}

/// Comments beside the drill's messages: each stands on the platform first, and most are told by webhook too.
///
/// Nothing here is drawn from a clock: what is lost, doubled and late follows from the number of the body.
final class PlatformTraffic: Sendable {
    /// So old are comments when they are written: a sweep leaves what is younger to its webhook.
    static let age = Duration.seconds(120)
    private static let texts = [
        "How much is the small bag?", "Where is my order?", "So pretty!", "When do you open?",
        "My parcel never arrived, I am angry.",
    ]

    private let site: DrillSite
    private let trouble: PlatformTrouble
    private let counted = Mutex(PlatformCounts())
    private let waiting = Mutex<[(sender: Int, body: WebhookBodies.Signed)]>([])

    init(_ site: DrillSite, _ trouble: PlatformTrouble) {
        self.site = site
        self.trouble = trouble
    }

    var counts: PlatformCounts { counted.withLock { $0 } }

    /// Whether the body of this number is to be sent twice.
    func isDoubled(_ number: UInt64) -> Bool {
        let isDoubled = Self.falls(number, 1, trouble.doubled)
        if isDoubled { counted.withLock { $0.doubled += 1 } }
        return isDoubled
    }

    /// Whether the webhook of this number's messages comes behind that of the next ones.
    func isOvertaken(_ number: UInt64) -> Bool {
        let isOvertaken = Self.falls(number, 4, trouble.overtaken)
        if isOvertaken { counted.withLock { $0.overtaken += 1 } }
        return isOvertaken
    }

    /// Writes one comment under the sender's post, and tells of it by webhook as the trouble has it.
    ///
    /// - Returns: the names of events that the house owes a decision.
    func comment(
        _ number: UInt64, sender: Int, _ account: DrillSite.Account, _ webhook: WebhookSender
    ) async throws -> [String] {
        let at = Instant(seconds: (site.laneClock - Self.age).seconds)
        let post = "\(account.id)_post\(sender)"
        let id = "\(post)_\(number)"
        let contact = "91000000\(number % 97)"
        let text = Self.texts[Int(number % UInt64(Self.texts.count))]
        try await put(account.id, post, id, contact, text, at)
        counted.withLock { $0.comments += 1 }
        let name = Reckoning.Tally.key(account.id, MetaNormaliser.commentID(id, text: text))
        guard !Self.falls(number, 2, trouble.lost) else {
            counted.withLock { $0.lost += 1 }
            return [name]
        }
        let update = WebhookBodies.comment(
            isInstagram: account.isInstagram, contact: contact, id: id, post: post, text: text, at: at)
        let bytes = WebhookBodies.body(account: account.id, isInstagram: account.isInstagram, at: at, [update])
        let signed = WebhookBodies.signed(bytes, secret: account.secret)
        if Self.falls(number, 3, trouble.late) {
            counted.withLock { $0.late += 1 }
            waiting.withLock { $0.append((sender, signed)) }
            return [name]
        }
        try await send(signed, webhook)
        if number % 7 == 0 { try await sendLate(of: sender, webhook) }
        return [name]
    }

    /// Puts messages on the platform, as their customers write them: from then on it knows until when they may be answered.
    func write(_ account: String, _ messages: [(contact: String, id: String, text: String)], at: Instant) async throws {
        let written = messages.map { message -> JSONValue in
            [
                "id": .string(message.id), "contact": .string(message.contact), "text": .string(message.text),
                "at_ms": .integer(at.milliseconds),
            ]
        }
        try await put(["account": .string(account), "messages": .array(written)], at: "messages")
    }

    /// Tells of what was held back, the newest first.
    func sendLate(of sender: Int, _ webhook: WebhookSender) async throws {
        let bodies = waiting.withLock { waiting in
            let mine = waiting.filter { $0.sender == sender }
            waiting.removeAll { $0.sender == sender }
            return mine
        }
        for (_, body) in bodies.reversed() { try await send(body, webhook) }
    }

    private func send(_ body: WebhookBodies.Signed, _ webhook: WebhookSender) async throws {
        while (try? await webhook.post(body)) != 200 {
            try Task.checkCancellation()
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func put(
        _ account: String, _ post: String, _ id: String, _ contact: String, _ text: String, _ at: Instant
    ) async throws {
        let body: JSONValue = [
            "account": .string(account), "post": .string(post),
            "comments": [
                [
                    "id": .string(id), "contact": .string(contact), "text": .string(text),
                    "at_ms": .integer(at.milliseconds),
                ]
            ],
        ]
        try await put(body, at: "posts")
    }

    private func put(_ body: JSONValue, at door: String) async throws {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(site.port(1))/\(door)")
        request.method = .POST
        request.body = .bytes(ByteBuffer(bytes: body.bytes()))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        guard response.status == .ok else { throw DrillFailure("the double: expected 200, got \(response.status)") }
    }

    /// Whether a number falls into so many of a thousand; each question draws for itself.
    private static func falls(_ number: UInt64, _ question: UInt64, _ perMille: UInt64) -> Bool {
        var mixed = (number &+ question &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
        mixed ^= mixed >> 31
        return mixed % 1_000 < perMille
    }
}

extension PlatformTrouble {
    /// The limit on what is sent.
    var sends: SandboxLimit? { limits.first { $0.counted == .sends } }

    /// As the sandbox's command line takes it.
    var options: [String] {
        [
            "--timeouts", "\(timeouts)", "--errors", "\(errors)", "--throttle-every-ms",
            "\(throttle.every.wholeMilliseconds)", "--throttle-ms", "\(throttle.last.wholeMilliseconds)",
            "--window-s", "\(windows.standard.components.seconds)", "--person-window-s",
            "\(windows.person.components.seconds)",
        ] + limits.flatMap { ["--limit", $0.text] }
    }
}
