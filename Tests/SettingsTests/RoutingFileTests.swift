import BusinessTime
import Conversations
import Instants
import Testing

@testable import Settings

@Suite("What markets and teams say of routing, VIPs, spikes and digests")
struct RoutingFileTests {
    private static let market = "markets/us.yaml"
    private static let team = "teams/mexico.yaml"

    private static func files(_ market: String, team: String = "") throws -> ConfigFiles {
        let text = try ShippedConfig.text(Self.market) + "\n" + market
        let own = try ShippedConfig.wordless(with: text, at: Self.market).files.filter { $0.path != Self.team }
        let other = try ShippedConfig.text(Self.team) + team
        return ConfigFiles(own + [ConfigFiles.File(path: Self.team, bytes: Array(other.utf8))])
    }

    @Test("all of it is read, and reaches the policy")
    func read() throws {
        let files = try Self.files(
            """
            service:
              handover: true
              ad_question: 20m
              vip: {contacts: ["7", "8"], signal: true, team: mexico, first_response: 10m, call: true}
              spikes: {usual: 8, at_least: 12, apart: 3h}
            """, team: "markets: [us]\ndigest: {collect: 2m, every: 20m}\n")
        let check = ConfigCheck(files)
        #expect(check.faults.isEmpty)
        let config = try #require(check.config)
        let service = try #require(config.markets.first { $0.name == "us" }).service
        #expect(service.handsOver && service.adQuestion == .seconds(1_200))
        let vip = try #require(service.vip)
        #expect(vip.contacts == ["7", "8"] && vip.bySignal && vip.team == "mexico" && vip.callsAfterHours)
        #expect(vip.firstResponse == .seconds(600))
        let spikes = try #require(service.spikes)
        #expect((spikes.usual, spikes.atLeast, spikes.apart) == (8, 12, .seconds(3 * 3_600)))
        let digest = try #require(config.teams.first { $0.name == "mexico" }?.digest)
        #expect(digest == DigestPolicy(collect: .seconds(120), every: .seconds(1_200)))
    }

    @Test(
        "a fault is named at its place",
        arguments: [
            (
                "service: {handover: true}", "",
                "expected a market that a second team serves (markets in teams/NAME.yaml), got only newyork"
            ),
            (
                "service: {vip: {contacts: [\"7\"], team: mexco}}", "",
                "expected the name of a team, got \"mexco\"; did you mean mexico?"
            ),
            ("service: {vip: {call: true}}", "", "expected contacts, or signal: true, got neither"),
            (
                "service: {vip: {contact: [\"7\"]}}", "",
                "expected a key of vip: contacts, signal, team, first_response, call, got \"contact\"; did you mean contacts?"
            ),
            (
                "service: {spikes: {usual: 80}}", "",
                "expected complaints among 100 comments, a whole number from 0 to 50, got \"80\""
            ),
            (
                "service: {ad_question: soon}", "",
                "expected a length of time such as 90s, 30m, 1h30m or 7d, got \"soon\""
            ),
            ("", "digest: {collect: 2h}\n", "expected at most 1h: nobody is called before, got \"2h\""),
        ])
    func fault(market: String, team: String, fault: String) throws {
        let check = ConfigCheck(try Self.files(market, team: team))
        #expect(check.config == nil)
        #expect(check.faults.contains { $0.description.hasSuffix(fault) && $0.line > 0 }, "\(check.faults)")
    }

    @Test("the shipped markets watch spikes and ads, and their desks gather calls")
    func shipped() throws {
        let policy = try ShippedConfig.policy.get()
        #expect(policy.markets["de"]?.service.spikes != nil)
        #expect(policy.markets["de"]?.service.adQuestion != nil)
        #expect(policy.teams["berlin"]?.digest != nil)
    }
}
