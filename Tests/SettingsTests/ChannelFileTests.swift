import Conversations
import Testing

@testable import Settings

@Suite("Channel files")
struct ChannelFileTests {
    private static func config(_ lines: String) throws -> SmallConfig {
        var config = SmallConfig()
        config.more["channels/sandbox.yaml"] = try ShippedConfig.text("channels/sandbox.yaml") + lines
        return config
    }

    @Test("limits and sweeps reach the policy")
    func read() throws {
        let lines =
            "limits: {private_replies: {most: 750, per: 1h}, sends: {most: 100, per: 1s}}\nsweep: 15m\nsweep_messages: true\nmark_seen: true\n"
        let check = try Self.config(lines).check()
        #expect(check.faults.map(\.description) == [])
        let channel = try #require(check.config?.channels.first)
        #expect(channel.windowMargin == .zero, "none is named")
        #expect(
            channel.limits == [
                SendLimit(.sends, most: 100, per: .seconds(1)),
                SendLimit(.privateReplies, most: 750, per: .seconds(3_600)),
            ])
        #expect(channel.echoWithin == .seconds(15), "the row of the shipped file")
        #expect(channel.cards == CardLimit(most: 10, showsCatalogue: true), "the row of the shipped file")
        #expect(channel.quickReplies == QuickReplyLimit(most: 13, longestTitle: 20), "the row of the shipped file")
        #expect(channel.sweepsMessages && channel.sweep == .seconds(900))
        #expect(channel.marksSeen)
    }

    @Test("a time for echoes, cards and buttons beyond what platforms take are named at their place")
    func rows() throws {
        for (row, replaced, expected) in [
            ("echo_within: 15s", "echo_within: 0s", "a length of time from 1s to 10m"),
            ("window: 24h", "window_margin: 11m\nwindow: 24h", "a length of time up to 10m"),
            ("cards: {most: 10,", "cards: {most: 11,", "from 1 to 10"),
            ("quick_replies: {most: 13,", "quick_replies: {most: 14,", "from 1 to 13"),
        ] {
            var config = SmallConfig()
            let text = try ShippedConfig.text("channels/sandbox.yaml")
            #expect(text.contains(row))
            config.more["channels/sandbox.yaml"] = text.replacing(row, with: replaced)
            let faults = try config.faults()
            #expect(faults.count == 1 && faults.first?.contains(expected) == true, "\(faults)")
        }
    }

    @Test(
        "the apps of the platform's inbox are those of the file; without a row they are Meta's, as in the shipped files"
    )
    func inboxApps() throws {
        func read(_ text: String) throws -> Set<String>? {
            var config = SmallConfig()
            config.more["channels/sandbox.yaml"] = text
            let check = try config.check()
            #expect(check.faults.map(\.description) == [])
            return check.config?.channels.first { $0.name == "sandbox" }?.inboxApps
        }
        let row = "inbox_apps: [\"263902037430900\", \"1217981644879628\"]\n"
        for name in ["facebook", "instagram", "sandbox"] {
            #expect(try ShippedConfig.text("channels/\(name).yaml").contains(row))
        }
        let text = try ShippedConfig.text("channels/sandbox.yaml")
        let meta: Set = ["263902037430900", "1217981644879628"]
        #expect(try read(text) == meta && read(text.replacing(row, with: "")) == meta)
        #expect(try read(text.replacing(row, with: "inbox_apps: [77, \"88\"]\n")) == ["77", "88"])
        #expect(try read(text.replacing(row, with: "inbox_apps: []\n")) == [])
        for (wrong, expected) in [
            ("inbox_apps: 77\n", "a list of the ids of apps"), ("inbox_apps: [a7]\n", "at most 32 digits"),
            ("inbox_apps: [{a: 1}]\n", "an app's id"),
            ("inbox_apps: [\([String](repeating: "7", count: 21).joined(separator: ", "))]\n", "at most 20"),
        ] {
            var config = SmallConfig()
            config.more["channels/sandbox.yaml"] = text.replacing(row, with: wrong)
            let faults = try config.faults()
            #expect(faults.count == 1 && faults.first?.contains(expected) == true, "\(faults)")
        }
    }

    @Test(
        "Facebook and Instagram are swept and their webhooks watched unless the file says off; others if it says so",
        arguments: [
            ("facebook", "", 900, true), ("instagram", "", 900, true), ("facebook", "sweep: off\n", nil, true),
            ("instagram", "sweep: off\nsubscriptions: false\n", nil, false), ("facebook", "sweep: 1h\n", 3_600, true),
            ("sandbox", "", nil, false), ("sandbox", "sweep: 15m\n", 900, true),
        ] as [(String, String, Int64?, Bool)])
    func usual(name: String, lines: String, sweep: Int64?, isWatched: Bool) throws {
        let text = try ShippedConfig.text("channels/sandbox.yaml") + lines
        var config = SmallConfig()
        config.more["channels/\(name).yaml"] = text
        let check = try config.check()
        #expect(check.faults.map(\.description) == [])
        let channel = try #require(check.config?.channels.first { $0.name == name })
        #expect(channel.sweep == sweep.map { .seconds($0) } && channel.watchesSubscriptions == isWatched)
    }

    @Test(
        "limits that cannot be kept are named at their place",
        arguments: [
            ("limits: {sends: {most: 1, per: 1s}}", "at least 2 calls within 1s to 24h"),
            ("limits: {sends: {most: 100, per: 2d}}", "at least 2 calls within 1s to 24h"),
            ("limits: {sends: {most: 100}}", "per"), ("limits: {send: {most: 100, per: 1s}}", "a key of limits"),
            ("limits: 100", "limits: sends, private_replies"), ("sweep_messages: often", "true or false"),
            ("sweep: 10s", "a length of time from 1m to 24h, or off"), ("sweep: on", "a length of time"),
        ])
    func broken(line: String, expected: String) throws {
        let faults = try Self.config(line + "\n").faults()
        #expect(faults.count == 1 && faults.first?.contains(expected) == true, "\(faults)")
    }
}
