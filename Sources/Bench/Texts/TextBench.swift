import Contracts
package import Conversations
import Instants
import TextRules

/// What one text costs: the text rules by themselves, and a whole decision about a message that says it.
///
/// Texts of about a hundred characters, as customers write them, in the language that the rules must tell by themselves.
package struct TextBench {
    /// One line of the table; microseconds.
    package struct Line: Sendable {
        package let name: String
        package let characters: Int
        package let rules: Double
        /// Nil where only the rules are measured.
        package let decision: Double?
    }

    package static let samples: [(name: String, text: String)] = [
        (
            "Latin (English)",
            "Hi, I ordered the blue jacket last week and it still has not arrived, can you tell me where it is?"
        ),
        (
            "Latin (Vietnamese)",
            "Chào shop, mình muốn hỏi áo khoác màu xanh này còn size M không ạ, giao về Hà Nội mất mấy ngày vậy?"
        ),
        (
            "Thai",
            "สวัสดีค่ะ อยากสอบถามว่าเสื้อตัวนี้ราคาเท่าไหร่คะ มีไซส์ M ไหม ส่งของไปเชียงใหม่กี่วันถึงคะ ขอบคุณมากค่ะ"
        ),
        (
            "Arabic",
            "مرحبا، طلبت الجاكيت الأزرق الأسبوع الماضي ولم يصل حتى الآن، هل يمكنكم إخباري أين هو وكم سعر الشحن؟"
        ),
        (
            "Chinese",
            "你好，我上周买了一件蓝色外套，到现在还没有收到，能不能帮我查一下物流到哪里了？另外这款还有没有大号，多少钱，"
                + "运费怎么算，可以退货吗？谢谢你们，希望早点收到回复，我比较着急，因为下周要出差穿。"
        ),
    ]

    private let policy: Policy
    private let account: AccountPolicy
    private let now: Instant

    /// - Parameter account: whose customer writes.
    package init(policy: Policy, account: AccountPolicy) {
        self.policy = policy
        self.account = account
        // A Wednesday in November, 12:00 in Berlin: open in most of the shipped markets.
        now = Instant(seconds: 1_795_604_400)
    }

    /// The samples with everything that the policy ships.
    package func shipped(rounds: Int) throws -> [Line] {
        try Self.samples.map { name, text in
            Line(
                name: name, characters: text.unicodeScalars.count,
                rules: Self.median(rounds) { _ = policy.texts.classify(text, market: market, place: .message) },
                decision: try decision(of: text, rounds: rounds))
        }
    }

    /// The first sample once, ten and a hundred times over.
    package func lengths(rounds: Int) -> [Line] {
        [1, 10, 100].map { times in
            let text = Array(repeating: Self.samples[0].text, count: times).joined(separator: " ")
            return Line(
                name: "\(times) times the first", characters: text.unicodeScalars.count,
                rules: Self.median(max(20, rounds / times)) {
                    _ = policy.texts.classify(text, market: market, place: .message)
                }, decision: nil)
        }
    }

    /// The first sample against so many made-up phrases of two to four words of English syllables.
    package static func phrases(_ count: Int, rounds: Int) -> Line {
        var random = Syllables(state: 7)
        var phrases: [Phrase] = []
        for _ in 0..<count {
            let text = (0..<(2 + random.number(3))).map { _ in random.word() }.joined(separator: " ")
            phrases.append(Phrase(text: text, meaning: .intent(.price), language: "en"))
        }
        let rules = Classifier(
            phrases: phrases,
            evidence: [LanguageEvidence(tag: "en", script: .latin, words: ["the", "and", "is", "you", "it", "can"])])
        let text = samples[0].text
        return Line(
            name: "\(count) phrases", characters: text.unicodeScalars.count,
            rules: median(rounds) { _ = rules.classify(text) }, decision: nil)
    }

    private var market: String? { policy.partitions[account.partition]?.market }

    private func decision(of text: String, rounds: Int) throws -> Double {
        var event = Event()
        event.id = "first"
        event.account = account.id
        event.contact = "ana"
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.message.text = "hello"
        let entity = try EntityID("m/\(account.id)/ana")
        let first = try decided(entity, nil, event, index: 0)
        event.id = "second"
        event.message.text = text
        let further = event
        _ = try decided(entity, first.own, further, index: 1)
        return Self.median(rounds) { _ = try? decided(entity, first.own, further, index: 1) }
    }

    private func decided(_ entity: EntityID, _ own: EntityState?, _ event: Event, index: Int) throws -> Decision {
        let entry = EntryID(milliseconds: UInt64(now.milliseconds), sequence: 0)
        return try decide(
            entity, own: own, parent: nil,
            input: .event(event, position: Position(entry: entry, index: index), at: now), now: now, policy: policy,
            signals: SignalReader())
    }

    /// Microseconds of one call: the median of 21 groups, after one that warms up.
    private static func median(_ rounds: Int, _ body: () -> Void) -> Double {
        let group = max(1, rounds / 21)
        var times: [Double] = []
        for _ in 0...21 {
            let start = ContinuousClock.now
            for _ in 0..<group { body() }
            times.append((ContinuousClock.now - start) / .microseconds(1) / Double(group))
        }
        return times.dropFirst().sorted()[10]
    }
}

/// Words of two or three syllables that begin as words of a language do: many phrases share their first letters with a
/// text's words, and hardly one stands in it.
private struct Syllables {
    var state: UInt64

    private static let syllables = [
        "the", "and", "hi", "or", "de", "red", "blue", "ja", "ket", "last", "we", "ek", "still", "ha", "not", "ar",
        "ri",
        "ved", "can", "you", "tell", "me", "where", "it", "is", "ing", "tion", "er", "al", "con", "pre", "ship",
    ]

    mutating func number(_ below: UInt64) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % below)
    }

    mutating func word() -> String {
        (0...1 + number(2)).map { _ in Self.syllables[number(UInt64(Self.syllables.count))] }.joined()
    }
}
