import Contracts
import Instants
import TextRules

/// Edits and removals (pipeline step 3). An edited comment is judged again by moderation; it is never a new question.
extension Turn {
    mutating func decide(edit: Edit, _ arrival: Arrival, isUnknown: Bool) {
        talk.noteCustomer(at: arrival.happened, wantsAnswer: false, opensWindow: isPublic)
        guard !isUnknown else {
            talk.list(since: arrival.happened, isLate: true)
            result.verdict = .lateUnknown
            result.rule = "late_unknown"
            return
        }
        result.rule = "edited"
        let subject = StableHash.hash(edit.target)
        if isPublic, judgeAgain(edit, subject, arrival) { return }
        guard answersWait(about: subject) else { return }
        // The answer that is under way was made for words that no longer stand.
        cancelAutomaticTexts(about: subject)
        talk.noteCustomer(at: arrival.happened, wantsAnswer: true, opensWindow: isPublic)
        talk.list(since: arrival.happened)
        result.rule = "edited.answer_cancelled"
    }

    mutating func decide(removal: Removal, _ arrival: Arrival) {
        let subject = StableHash.hash(removal.target)
        cancelAutomaticTexts(about: subject)
        result.rule = "removed"
        guard isPublic else {
            // It may overtake the message that it takes back.
            if !talk.withdrawn.contains(subject) {
                if talk.withdrawn.count >= Self.mostPending { talk.withdrawn.removeFirst() }
                talk.withdrawn.append(subject)
            }
            return
        }
        noteComment(removal.target) { $0.removed = true }
        if talk.status == .waitingTeam, !talk.hasOpenComment {
            talk.unlist(as: .waitingCustomer)
            closeMatter(rule: "removed")
        }
    }

    /// True if the new words of a comment were hidden, shown again, or are a person's (edge case 23).
    private mutating func judgeAgain(_ edit: Edit, _ subject: UInt64, _ arrival: Arrival) -> Bool {
        let words = Words(
            text: edit.text, hasAttachments: false, payload: "", contact: talk.comment(edit.target)?.author ?? "",
            comment: edit.target, subject: subject, isCut: edit.fullLength > 0)
        guard let said = read(words) else { return false }
        guard said.moderation != .none || !said.classes.isEmpty, moderate(words, said, arrival, isCut: words.isCut)
        else {
            return showAgain(words)
        }
        for index in talk.pending.indices where talk.pending[index].subject == subject {
            let pending = talk.pending[index]
            let isText = pending.kind == UInt32(clamping: Action.Kind.reply.rawValue)
            guard isText, pending.automatic, !pending.cancelled else { continue }
            talk.pending[index].cancelled = true
            cancels.append(ActionID(high: pending.idHigh, low: pending.idLow))
        }
        return true
    }

    private func answersWait(about subject: UInt64) -> Bool {
        talk.pending.contains { $0.automatic && !$0.cancelled && $0.subject == subject }
            && !talk.afterHours.contains { period in
                talk.pending.contains {
                    $0.subject == subject && $0.idHigh == period.actionHigh && $0.idLow == period.actionLow
                }
            }
    }
}
