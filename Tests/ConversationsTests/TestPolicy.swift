import BusinessTime
import Contracts
import Conversations
import Instants
import Replies
import TextRules

/// The policy of the scenes, with what tests change as properties.
struct TestPolicy {
    var hours: [Weekday: [String]] = Dictionary(
        uniqueKeysWithValues: [Weekday.monday, .tuesday, .wednesday, .thursday, .friday].map { ($0, ["09:00-17:00"]) })
    var exceptions: [HoursException] = []
    var personsMayWriteLate = true
    var windowMargin = Duration.zero
    var answersComments = false
    var automation = true
    var target = Duration.seconds(3_600)
    var zoneIsCertain = true
    var limit = TextLimit(unit: .characters, most: 2_000)
    /// Filled with the fact 10.
    var answerVariants = ["It costs {{answer}}.", "{{answer}} it is."]
    var answers = [
        AnswerRule(rule: "faq.price", facts: ["en": "10", "fi": "10"], payloads: ["PRICE"]),
        AnswerRule(rule: "faq.size", facts: ["en": "M", "fi": "M"]),
    ]
    var campaigns: [Campaign] = []
    var products: ProductList?
    var service = ServicePolicy()
    var moderation = ModerationPolicy()
    var disclosure = DisclosurePolicy(messages: false)
    var ladder: [LadderStep] = []
    var rounds = 1
    var digest: DigestPolicy?
    var zone = ZoneRules.utc
    /// Hours of a second team that speaks English only; nil: there is none.
    var englishEvenings: String?
    var platformRepliesWithin = Duration.seconds(10)
    var cards: CardLimit?
    var quickReplies: QuickReplyLimit?
    var sweep: Duration?
    var watchesSubscriptions: Bool?
    var sweepsMessages = false
    var asksProfiles = false
    var asksMentions = false
    var marksSeen = false
    var number: UInt64 = 1

    func built() -> Policy {
        do {
            return try build()
        } catch {
            preconditionFailure("the tests' own policy: \(error)")
        }
    }

    private func build() throws -> Policy {
        let weekly = WeeklyHours(try hours.mapValues { try $0.map { try LocalInterval($0) } })
        let calendar = BusinessCalendar(
            name: CalendarName("team"), zone: .utc, weekly: weekly, exceptions: exceptions)
        let market = MarketPolicy(
            name: "de", language: "en", zone: zone.name, zoneIsCertain: zoneIsCertain, team: "berlin",
            coverage: Coverage([calendar]), served: try served(calendar),
            afterHours: AfterHoursPolicy(target: target, answersComments: answersComments),
            answers: answers, campaigns: campaigns, products: products,
            service: service, moderation: moderation, disclosure: disclosure, automation: automation)
        let partition = try PartitionName("de-berlin")
        return try Policy(
            number: number, hash: [UInt8](repeating: 7, count: 32),
            partitions: [PartitionPolicy(name: partition, market: "de", zone: "Europe/Berlin")],
            accounts: [
                AccountPolicy(
                    id: "shop", channel: "meta", partition: partition, secret: "s",
                    personsMayWriteLate: personsMayWriteLate),
                AccountPolicy(id: "gram", channel: "meta", partition: partition, secret: "g"),
            ],
            markets: [market],
            channels: [
                ChannelPolicy(
                    name: "meta", windowMargin: windowMargin, platformRepliesWithin: platformRepliesWithin,
                    textLimit: limit, cards: cards,
                    quickReplies: quickReplies, sweep: sweep, watchesSubscriptions: watchesSubscriptions,
                    sweepsMessages: sweepsMessages, asksProfiles: asksProfiles, asksMentions: asksMentions,
                    marksSeen: marksSeen)
            ],
            teams: [
                TeamPolicy(
                    name: "berlin", coverage: Coverage([calendar]), onCall: "night", ladder: ladder, rounds: rounds,
                    digest: digest),
                TeamPolicy(
                    name: "evenings", coverage: try evenings().map { Coverage([$0]) } ?? Coverage([]), onCall: "late"),
                TeamPolicy(name: "press", coverage: Coverage([]), onCall: "spokesman"),
            ], zones: zone == .utc ? [.utc] : [.utc, zone],
            languages: [try pack("en"), try pack("fi")],
            texts: Classifier(
                phrases: [
                    Phrase(text: "how much", meaning: .intent(.price), language: "en"),
                    Phrase(text: "where is my order", meaning: .intent(.orderStatus), language: "en"),
                    Phrase(text: "lovely quality", meaning: .class(.praise), language: "en"),
                    Phrase(text: "in stock", meaning: .intent(.stock), language: "en"),
                    Phrase(text: "what size", meaning: .intent(.size), language: "en"),
                    Phrase(text: "earn money fast", meaning: .spam(.offer), language: "en"),
                    Phrase(text: "message my broker", meaning: .spam(.contact), language: "en"),
                    Phrase(text: "on telegram", meaning: .spam(.contact), language: "en"),
                    Phrase(text: "same bag for half", meaning: .class(.competitorLink), language: "en"),
                    Phrase(text: "terrible quality", meaning: .class(.criticism), language: "en"),
                    Phrase(text: "a scam", meaning: .class(.criticism), language: "en"),
                    Phrase(text: "never arrived", meaning: .class(.complaint), language: "en"),
                    Phrase(text: "burn your shop down", meaning: .class(.threat), language: "en"),
                    Phrase(text: "a real person", meaning: .class(.personWanted), language: "en"),
                ],
                evidence: [
                    LanguageEvidence(
                        tag: "en", script: .latin,
                        words: ["how", "much", "what", "size", "same", "bag", "for", "half", "my", "this"]),
                    LanguageEvidence(
                        tag: "fi", script: .latin,
                        words: ["moi", "tämä", "onko", "laukku", "vielä", "kiitos", "voisitteko"]),
                ],
                markets: [MarketTexts(market: "de", language: "en", competitorDomains: ["rival.example"])]))
    }

