internal import Channels
internal import Contracts
internal import Instants

/// Carries out one `fetch` action of a platform: reads, and puts what it found into lanes as events.
///
/// The answer counts as delivered once those events are held; the last of them, `fetched`, stands in the lane that asked,
/// before the outcome. A fetch that is made again finds the same events, which their lanes tell as duplicates.
struct GraphFetch: Sendable {
    /// A read that failed for no reason of ours is made so often.
    static let mostTries: UInt32 = 3

    let attempt: Attempt
    let client: MetaClient
    let channel: MetaChannel
    let doors: FetchDoors
    let pause: @Sendable (Duration) async throws -> Void

    /// What ends a fetch before its end.
    struct Ended: Error {
        let answer: SendAnswer
        /// By a pause or a brake, not by an answer.
        var isHeld = false

        static let held = Ended(
            answer: .again(after: .seconds(1), SendFailure(status: 0, message: "the account is held")), isHeld: true)
    }

    var action: Action { attempt.action }

    /// What is found counts as received when the fetch was decided: the only instant of the lane clock that is known here.
    var received: Instant { Instant(milliseconds: action.decidedAt) }

    /// How long reads may still take; what was found has to be held after them.
    var left: Duration { attempt.deadline - .now - .seconds(1) }

    /// One read may not take all the time that there is.
    private var readPatience: Duration { max(.milliseconds(200), min(left / 2, .seconds(10))) }

    func carryOut() async -> Answered {
        do {
            guard let subject = FetchSubject(rawValue: action.subject) else {
                return Answered(refused: attempt, "expected a subject that is fetched, got another")
            }
            switch subject {
            case .profile: try await profile()
            case .comments: try await AccountSweep(self).run()
            case .messages: try await MessageSweep(self).run()
            case .subscriptions: try await look()
            case .mention: try await MentionFetch(self).run()
            }
            return answered(.delivered(providerID: ""))
        } catch let ended as Ended {
            return Answered(
                id: attempt.id, attempt: attempt.number, answer: ended.answer, isHeld: ended.isHeld)
        } catch {
            return answered(.again(after: .seconds(5), SendFailure(status: 0, message: "\(error)", isOurs: true)))
        }
    }

    /// A look that is refused is told to the account's own entity, which counts those in a row.
    private func look() async throws {
        do {
            try await SubscriptionWatch(self).run()
        } catch let ended as Ended {
            if case .failed(let failure) = ended.answer {
                try await hold([
                    fetched { fetched in
                        fetched.refused = true
                        fetched.text = failure.description
                    }
                ])
            }
            throw ended
        }
    }

    private func answered(_ answer: SendAnswer) -> Answered {
        Answered(id: attempt.id, attempt: attempt.number, answer: answer)
    }

    /// Reads, again after a failure that tells nothing, no sooner than the answer says and the courier would; whatever else is no
    /// document ends the fetch, and so does a pause for which there is no time.
    ///
    /// - Parameter apart: from one call to the next at least, where the platform counts calls of this kind.
    func read(_ read: MetaRead, apart: Duration = .zero) async throws -> JSONValue {
        var last: SendAnswer?
        var generator = SystemRandomNumberGenerator()
        for number in 1...Self.mostTries {
            guard left > .zero else { break }
            try checkHeld()
            let made = await client.fetch(
                read, account: action.account, attempt: attempt.tries, deadline: readPatience)
            if let document = made.document { return document }
            last = made.answer
            guard case .again(let after, _) = made.answer, number < Self.mostTries else {
                throw Ended(answer: made.answer)
            }
            let wait = max(after, apart, BackOff.read.wait(after: number, using: &generator))
            guard wait < left else { throw Ended(answer: made.answer) }
            try await pause(wait)
        }
        let failure = SendFailure(status: 0, message: "no time is left", isOurs: true)
        throw Ended(answer: last ?? .again(after: .seconds(1), failure))
    }

    /// Ends the fetch where the account or the lane was paused or braked since it began.
    func checkHeld() throws {
        if attempt.isHeld() { throw Ended.held }
    }

    func hold(_ events: [Event]) async throws {
        guard await doors.hold(events) else {
            let failure = SendFailure(
                status: 0, message: "expected what was fetched to be held, a lane refused", isOurs: true)
            throw Ended(answer: .again(after: .seconds(5), failure))
        }
    }

    /// The event that answers the action in its own lane.
    func fetched(_ fill: (inout Fetched) -> Void) -> Event {
        var event = Event()
        // Each attempt may have found something else.
        event.id = "fetched.\(attempt.id).\(attempt.number)"
        event.account = action.account
        event.contact = action.contact
        event.conversation = action.conversation
        event.happenedAt = action.decidedAt
        event.receivedAt = event.happenedAt
        event.fetched.action = attempt.id.description
        event.fetched.subject = action.subject
        fill(&event.fetched)
        return event
    }

    private func profile() async throws {
        let document = try await read(MetaProfile.read(of: action.contact, channel: channel))
        let fields = MetaProfile.fields(in: document)
        try await hold([
            fetched { fetched in
                fetched.author = fields.name
                fetched.locale = fields.locale
                fetched.utcOffset = fields.utcOffset
            }
        ])
    }
}
