/// What Meta's error codes mean for an action: DOMAIN.md 4.10 as rows.
package enum MetaErrorTable {
    package enum Meaning: Sendable, Equatable {
        /// Final for this action.
        case terminal
        /// A private reply was given before; success if it was ours.
        case usedUp
        case windowClosed
        /// The account needs a person.
        case stop
        case brake(BrakeScope)
        case ambiguous
        /// At most `most` attempts in all, the second after `first`, then twice as long each time; then `end`.
        case retry(most: Int, first: Duration, end: RetryEnd)
    }

    package enum RetryEnd: Sendable, Equatable {
        case failed
        case stop
    }

    package struct Row: Sendable, Equatable {
        package let code: Int64
        /// Nil: every subcode without a row of its own; 0: none at all.
        package let subcode: Int64?
        package let meaning: Meaning
    }

    /// Braked this long if the platform names no time.
    package static let usualBrake: Duration = .seconds(60)
    /// No delay between attempts is longer.
    package static let longestDelay: Duration = .seconds(600)

    /// Without a subcode it is about our permission, not about one person: nothing else of the account would go either. A
    /// subcode that no row has may be about one person, and ends that action alone.
    private static let lostPermission = Meaning.retry(most: 3, first: .seconds(2), end: .stop)

    package static let rows: [Row] = [
        Row(code: 1, subcode: 99, meaning: .retry(most: 3, first: .seconds(2), end: .stop)),
        Row(code: 1, subcode: 1_357_046, meaning: .ambiguous),
        Row(code: 1, subcode: nil, meaning: .retry(most: 3, first: .seconds(2), end: .stop)),
        Row(code: 2, subcode: 2_018_344, meaning: .stop),
        Row(code: 2, subcode: nil, meaning: .retry(most: 4, first: .seconds(10), end: .failed)),
        Row(code: 3, subcode: 0, meaning: .stop),
        Row(code: 4, subcode: nil, meaning: .brake(.app)),
        Row(code: 9, subcode: 2_018_352, meaning: .terminal),
        Row(code: 10, subcode: 0, meaning: lostPermission),
        Row(code: 10, subcode: 2_018_278, meaning: .windowClosed),
        Row(code: 10, subcode: 2_018_065, meaning: .windowClosed),
        Row(code: 10, subcode: 2_018_108, meaning: .stop),
        Row(code: 10, subcode: 1_893_063, meaning: .stop),
        Row(code: 10, subcode: 2_534_022, meaning: .windowClosed),
        Row(code: 17, subcode: nil, meaning: .brake(.account)),
        Row(code: 27, subcode: nil, meaning: .terminal),
        Row(code: 32, subcode: nil, meaning: .brake(.account)),
        Row(code: 100, subcode: 2_534_022, meaning: .windowClosed),
        Row(code: 100, subcode: nil, meaning: .terminal),
        Row(code: 102, subcode: 0, meaning: .stop),
        Row(code: 190, subcode: nil, meaning: .stop),
        Row(code: 200, subcode: 0, meaning: lostPermission),
        Row(code: 200, subcode: 1_545_041, meaning: .terminal),
        Row(code: 200, subcode: 2_018_028, meaning: .stop),
        Row(code: 200, subcode: 2_018_027, meaning: .stop),
        Row(code: 200, subcode: 2_018_021, meaning: .stop),
        Row(code: 230, subcode: nil, meaning: .terminal),
        Row(code: 368, subcode: nil, meaning: .stop),
        Row(code: 551, subcode: nil, meaning: .terminal),
        Row(code: 613, subcode: nil, meaning: .brake(.account)),
        Row(code: 1_200, subcode: nil, meaning: .retry(most: 5, first: .seconds(2), end: .failed)),
        Row(code: 9_010, subcode: nil, meaning: .terminal),
        Row(code: 10_900, subcode: nil, meaning: .terminal),
        Row(code: 10_903, subcode: nil, meaning: .usedUp),
        Row(code: 80_001, subcode: nil, meaning: .brake(.account)),
        Row(code: 80_002, subcode: nil, meaning: .brake(.account)),
        Row(code: 80_006, subcode: nil, meaning: .brake(.account)),
        Row(code: 2_534_014, subcode: nil, meaning: .terminal),
        Row(code: 2_534_022, subcode: nil, meaning: .windowClosed),
        Row(code: 2_534_029, subcode: nil, meaning: .stop),
        Row(code: 2_534_037, subcode: nil, meaning: .usedUp),
        Row(code: 2_534_038, subcode: nil, meaning: .usedUp),
        Row(code: 2_534_039, subcode: nil, meaning: .usedUp),
        Row(code: 2_534_040, subcode: nil, meaning: .usedUp),
        Row(code: 2_534_122, subcode: nil, meaning: .stop),
    ]

    /// Nobody is there whom the account could write to, until they write themselves: blocked, gone, or closed to messages.
    package static let unreachable: [(code: Int64, subcode: Int64?)] = [
        (100, 2_018_001), (200, 1_545_041), (551, nil), (9_010, nil),
    ]

    /// Of code 100: an attachment over the platform's size.
    static let tooLarge: Int64 = 2_018_109

    /// An object that does not exist, or not for this token. The platform names it in its words: it may be the contact, and
    /// as well the node by which we call.
    static func isMissingObject(code: Int64, subcode: Int64?) -> Bool { code == 100 && subcode == 33 }

    /// The account's own node is not there for its token, so nothing else would go either: tried again a few times, since
    /// a link that was just made may not be known everywhere, then a person's matter.
    static let lostNode = Meaning.retry(most: 3, first: .seconds(2), end: .stop)

    /// Whether a refusal says that this contact cannot be written to.
    package static func isUnreachable(_ failure: SendFailure, contact: String) -> Bool {
        guard let code = failure.code else { return false }
        if isMissingObject(code: code, subcode: failure.subcode) { return failure.names(contact) }
        return isUnreachable(code: code, subcode: failure.subcode)
    }

    package static func isUnreachable(code: Int64, subcode: Int64?) -> Bool {
        unreachable.contains { $0.code == code && ($0.subcode == nil || $0.subcode == subcode) }
    }

    /// The row of this subcode, else the code's own, else the row of the subcode read as a code (the platform gives
    /// Instagram's numbers in either place). O(rows).
    package static func row(code: Int64, subcode: Int64?) -> Row? {
        if let row = rows.first(where: { $0.code == code && $0.subcode == subcode ?? 0 }) { return row }
        if let subcode, subcode >= 2_534_000, let row = rows.first(where: { $0.code == subcode }) { return row }
        return rows.first { $0.code == code && $0.subcode == nil }
    }

    /// `first` × 2^(attempt − 1), at most `longestDelay`: for 2 s 2, 4, 8, … reaching 600 s with attempt 10.
    package static func delay(_ first: Duration, _ attempt: Int) -> Duration {
        min(longestDelay, first * (1 << min(max(0, attempt - 1), 20)))
    }
}
