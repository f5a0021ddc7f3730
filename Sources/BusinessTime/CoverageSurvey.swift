package import Instants

/// Every gap and every overlap of the teams that serve one queue, with the reasons.
///
/// Problem: a lead must see a year ahead where nobody is there, and whether that is so every week, on a holiday, or only
/// because two countries change their clocks on different days. Choice: each team's covered periods are listed once as
/// they are, once without exceptions, and once for every way in which the zones' clocks stand to each other; spells are
/// found by one sweep over the first list, and a reason is named if the spell is shorter or missing in another one. To
/// compare across a change of clocks, the spell is moved so that the local time at which it begins stays, in the zone
/// of the team that leaves (for an overlap: that comes). Rejected: comparing with the week before or after, which
/// mistakes holidays and ordinary differences between weekdays for changes of clocks.
///
/// O(periods × (1 + changes of clocks)); some milliseconds for three teams and a year.
package struct CoverageSurvey: Sendable {
    package let spells: [CoverageSpell]

    /// Spells are followed this far beyond what is asked for, to find their true ends.
    private static let margin = 60 * 86_400

    /// The spells that lie at least partly between `from` and `to`, by their start; at most 4,000 days.
    package init(of teams: [ServingTeam], from: Instant, to: Instant) {
        let first = Int(from.seconds)
        let last = min(Int(to.seconds), first + 4_000 * 86_400)
        guard first < last else {
            spells = []
            return
        }
        let sorted = teams.sorted { $0.name < $1.name }
        let survey = Survey(sorted, CoveredSeconds(opening: first - Self.margin, closing: last + Self.margin))
        let asked = CoveredSeconds(opening: first, closing: last)
        spells = (survey.gaps + survey.overlaps).filter { $0.common(with: asked) != nil }
            .sorted { ($0.opening, $0.closing) < ($1.opening, $1.closing) }.map(survey.spell)
    }
}

/// The lists of one survey.
private struct Survey {
    let teams: [ServingTeam]
    let window: CoveredSeconds
    let periods: TeamPeriods
    let ordinary: TeamPeriods
    let relations: ClockRelations
    let frozen: [[ZoneName: Int]: TeamPeriods]
    let gaps: [CoveredSeconds]
    let overlaps: [CoveredSeconds]

    init(_ teams: [ServingTeam], _ window: CoveredSeconds) {
        self.teams = teams
        self.window = window
        let coverages = teams.map(\.coverage)
        periods = TeamPeriods(coverages, in: window)
        ordinary = TeamPeriods(coverages.map { Coverage($0.calendars.map(\.ordinary)) }, in: window)
        // What a person said counts in instants and knows no clock.
        let zones = Set(coverages.flatMap { $0.calendars.map(\.zone) }).subtracting([.utc])
        relations = ClockRelations(
            of: zones.sorted { $0.name < $1.name }, from: window.opening, to: window.closing)
        var frozen: [[ZoneName: Int]: TeamPeriods] = [:]
        if relations.stretches.count > 1 {
            for offsets in Set(relations.stretches.map(\.offsets)) {
                frozen[offsets] = TeamPeriods(coverages.map { $0.frozen(at: offsets) }, in: window)
            }
        }
        self.frozen = frozen
        gaps = window.without(periods.covered)
        overlaps = periods.shared
    }

    func spell(_ span: CoveredSeconds) -> CoverageSpell {
        let isGap = !periods.covers(span.opening)
        let leaving = periods.teams(closingAt: isGap ? span.opening : span.closing)
        let coming = periods.teams(openingAt: isGap ? span.closing : span.opening)
        let (before, after) = isGap ? (leaving, coming) : (coming, leaving)
        let change = clockChange(span, isGap: isGap, teams: before)
        let reasons = reasons(span, isGap: isGap, change)
        return CoverageSpell(
            kind: isGap ? .gap : .overlap,
            start: span.opening > window.opening ? Instant(seconds: Int64(span.opening)) : nil,
            end: span.closing < window.closing ? Instant(seconds: Int64(span.closing)) : nil,
            before: before.map { teams[$0].name }, after: after.map { teams[$0].name },
            teams: isGap ? [] : periods.teams(within: span).map { teams[$0].name }, reasons: reasons,
            exceptions: reasons.contains(.exception) ? exceptions(span, isGap: isGap) : [], clockChange: change)
    }