    private func served(_ calendar: BusinessCalendar) throws -> MarketCoverage? {
        guard let evenings = try evenings() else { return nil }
        let own = Coverage([calendar])
        return MarketCoverage(
            teams: [
                ServingTeam(name: "berlin", coverage: own, languages: ["en", "fi"]),
                ServingTeam(name: "evenings", coverage: Coverage([evenings]), languages: ["en"], channels: ["meta"]),
            ], fallback: own, languages: ["en", "fi"], channels: ["meta"])
    }

    private func evenings() throws -> BusinessCalendar? {
        guard let englishEvenings else { return nil }
        return BusinessCalendar(
            name: CalendarName("evenings"), zone: .utc, weekly: .daily([try LocalInterval(englishEvenings)]))
    }

    private func pack(_ tag: String) throws -> LanguagePack {
        let words = try LocaleWords(
            LocaleWords.Extract(
                direction: .leftToRight, today: "today", tomorrow: "tomorrow",
                weekdays: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
                months: (1...12).map { "M\($0)" }, weekdayDate: "{weekday} {day} {month}", date: "{day} {month}",
                time: "{hour}:{minute}", hours: (0...23).map { $0 < 10 ? "0\($0)" : "\($0)" }))
        let promise = "{{day}}, no later than: {{time}}{{#zone_city}} {{zone_city}} time{{/zone_city}}."
        let (pack, _) = LanguagePack.compile(
            tag: tag, words: words,
            money: try MoneyFormat(pattern: "{amount} {currency}", decimal: ".", group: ",", symbols: ["EUR": "€"]),
            templates: [
                .afterHoursPromise: [
                    "\(tag): an automatic reply. We answer \(promise)", "\(tag): automatic. \(promise)",
                ],
                .apologyLate: [
                    "\(tag): automatic. Sorry, we are late: \(promise)", "\(tag): automatic. Late: \(promise)",
                ],
                .afterHoursNoTime: ["\(tag): an automatic reply. We are closed.", "\(tag): automatic. Closed."],
                .faq("price"): answerVariants,
                .anythingElse: ["Anything else?", "Anything else?"],
                .orderStatus: ["Your number, please, here in private."],
                .orderStatusPublic: ["We have written to you.", "See your messages."],
                .complaintReceivedPublic: ["We are sorry.", "Sorry, a person looks at it."],
                .praiseThanksPublic: ["Thank you!", "How kind!"],
                .productPrice: ["{{product}} costs {{answer}}.", "{{product}} costs {{answer}}."],
                .productInStock: ["{{product}} is in stock."], .productSoldOut: ["{{product}} is sold out."],
                .productRestock: ["{{product}} is back: {{day}}."],
                .faq("size"): ["Size {{answer}}.", "{{answer}} fits."],
                .disclosure: ["\(tag): automatic.", "\(tag): an automatic answer."],
                .acknowledgement: ["We are reading it.", "Here we are."],
                ReplyKind("satisfaction_question"): ["How was it, 1 to 5?", "Your mark, 1 to 5?"],
                ReplyKind("satisfaction_thanks"): ["Thank you!", "Thanks!"],
                ReplyKind("satisfaction_sorry"): ["We are sorry.", "Sorry."],
            ], disclosure: ["automatic"])
        return pack
    }
}

extension ZoneRules {
    /// One offset for ever, as a zone file says it.
    static func fixed(minutes: Int) throws -> ZoneRules {
        let offset = UInt32(bitPattern: Int32(minutes * 60))
        let counts: [UInt8] = [0, 0, 0, 0, 1, 4].flatMap { [0, 0, 0, $0] }
        let type = [
            UInt8(offset >> 24), UInt8(offset >> 16 & 255), UInt8(offset >> 8 & 255), UInt8(offset & 255), 0, 0,
        ]
        let header = Array("TZif".utf8) + [UInt8](repeating: 0, count: 16) + counts
        return try ZoneRules(name: try ZoneName("Test/Land"), tzif: header + type + Array("LMT\0".utf8))
    }
}
