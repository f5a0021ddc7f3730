import ArgumentParser
import BusinessTime
import Foundation
import Instants
import Settings

/// Holidays from an iCalendar file, for a person to accept.
struct HoursImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Propose exceptions for a calendar from an iCalendar file.",
        discussion: """
            Prints YAML for calendars/NAME.yaml and changes nothing. Events on whole days become closed dates, others closed \
            parts of days. Yearly series are written out. What is not understood is named with its line and left out.
            """)

    @OptionGroup var config: ConfigOptions
    @Argument(help: "The iCalendar file; - for standard input.") var file: String
    @Option(help: "Name of the calendar that they are for.") var calendar: String
    @Option(help: "First date, such as 2027-01-01; by default today.") var from: String?
    @Option(help: "How many days from then on.") var days = 731
    @Flag(help: "Print JSON lines: proposals, then what was left out.") var json = false

    func run() async throws {
        let zones = config.zones
        let calendar = try NamedCalendar.read(self.calendar, folder: config.config, zones: zones)
        let proposals = try HolidayProposals(
            ConfigFiles.File(path: file, bytes: try bytes()), calendar: calendar, window: try window(calendar)
        ) { zones.rules(of: $0) }
        if json {
            for proposal in proposals.proposals { try Output.json(proposal.facts) }
            for fault in proposals.leftOut {
                try Output.json(
                    LeftOutLine(line: fault.line, expected: fault.expected, got: fault.got, name: fault.summary))
            }
        } else {
            Output.line(proposals.yaml(source: file, calendar: self.calendar))
        }
        let leftOut = proposals.leftOut.count + proposals.furtherLeftOut
        Output.note(
            "\(proposals.proposals.count) proposed, \(proposals.alreadyThere) already there, "
                + "\(proposals.cancelled) cancelled, \(leftOut) not understood")
    }

    private struct LeftOutLine: Encodable {
        let line: Int
        let expected: String
        let got: String
        let name: String
    }

    private func bytes() throws -> [UInt8] {
        let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
        guard let handle, let data = try handle.read(upToCount: HolidayProposals.mostBytes + 1) else {
            throw Failure(expected: "an iCalendar file that can be read", came: "none", at: file)
        }
        return [UInt8](data)
    }

    private func window(_ calendar: BusinessCalendar) throws -> ClosedRange<CivilDate> {
        guard (1...HolidayProposals.mostDays).contains(days) else {
            throw Failure(expected: "1 to \(HolidayProposals.mostDays) days", came: "\(days)", at: "--days")
        }
        let first = try OptionDate.read(from, zone: calendar.zone)
        return first...first.adding(days: days - 1)
    }
}

/// A date from an option; today in a zone if it is missing.
enum OptionDate {
    static func read(_ text: String?, zone: ZoneRules) throws -> CivilDate {
        guard let text else {
            let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
            return zone.localTime(of: now).date
        }
        guard let date = CivilDate(text) else {
            throw Failure(expected: "a date such as 2027-01-01 that exists", came: "\"\(text)\"", at: "--from")
        }
        return date
    }
}
