import BusinessTime
import Contracts
import Conversations
import Instants
import Replies
import Testing
import TextRules

@testable import Settings

@Suite("The shipped texts, phrases and accounts")
struct ShippedTextsTests {
    /// What stands for day and time: the end of the first promise variant after its colon, by days ahead.
    struct Golden: Sendable {
        let tag: String
        let today: String
        let tomorrow: String
        let weekday: String
        let dated: String
        let date: String
    }

    @Test(
        "days and times are those of CLDR 48 in each language",
        arguments: [
            Golden(
                tag: "en", today: "today, 9:30\u{202F}PM", tomorrow: "tomorrow, 9:00\u{202F}AM",
                weekday: "Wednesday, 9:00\u{202F}AM", dated: "Friday, November 27, 9:00\u{202F}AM",
                date: "December 7, 9:00\u{202F}AM"),
            Golden(
                tag: "de", today: "heute, 21:30 Uhr", tomorrow: "morgen, 09:00 Uhr", weekday: "Mittwoch, 09:00 Uhr",
                dated: "Freitag, 27. November, 09:00 Uhr", date: "7. Dezember, 09:00 Uhr"),
            Golden(
                tag: "fi", today: "tänään, klo 21.30", tomorrow: "huomenna, klo 9.00",
                weekday: "keskiviikkona, klo 9.00", dated: "perjantai 27. marraskuuta, klo 9.00",
                date: "7. joulukuuta, klo 9.00"),
            Golden(
                tag: "vi", today: "hôm nay, lúc 21:30", tomorrow: "ngày mai, lúc 09:00",
                weekday: "thứ Tư, lúc 09:00", dated: "thứ Sáu, 27 tháng 11, lúc 09:00",
                date: "7 tháng 12, lúc 09:00"),
            Golden(
                tag: "es", today: "hoy, 21:30", tomorrow: "mañana, 9:00", weekday: "miércoles, 9:00",
                dated: "viernes, 27 de noviembre, 9:00", date: "7 de diciembre, 9:00"),
            Golden(
                tag: "es-MX", today: "hoy, 9:30\u{202F}p.m.", tomorrow: "mañana, 9:00\u{202F}a.m.",
                weekday: "miércoles, 9:00\u{202F}a.m.", dated: "viernes, 27 de noviembre, 9:00\u{202F}a.m.",
                date: "7 de diciembre, 9:00\u{202F}a.m."),
            Golden(
                tag: "ja", today: "今日 21:30", tomorrow: "明日 9:00", weekday: "水曜日 9:00",
                dated: "11月27日金曜日 9:00", date: "12月7日 9:00"),
            Golden(
                tag: "fr", today: "aujourd’hui, 21:30", tomorrow: "demain, 09:00", weekday: "mercredi, 09:00",
                dated: "vendredi 27 novembre, 09:00", date: "7 décembre, 09:00"),
            Golden(
                tag: "pt-BR", today: "hoje, 21:30", tomorrow: "amanhã, 09:00", weekday: "quarta-feira, 09:00",
                dated: "sexta-feira, 27 de novembro, 09:00", date: "7 de dezembro, 09:00"),
            Golden(
                tag: "ar", today: "\u{2068}اليوم\u{2069}، \u{2068}9:30 م\u{2069}",
                tomorrow: "\u{2068}غدًا\u{2069}، \u{2068}9:00 ص\u{2069}",
                weekday: "\u{2068}الأربعاء\u{2069}، \u{2068}9:00 ص\u{2069}",
                dated: "\u{2068}الجمعة، 27 نوفمبر\u{2069}، \u{2068}9:00 ص\u{2069}",
                date: "\u{2068}7 ديسمبر\u{2069}، \u{2068}9:00 ص\u{2069}"),
        ])
    func golden(golden: Golden) throws {
        let pack = try #require(try ShippedConfig.policy.get().languages[golden.tag])
        let helsinki = try #require(ZoneFolder().rules(of: try ZoneName("Europe/Helsinki")))
        let now = try Instant(rfc3339: "2026-11-22T18:00:00Z")
        let cases = [
            ("2026-11-22T19:30:00Z", golden.today), ("2026-11-23T07:00:00Z", golden.tomorrow),
            ("2026-11-25T07:00:00Z", golden.weekday), ("2026-11-27T07:00:00Z", golden.dated),
            ("2026-12-07T07:00:00Z", golden.date),
        ]
        for (due, words) in cases {
            let slots = ReplySlots(
                due: try Instant(rfc3339: due), now: now, customerZone: helsinki, zoneIsWeak: false)
            let text = try #require(pack.render(.afterHoursPromise, slots: slots, variant: 0))
            #expect(text.contains(words), "\(text)")
        }
    }

