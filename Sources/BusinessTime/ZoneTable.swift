import Instants

/// A zone's offsets as one sorted table.
///
/// The problem: an offset is asked for several times in every decision about a first message, so it must cost tens of
/// nanoseconds; but zones that change their clocks do so by a rule that has no end. The choice: what the file lists and
/// what its footer's rule gives up to the year 2100 lie in one sorted array, found by binary search; beyond its ends
/// the rule is worked out (some microseconds). The alternative, working the rule out each time, is what a file in
/// the slim format would cost for every instant of today. It cannot fail: a checked file has at least one type.
struct ZoneTable: Sendable {
    /// Ascending instants in seconds; stretch `i` begins at `boundaries[i - 1]`, the first one has no begin.
    private let boundaries: [Int]
    /// One type more than there are boundaries.
    private let types: [LocalType]
    /// What holds outside the table: before the first boundary if the file lists no transition, after the last always.
    private let rule: FooterRule?
    private let ruleHoldsBefore: Bool
    /// The span of all offsets in use.
    let offsets: ClosedRange<Int>

    /// Seconds that no instant reaches and with which sums still cannot overflow.
    static let endless = 1 << 60

    /// The years for which the table holds what the rule says. A footer is written after the last irregular change, so
    /// the rule never has to be unrolled from before 1800; 1970 is early enough where there is nothing but a rule.
    private static func ruleYears(after transition: Int?) -> ClosedRange<Int> {
        let year = transition.map { CivilDate(daysSince1970: $0.dividedDown(by: 86_400)).year } ?? 1_970
        return min(max(year, 1_800), 2_100)...2_100
    }

    init(_ file: TZifFile) {
        var boundaries = file.transitions
        var types = [file.types[0]] + file.typeIndices.map { file.types[$0] }
        if let rule = file.footer {
            // RFC 9636, 3.3: from the last transition on the footer holds, so its type replaces the listed one.
            let last = boundaries.last ?? -Self.endless
            types.removeLast()
            types.append(rule.type(after: rule.changes(around: last).last))
            for change in rule.changes(inYears: Self.ruleYears(after: boundaries.last)) where change.at > last {
                boundaries.append(change.at)
                types.append(rule.type(after: change))
            }
        }
        self.boundaries = boundaries
        self.types = types
        let rulesTypes = [file.footer?.standard, file.footer?.daylight?.type].compactMap(\.self)
        let changesOffset = Set(rulesTypes.map(\.offset)).count > 1
        self.rule = changesOffset ? file.footer : nil
        self.ruleHoldsBefore = file.transitions.isEmpty
        let all = (types + rulesTypes).map(\.offset)
        self.offsets = (all.min() ?? 0)...(all.max() ?? 0)
    }

    /// A zone without rules, such as UTC.
    init(offset: Int, abbreviation: String) {
        boundaries = []
        types = [LocalType(offset: offset, isDaylight: false, abbreviation: abbreviation)]
        rule = nil
        ruleHoldsBefore = false
        offsets = offset...offset
    }

    /// The stretch that holds `seconds`. Neighbouring stretches may have the same offset.
    func stretch(at seconds: Int) -> ZoneStretch {
        let index = index(of: seconds)
        if let rule = ruleOutside(index) {
            let (last, next) = rule.changes(around: seconds)
            return ZoneStretch(
                start: last?.at ?? -Self.endless, end: next?.at ?? Self.endless, offset: rule.type(after: last).offset)
        }
        return ZoneStretch(
            start: index == 0 ? -Self.endless : boundaries[index - 1],
            end: index == boundaries.count ? Self.endless : boundaries[index], offset: types[index].offset)
    }

    func type(at seconds: Int) -> LocalType {
        let index = index(of: seconds)
        if let rule = ruleOutside(index) { return rule.type(after: rule.changes(around: seconds).last) }
        return types[index]
    }

    private func index(of seconds: Int) -> Int {
        var low = 0
        var high = boundaries.count
        while low < high {
            let middle = (low + high) / 2
            if boundaries[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func ruleOutside(_ index: Int) -> FooterRule? {
        index == boundaries.count || (index == 0 && ruleHoldsBefore) ? rule : nil
    }
}

/// A time during which a zone's offset does not change.
struct ZoneStretch: Hashable, Sendable {
    /// Seconds since 1970, included.
    let start: Int
    /// Seconds since 1970, not included.
    let end: Int
    /// Seconds ahead of UTC.
    let offset: Int

    func contains(_ seconds: Int) -> Bool {
        start <= seconds && seconds < end
    }
}
