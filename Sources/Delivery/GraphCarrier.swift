package import Channels
internal import Contracts
internal import Instants

/// Carries actions to the Graph API, or to its double, over HTTP. Runs as a service of the worker process.
package struct GraphCarrier: ActionCarrier {
    /// Where the word goes that an account is stopped; nil: nowhere.
    package let stops: StopTelling?
    private let tasks: TaskCarrier

    /// - Parameters:
    ///   - channel: how calls of an account are written; nil for an account that is not configured.
    ///   - fetches: where fetches put what they find, and where the word goes that an account is stopped; nil: fetches fail, and
    ///     nobody is told.
    ///   - pause: how a fetch waits between two calls.
    package init(
        client: MetaClient, fetches: FetchDoors? = nil,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        channel: @escaping @Sendable (_ account: String) -> MetaOutbound?
    ) {
        stops = fetches.map { StopTelling(hold: $0.hold) }
        tasks = TaskCarrier(stops: stops) { attempt in
            let client = client.telling { _, usage in attempt.heard(usage) }
            guard attempt.action.kind == .fetch, let fetches, let outbound = channel(attempt.action.account) else {
                return await Self.carryOut(attempt, client, channel)
            }
            return await GraphFetch(
                attempt: attempt, client: client, channel: outbound.channel, doors: fetches, pause: pause
            ).carryOut()
        }
    }

    package func start(_ attempts: [Attempt], answers: AnswerBox) {
        tasks.start(attempts, answers: answers)
    }

    /// Lets `run` return once everything that was started has its answer.
    package func finish() {
        tasks.finish()
    }

    /// Carries out what is started, until `finish` or cancellation.
    package func run() async {
        await tasks.run()
    }

    private static func carryOut(
        _ attempt: Attempt, _ client: MetaClient, _ channel: (_ account: String) -> MetaOutbound?
    ) async -> Answered {
        let action = attempt.action
        guard var outbound = channel(action.account) else {
            return Answered(refused: attempt, "expected an account of the policy, got another")
        }
        outbound.login = client.login(of: action.account)
        do {
            let call = try outbound.request(for: action, lane: attempt.lane, at: attempt.laneNow)
            if action.kind == .reply, attempt.earlier != false {
                let lookup = ReplyLookup(client: client, channel: outbound.channel, attempt: attempt)
                if let answer = await lookup.answer(for: call, within: patience(attempt) / 2) {
                    return Answered(id: attempt.id, attempt: attempt.number, answer: answer)
                }
            }
            var made = await carryOut(call, attempt, client)
            // The platform may close the window earlier than we thought, or while the call was on its way. What it refused
            // for that has not been said, so a person's words go again at once, with the tag.
            if case .windowClosed = made.answer, action.windowEnds > 0 {
                let late = max(attempt.laneNow, Instant(milliseconds: action.windowEnds))
                let tagged = try outbound.request(for: action, lane: attempt.lane, at: late)
                if tagged != call { made = await carryOut(tagged, attempt, client) }
            }
            // What was refused for its cards or buttons has not been said, so its text goes instead, with the same mark.
            if Self.mayGoPlain(action, made.answer) {
                let plain = try outbound.request(for: action, lane: attempt.lane, at: attempt.laneNow, isPlain: true)
                made = await carryOut(plain, attempt, client)
            }
            return Answered(id: attempt.id, attempt: attempt.number, answer: made.answer)
        } catch {
            return Answered(refused: attempt, error.description)
        }
    }

    /// How many calls that count against a limit an attempt may make: what the platform refuses for its cards goes again at
    /// once without them, and a person's words with the tag where it has closed the window.
    static func mostCalls(of action: Action) -> Int {
        let mayGoPlain = !action.text.isEmpty && (!action.cards.isEmpty || !action.quickReplies.isEmpty)
        return 1 + (mayGoPlain ? 1 : 0) + (action.windowEnds > 0 ? 1 : 0)
    }

    /// Whether the platform refused a message that has more than a text, for a reason that the text alone may not have: a parameter,
    /// or something that this account may not do. Of nobody being there it says so too.
    private static func mayGoPlain(_ action: Action, _ answer: SendAnswer) -> Bool {
        guard !action.cards.isEmpty || !action.quickReplies.isEmpty, !action.text.isEmpty else { return false }
        let refused: SendFailure
        switch answer {
        case .failed(let failure): refused = failure
        case .again(_, let failure), .stopAccount(let failure): refused = failure
        default: return false
        }
        guard (400..<500).contains(refused.status), let code = refused.code, plainCodes.contains(code) else {
            return false
        }
        // An object that is not there (100/33) is not there for the text either.
        return refused.subcode != 33 && !MetaErrorTable.isUnreachable(refused, contact: action.contact)
    }

    /// An unknown or unsupported request, a feature or a permission that is missing, a wrong parameter (DOMAIN 4.10).
    private static let plainCodes: Set<Int64> = [1, 3, 10, 100, 200]

    private static func carryOut(
        _ call: MetaRequest, _ attempt: Attempt, _ client: MetaClient
    ) async -> MetaClient.Attempt {
        await client.carryOut(
            call, account: attempt.action.account, kind: attempt.action.kind, attempt: attempt.tries,
            earlier: attempt.earlier, deadline: patience(attempt))
    }

    private static func patience(_ attempt: Attempt) -> Duration {
        max(.milliseconds(1), attempt.deadline - .now - .milliseconds(200))
    }
}
