import Conversations
import Foundation

@testable import Settings

/// One market with English texts and no phrases: checked in milliseconds, where the shipped folder takes seconds.
struct SmallConfig {
    var market = ""
    var faq = "  - {rule: price, facts: {en: \"bags from $59.\"}}\n"
    var rules = "price: {intent: price}\nstock: {intent: stock}\norder_status: {intent: order_status}\n"
    var more: [String: String] = [:]

    static let calendar = "zone: Europe/Berlin\nhours: {mon: [\"09:00-17:00\"]}\n"

    func files() throws -> ConfigFiles {
        var texts = [
            "partitions.yaml": "de-berlin: {market: de, zone: Europe/Berlin}\n",
            "accounts.yaml": "shop: {channel: sandbox, partition: de-berlin, secret: sandbox}\n",
            "calendars/berlin.yaml": Self.calendar,
            "teams/berlin.yaml": "calendar: berlin\nlanguages: [en]\non_call: night\n",
            "channels/sandbox.yaml": try ShippedConfig.text("channels/sandbox.yaml"),
            "languages/en/templates.yaml": try ShippedConfig.text("languages/en/templates.yaml"),
            "languages/en/cldr.yaml": try ShippedConfig.text("languages/en/cldr.yaml"),
            "rules/faq.yaml": rules,
            "markets/de.yaml": """
            language: en
            zone: Europe/Berlin
            zone_is_certain: true
            team: berlin
            calendars: [berlin]
            brand: Shop
            address: Somewhere 1

            """ + market + (faq.isEmpty ? "" : "faq:\n" + faq),
        ]
        texts.merge(more) { _, new in new }
        return ConfigFiles(
            texts.map { ConfigFiles.File(path: $0.key, bytes: Array($0.value.utf8)) })
    }

    func check() throws -> ConfigCheck { ConfigCheck(try files()) }

    /// `file: expected …, got …` of each fault.
    func faults() throws -> [String] { try check().faults.map(\.description) }
}
