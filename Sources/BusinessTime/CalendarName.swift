/// The name of a calendar: that of its file in `calendars/`, without the ending.
package struct CalendarName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }

    package static func < (left: CalendarName, right: CalendarName) -> Bool {
        left.text < right.text
    }
}

extension CalendarName {
    /// Of what a person said instead of a file; no file can have it, since names of files are lower case.
    static let override = CalendarName("OVERRIDE")
}
