internal import Instants
private import Synchronization

/// One limit of the platform (DOMAIN.md 4.9), as a row that drills scale.
package struct SandboxLimit: Sendable, Equatable {
    package enum Counted: String, Sendable, CaseIterable {
        /// Messages, private replies and sender actions of an account.
        case sends
        /// Private replies of an account, which count as sends too.
        case privateReplies = "private_replies"
        /// Reads of an account's conversations.
        case conversations
        /// All calls with an account's token.
        case page
        /// All calls with tokens of one app.
        case app

        /// What a call beyond the limit is refused with.
        var code: Int64 {
            switch self {
            case .sends, .privateReplies, .conversations: 613
            case .page: 80_001
            case .app: 4
            }
        }
    }

    package let counted: Counted
    package let most: Int
    package let per: Duration
    /// Nil: for both of Meta's products.
    package let isInstagram: Bool?

    package init(_ counted: Counted, most: Int, per: Duration, isInstagram: Bool? = nil) {
        self.counted = counted
        self.most = most
        self.per = per
        self.isInstagram = isInstagram
    }

    /// What the platform documents, for an app of a thousand users and pages with a thousand engaged ones.
    package static let platform = [
        SandboxLimit(.sends, most: 300, per: .seconds(1), isInstagram: false),
        SandboxLimit(.sends, most: 100, per: .seconds(1), isInstagram: true),
        SandboxLimit(.privateReplies, most: 750, per: .seconds(3_600)),
        SandboxLimit(.conversations, most: 2, per: .seconds(1)),
        SandboxLimit(.page, most: 4_800_000, per: .seconds(86_400)),
        SandboxLimit(.app, most: 200_000, per: .seconds(3_600)),
    ]

    /// The same with other rows in place of those that count the same calls.
    package static func platform(but rows: [SandboxLimit]) -> [SandboxLimit] {
        platform.filter { row in !rows.contains { $0.counted == row.counted } } + rows
    }

    /// Reads `<counted>=<most>/<seconds>`, as in `sends=10/1`; nil for anything else, and for nothing or no time.
    package init?(text: String) {
        let halves = text.split(separator: "=", omittingEmptySubsequences: false)
        guard halves.count == 2, let counted = Counted(rawValue: String(halves[0])) else { return nil }
        let rate = halves[1].split(separator: "/", omittingEmptySubsequences: false)
        guard rate.count == 2, let most = Int(rate[0]), let seconds = Int64(rate[1]), most > 0,
            (1...86_400).contains(seconds)
        else { return nil }
        self.init(counted, most: most, per: .seconds(seconds))
    }

    /// As it is read.
    package var text: String { "\(counted.rawValue)=\(most)/\(per.components.seconds)" }
}

/// Counts calls against the rows, over a time that rolls: whatever second or hour one looks at holds no more than the limit.
///
/// A refused call is not counted. Times of over ten seconds are counted in 600 pieces, so that a day of calls costs no more
/// memory than an hour's; a count may then be too high by one piece, never too low.
final class SandboxLimits: Sendable {
    /// A limit that a call would pass.
    struct Excess: Sendable, Equatable {
        let limit: SandboxLimit
        /// Until the oldest of what counts is counted no more.
        let left: Duration
    }

    private struct Key: Hashable {
        let row: Int
        let subject: String
    }

    /// Calls by piece, the oldest first.
    private struct Window {
        var pieces: [(at: Int64, count: Int)] = []
        var total = 0

        mutating func forget(before: Int64) {
            while let first = pieces.first, first.at <= before {
                total -= first.count
                pieces.removeFirst()
            }
        }

        mutating func add(_ piece: Int64) {
            total += 1
            if let last = pieces.indices.last, pieces[last].at == piece {
                pieces[last].count += 1
            } else {
                pieces.append((piece, 1))
            }
        }
    }

    private let rows: [SandboxLimit]
    private let start: ContinuousClock.Instant
    private let windows = Mutex<[Key: Window]>([:])

    init(_ rows: [SandboxLimit], start: ContinuousClock.Instant = .now) {
        self.rows = rows
        self.start = start
    }

    /// Counts one call, or says what it would pass; then nothing is counted.
    func take(
        _ counted: [SandboxLimit.Counted], account: SandboxAccount, app: String, now: ContinuousClock.Instant = .now
    ) -> Excess? {
        let at = (now - start).wholeMilliseconds
        let touched = rows.enumerated().filter { counted.contains($0.element.counted) && $0.element.fits(account) }
        return windows.withLock { windows in
            for (number, row) in touched {
                let key = Key(row: number, subject: row.counted == .app ? app : account.id)
                windows[key]?.forget(before: at - row.per.wholeMilliseconds - row.piece)
                guard let window = windows[key], window.total >= row.most else { continue }
                let oldest = window.pieces.first?.at ?? at
                return Excess(
                    limit: row, left: .milliseconds(max(1, oldest + row.per.wholeMilliseconds + row.piece - at)))
            }
            for (number, row) in touched {
                let key = Key(row: number, subject: row.counted == .app ? app : account.id)
                windows[key, default: Window()].add(at - at % row.piece)
            }
            return nil
        }
    }

    /// How much of the tightest row of a kind is used, in whole percent.
    func percent(
        _ counted: SandboxLimit.Counted, account: SandboxAccount, app: String, now: ContinuousClock.Instant = .now
    ) -> Int {
        let at = (now - start).wholeMilliseconds
        return windows.withLock { windows in
            rows.enumerated().filter { $0.element.counted == counted && $0.element.fits(account) }.map { number, row in
                let key = Key(row: number, subject: counted == .app ? app : account.id)
                windows[key]?.forget(before: at - row.per.wholeMilliseconds - row.piece)
                return (windows[key]?.total ?? 0) * 100 / max(1, row.most)
            }.max() ?? 0
        }
    }
}

extension SandboxLimit {
    /// Milliseconds that are counted together.
    fileprivate var piece: Int64 { per > .seconds(10) ? max(1, per.wholeMilliseconds / 600) : 1 }

    fileprivate func fits(_ account: SandboxAccount) -> Bool {
        isInstagram ?? account.isInstagram == account.isInstagram
    }
}