    private func reasons(
        _ span: CoveredSeconds, isGap: Bool, _ change: CoverageSpell.ClockChange?
    ) -> Set<CoverageSpell.Reason> {
        guard !isGap || !periods.covered.isEmpty else { return [.nobody] }
        var reasons: Set<CoverageSpell.Reason> = []
        let usual = ordinary.length(of: isGap ? .gap : .overlap, in: span)
        if usual < span.length {
            if !exceptions(span, isGap: isGap).isEmpty { reasons.insert(.exception) }
            if teams.contains(where: { $0.coverage.isOverridden(in: span) }) { reasons.insert(.override) }
        }
        if change != nil { reasons.insert(.clockChange) }
        if isGap, teams.contains(where: { $0.coverage.isInvalid(in: span) }) { reasons.insert(.validity) }
        if reasons.isEmpty || (usual > 0 && change?.isOnlyReason != true) { reasons.insert(.weekly) }
        return reasons
    }

    private func exceptions(_ span: CoveredSeconds, isGap: Bool) -> [CoverageSpell.NamedException] {
        var found: Set<CoverageSpell.NamedException> = []
        for calendar in teams.flatMap(\.coverage.calendars) {
            let dates = calendar.dates(of: span)
            for exception in calendar.exceptions
            where exception.first <= dates.upperBound && dates.lowerBound <= exception.last && exception.opens != isGap
            {
                found.insert(
                    .init(
                        calendar: calendar.name, first: exception.first, last: exception.last, name: exception.name))
            }
        }
        return found.sorted { ($0.calendar, $0.first, $0.last) < ($1.calendar, $1.first, $1.last) }
    }

    private func clockChange(_ span: CoveredSeconds, isGap: Bool, teams: [Int]) -> CoverageSpell.ClockChange? {
        guard !frozen.isEmpty, let zone = zone(changingAt: span.opening, of: teams) else { return nil }
        var found: CoverageSpell.ClockChange?
        for (usual, change) in relations.alternatives(from: span.opening, to: span.closing) {
            guard let periods = frozen[usual.offsets], let offset = usual.offsets[zone.name] else { continue }
            let moved = span.opening + zone.stretch(at: span.opening).offset - offset
            let length = periods.length(of: isGap ? .gap : .overlap, startingAt: moved)
            guard span.length - length >= 60 else { continue }
            let candidate = CoverageSpell.ClockChange(
                zones: change.changed, at: Instant(seconds: Int64(change.start)),
                longer: .seconds(span.length - length), isOnlyReason: length == 0)
            if found.map({ candidate.longer > $0.longer }) ?? true { found = candidate }
        }
        return found
    }

    /// The zone on whose clock a team comes or goes at `seconds`.
    private func zone(changingAt seconds: Int, of teams: [Int]) -> ZoneRules? {
        teams.flatMap { self.teams[$0].coverage.calendars }.filter {
            $0.period(startingBefore: seconds)?.closing == seconds
                || $0.period(endingAfter: seconds)?.opening == seconds
        }.map(\.zone).min { $0.name < $1.name }
    }
}

extension HoursException {
    /// Whether people come for it rather than stay away.
    var opens: Bool {
        if case .open = change { true } else { false }
    }
}

extension BusinessCalendar {
    /// The local dates on which hours may start that would cover a part of the span.
    func dates(of span: CoveredSeconds) -> ClosedRange<CivilDate> {
        let first = zone.localTime(of: Instant(seconds: Int64(span.opening))).date
        let last = zone.localTime(of: Instant(seconds: Int64(span.closing - 1))).date
        return first...Swift.max(first, last)
    }
}

extension Coverage {
    fileprivate func frozen(at offsets: [ZoneName: Int]) -> Coverage {
        Coverage(
            calendars.map { calendar in
                offsets[calendar.zone.name].map { calendar.moved(to: calendar.zone.frozen(at: $0)) } ?? calendar
            })
    }

    fileprivate func isOverridden(in span: CoveredSeconds) -> Bool {
        calendars.contains { calendar in
            calendar.closures.contains { $0.common(with: span) != nil || $0.closing == span.closing }
                || calendar.name == .override && calendar.period(endingAfter: span.opening) != nil
        }
    }

    fileprivate func isInvalid(in span: CoveredSeconds) -> Bool {
        calendars.contains { calendar in
            calendar.validity.map { validity in
                let dates = calendar.dates(of: span)
                return !validity.contains(dates.lowerBound) && !validity.contains(dates.upperBound)
            } ?? false
        }
    }
}