    @Test("a guessed zone's city is named in every language, in every text with a time")
    func cities() throws {
        let policy = try ShippedConfig.policy.get()
        let zone = try #require(ZoneFolder().rules(of: try ZoneName("Asia/Ho_Chi_Minh")))
        let cities = [
            "ar": "مدينة هو تشي منة", "de": "Ho-Chi-Minh-Stadt", "en": "Ho Chi Minh City", "es": "Ciudad Ho Chi Minh",
            "es-MX": "Ciudad Ho Chi Minh", "fi": "Hồ Chí Minhin kaupunki", "fr": "Hô-Chi-Minh-Ville",
            "ja": "ホーチミン", "pt-BR": "Cidade de Ho Chi Minh", "vi": "TP Hồ Chí Minh",
        ]
        #expect(cities.keys.allSatisfy { policy.languages[$0] != nil })
        let now = try Instant(rfc3339: "2026-11-22T18:00:00Z")
        for (tag, pack) in policy.languages {
            for kind in [ReplyKind.afterHoursPromise, .apologyLate] {
                for variant in 0..<UInt64(pack.variantCount(of: kind)) {
                    let weak = ReplySlots(due: now + .seconds(3_600), now: now, customerZone: zone, zoneIsWeak: true)
                    let text = pack.render(kind, slots: weak, variant: variant) ?? ""
                    #expect(!text.isEmpty && cities[tag].map { text.contains($0) } ?? true, "\(tag): \(text)")
                }
            }
        }
    }

    @Test("no shipped text is longer than the shortest limit of the channels")
    func lengths() throws {
        let policy = try ShippedConfig.policy.get()
        let now = try Instant(rfc3339: "2026-11-22T18:00:00Z")
        for (tag, pack) in policy.languages {
            for kind in [ReplyKind.afterHoursPromise, .afterHoursNoTime, .acknowledgement, .apologyLate] {
                for variant in 0..<UInt64(pack.variantCount(of: kind)) {
                    let slots = ReplySlots(
                        due: now + .seconds(500_000), now: now, customerZone: .utc, zoneIsWeak: true,
                        firstName: "Maximiliane")
                    let text = try #require(pack.render(kind, slots: slots, variant: variant))
                    #expect(text.utf8.count <= 1_000, "\(tag) \(kind)")
                }
            }
        }
    }

    @Test(
        "questions are understood in every language",
        arguments: [
            ("Hi! How much is the blue bag?", "faq.price"), ("wieviel kostet die Tasche", "faq.price"),
            ("Moi, paljonko maksaa tuo laukku", "faq.price"), ("shop oi gia bao nhieu vay", "faq.price"),
            ("Túi này bao nhiêu tiền ạ", "faq.price"), ("cuanto cuesta", "faq.price"), ("これはいくらですか？", "faq.price"),
            ("C’est combien ?", "faq.price"), ("quanto custa a mochila", "faq.price"), ("كم السعر", "faq.price"),
            ("free shipping?", "faq.shipping_cost"), ("phi ship bao nhieu", "faq.shipping_cost"),
            ("送料はいくらですか", "faq.shipping_cost"), ("Öffnungszeiten?", "faq.opening_hours"),
            ("qual o horario de atendimento", "faq.opening_hours"), ("welche Größen gibt es", "faq.size"),
            ("toimitusaika?", "faq.shipping_time"),
        ])
    func understood(text: String, rule: String) throws {
        let said = try ShippedConfig.policy.get().texts.classify(text)
        #expect(said.intent.map { "faq.\($0.rawValue)" } == rule, "\(said.matches)")
    }

    @Test(
        "customers who use a spammer's words are not hidden",
        arguments: [
            ("โต๊ะตัวนี้เหมาะกับทำงานที่บ้านไหมคะ มีส่วนลดพิเศษไหม", "th"), ("จองวันนี้รับเมื่อไหร่คะ มีส่วนลดไหม พิเศษ", "th"),
            ("My parcel came thanks to the help of your manager Anna, great company!", "us"),
            ("I need the invoice, you can contact her for details, she is the manager of our company", "us"),
        ])
    func borrowedWords(text: String, market: String) throws {
        let said = try ShippedConfig.policy.get().texts.classify(text, market: market)
        #expect(said.moderation != .hide && said.moderation != .delete, "\(said.matches)")
    }

