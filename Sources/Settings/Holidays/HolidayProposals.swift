package import BusinessTime
package import Instants

/// What an iCalendar file proposes for a calendar: exceptions for a person to read, to put into the calendar's file and to
/// publish. Nothing is in force before.
///
/// Problem: files with holidays come from anybody, with series, zones, changed and cancelled occurrences. Choice: a small
/// strict reader that knows what holiday files use, puts series together within a window of years, and names with its
/// line everything else. Rejected: guessing at the rest, which closes a shop on a day on which customers wait; and a
/// general library, which there is none of for Swift.
package struct HolidayProposals: Sendable {
    /// By date.
    package private(set) var proposals: [Proposal] = []
    /// By line; at most `mostLeftOut`.
    package private(set) var leftOut: [LeftOut]
    package private(set) var furtherLeftOut: Int
    package private(set) var cancelled = 0
    /// Proposed dates that the calendar has as closed already.
    package private(set) var alreadyThere = 0

    package struct Proposal: Sendable, Hashable {
        package let dates: ClosedRange<CivilDate>
        /// Nil: the whole day.
        package let hours: LocalInterval?
        package let name: String
    }

    /// Longest window.
    package static let mostDays = 3_660
    package static let mostProposals = 2_000
    package static let mostBytes = CalendarEvents.mostBytes

    /// - Parameters:
    ///   - window: the dates that are asked for.
    ///   - zone: the rules of a zone by its name, nil if there is none.
    /// - Throws: `ConfigFault` if the file is no iCalendar or too large.
    package init(
        _ file: ConfigFiles.File, calendar: BusinessCalendar, window: ClosedRange<CivilDate>,
        zone: (ZoneName) -> ZoneRules?
    ) throws(ConfigFault) {
        guard file.bytes.count <= CalendarEvents.mostBytes else {
            throw ConfigFault(
                file: file.path, expected: "at most \(CalendarEvents.mostBytes) bytes", got: "\(file.bytes.count)")
        }
        let read = CalendarEvents(file.bytes)
        guard read.isCalendar else {
            throw ConfigFault(file: file.path, expected: "an iCalendar file, BEGIN:VCALENDAR", got: "none")
        }
        var series = EventSeries(read, through: window.upperBound, calendarZone: calendar.zone, zone: zone)
        var found: Set<Proposal> = []
        for occurrence in series.occurrences() {
            for proposal in occurrence.proposals(in: calendar.zone)
            where proposal.dates.overlaps(window) && found.insert(proposal).inserted {
                proposals.append(proposal)
            }
        }
        leftOut = series.read.leftOut
        furtherLeftOut = series.read.furtherLeftOut
        cancelled = series.cancelled
        let closed = calendar.exceptions.filter { $0.change == .closed }
        let new = proposals.filter { proposal in
            proposal.hours != nil
                || !closed.contains { $0.first <= proposal.dates.lowerBound && proposal.dates.upperBound <= $0.last }
        }
        alreadyThere = proposals.count - new.count
        proposals = new.sorted {
            ($0.dates.lowerBound, $0.dates.upperBound, $0.hours?.start ?? -1, $0.name)
                < ($1.dates.lowerBound, $1.dates.upperBound, $1.hours?.start ?? -1, $1.name)
        }
        if proposals.count > Self.mostProposals {
            leftOut.append(
                LeftOut(line: 0, expected: "at most \(Self.mostProposals) proposals", got: "\(proposals.count)"))
            proposals.removeLast(proposals.count - Self.mostProposals)
        }
        leftOut.sort { ($0.line, $0.expected) < ($1.line, $1.expected) }
    }

    /// YAML for the calendar's file, what was left out as comments.
    package func yaml(source: String, calendar: String) -> String {
        var lines = [
            "# Proposed for calendars/\(calendar).yaml from \(Self.plain(source)): \(proposals.count) exceptions.",
            "# Nothing is in force before you put it there and publish.",
        ]
        if alreadyThere > 0 { lines.append("# Already closed there: \(alreadyThere).") }
        if cancelled > 0 { lines.append("# Cancelled in the file: \(cancelled).") }
        lines += leftOut.map { "# Left out, \(Self.plain($0.description))" }
        if furtherLeftOut > 0 { lines.append("# Left out besides: \(furtherLeftOut).") }
        lines.append(proposals.isEmpty ? "exceptions: []" : "exceptions:")
        return (lines + proposals.map { "  - \($0.yaml)" }).joined(separator: "\n")
    }

    /// Without line ends, so that a comment stays one.
    private static func plain(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
    }
}

extension HolidayProposals.Proposal {
    /// For JSON.
    package var facts: [String: String] {
        var facts = ["from": dates.lowerBound.text, "to": dates.upperBound.text, "mode": "closed", "name": name]
        facts["hours"] = hours?.description
        return facts
    }

    /// One entry of `exceptions`.
    var yaml: String {
        let span =
            dates.lowerBound == dates.upperBound
            ? "date: \(dates.lowerBound.text)" : "from: \(dates.lowerBound.text), to: \(dates.upperBound.text)"
        let hours = hours.map { ", hours: [\"\($0)\"]" } ?? ""
        let quoted = name.map { ["\"", "\\"].contains($0) ? "\\\($0)" : String($0) }.joined()
        return "{\(span), mode: closed\(hours)\(name.isEmpty ? "" : ", name: \"\(quoted)\"")}"
    }
}
