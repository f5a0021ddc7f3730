import BusinessTime
import Instants
import Testing

/// DOMAIN.md, 5.7: what items 35, 36, 38 to 40, 47 and 52 ask of hours. Items 1 to 11 are in `EdgeCaseTests`.
@Suite("Later hours, DOMAIN 5.7")
struct LaterEdgeCaseTests {
    private func team(_ name: String, _ calendars: BusinessCalendar...) -> ServingTeam {
        ServingTeam(name: name, coverage: Coverage(calendars), languages: ["en"])
    }

    private func spells(
        _ teams: [ServingTeam], _ from: String, _ to: String, _ kind: CoverageSpell.Kind = .gap
    ) throws -> [CoverageSpell] {
        CoverageSurvey(of: teams, from: try at(from), to: try at(to)).spells.filter { $0.kind == kind }
    }

    @Test("edge case 35: weeks in which Europe and America differ are a gap of an hour each day, seen a year ahead")
    func europeAndAmerica() throws {
        // Six hours apart, New York's 06:00 is Berlin's 12:00 and its 18:00 Berlin's 24:00; five hours apart they miss each
        // other by an hour in the morning and are both there for one in the evening.
        let berlin = team("berlin", try calendar("Europe/Berlin", .on("mon-sun", "12:00-24:00")))
        let york = team("york", try calendar("America/New_York", .on("mon-sun", "18:00-06:00")))
        let gaps = try spells([berlin, york], "2026-11-10T12:00", "2027-11-10T12:00")
        let whole = gaps.filter { $0.clockChange?.isOnlyReason == true }
        // 14 to 27 March 2027, and 31 October to 6 November: from the change in one to that in the other.
        #expect(whole.count == 14 + 7)
        #expect(gaps.count == whole.count)
        let first = try #require(whole.first)
        #expect(first.start == (try at("2027-03-14T10:00")))
        #expect(first.end == (try at("2027-03-14T11:00")))
        #expect(first.reasons == [.clockChange])
        #expect(first.clockChange?.zones == [try ZoneName("America/New_York")])
        #expect(first.clockChange?.at == (try at("2027-03-14T07:00")))
        #expect(first.clockChange?.longer == .seconds(3_600))
        #expect(first.before == ["york"])
        #expect(first.after == ["berlin"])
        #expect(whole.last?.start == (try at("2027-11-06T10:00")))
        let overlaps = try spells([berlin, york], "2026-11-10T12:00", "2027-11-10T12:00", .overlap)
        #expect(overlaps.count == 21)
        #expect(overlaps.allSatisfy { $0.clockChange?.isOnlyReason == true && $0.teams == ["berlin", "york"] })
    }

    @Test("edge case 35: Morocco's clocks in Ramadan leave an hour uncovered; since it gave them up, no more")
    func ramadan() throws {
        let berlin = team("berlin", try calendar("Europe/Berlin", .on("mon-sun", "00:00-17:00")))
        let rabat = team("rabat", try calendar("Africa/Casablanca", .on("mon-sun", "17:00-24:00")))
        let gaps = try spells([berlin, rabat], "2026-01-20T12:00", "2026-03-27T12:00")
        #expect(gaps.first?.start == (try at("2026-02-15T16:00")))
        #expect(gaps.first?.end == (try at("2026-02-15T17:00")))
        #expect(gaps.last?.start == (try at("2026-03-21T16:00")))
        #expect(gaps.count == 35)
        for gap in gaps {
            #expect(gap.reasons == [.clockChange])
            #expect(gap.clockChange?.isOnlyReason == true)
            #expect(gap.clockChange?.zones == [try ZoneName("Africa/Casablanca")])
        }
        // IANA 2026f: from 20 September 2026 on Morocco stays at +00, so nothing happens on 7 February 2027.
        let later = try spells([berlin, rabat], "2027-01-20T12:00", "2027-03-27T12:00")
        #expect(later.count == 66 && later.allSatisfy { $0.clockChange == nil })
    }

    @Test("edge case 35: what is so every week is no clock change, however the clocks change")
    func everyWeek() throws {
        let berlin = team("berlin", try calendar("Europe/Berlin", .on("mon-fri", "09:00-12:00", "13:00-17:00")))
        let warsaw = team("warsaw", try calendar("Europe/Warsaw", .on("mon-fri", "17:00-22:00")))
        let gaps = try spells([berlin, warsaw], "2026-11-01T12:00", "2027-11-01T12:00")
        #expect(gaps.count > 500)
        #expect(gaps.allSatisfy { $0.reasons == [.weekly] && $0.clockChange == nil })
    }

