package import BusinessTime
package import Instants

/// What `hours --json` prints for one instant (DESIGN.md, *hours*); every key is written, null where there is nothing.
package struct HoursReport: Sendable, Equatable, Encodable {
    package let calendar: String
    package let at: String
    package let open: Bool
    package let until: String?
    package let nextOpen: String?
    package let calendarZone: Local
    package let askedZone: Local?
    package let tzdata: String

    /// The same instants with a zone's offset.
    package struct Local: Sendable, Equatable, Encodable {
        package let zone: String
        package let at: String
        package let until: String?
        package let nextOpen: String?

        init(_ zone: ZoneRules, at instant: Instant, _ state: HoursState) {
            self.zone = zone.name.text
            at = Self.text(instant, zone)
            until = state.until.map { Self.text($0, zone) }
            nextOpen = state.nextOpen.map { Self.text($0, zone) }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(zone, forKey: .zone)
            try container.encode(at, forKey: .at)
            try container.encode(until, forKey: .until)
            try container.encode(nextOpen, forKey: .nextOpen)
        }

        private static func text(_ instant: Instant, _ zone: ZoneRules) -> String {
            instant.rfc3339(offsetSeconds: zone.offset(at: instant))
        }
    }

    package init(calendar: BusinessCalendar, at instant: Instant, askedZone: ZoneRules?, tzdata: String) {
        self.init(
            name: calendar.name.text, zone: calendar.zone, state: calendar.state(at: instant), at: instant,
            askedZone: askedZone, tzdata: tzdata)
    }

    init(name: String, zone: ZoneRules, state: HoursState, at instant: Instant, askedZone: ZoneRules?, tzdata: String) {
        calendar = name
        at = instant.description
        open = state.isOpen
        until = state.until?.description
        nextOpen = state.nextOpen?.description
        calendarZone = Local(zone, at: instant, state)
        self.askedZone = askedZone.map { Local($0, at: instant, state) }
        self.tzdata = tzdata
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(calendar, forKey: .calendar)
        try container.encode(at, forKey: .at)
        try container.encode(open, forKey: .open)
        try container.encode(until, forKey: .until)
        try container.encode(nextOpen, forKey: .nextOpen)
        try container.encode(calendarZone, forKey: .calendarZone)
        try container.encode(askedZone, forKey: .askedZone)
        try container.encode(tzdata, forKey: .tzdata)
    }

    private enum Key: String, CodingKey {
        case calendar, at, open, until, tzdata, zone
        case nextOpen = "next_open"
        case calendarZone = "calendar_zone"
        case askedZone = "asked_zone"
    }
}
