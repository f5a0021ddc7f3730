import BusinessTime
package import Contracts
import Instants

// Instant replies and away messages of the platform's own inbox (DOMAIN 4.5).
//
// Problem: they come back as echoes with the inbox's app id, just as what a person types there does. Taken for a person
// they keep promises that nobody kept, and the customer's question is never seen. Choice: such an echo is the platform's
// own if it stands behind the first words that wait within a few seconds, and nobody was writing here: faster than anybody
// reads and types, or while no team is there, or in the very words of such an echo before. It holds and keeps nothing.
// Anything slower, or in an exchange that runs, is a person's. Between the two lies doubt: then promises are kept and
// automation is silent, as after a person, but the question stays before the team, so neither error loses anybody.
// Rejected: the echo's app id alone; equal texts across conversations, which one conversation's state cannot know.
// How it fails: a person who answers first words out of hours within the channel's bound is taken for the platform, and
// the team is called for a promise that was kept. A promise that an early echo kept stays kept.
extension Turn {
    enum InboxWriter {
        case person
        case doubtful
        case platform
    }

    /// Nobody reads a message and types an answer in less.
    static let fasterThanPeople = Duration.seconds(3)
    /// So long after a person's last words the next ones may follow at once.
    private static let exchange = Duration.seconds(3_600)

    /// Who wrote what came back from the platform's inbox, as far as can be told.
    func writer(of echo: Echo, at instant: Instant) -> InboxWriter {
        let isFirst = isQuick(instant, after: talk.waitingSince)
        guard isFirst || isQuick(instant, after: talk.lastCustomerAt) else { return .person }
        if !echo.text.isEmpty, talk.platformText == StableHash.hash(echo.text) { return .platform }
        guard !isInExchange(at: instant) else { return .person }
        let firstWords = talk.waitingSince > 0 ? talk.waitingSince : talk.lastCustomerAt
        guard firstWords > 0, isQuick(instant, after: firstWords) else { return .doubtful }
        return isCertain(instant, after: firstWords) ? .platform : .doubtful
    }

    /// A text of the inbox that came before the words which it may answer.
    mutating func noteEarly(_ echo: Echo, at instant: Instant) {
        guard !isPublic, !isInExchange(at: instant), instant.milliseconds > talk.lastCustomerAt else { return }
        talk.earlyEchoAt = instant.milliseconds
        talk.agentBeforeEcho = talk.lastAgentAt
    }

    /// The words to which the platform's own text was the answer come behind it: nobody has answered them.
    mutating func takeBackEarlyEcho(for words: Arrival) {
        guard talk.earlyEchoAt > 0 else { return }
        let echoed = Instant(milliseconds: talk.earlyEchoAt)
        guard talk.lastAgentAt == talk.earlyEchoAt, isQuick(echoed, after: words.happened.milliseconds),
            isCertain(echoed, after: words.happened.milliseconds)
        else { return }
        talk.lastAgentAt = talk.agentBeforeEcho
        if talk.foreignSince == talk.earlyEchoAt {
            talk.foreignSince = 0
            talk.foreignUntil = 0
        }
        talk.earlyEchoAt = 0
        talk.agentBeforeEcho = 0
    }

    private func isCertain(_ instant: Instant, after milliseconds: Int64) -> Bool {
        instant - Instant(milliseconds: milliseconds) < Self.fasterThanPeople || !coverage.isOpen(at: instant)
    }

    private func isInExchange(at instant: Instant) -> Bool {
        guard talk.lastAgentAt > 0 else { return false }
        return instant - Instant(milliseconds: talk.lastAgentAt) < Self.exchange
    }

    private func isQuick(_ instant: Instant, after milliseconds: Int64) -> Bool {
        guard milliseconds > 0, instant.milliseconds >= milliseconds else { return false }
        return instant - Instant(milliseconds: milliseconds) < rules.channel.platformRepliesWithin
    }
}

extension DecisionResult {
    /// The rule of a text that the platform's own automation said.
    package static let platformReplied = "inbox_echo.automatic"
}
