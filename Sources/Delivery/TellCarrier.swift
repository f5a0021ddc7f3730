internal import Channels
internal import Contracts
package import Lanes
internal import SwiftProtobuf
internal import Synchronization

/// Carries tells: appends each one's event to the desk lane of its team.
///
/// Problem: an append may wait for Redis, and the courier must not. Choice: a thread of its own, which offers whatever
/// has come meanwhile as one batch to the process's group-committing appender. The event's id is the action's, so an
/// attempt that is made again is a duplicate to the desk: what nobody can tell the outcome of is simply tried again.
/// It fails towards repetition, never towards loss.
package final class TellCarrier: ActionCarrier {
    private struct Post: Sendable {
        var attempts: [Attempt] = []
        var answers: AnswerBox?
        var isStopped = false
    }

    private let mailbox: Mailbox<Post>
    private let thread: PlainThread

    package init(appender: LaneAppender) {
        let mailbox = Mailbox(empty: Post())
        self.mailbox = mailbox
        thread = PlainThread(name: "tells") {
            while true {
                guard let post = mailbox.take(waiting: .seconds(3_600)) else { continue }
                if let answers = post.answers { Self.carry(post.attempts, appender, answers) }
                if post.isStopped { return }
            }
        }
    }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        mailbox.post {
            $0.attempts += attempts
            $0.answers = answers
        }
    }

    /// Ends the thread after what it has in hand.
    package func stop(atMost longest: Duration) -> Bool {
        mailbox.post { $0.isStopped = true }
        return thread.wait(atMost: longest)
    }

    private static func carry(_ attempts: [Attempt], _ appender: LaneAppender, _ answers: AnswerBox) {
        var answered: [Answered] = []
        var offered: [Attempt] = []
        var events: [LaneEvent] = []
        for attempt in attempts {
            do {
                events.append(try event(of: attempt))
                offered.append(attempt)
            } catch {
                let failure = SendFailure(status: 0, message: "\(error)")
                answered.append(Answered(id: attempt.id, attempt: attempt.number, answer: .failed(failure)))
            }
        }
        for (attempt, result) in zip(offered, appender.appendBlocking(events)) {
            answered.append(Answered(id: attempt.id, attempt: attempt.number, answer: answer(result)))
        }
        answers.post(answered)
    }

    private static func event(of attempt: Attempt) throws -> LaneEvent {
        let lane = try LaneName.desk(team: attempt.action.team)
        var event = attempt.action.event
        event.id = attempt.id.description
        if event.happenedAt == 0 { event.happenedAt = attempt.action.decidedAt }
        if event.receivedAt == 0 { event.receivedAt = attempt.action.decidedAt }
        return LaneEvent(lane: lane, id: event.id, bytes: try event.serializedBytes())
    }

    private static func answer(_ result: AppendResult) -> SendAnswer {
        switch result {
        case .held: .delivered(providerID: "")
        case .refused(.tooLarge(let bytes)): .failed(SendFailure(status: 0, message: "the event has \(bytes) bytes"))
        case .refused(let refusal): .again(after: .seconds(1), SendFailure(status: 0, message: refusal.description))
        }
    }
}