    @Test("edge case 36: hours edited while it is closed give other bounds, but the closed periods overlap")
    func editedWhileClosed() throws {
        let night = try at("2026-11-23T22:00")
        let before = Coverage([try calendar("Europe/Berlin", .on("mon-sun", "09:00-17:00"))])
        let after = Coverage([try calendar("Europe/Berlin", .on("mon-sun", "08:00-18:30"))])
        let one = try #require(before.closedPeriod(containing: night))
        let other = try #require(after.closedPeriod(containing: night))
        #expect(one != other)
        #expect(one.overlaps(other) && other.overlaps(one))
        let next = try #require(after.closedPeriod(containing: night + .seconds(86_400)))
        #expect(!one.overlaps(next) && !next.overlaps(one))
    }

    @Test("edge case 38: without hours it is one gap without ends; round the clock there is none")
    func alwaysAndNever() throws {
        let (from, to) = ("2026-11-22T00:00", "2027-11-22T00:00")
        for teams in [[], [team("never", try calendar("Europe/Berlin", .never))]] {
            let gaps = try spells(teams, from, to)
            #expect(gaps.count == 1)
            #expect(gaps.first?.start == nil && gaps.first?.end == nil)
            #expect(gaps.first?.reasons == [.nobody])
        }
        #expect(try spells([team("always", try calendar("Europe/Berlin", .always))], from, to).isEmpty)
    }

    @Test("edge case 39: the weekend is where the hours leave it: Friday and Saturday, or Friday alone")
    func weekends() throws {
        let riyadh = Coverage([
            try calendar(
                "Asia/Riyadh",
                WeeklyHours(
                    .init(
                        uniqueKeysWithValues: [
                            Weekday.sunday, .monday, .tuesday, .wednesday, .thursday,
                        ].map { ($0, try intervals(["09:00-17:00"])) })))
        ])
        #expect(riyadh.nextOpening(atOrAfter: try at("2026-11-19T15:00")) == (try at("2026-11-22T06:00")))
        let dhaka = Coverage([try calendar("Asia/Dhaka", .on("sat-thu", "09:00-17:00"))])
        #expect(dhaka.nextOpening(atOrAfter: try at("2026-11-19T15:00")) == (try at("2026-11-21T03:00")))
    }

    @Test("edge case 40: leap days, the end of a year and a second 60 are ordinary instants")
    func leap() throws {
        let leap = HoursException(on: try date("2028-02-29"), .closed)
        let daily = Coverage([try calendar("Etc/UTC", .on("mon-sun", "09:00-17:00"), [leap])])
        #expect(daily.nextOpening(atOrAfter: try at("2028-02-28T17:00")) == (try at("2028-03-01T09:00")))
        let night = Coverage([try calendar("Etc/UTC", .on("mon-sun", "22:00-06:00"))])
        #expect(night.state(at: try at("2026-12-31T23:59")).until == (try at("2027-01-01T06:00")))
        #expect(daily.state(at: try Instant(rfc3339: "2026-12-31T08:59:60Z")).isOpen == false)
        let work = daily.businessTime(from: try at("2026-12-31T00:00"), to: try at("2027-01-02T00:00"))
        #expect(work == .seconds(2 * 8 * 3_600))
    }

    @Test("edge case 47: new zone rules move the instant of a told local time; the earlier of both is kept")
    func newZoneRules() throws {
        // The same name with the rules of two places stands for a country that gives up its clock change.
        let name = try ZoneName("America/Vancouver")
        let old = try ZoneRules(name: name, tzif: Zoneinfo.bytes("America/Los_Angeles"))
        let new = try Zoneinfo.rules("America/Vancouver")
        let told = try at("2026-12-01T17:00")
        let shift = try #require(ToldTime(told, in: old).shift(under: new))
        #expect(shift == .seconds(-3_600))
        #expect(ToldTime(told, in: old).dueAt(under: new) == (try at("2026-12-01T16:00")))
        #expect(ToldTime(try at("2026-12-01T16:00"), in: new).dueAt(under: old) == (try at("2026-12-01T16:00")))
        #expect(ToldTime(told, in: old).shift(under: old) == nil)
        #expect(ToldTime(try at("2026-08-01T16:00"), in: old).shift(under: new) == nil)
    }

    @Test(
        "edge case 52: a team that closes early today is closed at once, and a promise of this afternoon cannot be kept"
    )
    func closesEarly() throws {
        let coverage = Coverage([try calendar("Europe/Berlin", .on("mon-fri", "09:00-17:00"))])
        let now = try at("2026-11-23T12:00")
        let due = try #require(coverage.advance(from: now, by: .seconds(2 * 3_600)))
        #expect(due == (try at("2026-11-23T14:00")))
        let closed = try #require(HoursOverride(isOpen: false, from: now, until: try at("2026-11-24T00:00")))
        let early = coverage.overridden(by: [closed])
        #expect(early.state(at: now) == HoursState(isOpen: false, until: nil, nextOpen: try at("2026-11-24T08:00")))
        #expect(early.isOpen(at: now - .milliseconds(1)))
        #expect(early.closedPeriod(containing: now)?.start == now)
        let possible = try #require(early.advance(from: now, by: .seconds(2 * 3_600)))
        #expect(possible > due)
        #expect(early.closedPeriod(containing: due)?.contains(due) == true)
    }
}
