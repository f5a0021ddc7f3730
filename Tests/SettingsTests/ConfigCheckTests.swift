import BusinessTime
import Foundation
import Testing

@testable import Settings

@Suite("Checking a configuration")
struct ConfigCheckTests {
    @Test("the shipped configuration has no fault")
    func shipped() throws {
        let check = ConfigCheck(try ShippedConfig.files())
        #expect(check.faults.map(\.description) == [])
        #expect(check.config?.markets.count == 8)
        #expect(check.config.map { $0.languages.count >= 10 } == true)
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let file: String
        let old: String
        let new: String
        let fault: String

        var testDescription: String { "\(new) in \(file)" }
    }

    @Test(
        "a broken file is named with line, column, what was expected and what came",
        arguments: [
            Broken(
                file: "markets/de.yaml", old: "team: berlin", new: "teem: berlin",
                fault: "markets/de.yaml:8:1: expected a key of a market: language, zone, zone_is_certain, team, "
                    + "calendars, brand, address, after_hours, escalation, faq, products, service, moderation, disclosure, automation, domains, competitors, got \"teem\"; did you mean team?"
            ),
            Broken(
                file: "markets/de.yaml", old: "zone: Europe/Berlin", new: "zone: Europe/Berlni",
                fault: "markets/de.yaml:4:7: expected an IANA zone that the zone data has, got \"Europe/Berlni\"; "
                    + "did you mean Europe/Berlin?"),
            Broken(
                file: "markets/de.yaml", old: "calendars: [berlin]", new: "calendars: [berlin, munich]",
                fault: "markets/de.yaml:9:21: expected the name of a calendar, got \"munich\""),
            Broken(
                file: "markets/de.yaml", old: "rounding: 30", new: "rounding: 20",
                fault: "markets/de.yaml:17:13: expected 15, 30 or 60 minutes, got \"20\""),
            Broken(
                file: "markets/de.yaml", old: "target: 1h", new: "target: one hour",
                fault:
                    "markets/de.yaml:16:11: expected a length of time such as 90s, 30m, 1h30m or 7d, got \"one hour\""
            ),
            Broken(
                file: "partitions.yaml", old: "market: fi", new: "market: fl",
                fault: "partitions.yaml:4:23: expected the name of a market, got \"fl\"; did you mean fi?"),
            Broken(
                file: "partitions.yaml", old: "de-berlin: {market: de, zone: Europe/Berlin}",
                new: "de-berlin: {market: de, zone: Europe/Berlin, lanes: 0}",
                fault: "partitions.yaml:3:53: expected lanes, a whole number from 1 to 1024, got \"0\""),
            Broken(
                file: "accounts.yaml", old: "partition: de-berlin, secret: sandbox}",
                new: "partition: de-berlin, secret: \"\"}",
                fault: "accounts.yaml:8:62: expected the name of a secret ([a-z0-9_-]{1,40}), never the secret, "
                    + "got nothing"),
            Broken(
                file: "accounts.yaml", old: "partition: de-berlin, page: \"104857600000001\",",
                new: "partition: de-berlin,",
                fault: "accounts.yaml:7:22: expected page: \"<id of the linked Facebook page>\" (Facebook Login) or "
                    + "login: instagram in an account of channel instagram, got neither"),
            Broken(
                file: "accounts.yaml", old: "page: \"104857600000001\",",
                new: "page: \"104857600000001\", login: instagram,",
                fault: "accounts.yaml:7:97: expected either page, for Facebook Login, or login: instagram, got both"),
            Broken(
                file: "accounts.yaml", old: "page: \"104857600000001\"", new: "page: \"the-shop\"",
                fault: "accounts.yaml:7:71: expected the id of the Facebook page that the account is linked to, digits "
                    + "in quotes, got \"the-shop\""),
            Broken(
                file: "accounts.yaml", old: "fi-helsinki, page: \"104857600000002\"",
                new: "fi-helsinki, page: \"104857600000001\"",
                fault: "accounts.yaml:10:22: expected a page that no other account names, got 104857600000001, which "
                    + "17841400000000001 names"),
            Broken(
                file: "accounts.yaml", old: "ae-dubai, login: instagram", new: "ae-dubai, login: facebook",
                fault: "accounts.yaml:28:71: expected one of instagram, got \"facebook\""),
            Broken(
                file: "accounts.yaml", old: "sandbox-de: {channel: sandbox,",
                new: "sandbox-de: {channel: sandbox, login: instagram,",
                fault: "accounts.yaml:8:13: expected page or login only in an account of channel instagram, "
                    + "got channel sandbox"),
            Broken(
                file: "calendars/berlin.yaml", old: "mon: [\"09:00-12:30\", \"13:00-18:00\"]",
                new: "mon: [\"09:00-13:30\", \"13:00-18:00\"]",
                fault: "calendars/berlin.yaml:4:8: expected hours that do not overlap, "
                    + "got 09:00-13:30 and 13:00-18:00 from mon on"),
            Broken(
                file: "calendars/berlin.yaml", old: "{date: 2026-12-24, mode: replace, hours: [\"09:00-12:00\"]}",
                new: "{date: 2026-12-32, mode: replace, hours: [\"09:00-12:00\"]}",
                fault:
                    "calendars/berlin.yaml:12:12: expected a date such as 2026-12-24, or 12-24 for every year, that exists, "
                    + "got \"2026-12-32\""),
            Broken(
                file: "calendars/berlin.yaml", old: "{date: 2027-01-01, mode: closed}",
                new: "{date: 2027-01-01, mode: closd}",
                fault: "calendars/berlin.yaml:15:30: expected one of closed, open, replace, got \"closd\"; "
                    + "did you mean closed?"),
            Broken(
                file: "channels/instagram.yaml", old: "{unit: bytes, most: 1000}", new: "{unit: byte, most: 1000}",
                fault: "channels/instagram.yaml:8:20: expected one of characters, bytes, utf16, got \"byte\"; "
                    + "did you mean bytes?"),
            Broken(
                file: "teams/berlin.yaml", old: "calendar: berlin", new: "calendar: [berlin]",
                fault: "teams/berlin.yaml:2:11: expected the name of a calendar, got a list"),
            Broken(
                file: "teams/berlin.yaml", old: "languages: [de, en]", new: "languages: [de, en]\nmarkets: [fl]",
                fault: "teams/berlin.yaml:4:11: expected the name of a market, got \"fl\"; did you mean fi?"),
            Broken(
                file: "teams/berlin.yaml", old: "languages: [de, en]", new: "languages: [de, en]\nchannels: [facebok]",
                fault: "teams/berlin.yaml:4:12: expected the name of a channel, got \"facebok\"; did you mean facebook?"
            ),
            Broken(
                file: "teams/berlin.yaml", old: "calendar: berlin", new: "calendars: []",
                fault: "teams/berlin.yaml:2:12: expected at least one calendar, got an empty list"),
            Broken(
                file: "teams/berlin.yaml", old: "calendar: berlin\n", new: "",
                fault: "teams/berlin.yaml:2:1: expected calendar in a team, got no such key"),
            Broken(
                file: "markets/de.yaml", old: "team: berlin", new: "team: berln",
                fault: "markets/de.yaml:8:7: expected the name of a team, got \"berln\"; did you mean berlin?"),
            Broken(
                file: "accounts.yaml", old: "sandbox-de: {channel: sandbox, partition: de-berlin",
                new: "sandbox-de: {channel: sandbox, partition: de-berln",
                fault: "accounts.yaml:8:43: expected the name of a partition, got \"de-berln\"; did you mean de-berlin?"
            ),
            Broken(
                file: "calendars/berlin.yaml", old: "  - {date: 2027-01-01, mode: closed}",
                new:
                    "  - {date: 2027-01-01, mode: closed}\n  - {date: 2027-01-01, mode: open, hours: [\"10:00-11:00\"]}",
                fault: "calendars/berlin.yaml:16:5: expected exceptions that agree about 2027-01-01, or the more "
                    + "particular one later, got open after closed in line 15"),
            Broken(
                file: "rules/faq.yaml", old: "intent: price}", new: "intent: prize}",
                fault: "rules/faq.yaml:17:17: expected one of price, size, stock, shipping_cost, shipping_time, "
                    + "order_status, returns, opening_hours, location, got \"prize\"; did you mean price?"),
            Broken(
                file: "languages/de/templates.yaml",
                old: "nlich melden wir uns hier bis spätestens: {{day}}, {{time}} Uhr",
                new: "nlich melden wir uns hier bis spätestens: {{day}}, {{time}}h",
                fault: "languages/de/templates.yaml:11:7: expected a space or punctuation after {{time}}, "
                    + "which takes no suffix, got h."),
            Broken(
                file: "languages/de/templates.yaml", old: "Wir lesen sie gerade", new: "Wir lesen sie, {{name}},",
                fault: "languages/de/templates.yaml:23:7: expected a slot: day, time, zone_city, first_name, product, "
                    + "brand, answer, got {{name}}"),
            Broken(
                file: "languages/de/templates.yaml", old: "Ihre Nachricht ist da", new: "Rufen Sie uns an: 03012345678",
                fault: "languages/de/templates.yaml:24:7: expected no link, e-mail address or telephone number: "
                    + "customers are answered where they wrote, got a number of 7 digits"),
            Broken(
                file: "languages/de/templates.yaml", old: "deshalb antworten wir automatisch. Ihre",
                new: "deshalb antworten wir später. Ihre",
                fault: "languages/de/templates.yaml:16:7: expected one of the words that disclose automation: "
                    + "automatisch, got none of them"),
        ])
    func broken(case broken: Broken) throws {
        let text = try ShippedConfig.text(broken.file)
        let place = try #require(text.firstRange(of: broken.old), "the shipped file no longer holds \(broken.old)")
        let check = ConfigCheck(
            try ShippedConfig.wordless(with: text.replacingCharacters(in: place, with: broken.new), at: broken.file))
        #expect(check.config == nil)
        #expect(check.faults.map(\.description).contains(broken.fault), "\(check.faults)")
    }