    @Test("edge case 29: a price and a link from the left stand isolated in texts written from the right")
    func isolated() throws {
        let policy = try ShippedConfig.policy.get()
        let now = try Instant(rfc3339: "2026-11-22T18:00:00Z")
        for tag in ["ar", "he"] {
            let pack = try #require(policy.languages[tag])
            let slots = ReplySlots(now: now, customerZone: .utc, zoneIsWeak: false, answer: "\u{202E}19.90 EUR")
            let text = try #require(pack.render(.faq("price"), slots: slots, variant: 0))
            #expect(text.contains("\u{2068}19.90 EUR\u{2069}"), "\(tag): \(text)")
        }
    }

    @Test(
        "edge case 31: questions in other letters than the language's own are understood, and answered in its own",
        arguments: [
            ("bkam?", "ae", "ar"), ("se3ro kam?", "ae", "ar"), ("kam el se3r?", "ae", "ar"),
            ("el se3r kam law sam7t", "us", "ar"), ("shop oi gia bao nhieu vay", "vn", "vi"),
            ("tui nay bao nhieu tien a", "vn", "vi"), ("was kostet das, groesse 38", "de", "de"),
        ])
    func transliterated(text: String, market: String, tag: String) throws {
        let policy = try ShippedConfig.policy.get()
        let said = policy.texts.classify(text, market: market)
        #expect(said.intent == .price, "\(said.matches)")
        #expect(said.language == nil || said.language == tag)
        let slots = ReplySlots(
            now: try Instant(rfc3339: "2026-11-22T18:00:00Z"), customerZone: .utc, zoneIsWeak: false, answer: "10")
        let answer = try #require(policy.languages[tag]?.render(.faq("price"), slots: slots, variant: 0))
        #expect(answer.unicodeScalars.contains { !$0.isASCII } || tag == "de", "\(answer)")
    }

    @Test(
        "what customers of a shop write is hidden by nobody",
        arguments: [
            "This deal is way too good to pass up!",
            "I gave it a trial and it works, thank you so much, highly recommend",
            "Is the free shipping offer only via this link?",
            "I ordered via this link on your website, when will my return be credited",
            "Is wa.me/15551234 really yours? They asked me for payment just now",
            "Thank you so much @shop, so happy, god bless you and your family",
            "Do I have to sign up here to get the discount? Please reserve your seat says the mail",
        ])
    func harmless(text: String) throws {
        let said = try ShippedConfig.policy.get().texts.classify(text, market: "us")
        #expect(said.moderation == .none || said.moderation == .person, "\(said.spamPoints) \(said.matches)")
    }

    @Test(
        "one word in Latin letters makes no text Arabic or Hindi",
        arguments: [
            ("Kam heute endlich an", "de"), ("Tak, kupuje dwie sztuki", "de"), ("Ce l'hai anche blu?", "us"),
            ("Kam nie an, tak", "de"), ("Meri on kaunis", "fi"),
        ])
    func otherwiseLatin(text: String, market: String) throws {
        let said = try ShippedConfig.policy.get().texts.classify(text, market: market)
        #expect(said.language != "ar" && said.language != "hi", "\(said.language ?? "none")")
    }

    @Test("statements are not taken for questions", arguments: ["I love it", "danke schön", "cảm ơn shop", "🔥🔥", "?"])
    func abstains(text: String) throws {
        #expect(try ShippedConfig.policy.get().texts.classify(text).intent == nil)
    }

    @Test("every market answers each of its questions in its own language")
    func answers() throws {
        let policy = try ShippedConfig.policy.get()
        let now = try Instant(rfc3339: "2026-11-22T18:00:00Z")
        for market in policy.markets.values {
            let pack = try #require(policy.languages[market.language])
            for answer in market.answers.values {
                let slots = ReplySlots(
                    now: now, customerZone: .utc, zoneIsWeak: false, answer: answer.facts[market.language])
                guard let fact = answer.facts[market.language], let intent = answer.intent else { continue }
                let text = pack.render(.faq(intent.rawValue), slots: slots, variant: 0) ?? ""
                #expect(text.contains(fact), "\(market.name) \(answer.rule)")
            }
        }
    }

    @Test("the accounts of Meta's samples are configured, and the page that must not be is not")
    func accounts() throws {
        let policy = try ShippedConfig.policy.get()
        #expect(policy.accounts["104857600000001"]?.channel == "facebook")
        #expect(policy.accounts["17841400000000001"]?.channel == "instagram")
        #expect(policy.accounts["104857600000001"]?.partition.text == "de-berlin")
        #expect(policy.channels["instagram"]?.textLimit == TextLimit(unit: .bytes, most: 1_000))
        #expect(policy.partitions.count == 8)
    }
}
