/// What is told to an account's own entity when the account is stopped here, and when it is let go on.
package enum AccountStop {
    /// What stops an account.
    package enum Cause: Sendable, Equatable {
        /// Its token is gone: it reads nothing either.
        case token
        /// The platform blocks it: it reads nothing either, and the end of the block is the end of this.
        case block
        /// Something without which it may not send: what it reads says nothing of that.
        case sends
    }

    /// So long an account that was stopped stands still, unless somebody lets it go on before; then its calls go again, so that one that
    /// was forgotten is seen once a day.
    package static let lasts = Duration.seconds(86_400)

    /// The word that a call met what only a person can mend: a token or a permission that is gone, a policy block.
    ///
    /// - Parameters:
    ///   - id: the same for the same answer to the same attempt.
    ///   - at: the lane clock, in milliseconds.
    package static func stopped(
        _ account: String, _ cause: Cause, reason: String, id: String, at: Int64
    ) -> Event {
        var event = event(account, "stop \(reason)", by: "courier", id: "stop.\(id)", at: at)
        event.command.sendsOnly = cause == .sends
        event.command.blocked = cause == .block
        return event
    }

    /// The word that a person lets the account go on.
    package static func released(_ account: String, by writer: String, at: Int64) -> Event {
        event(account, "release \(writer)", by: writer, id: "release.\(account).\(at)", at: at)
    }

    private static func event(_ account: String, _ subject: String, by: String, id: String, at: Int64) -> Event {
        var event = Event()
        event.id = id
        event.account = account
        event.conversation = EntityID.watch(of: account).text
        event.happenedAt = at
        event.receivedAt = at
        event.command.verb = .enforced
        event.command.subject = subject
        event.command.by = by
        return event
    }
}