    @Test("all faults of all files are named in one run, in their order")
    func several() throws {
        var files = try ShippedConfig.wordless().files.filter {
            !["teams/saigon.yaml", "accounts.yaml"].contains($0.path)
        }
        files.append(
            ConfigFiles.File(path: "teams/saigon.yaml", bytes: Array("calendar: saigon\nlanguages: vi\n".utf8)))
        files.append(ConfigFiles.File(path: "teams/extra.yml.yaml", bytes: Array("a: 1".utf8)))
        files.append(ConfigFiles.File(path: "calendars/broken.yaml", bytes: Array("zone: [".utf8)))
        let faults = ConfigCheck(ConfigFiles(files)).faults
        #expect(
            faults.map(\.file) == [
                "accounts.yaml", "calendars/broken.yaml", "teams/extra.yml.yaml", "teams/saigon.yaml",
                "teams/saigon.yaml",
            ])
        #expect(faults.map(\.line) == [0, 2, 0, 1, 2])
    }

    @Test("a key that stands twice, bytes that are no UTF-8 and an empty file are faults of that file alone")
    func unreadable() throws {
        let twice = ConfigCheck(
            try ShippedConfig.wordless(with: "calendar: berlin\ncalendar: tokyo\n", at: "teams/berlin.yaml"))
        #expect(twice.faults.map(\.got) == ["calendar twice"])
        let empty = ConfigCheck(try ShippedConfig.wordless(with: "", at: "channels/sandbox.yaml"))
        #expect(empty.faults.contains { $0.file == "channels/sandbox.yaml" && $0.got == "an empty file" })
        var files = try ShippedConfig.wordless().files
        files.append(ConfigFiles.File(path: "calendars/bytes.yaml", bytes: [0xFF, 0xFE, 0x00, 0xC3]))
        #expect(ConfigCheck(ConfigFiles(files)).faults.allSatisfy { $0.file == "calendars/bytes.yaml" })
    }

    @Test("nested lists and aliases that multiply end in faults, not in memory")
    func bombs() throws {
        let laughs = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]\n"
        let deep = String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000)
        for text in [laughs, deep, "- - - - 1", "~", "42", "\u{0}"] {
            let check = ConfigCheck(try ShippedConfig.wordless(with: text, at: "calendars/berlin.yaml"))
            #expect(!check.faults.isEmpty)
            #expect(check.faults.count <= FaultList.mostFaults)
        }
    }
}
