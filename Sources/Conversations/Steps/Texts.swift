import Contracts
import Instants
import Replies

/// What is said, by whom, to what.
struct Saying {
    let text: String
    let `class`: Action.Class
    let rule: String
    let notAfter: Instant?
    /// Who is written to.
    let contact: String
    /// The comment that is answered in public; empty in a direct thread.
    let comment: String
    /// XXH64 of the id of what is answered.
    let subject: UInt64
    /// Which text of the pack it is; nil: a person's own.
    let kind: ReplyKind?
    /// Empty: automatic.
    let agent: String
    /// Stands behind the text and may be said again and again.
    var further = ""
    /// Buttons under its last piece, if the channel takes them.
    var quickReplies: [QuickReply] = []
}

extension Turn {
    static let mostPending = 16
    static let mostTexts = 8

    /// Makes the actions that carry a text and remembers them. The id of the last one, which is delivered last.
    mutating func say(_ saying: Saying) -> ActionID {
        let language = languageTag
        let worded = saying.kind.map { disclosed(saying.text, $0) } ?? (text: saying.text, at: 0)
        var last = ActionID(high: 0, low: 0)
        let buttons = saying.quickReplies.isEmpty ? [] : self.buttons(saying.quickReplies)
        let windowEnds = tagNeededFrom?.milliseconds ?? 0
        let whole = saying.further.isEmpty ? worded.text : worded.text + saying.further
        let pieces = pieces(of: whole, isAutomatic: saying.agent.isEmpty)
        for (number, piece) in pieces.enumerated() {
            last = act(isPublic ? .reply : .send, saying.class) { action in
                action.text = piece
                action.rule = saying.rule
                action.contact = saying.contact
                action.comment = saying.comment
                action.agent = saying.agent
                action.notAfter = saying.notAfter?.milliseconds ?? 0
                action.windowEnds = saying.agent.isEmpty ? 0 : windowEnds
                action.language = language
                if number == pieces.count - 1 { action.quickReplies = buttons }
            }
        }
        var pending = PendingAction()
        pending.idHigh = last.high
        pending.idLow = last.low
        pending.kind = UInt32(clamping: (isPublic ? Action.Kind.reply : .send).rawValue)
        pending.subject = saying.subject
        pending.automatic = saying.agent.isEmpty
        keep(pending)
        // Only automation must not repeat itself.
        if saying.agent.isEmpty {
            if !isPublic { talk.lastAutomaticAt = now.milliseconds }
            noteDisclosed(at: worded.at)
            remember(text: saying.text)
        }
        return last
    }

    /// What is sent one after the other. Nobody looks at an automatic text again, so one of more pieces than a decision makes
    /// ends with a mark, and the result says so; a person's of that length was refused before.
    private mutating func pieces(of text: String, isAutomatic: Bool) -> [String] {
        let limit = rules.channel.textLimit
        let pieces = limit.pieces(of: text)
        guard isAutomatic, pieces.count > Self.mostPieces, let last = pieces.dropFirst(Self.mostPieces - 1).first else {
            return pieces
        }
        result.cutFrom = UInt32(clamping: limit.length(of: text))
        return pieces.prefix(Self.mostPieces - 1) + [limit.marked(last)]
    }

    /// Renders a text that was not said lately in this conversation and does not stand last under the post.
    ///
    /// Nil also where the text would have to disclose that it is automatic and the language has no words for that.
    /// The variant follows from the conversation and its decision count. Nil if all were said.
    func render(_ kind: ReplyKind, _ slots: ReplySlots) -> String? {
        let pack = languagePack
        let count = pack.variantCount(of: kind)
        guard count > 0, canDisclose(kind) else { return nil }
        let first = StableHash.hash(id.text, "\(state.decisions)") >> 1
        for step in 0..<UInt64(count) {
            guard let text = pack.render(kind, slots: slots, variant: first + step) else { return nil }
            let hash = StableHash.hash(text)
            if !talk.lastTexts.contains(hash), parent?.post.lastTexts.last != hash { return text }
        }
        return nil
    }

    /// False if an operator or the configuration has switched automatic texts off, or nobody is there to read them.
    mutating func automationIsOn(rule: String) -> Bool {
        guard rules.account.automation, market.automation, isPublic || !talk.unreachable else { return false }
        guard signals.holdsSwitches else { return true }
        for scope in ["all", "account/\(rules.account.id)", "market/\(market.name)", "rule/\(rule)"]
        where signals.read(SignalName.automation(scope))?.value == "off" {
            return false
        }
        return true
    }

    /// Asks that automatic texts which are still under way be stopped; with a subject, only those that answer it.
    mutating func cancelAutomaticTexts(about subject: UInt64? = nil) {
        for index in talk.pending.indices {
            let pending = talk.pending[index]
            guard pending.automatic, !pending.cancelled, subject == nil || pending.subject == subject else { continue }
            talk.pending[index].cancelled = true
            cancels.append(ActionID(high: pending.idHigh, low: pending.idLow))
        }
    }

    /// Remembers what is under way, the newest `mostPending`.
    mutating func keep(_ pending: PendingAction) {
        if talk.pending.count >= Self.mostPending { talk.pending.removeFirst() }
        talk.pending.append(pending)
    }

    private mutating func remember(text: String) { remember(hash: StableHash.hash(text)) }

    mutating func remember(hash: UInt64) {
        if talk.lastTexts.count >= Self.mostTexts { talk.lastTexts.removeFirst() }
        talk.lastTexts.append(hash)
        guard isPublic else { return }
        changePost { post in
            if post.lastTexts.count >= Self.mostTexts { post.lastTexts.removeFirst() }
            post.lastTexts.append(hash)
        }
    }
}
