import Contracts
import Instants

/// Two automatons that answer each other (DOMAIN 5.7, edge case 21; complaint 13).
///
/// Problem: the other side's answering machine meets each of our texts, we meet its text, and so for ever. Choice: each
/// automatic text of ours is watched once. If it is met within three seconds, or by the same words as the one before, that
/// counts; twice in a row, and nothing automatic is said here for a day: people see the thread. A customer who writes five
/// lines in a hurry meets one text of ours and counts once. A slow answer in other words ends the suspicion, a person's reply
/// the silence. Rejected: a bound on texts per hour alone, which a patient machine stays under for ever.
extension Turn {
    private static let quick = Duration.seconds(3)
    private static let mostCounts: UInt32 = 2
    private static let silence = Duration.seconds(86_400)

    /// The other side was found to be a machine: nothing automatic is said here for now.
    var isMuted: Bool { talk.hasLoop && now.milliseconds < talk.loop.mutedUntil }

    /// True if the words are taken for a machine's; nothing automatic may answer them.
    mutating func isLoop(_ words: Words, _ arrival: Arrival) -> Bool {
        guard !isPublic, talk.lastAutomaticAt > 0 else { return false }
        if isMuted { return true }
        // Nobody answers what is still under way.
        guard !talk.pending.contains(where: { $0.automatic }),
            !talk.hasLoop || talk.loop.answered != talk.lastAutomaticAt
        else { return false }
        let since = arrival.happened - Instant(milliseconds: talk.lastAutomaticAt)
        let text = words.text.isEmpty ? 0 : StableHash.hash(words.text)
        let isQuick = since >= .zero && since < Self.quick
        let isRepeated = talk.hasLoop && text != 0 && talk.loop.text == text
        guard isQuick || isRepeated else {
            talk.clearLoop()
            return false
        }
        talk.loop.count &+= 1
        talk.loop.text = text
        talk.loop.answered = talk.lastAutomaticAt
        guard talk.loop.count >= Self.mostCounts else { return false }
        talk.loop.mutedUntil = (now + Self.silence).milliseconds
        if !talk.escalated { tell(.escalation, rule: "loop", due: nil) }
        return true
    }
}
