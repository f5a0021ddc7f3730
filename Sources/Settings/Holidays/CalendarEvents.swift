internal import Instants

/// The events of an iCalendar file, series put together, and what had to be left out.
///
/// One pass; memory is bounded by `mostEvents` events and their few properties that are read. A file that is no
/// iCalendar at all gives no event and says so.
struct CalendarEvents {
    private(set) var events: [CalendarEvent] = []
    private(set) var leftOut: [LeftOut] = []
    /// Beyond `mostLeftOut`: counted only.
    private(set) var furtherLeftOut = 0
    private(set) var isCalendar = false
    /// Series of which a changed occurrence could not be read: nobody knows what is left of them.
    private(set) var spoiledSeries: Set<String> = []

    static let mostBytes = 32 << 20
    static let mostEvents = 50_000
    static let mostLeftOut = 100
    private static let mostProperties = 1_200

    init(_ bytes: [UInt8]) {
        read(bytes)
    }

    private mutating func read(_ bytes: [UInt8]) {
        var open: [(name: String, line: Int)] = []
        var properties: [ContentProperty] = []
        for line in ContentLines(bytes) where !line.bytes.isEmpty {
            guard let property = ContentProperty(line) else {
                leaveOut(LeftOut(line: line.number, expected: "NAME:value", got: Self.shown(line.bytes)))
                continue
            }
            switch property.name {
            case "BEGIN":
                let name = property.value.uppercased()
                if name == "VCALENDAR" { isCalendar = true }
                if name == "VEVENT" { properties = [] }
                guard open.count < 16 else {
                    return leaveOut(
                        LeftOut(line: line.number, expected: "components in at most 16 levels", got: "more; the rest"))
                }
                open.append((name, property.line))
            case "END":
                guard let last = open.last, last.name == property.value.uppercased() else {
                    leaveOut(
                        LeftOut(
                            line: property.line, expected: "END:\(open.last?.name ?? "nothing")",
                            got: "END:\(property.value.prefix(40))"))
                    continue
                }
                open.removeLast()
                if last.name == "VEVENT" { add(properties, line: last.line) }
            default:
                guard open.last?.name == "VEVENT", CalendarEvent.read.contains(property.name),
                    properties.count < Self.mostProperties
                else { continue }
                properties.append(property)
            }
            guard events.count < Self.mostEvents else {
                return leaveOut(
                    LeftOut(line: line.number, expected: "at most \(Self.mostEvents) events", got: "more; the rest"))
            }
        }
        if let last = open.last {
            leaveOut(LeftOut(line: last.line, expected: "END:\(last.name)", got: "the end of the file"))
        }
    }

    mutating func leaveOut(_ fault: LeftOut) {
        if leftOut.count < Self.mostLeftOut { leftOut.append(fault) } else { furtherLeftOut += 1 }
    }

    private mutating func add(_ properties: [ContentProperty], line: Int) {
        do throws(LeftOut) {
            events.append(try CalendarEvent(properties, line: line))
        } catch {
            leaveOut(error)
            if properties.contains(where: { $0.name == "RECURRENCE-ID" }),
                let uid = properties.first(where: { $0.name == "UID" })?.value
            {
                spoiledSeries.insert(uid)
            }
        }
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(40), as: UTF8.self)
        return "\"" + String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) }) + "\""
    }
}
