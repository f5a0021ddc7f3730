internal import Channels
internal import Contracts
internal import Instants
internal import Lanes

/// Whether a platform answers for an account at all. Pure.
///
/// Problem: against a platform that is down each call costs an attempt, and of messages an unclear one. Choice: after
/// `failuresToOpen` calls in a row without an answer of the platform the account rests, at first for `firstRest`, and then
/// one call at a time probes; a probe that fails doubles the rest. Any answer of the platform itself, a refusal too, ends
/// it. What this process itself could not do, such as a request that it cannot make or an answer that a lane did not take, counts neither
/// way. The rest is a brake in the account's slot, so every worker keeps it, and each probes for itself behind it. Rejected:
/// one breaker for all accounts, since one shop's page may be gone while the platform stands. How it fails: what never
/// works, alone in its account, rests its account; other calls of that account end it.
struct AccountBreaker: Sendable, Equatable {
    static let failuresToOpen = 5
    static let longestRest = Duration.seconds(60)
    /// What the reason of such a brake begins with.
    static let mark = "no answer: "

    private var failures = 0
    private(set) var rest: Duration?
    private var until = Instant.epoch

    init() {}

    /// Another worker's, behind whose brake this one probes too.
    init(restsUntil until: Instant, _ rest: Duration) {
        self.until = until
        self.rest = rest
    }

    var isOpen: Bool { rest != nil }

    /// A call got no answer of the platform; gives the rest that begins with it, if one does. What had left before the
    /// rest began does not lengthen it.
    mutating func failed(at now: Instant, firstRest: Duration) -> Duration? {
        guard now >= until else { return nil }
        failures += 1
        guard isOpen || failures >= Self.failuresToOpen else { return nil }
        let next = min(Self.longestRest, rest.map { $0 * 2 } ?? firstRest)
        rest = next
        until = now + next
        return next
    }
}

extension SendAnswer {
    /// What an answer says of a platform's being there.
    enum Sign {
        /// The platform itself answered.
        case answered
        /// It gave no answer: nothing came, or an error of its edge or its servers.
        case silent
        /// Nothing: this process failed.
        case ours
    }

    var sign: Sign {
        switch self {
        case .ambiguous(let failure): failure.isOurs ? .ours : .silent
        case .again(_, let failure), .failed(let failure):
            failure.isOurs ? .ours : failure.status == 0 || failure.status >= 500 ? .silent : .answered
        case .stopAccount(let failure): failure.isOurs ? .ours : .answered
        case .delivered, .windowClosed, .braked: .answered
        }
    }
}

extension CourierLoop {
    /// Counts an answer of a platform for its account's breaker.
    func weigh(_ answer: SendAnswer, of action: Action) {
        guard action.kind.isOutward else { return }
        let account = action.account
        switch answer.sign {
        case .ours: return
        case .answered:
            guard breakers.removeValue(forKey: account) != nil else { return }
            schedule.narrow(account, to: nil)
            counters.restingAccounts = breakers.values.count { $0.isOpen }
            return
        case .silent: break
        }
        let server = serverNow(.now)
        guard let rest = breakers[account, default: AccountBreaker()].failed(at: server, firstRest: setting.firstRest)
        else { return }
        counters.restingAccounts = breakers.values.count { $0.isOpen }
        schedule.narrow(account, to: 1)
        brake(.account(account), account, for: rest, lets: 0, AccountBreaker.mark + "the platform's, for \(account)")
    }

    /// Another worker's rest: behind it this one probes too instead of sending all that has waited.
    func heedRest(of account: String, _ server: Instant) {
        guard breakers[account]?.isOpen != true, let brake = gate.known[account]?.brake, brake.until > server,
            brake.reason.hasPrefix(AccountBreaker.mark)
        else { return }
        breakers[account] = AccountBreaker(restsUntil: brake.until, setting.firstRest)
        counters.restingAccounts = breakers.values.count { $0.isOpen }
        schedule.narrow(account, to: 1)
    }
}
