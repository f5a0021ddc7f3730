package import Instants

/// A day of the week, Monday first, with the names that configuration uses.
package enum Weekday: String, Sendable, Hashable, CaseIterable {
    case monday = "mon"
    case tuesday = "tue"
    case wednesday = "wed"
    case thursday = "thu"
    case friday = "fri"
    case saturday = "sat"
    case sunday = "sun"

    package init(of date: CivilDate) {
        self = Weekday.allCases[Weekday.index(ofDay: date.daysSince1970)]
    }

    /// 0 for Monday to 6 for Sunday.
    var index: Int {
        switch self {
        case .monday: 0
        case .tuesday: 1
        case .wednesday: 2
        case .thursday: 3
        case .friday: 4
        case .saturday: 5
        case .sunday: 6
        }
    }

    /// The weekday's index of a day counted from 1970-01-01, which was a Thursday; any day, however far away.
    static func index(ofDay day: Int) -> Int {
        let remainder = (day % 7 + 3) % 7
        return remainder < 0 ? remainder + 7 : remainder
    }
}
