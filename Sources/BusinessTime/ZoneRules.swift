package import Instants

/// The rules of one zone, read from a TZif file: offsets, and what its clocks show and skip.
///
/// Two values are equal if they have the same name and were read from the same bytes. Instants may lie anywhere: the
/// rule in the file's footer is followed without end.
package struct ZoneRules: Sendable {
    package let name: ZoneName
    /// 64-bit FNV-1a over the file: tells versions of a zone's rules apart. Not proof against forgery.
    package let fingerprint: UInt64
    private let table: ZoneTable

    /// Reads a file as it lies in a zoneinfo folder (RFC 9636, versions 1 to 4).
    ///
    /// - Throws: `TZifError` if the bytes are malformed; no bytes trap.
    package init(name: ZoneName, tzif: [UInt8]) throws(TZifError) {
        self.name = name
        self.fingerprint = tzif.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        self.table = ZoneTable(try TZifFile(tzif))
    }

    private init(name: ZoneName, table: ZoneTable, fingerprint: UInt64) {
        self.name = name
        self.fingerprint = fingerprint
        self.table = table
    }

    /// UTC, which needs no file.
    package static let utc = ZoneRules(
        name: .utc, table: ZoneTable(offset: 0, abbreviation: "UTC"), fingerprint: 0)

    /// This zone if its clocks always stood `offset` seconds ahead of UTC: what would be without a change of clocks.
    func frozen(at offset: Int) -> ZoneRules {
        ZoneRules(
            name: name, table: ZoneTable(offset: offset, abbreviation: "fixed"),
            fingerprint: UInt64(truncatingIfNeeded: offset))
    }

    /// Seconds that the zone's clocks are ahead of UTC.
    package func offset(at instant: Instant) -> Int {
        stretch(at: Int(instant.seconds)).offset
    }

    /// What the file calls the time in force, such as `CEST` or `+0545`. For logs, not for customers.
    package func abbreviation(at instant: Instant) -> String {
        table.type(at: Int(instant.seconds)).abbreviation
    }

    /// What a clock on the wall shows; dates beyond the years -9999 and 9999 are clamped to them.
    package func localTime(of instant: Instant) -> LocalTime {
        let local = Int(instant.seconds) + offset(at: instant)
        let day = local.dividedDown(by: 86_400)
        return LocalTime(date: CivilDate(daysSince1970: day), secondOfDay: local - day * 86_400)
    }

    /// The first instant after this one at which the offset changes; nil if it never does again.
    package func nextTransition(after instant: Instant) -> Instant? {
        var stretch = stretch(at: Int(instant.seconds))
        let offset = stretch.offset
        while stretch.end < ZoneTable.endless {
            let next = self.stretch(at: stretch.end)
            if next.offset != offset { return Instant(seconds: Int64(next.start)) }
            stretch = next
        }
        return nil
    }

    /// The instants at which a clock on the wall shows this date and time.
    ///
    /// `secondOfDay` is 0 to 86,400; others count on into the days around, up to some 30,000 years.
    package func instants(for date: CivilDate, secondOfDay: Int) -> LocalResolution {
        let second = min(max(secondOfDay, -(1 << 40)), 1 << 40)
        let found = occurrences(ofLocal: date.daysSince1970 * 86_400 + second)
        let first = Instant(seconds: Int64(found.first))
        if found.isSkipped { return .gap(transition: first) }
        return found.first == found.last
            ? .unique(first) : .overlap(first: first, last: Instant(seconds: Int64(found.last)))
    }

    func stretch(at seconds: Int) -> ZoneStretch {
        table.stretch(at: seconds)
    }

    /// Further apart than this from a change of clocks, a local time is unique.
    var widestJump: Int {
        table.offsets.upperBound - table.offsets.lowerBound
    }

    /// The first and the last instant, in seconds, at which the clocks show `local`; both the jump that skipped it if
    /// they never do.
    ///
    /// `local` is the seconds from 1970-01-01T00:00 to a local date and time as if all days had 86,400 of them. What
    /// the clocks show rises with time but for jumps, so a value not shown was jumped over.
    func occurrences(ofLocal local: Int) -> (first: Int, last: Int, isSkipped: Bool) {
        let latest = local - table.offsets.lowerBound
        var stretch = stretch(at: local - table.offsets.upperBound)
        var first: Int?
        var last = 0
        var jump: Int?
        while true {
            let candidate = local - stretch.offset
            if stretch.contains(candidate) {
                first = first ?? candidate
                last = candidate
            }
            guard stretch.end <= latest else { break }
            let next = self.stretch(at: stretch.end)
            if jump == nil, candidate >= stretch.end, local - next.offset < stretch.end { jump = stretch.end }
            stretch = next
        }
        if let first { return (first, last, false) }
        let instant = jump ?? local - stretch.offset
        return (instant, instant, true)
    }
}

extension ZoneRules: Hashable {
    package static func == (left: ZoneRules, right: ZoneRules) -> Bool {
        left.fingerprint == right.fingerprint && left.name == right.name
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(fingerprint)
    }
}

extension Int {
    /// The quotient rounded towards negative infinity; `divisor` is positive.
    func dividedDown(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
