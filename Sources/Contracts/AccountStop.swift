/// What is told to an account's own entity when the account is stopped here, and when it is let go on.
package enum AccountStop {
    /// The word that a call met what only a person can mend: a token or a permission that is gone, a policy block.
    ///
    /// - Parameters:
    ///   - id: the same for the same answer to the same attempt.
    ///   - at: the lane clock, in milliseconds.
    package static func stopped(_ account: String, reason: String, id: String, at: Int64) -> Event {
        event(account, "stop \(reason)", by: "courier", id: "stop.\(id)", at: at)
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
