internal import BusinessTime
internal import Instants

/// Puts the events of a file together to occurrences: series, exclusions, changed and cancelled occurrences.
struct EventSeries {
    private(set) var read: CalendarEvents
    private(set) var cancelled = 0
    private let last: CivilDate
    private let calendarZone: ZoneRules
    private let zones: [ZoneName: ZoneRules]

    /// One time that something takes place, in instants or in dates.
    enum Occurrence {
        case dates(ClosedRange<CivilDate>, name: String)
        case times(Instant, Instant, name: String)
    }

    /// What two writings of one time have in common.
    private enum Key: Hashable {
        case date(CivilDate)
        case instant(Instant)
    }

    init(
        _ read: CalendarEvents, through last: CivilDate, calendarZone: ZoneRules, zone: (ZoneName) -> ZoneRules?
    ) {
        self.read = read
        self.last = last
        self.calendarZone = calendarZone
        var zones: [ZoneName: ZoneRules] = [:]
        for name in Set(read.events.flatMap(\.zoneNames)) { zones[name] = zone(name) }
        self.zones = zones
    }

    /// All occurrences up to the last date; what cannot be understood is left out, one fault each.
    mutating func occurrences() -> [Occurrence] {
        var groups: [String: [CalendarEvent]] = [:]
        var order: [String] = []
        for (number, event) in read.events.enumerated() {
            let key = event.uid.map { "u\($0)" } ?? "n\(number)"
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(event)
        }
        var found: [Occurrence] = []
        for key in order {
            let events = groups[key] ?? []
            do throws(LeftOut) {
                found += try occurrences(of: events)
            } catch {
                read.leaveOut(error)
            }
        }
        return found
    }

    private mutating func occurrences(of events: [CalendarEvent]) throws(LeftOut) -> [Occurrence] {
        let masters = events.filter { $0.standsFor == nil }
        let newest = masters.map(\.sequence).max() ?? 0
        let current = masters.filter { $0.sequence == newest }
        if let other = current.dropFirst().first {
            throw LeftOut(
                line: other.line, expected: "each UID and SEQUENCE once", got: "a second event", summary: other.summary)
        }
        if let event = events.first, let uid = event.uid, read.spoiledSeries.contains(uid) {
            throw LeftOut(
                line: event.line, expected: "a series whose changed occurrences can be read", got: "one that cannot",
                summary: event.summary)
        }
        var changed: [Key: CalendarEvent] = [:]
        for event in events {
            guard let replaced = event.standsFor else { continue }
            let key = try key(of: replaced, event)
            if event.sequence >= changed[key]?.sequence ?? .min { changed[key] = event }
        }
        if current.contains(where: \.isCancelled) {
            cancelled += 1
            return []
        }
        var found: [Occurrence] = []
        for master in current { found += try series(master, &changed) }
        if let stray = changed.values.min(by: { $0.line < $1.line }), !current.isEmpty, stray.start.date <= last {
            throw LeftOut(
                line: stray.line, expected: "RECURRENCE-ID of an occurrence of its series", got: "another",
                summary: stray.summary)
        }
        for event in changed.values.sorted(by: { $0.line < $1.line }) {
            if event.isCancelled { cancelled += 1 } else { found.append(try occurrence(event, on: event.start.date)) }
        }
        return found
    }

    /// A series without the occurrences that others stand in for; those are added, and taken out of `changed`.
    private mutating func series(
        _ master: CalendarEvent, _ changed: inout [Key: CalendarEvent]
    ) throws(LeftOut) -> [Occurrence] {
        let dates = master.rule?.dates(from: master.start.date, through: last) ?? [master.start.date]
        if master.rule != nil, let first = dates.first, first != master.start.date {
            throw LeftOut(
                line: master.line, expected: "DTSTART on a day of its rule", got: master.start.date.text,
                summary: master.summary)
        }
        var excluded: Set<Key> = []
        for time in master.excluded {
            guard time.isDate == master.start.isDate else {
                throw LeftOut(
                    line: master.line, expected: "EXDATE of the kind of DTSTART", got: "another",
                    summary: master.summary)
            }
            excluded.insert(try key(of: time, master))
        }
        var found: [Occurrence] = []
        for date in dates {
            let key = try key(of: master.start.moved(to: date), master)
            if let other = changed.removeValue(forKey: key) {
                if other.isCancelled {
                    cancelled += 1
                } else {
                    found.append(try occurrence(other, on: other.start.date))
                }
            } else if !excluded.contains(key) {
                found.append(try occurrence(master, on: date))
            }
        }
        return found
    }

