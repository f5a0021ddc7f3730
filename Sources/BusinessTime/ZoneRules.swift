package import Instants

/// The rules of one zone, read from a TZif file.
package struct ZoneRules: Sendable, Hashable {
    package let name: ZoneName
    package let fingerprint: UInt64

    package init(name: ZoneName, tzif: [UInt8]) throws(TZifError) {
        self.name = name
        self.fingerprint = 0
    }

    private init(name: ZoneName) {
        self.name = name
        self.fingerprint = 0
    }

    package static let utc = ZoneRules(name: .utc)

    package func offset(at instant: Instant) -> Int { 0 }
    package func abbreviation(at instant: Instant) -> String { "" }
    package func localTime(of instant: Instant) -> LocalTime {
        LocalTime(date: CivilDate(daysSince1970: Int(instant.seconds) / 86_400), secondOfDay: 0)
    }
    package func nextTransition(after instant: Instant) -> Instant? { nil }
    package func instants(for date: CivilDate, secondOfDay: Int) -> LocalResolution { .unique(.epoch) }
}
