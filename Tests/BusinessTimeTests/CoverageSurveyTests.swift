import BusinessTime
import Contracts
import Instants
import Testing

@Suite("A survey of coverage")
struct CoverageSurveyTests {
    private func teams(_ seed: UInt64) throws -> (teams: [ServingTeam], random: SeededGenerator) {
        let names = ["Europe/Berlin", "America/New_York", "Asia/Beirut", "Africa/Casablanca", "Australia/Lord_Howe"]
        var source = MadeUpCalendars(
            random: SeededGenerator(seed: seed), zones: try names.map(Zoneinfo.rules), firstDay: try date("2027-02-25"))
        let teams = (0...source.random.number(below: 3)).map {
            ServingTeam(name: "team-\($0)", coverage: Coverage([source.next()]), languages: ["en"])
        }
        return (teams, source.random)
    }

    @Test(
        "lists every closed minute in one gap and every minute of two teams in one overlap",
        arguments: 1...12 as ClosedRange<UInt64>)
    func complete(seed: UInt64) throws {
        let teams = try teams(seed).teams
        let (from, to) = (try at("2027-03-01T00:00"), try at("2027-04-01T00:00"))
        let spells = CoverageSurvey(of: teams, from: from, to: to).spells
        for step in 0..<(31 * 96) {
            let instant = from + .seconds(step * 900 + 60)
            let open = teams.filter { $0.coverage.isOpen(at: instant) }.count
            let here = spells.filter { ($0.start ?? .distantPast) <= instant && instant < ($0.end ?? .distantFuture) }
            let place: Testing.Comment = "seed \(seed), \(instant)"
            #expect(here.filter { $0.kind == .gap }.count == (open == 0 ? 1 : 0), place)
            #expect(here.filter { $0.kind == .overlap }.count == (open > 1 ? 1 : 0), place)
        }
        #expect(spells.allSatisfy { !$0.reasons.isEmpty })
    }

    @Test("does not depend on the order of the teams", arguments: 31...42 as ClosedRange<UInt64>)
    func order(seed: UInt64) throws {
        let teams = try teams(seed).teams
        let (from, to) = (try at("2027-03-01T00:00"), try at("2027-04-15T00:00"))
        let one = CoverageSurvey(of: teams, from: from, to: to)
        let other = CoverageSurvey(of: teams.reversed(), from: from, to: to)
        #expect(one.spells == other.spells, "seed \(seed)")
        let queue = (language: "en", channel: "facebook")
        let coverages = [teams, teams.reversed()].map {
            MarketCoverage(teams: $0, fallback: Coverage([]), languages: ["en"], channels: ["facebook"])
                .coverage(language: queue.language, channel: queue.channel)
        }
        for step in 0..<200 {
            let instant = from + .seconds(step * 17_777)
            #expect(coverages[0].state(at: instant) == coverages[1].state(at: instant), "seed \(seed), \(instant)")
        }
    }

    @Test("a holiday is named, and a weekend that it makes longer has both reasons")
    func holiday() throws {
        let monday = HoursException(on: try date("2027-03-29"), .closed, name: "Easter Monday")
        let midweek = HoursException(on: try date("2027-04-07"), .closedDuring(try intervals(["12:00-14:00"])))
        let team = ServingTeam(
            name: "berlin",
            coverage: Coverage([
                try calendar("Europe/Berlin", .on("mon-fri", "09:00-17:00"), [monday, midweek])
            ]), languages: ["de"])
        let spells = CoverageSurvey(of: [team], from: try at("2027-03-27T00:00"), to: try at("2027-04-09T00:00")).spells
        let weekend = try #require(spells.first)
        #expect(weekend.reasons == [.weekly, .exception])
        #expect(weekend.exceptions.map(\.name) == ["Easter Monday"])
        #expect(weekend.end == (try at("2027-03-30T07:00")))
        let meeting = try #require(spells.first { $0.start == (try? at("2027-04-07T10:00")) })
        #expect(meeting.end == (try at("2027-04-07T12:00")))
        #expect(meeting.reasons == [.exception])
        #expect(spells.filter { $0.reasons.contains(.exception) }.count == 2)
    }

    @Test("a team that nobody can replace because its calendar is over, or that a person sent home, is named so")
    func overAndOverridden() throws {
        let over = ServingTeam(
            name: "summer",
            coverage: Coverage([
                try calendar("Etc/UTC", .always, validity: date("2027-06-01")...date("2027-08-31"))
            ]), languages: ["en"])
        let (from, to) = (try at("2027-06-10T00:00"), try at("2027-10-01T00:00"))
        let gaps = CoverageSurvey(of: [over], from: from, to: to).spells
        #expect(gaps.map(\.start) == [try at("2027-09-01T00:00")])
        #expect(gaps.first?.reasons.contains(.validity) == true)
        let override = try #require(
            HoursOverride(isOpen: false, from: try at("2027-06-11T10:00"), until: try at("2027-06-11T12:00")))
        let home = ServingTeam(
            name: "home", coverage: Coverage([try calendar("Etc/UTC", .always)]).overridden(by: [override]),
            languages: ["en"])
        let spells = CoverageSurvey(of: [home], from: from, to: to).spells
        #expect(spells.map(\.reasons) == [[.override]])
    }

    @Test("a market's queue is the union of the teams that speak its language on its channel, else its own team's")
    func queues() throws {
        let day = Coverage([try calendar("Etc/UTC", .on("mon-sun", "08:00-16:00"))])
        let night = Coverage([try calendar("Etc/UTC", .on("mon-sun", "16:00-24:00"))])
        let market = MarketCoverage(
            teams: [
                ServingTeam(name: "night", coverage: night, languages: ["en"], channels: ["facebook"]),
                ServingTeam(name: "day", coverage: day, languages: ["fi", "en"]),
            ], fallback: day, languages: ["fi", "en", "sv"], channels: ["facebook", "instagram"])
        let evening = try at("2026-11-22T20:00")
        #expect(market.coverage(language: "en", channel: "facebook").isOpen(at: evening))
        #expect(!market.coverage(language: "en", channel: "instagram").isOpen(at: evening))
        #expect(!market.coverage(language: "fi", channel: "facebook").isOpen(at: evening))
        #expect(market.coverage(language: "sv", channel: "facebook") == day)
        #expect(market.teams.map(\.name) == ["day", "night"])
    }
}
