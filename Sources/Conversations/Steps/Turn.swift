import BusinessTime
import Contracts
import Instants
import Replies
import SwiftProtobuf

/// One decision of a conversation while it is being taken.
///
/// The conversation is taken out of its state and put back at the end, so that the steps change it in place instead of
/// copying protobuf storage. The steps are this type's extensions, one file a concept.
struct Turn {
    let id: EntityID
    /// The one reference to the policy: copying its tables for every decision would cost more than deciding.
    let rules: AccountRules
    let now: Instant
    /// When the cause stood in the log: an event's entry, a timer's due instant.
    let at: Instant
    let cause: String
    var signals: SignalReader
    var state: EntityState
    var talk: Conversation
    var parent: EntityState?
    var parentChanged = false
    var actions: [Action] = []
    var cancels: [ActionID] = []
    var result: DecisionResult
    private let before: OpenFacts

    init(
        _ id: EntityID, own: consuming EntityState?, parent: consuming EntityState?, cause: String, at: Instant,
        now: Instant, rules: AccountRules, signals: SignalReader, result: consuming DecisionResult
    ) {
        self.id = id
        self.rules = rules
        self.cause = cause
        self.signals = signals
        self.parent = parent
        self.result = result
        self.at = at
        var state = own.take() ?? EntityState()
        talk = state.conversation
        state.entity = nil
        before = OpenFacts(talk)
        // A lane's `now` never goes back; a state that was moved here may have seen a later one.
        self.now = max(now, Instant(milliseconds: state.lastNow))
        state.lastNow = self.now.milliseconds
        state.decisions &+= 1
        self.state = state
    }

    /// True under a post: several authors, no window, public texts.
    var isPublic: Bool { id.kind == .comments }

    var market: MarketPolicy { rules.market }

    /// When somebody is there who speaks this customer's language on this channel (DOMAIN 5.7, 33).
    var coverage: Coverage { market.served.coverage(language: languageTag, channel: rules.account.channel) }

    /// Ends the decision: what is settled is dropped, limits are checked, the conversation goes back into its state.
    mutating func finished() throws(DecisionError) -> Decision {
        watchOwner()
        guard actions.count <= DecisionError.mostActions else { throw .tooManyActions(actions.count) }
        talk.dropSettled()
        let change = before.change(to: OpenFacts(talk), of: id) { languageTag }
        result.now = now.milliseconds
        result.market = market.name
        result.signals = signals.reads
        for action in actions {
            result.actions.append(action.idHigh)
            result.actions.append(action.idLow)
        }
        state.conversation = talk
        talk = Conversation()
        try state.checkSize()
        return Decision(
            own: state, parent: parent, changesParent: parentChanged, actions: actions, cancels: cancels,
            openItem: change, result: result, changesStates: true)
    }

    /// Changes the post's state in place; one that nobody heard of begins here.
    mutating func changePost(_ change: (inout Post) -> Void) {
        var holder = parent.take() ?? EntityState()
        var post = holder.post
        holder.entity = nil
        change(&post)
        holder.post = post
        holder.lastNow = max(holder.lastNow, now.milliseconds)
        parent = holder
        parentChanged = true
    }

    /// Notes a comment of this thread, or changes what is known of it.
    mutating func noteComment(_ comment: String, _ change: (inout CommentMark) -> Void) {
        talk.mark(comment, under: id.parts.last, change)
    }

    /// Makes an action of this decision; its id follows from conversation, cause, kind and its number among its kind.
    @discardableResult
    mutating func act(_ kind: Action.Kind, _ `class`: Action.Class, _ fill: (inout Action) -> Void) -> ActionID {
        var action = Action()
        action.kind = kind
        action.class = `class`
        action.conversation = id.text
        action.cause = cause
        let n = actions.reduce(0) { $0 + ($1.kind == kind ? 1 : 0) }
        action.n = UInt32(clamping: n)
        action.orderKey = id.text
        action.decidedAt = now.milliseconds
        action.account = rules.account.id
        let name = ActionID(conversation: id, cause: cause, kind: kind, n: n)
        action.actionID = name
        fill(&action)
        actions.append(action)
        if kind == .reply { noteOwnReply(action) }
        return name
    }

    /// The language in which this customer is written to: the evidence's if there is a pack for it, else the market's.
    var languageTag: String {
        if talk.hasLanguage, rules.languages[talk.language.value] != nil { return talk.language.value }
        return market.language
    }

    var languagePack: LanguagePack {
        guard talk.hasLanguage else { return rules.language }
        return rules.languages[talk.language.value] ?? rules.language
    }
}

extension EntityState {
    /// What a state without long names holds at most; only beyond it are bytes counted.
    private static let surelySmall = 16 * 1_024

    func checkSize() throws(DecisionError) {
        guard case .conversation(let talk) = entity else { return }
        var names = 0
        for mark in talk.comments { names += mark.id.utf8.count + mark.author.utf8.count + 16 }
        for pending in talk.pending { names += 48 + (pending.cancelled ? 2 : 0) }
        guard names > Self.surelySmall else { return }
        let bytes = (try? serializedBytes() as [UInt8])?.count ?? Int.max
        guard bytes < DecisionError.mostStateBytes else { throw .stateTooLarge(bytes: bytes) }
    }
}
