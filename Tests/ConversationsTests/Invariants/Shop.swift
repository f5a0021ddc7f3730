import BusinessTime
import Contracts
import Conversations
import Instants
import Replies
import TextRules

/// One set-up that histories are played in, with what judges have to know of it.
struct Shop: Sendable {
    let name: String
    let policy: Policy
    /// The same with other hours, published in the middle of some histories.
    let edited: Policy
    /// Where the market's customers live.
    let zone: ZoneRules
    let disclosure: DisclosurePolicy
    let limit: TextLimit
    let moderation: ModerationPolicy
    /// How many of a hundred events stand under a post.
    let commentsShare: UInt64

    init(_ name: String, comments: UInt64, _ change: (inout TestPolicy) -> Void = { _ in }) {
        var wish = TestPolicy()
        // What a lint has to throw out: an answer that sends the customer elsewhere must never be said.
        wish.answerVariants += ["Call us: 0301234567. {{answer}}", "{{answer}}, see www.shop.example"]
        wish.answers.append(AnswerRule(rule: "faq.order_status", intent: .orderStatus))
        change(&wish)
        self.name = name
        policy = wish.built()
        zone = wish.zone
        disclosure = wish.disclosure
        limit = wish.limit
        moderation = wish.moderation
        commentsShare = comments
        wish.number = 2
        wish.hours = wish.hours.mapValues { _ in ["11:00-12:00", "12:30-18:00"] }
        edited = wish.built()
    }

    static let all: [Shop] = [
        Shop("plain", comments: 0),
        Shop("everything", comments: 20) { everything(&$0) },
        Shop("comments", comments: 80) { policy in
            policy.moderation = ModerationPolicy(spam: .delete, competitorLinks: .hide)
            policy.service = ServicePolicy(answersComplaints: true, answersPraise: true)
            policy.disclosure = DisclosurePolicy(messages: true, comments: true)
        },
        Shop("far away", comments: 10) { policy in
            policy.zone = elsewhere
            policy.zoneIsCertain = false
            policy.disclosure = DisclosurePolicy(messages: true)
            policy.service = ServicePolicy(acknowledges: true, asksSatisfaction: true, asksFurther: true)
            policy.limit = TextLimit(unit: .bytes, most: 40)
        },
        Shop("short texts", comments: 50) { policy in
            policy.answersComments = true
            policy.moderation = ModerationPolicy(spam: .hide, competitorLinks: .delete)
            policy.limit = TextLimit(unit: .utf16, most: 30)
        },
    ]

    private static func everything(_ policy: inout TestPolicy) {
        policy.englishEvenings = "17:00-22:00"
        policy.service = ServicePolicy(
            acknowledges: true, firstResponse: .seconds(3_600), quietResolve: .seconds(86_400), asksSatisfaction: true,
            handsOver: true, vip: VIPPolicy(contacts: ["anna"], firstResponse: .seconds(900), callsAfterHours: true),
            adQuestion: .seconds(900), spikes: SpikePolicy())
        policy.digest = DigestPolicy()
    }

    /// Kathmandu's offset: neither whole nor half an hour.
    private static var elsewhere: ZoneRules {
        do {
            return try .fixed(minutes: 345)
        } catch {
            preconditionFailure("the tests' own zone: \(error)")
        }
    }
}
