import BusinessTime
import Contracts
import Conversations
import Instants
import Replies
import SwiftProtobuf
import TextRules

/// A lane of one shop in memory: fires due timers before events, keeps states, and lists what was decided. Two weeks of
/// November 2026 in UTC; the team is there Monday to Friday, 09:00 to 17:00. The 20th is a Friday.
struct Scene {
    var policy: Policy
    var states: [EntityID: EntityState] = [:]
    var decisions: [Decision] = []
    /// What each decision was about, beside `decisions`: its input, and its entity's state before it.
    var inputs: [(id: EntityID, input: Input, before: EntityState?)] = []
    var openItems: [EntityID: OpenItem] = [:]
    var now = Instant.epoch
    var signals = Signals.none
    private var entries: UInt64 = 0

    init(_ policy: Policy = TestPolicy().built()) {
        self.policy = policy
    }

    var actions: [Action] { decisions.flatMap(\.actions) }
    var rules: [String] { decisions.map(\.result.rule) }
    var cancels: [ActionID] { decisions.flatMap(\.cancels) }

    /// Texts, or calls of people; what those hear of a matter's end is `ends`.
    func texts(_ kind: Action.Kind = .send) -> [Action] { actions.filter { $0.kind == kind } }
    var ends: [Action] { actions.filter { $0.kind == .standDown } }
    func tells(_ matter: Told.Matter) -> [Action] {
        actions.filter { $0.kind == .tell && $0.event.told.matter == matter }
    }
    func talk(_ id: EntityID = .anna) -> Conversation { states[id]?.conversation ?? Conversation() }
    func standings(_ id: EntityID = .anna) -> [Promise.Standing] { talk(id).promises.map(\.standing) }
    /// Standings as the results reported them, in order.
    var marks: [UInt32] { decisions.flatMap { $0.result.promises.map(\.standing) } }

    /// Decides one event at its entry's instant; `delay` is how far the lane is behind.
    @discardableResult
    mutating func take(
        _ event: Event, at: Instant, delay: Duration = .zero
    ) throws -> Decision {
        let id = try EntityID.of(event)
        try advance(to: at, delay: delay, of: id)
        entries += 1
        now = max(now, at + delay)
        let entry = EntryID(milliseconds: UInt64(max(0, at.milliseconds)), sequence: entries)
        return try apply(id, .event(event, position: Position(entry: entry, index: 0), at: at))
    }

    /// Fires what is due until then.
    mutating func advance(to instant: Instant, delay: Duration = .zero, of only: EntityID? = nil) throws {
        while true {
            let asked = only.map { id in states[id].map { [id: $0] } ?? [:] } ?? states
            let due = asked.compactMap { id, state in state.timers(dueBy: instant).first.map { (id, $0) } }
                .min { ($0.1.dueAt, $0.0) < ($1.1.dueAt, $1.0) }
            guard let (id, timer) = due else { break }
            now = max(now, Instant(milliseconds: timer.dueAt) + delay)
            try apply(id, .timer(timer))
        }
        now = max(now, instant)
    }

    /// The courier's outcome of an action.
    @discardableResult
    mutating func settle(
        _ action: Action, _ status: Outcome.Status = .delivered, at: Instant? = nil
    ) throws -> Decision {
        var event = Event()
        event.id = "o:\(action.actionID):\(status.rawValue)"
        event.account = "shop"
        event.conversation = action.conversation
        event.outcome = Outcome.with {
            $0.action = action.actionID.description
            $0.status = status
        }
        return try take(event, at: at ?? now)
    }

    @discardableResult
    private mutating func apply(_ id: EntityID, _ input: Input) throws -> Decision {
        let parent = id.parent
        let before = states[id]
        let decision = try decide(
            id, own: before, parent: parent.flatMap { states[$0] }, input: input, now: now, policy: policy,
            signals: SignalReader(signals))
        states[id] = decision.own
        if let parent, let changed = decision.parent { states[parent] = changed }
        switch decision.openItem {
        case .set(let item): openItems[id] = item
        case .remove: openItems[id] = nil
        case .unchanged: break
        }
        decisions.append(decision)
        inputs.append((id, input, before))
        return decision
    }
}

extension EntityID {
    static let anna = EntityID.messages(account: "shop", contact: "anna")
    static let thread = EntityID.comments(account: "shop", originalPost: "post", root: "c1")
}

extension Instant {
    /// `20 18:30` of November 2026, UTC.
    static func november(_ day: Int, _ hour: Int, _ minute: Int = 0, _ second: Int = 0) -> Instant {
        let days = CivilDate(year: 2026, month: 11, day: 1)?.daysSince1970 ?? 0
        let minutes = ((days + day - 1) * 24 + hour) * 60 + minute
        return Instant(seconds: Int64(minutes * 60 + second))
    }
}

extension Event {
    static func of(_ id: String, at happened: Instant, contact: String = "anna") -> Event {
        var event = Event()
        event.id = id
        event.account = "shop"
        event.contact = contact
        event.happenedAt = happened.milliseconds
        event.receivedAt = happened.milliseconds
        return event
    }

    static func message(
        _ id: String, _ text: String, at happened: Instant, attachment: String? = nil
    ) -> Event {
        var event = Event.of(id, at: happened)
        event.message.text = text
        if let attachment { event.message.attachments = [Attachment.with { $0.type = attachment }] }
        return event
    }

    static func comment(
        _ id: String, _ text: String, at happened: Instant, by author: String = "bo", under root: String = ""
    ) -> Event {
        var event = Event.of("c:\(id)", at: happened, contact: author)
        event.comment = Comment.with {
            $0.id = id
            $0.post = "post"
            $0.parent = root
            $0.text = text
        }
        return event
    }

    static func reply(
        _ id: String, _ text: String, at happened: Instant, in conversation: EntityID = .anna, comment: String = ""
    ) -> Event {
        var event = Event.of(id, at: happened, contact: "")
        event.conversation = conversation.text
        event.agentReply = AgentReply.with {
            $0.agent = "kim"
            $0.text = text
            $0.comment = comment
        }
        return event
    }

    static func echo(_ id: String, at happened: Instant, metadata: String = "", inbox: Bool = false) -> Event {
        var event = Event.of(id, at: happened)
        event.echo = Echo.with {
            $0.message = id
            $0.metadata = metadata
            $0.inbox = inbox
            $0.app = "app"
        }
        return event
    }

    /// The same event with another kind put in.
    static func of(
        _ id: String, at happened: Instant, in conversation: EntityID = .anna, _ fill: (inout Event) -> Void
    ) -> Event {
        var event = Event.of(id, at: happened)
        event.conversation = conversation.text
        fill(&event)
        return event
    }

    func received(at instant: Instant) -> Event {
        var copy = self
        copy.receivedAt = instant.milliseconds
        return copy
    }
}
