internal import Contracts
internal import Foundation
internal import Instants
internal import Settings

/// A notice as a mail: RFC 5322, ASCII lines that end in CR LF and are at most 76 bytes long but for the addresses.
///
/// Nothing of a notice can begin a header or end one: the subject is made of encoded words (RFC 2047) and the text is
/// base64, whose letters hold no line break. The addresses were checked when the file was read.
struct MailMessage: Sendable, Equatable {
    let lines: [String]

    init(lines: [String]) { self.lines = lines }

    init(_ notice: Notice, _ route: MailRoute, at now: Instant) {
        let domain = route.from.split(separator: "@").last.map(String.init) ?? "localhost"
        // The same in each attempt, so that a mail server or program that has it already can say so; all of a matter
        // are one thread.
        let thread = "<\(Self.hex(StableHash.hash(notice.matter)))@\(domain)>"
        lines =
            [
                "Date: \(Self.date(now))", "From: Nightshift <\(route.from)>",
                "To: " + route.to.joined(separator: ",\r\n "),
            ] + Self.header("Subject", notice.sentence) + [
                "Message-ID: <\(notice.id)@\(domain)>", "References: \(thread)", "In-Reply-To: \(thread)",
                "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: base64", "",
            ] + Self.base64(Array(Self.text(notice).utf8), most: 76)
    }

    /// What people read.
    static func text(_ notice: Notice) -> String {
        var lines = [
            notice.sentence, "", "Conversation: \(notice.conversation)", "Team: \(notice.team)",
            "Reason: \(notice.rule)", "Decided at: \(notice.decidedAt)",
        ]
        if let acknowledge = notice.acknowledge { lines += ["", "I see to it: \(acknowledge)"] }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    /// RFC 2047, 2: the most bytes of a line that holds an encoded word, and what such a word has around its text.
    private static let mostWordLine = 76
    private static let wordFrame = 12

    /// A header whose value is encoded words, a line each, cut between scalars.
    static func header(_ name: String, _ value: String) -> [String] {
        /// Bytes of text for which a line has room behind so many others.
        func room(behind bytes: Int) -> Int { max(4, (mostWordLine - wordFrame - bytes) / 4 * 3) }
        var pieces: [[UInt8]] = [[]]
        for scalar in plain(value).unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            let most = room(behind: pieces.count == 1 ? name.utf8.count + 2 : 1)
            if pieces[pieces.count - 1].count + bytes.count > most { pieces.append([]) }
            pieces[pieces.count - 1] += bytes
        }
        let words = pieces.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }
        return words.enumerated().map { ($0.offset == 0 ? "\(name): " : " ") + $0.element }
    }

    /// A value of reasonable length; line breaks and other control characters are blanks.
    private static func plain(_ text: String) -> String {
        var plain = ""
        for scalar in text.unicodeScalars.prefix(200) {
            plain.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return plain
    }

    private static func base64(_ bytes: [UInt8], most: Int) -> [String] {
        let text = Array(Data(bytes).base64EncodedString().utf8)
        return stride(from: 0, to: text.count, by: most).map {
            String(decoding: text[$0..<min($0 + most, text.count)], as: UTF8.self)
        }
    }

    /// RFC 5322's form, in UTC.
    static func date(_ now: Instant) -> String {
        let day = CivilDate(daysSince1970: Int(now.seconds / 86_400))
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // RFC 3339 has the time of day at a fixed place.
        let clock = now.description.dropFirst(11).prefix(8)
        return "\(weekdays[day.weekday]), \(day.day) \(months[day.month - 1]) \(day.year) \(clock) +0000"
    }

    private static func hex(_ number: UInt64) -> String { String(number, radix: 16) }
}
