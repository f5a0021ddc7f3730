package import Channels
package import Contracts
package import Instants

/// One try to carry out an action, claimed before it is handed to a carrier.
package struct Attempt: Sendable {
    package let action: Action
    package let id: ActionID
    package let lane: LaneName
    /// From 1.
    package let number: UInt32
    /// After this instant the courier no longer waits for the answer; the carrier gives up before it.
    package let deadline: ContinuousClock.Instant
    /// The lane clock at the claim.
    package let laneNow: Instant
    /// Whether an earlier attempt may have had its effect; nil: nobody here knows.
    package let earlier: Bool?
    /// From 1: of the attempts so far, this one too, those that count: not what a limit refused. Picks the delay before the
    /// next one, and tells when there is none.
    package let tries: Int
    /// Whether the account or the lane is to call nothing more, by a pause or brake that came after the claim. Who makes many
    /// calls for one attempt asks before each.
    package var isHeld: @Sendable () -> Bool = { false }
    /// To be told of each answer, the carrier's own looks included, how much of its limits the platform says is used.
    package var heard: @Sendable (MetaUsage) -> Void = { _ in }

    /// - Parameters:
    ///   - laneNow: nil takes the instant of the decision.
    ///   - tries: nil: all attempts count.
    package init(
        action: Action, lane: LaneName, number: UInt32, deadline: ContinuousClock.Instant, laneNow: Instant? = nil,
        earlier: Bool? = nil, tries: UInt32? = nil
    ) {
        self.tries = Int(tries ?? number)
        self.earlier = number <= 1 ? false : earlier
        self.laneNow = laneNow ?? Instant(milliseconds: action.decidedAt)
        self.action = action
        id = action.actionID
        self.lane = lane
        self.number = number
        self.deadline = deadline
    }
}

/// What an attempt came to, on its way back.
package struct Answered: Sendable {
    package let id: ActionID
    package let attempt: UInt32
    package let answer: SendAnswer
    /// It ended before its first effect, because the account or the lane is to call nothing now: no try of the action.
    package let isHeld: Bool

    package init(id: ActionID, attempt: UInt32, answer: SendAnswer, isHeld: Bool = false) {
        self.id = id
        self.attempt = attempt
        self.answer = answer
        self.isHeld = isHeld
    }
}

/// Where carriers leave their answers; from any thread, never blocking.
package struct AnswerBox: Sendable {
    package let post: @Sendable ([Answered]) -> Void

    package init(post: @escaping @Sendable ([Answered]) -> Void) {
        self.post = post
    }
}

/// Carries actions out: the platform over HTTP, the benchmark's sink, desks' lanes, people's notices.
///
/// `start` returns at once. Each attempt is to get one answer; one that gets none by its deadline counts as one that
/// nobody can tell the outcome of, and what comes later is ignored.
package protocol ActionCarrier: Sendable {
    func start(_ attempts: [Attempt], answers: AnswerBox)
}

/// Who carries which kind.
package struct Carriers: Sendable {
    /// Sends, replies, moderation, sender actions, fetches.
    package let channel: any ActionCarrier
    package let tell: any ActionCarrier
    /// Notices, and what those who were called hear of the end.
    package let notify: any ActionCarrier

    package init(channel: any ActionCarrier, tell: any ActionCarrier, notify: any ActionCarrier) {
        self.channel = channel
        self.tell = tell
        self.notify = notify
    }

    /// Hands attempts to their carriers, a batch each. Kinds that nobody carries fail at once.
    func start(_ attempts: [Attempt], answers: AnswerBox) {
        var batches: (channel: [Attempt], tell: [Attempt], notify: [Attempt]) = ([], [], [])
        var unknown: [Answered] = []
        for attempt in attempts {
            switch attempt.action.kind {
            case .send, .reply, .privateReply, .hide, .unhide, .delete, .senderAction, .fetch:
                batches.channel.append(attempt)
            case .tell: batches.tell.append(attempt)
            case .notify, .standDown: batches.notify.append(attempt)
            case .publish, .unspecified, .UNRECOGNIZED:
                let message = "expected a kind of action that is carried, got \(attempt.action.kind.word)"
                unknown.append(
                    Answered(
                        id: attempt.id, attempt: attempt.number,
                        answer: .failed(SendFailure(status: 0, message: message))))
            }
        }
        if !batches.channel.isEmpty { channel.start(batches.channel, answers: answers) }
        if !batches.tell.isEmpty { tell.start(batches.tell, answers: answers) }
        if !batches.notify.isEmpty { notify.start(batches.notify, answers: answers) }
        if !unknown.isEmpty { answers.post(unknown) }
    }
}