    private func occurrence(_ event: CalendarEvent, on date: CivilDate) throws(LeftOut) -> Occurrence {
        guard case .local(_, let second, let zone) = event.start else {
            guard case .days(let days) = event.length else {
                throw LeftOut(line: event.line, expected: "whole days", got: "times", summary: event.summary)
            }
            return .dates(date...date.adding(days: days - 1), name: event.summary)
        }
        let start = try instant(date, second, zone, event)
        let end: Instant
        switch event.length {
        case .days(let days): end = try instant(date.adding(days: days), second, zone, event)
        case .until(let days, let last, let other):
            end = try instant(date.adding(days: days), last, other, event)
        case .lasting(let days, let seconds):
            end = try instant(date.adding(days: days), second, zone, event) + .seconds(seconds)
        }
        guard start < end else {
            throw LeftOut(line: event.line, expected: "an end after the start", got: "\(end)", summary: event.summary)
        }
        return .times(start, end, name: event.summary)
    }

    private func key(of time: EventTime, _ event: CalendarEvent) throws(LeftOut) -> Key {
        switch time {
        case .date(let date): return .date(date)
        case .local(let date, let second, let zone): return .instant(try instant(date, second, zone, event))
        }
    }

    private func instant(
        _ date: CivilDate, _ second: Int, _ zone: EventTime.EventZone, _ event: CalendarEvent
    ) throws(LeftOut) -> Instant {
        switch zone {
        case .utc: return ZoneRules.utc.instants(for: date, secondOfDay: second).opening
        case .floating: return calendarZone.instants(for: date, secondOfDay: second).opening
        case .named(let name):
            guard let rules = zones[name] else {
                throw LeftOut(
                    line: event.line, expected: "a zone that the zone data has", got: "\(name)", summary: event.summary)
            }
            return rules.instants(for: date, secondOfDay: second).opening
        }
    }
}

extension EventTime {
    fileprivate var isDate: Bool {
        if case .date = self { true } else { false }
    }

    fileprivate var zoneName: ZoneName? {
        if case .local(_, _, .named(let name)) = self { name } else { nil }
    }
}

extension CalendarEvent {
    fileprivate var zoneNames: [ZoneName] {
        var names = (excluded + [start, standsFor].compactMap(\.self)).compactMap(\.zoneName)
        if case .until(_, _, .named(let name)) = length { names.append(name) }
        return names
    }
}

extension EventSeries.Occurrence {
    /// Whole days as dates; times as the parts of the calendar's days that they take, in full minutes.
    func proposals(in zone: ZoneRules) -> [HolidayProposals.Proposal] {
        switch self {
        case .dates(let dates, let name): return [HolidayProposals.Proposal(dates: dates, hours: nil, name: name)]
        case .times(let start, let end, let name):
            let first = zone.localTime(of: start)
            let last = zone.localTime(of: end)
            let from = first.secondOfDay / 60 * 60
            let to = (last.secondOfDay + 59) / 60 * 60
            func proposal(_ first: CivilDate, _ last: CivilDate, _ from: Int, _ to: Int) -> [HolidayProposals.Proposal]
            {
                guard first <= last, from < to else { return [] }
                let hours = from == 0 && to == 86_400 ? nil : LocalInterval(startSecond: from, endSecond: to)
                return [HolidayProposals.Proposal(dates: first...last, hours: hours, name: name)]
            }
            if first.date == last.date { return proposal(first.date, first.date, from, to) }
            let wholeFrom = from == 0 ? first.date : first.date.adding(days: 1)
            return (from == 0 ? [] : proposal(first.date, first.date, from, 86_400))
                + proposal(wholeFrom, last.date.adding(days: -1), 0, 86_400) + proposal(last.date, last.date, 0, to)
        }
    }
}
