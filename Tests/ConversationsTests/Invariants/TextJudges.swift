import Contracts
import Conversations
import Foundation
import Instants

/// I13 to I17: what texts say, to whom, and in which form.
enum TextJudges {
    static func privacy(_ history: History) -> Judgement {
        var judgement = Judgement()
        let words = History.secrets + ["4711", "4712"]
        for step in history.steps {
            for action in step.decision.actions {
                if action.kind == .reply, action.agent.isEmpty {
                    judgement.expect(
                        !words.contains { action.text.holds($0) }, "\(action.rule) says in public: \(action.text)")
                }
                guard action.kind == .tell else { continue }
                let told = action.event.told
                judgement.expect(
                    ![told.facts, told.rule].contains { field in History.secrets.contains { field.holds($0) } },
                    "a desk is told what a customer wrote: \(told.facts)")
            }
            let record = [step.result.rule, step.result.abstained]
            if record.contains(where: { field in History.secrets.contains { field.holds($0) } }) {
                judgement.find("the record of \(step.result.event) quotes a customer")
            }
        }
        return judgement
    }

    static func silence(_ history: History) -> Judgement {
        var judgement = Judgement()
        var owners: [EntityID: ThreadOwner] = [:]
        for step in history.steps {
            if let event = step.event, event.contact == event.account, !event.contact.isEmpty {
                // A colleague's end what waited, which desks are told.
                judgement.expect(
                    step.decision.actions.allSatisfy { [.tell, .notify, .standDown].contains($0.kind) },
                    "our own words \(event.id) are answered")
            }
            owners[step.id, default: ThreadOwner()].note(step)
            let isForeign = owners[step.id].map { step.result.now < $0.until } ?? false
            let isMuted = step.before.map { step.result.now < $0.conversation.loop.mutedUntil } ?? false
            guard isForeign || isMuted, step.result.verdict != .duplicate else { continue }
            judgement.expect(
                step.automaticTexts.isEmpty,
                "\(step.result.rule) speaks to \(isMuted ? "a machine" : "somebody else's thread")")
        }
        return judgement
    }

    /// Who owns a direct thread, as the events say it.
    private struct ThreadOwner {
        var until: Int64 = 0
        private var since: Int64 = 0
        private var released: Int64 = 0

        mutating func note(_ step: Step) {
            guard step.result.verdict != .duplicate else { return }
            let at = step.result.happenedAt
            if let echoed = step.before?.conversation.earlyEchoAt, echoed != 0, echoed == since,
                step.decision.own.conversation.earlyEchoAt == 0
            {
                // It was the platform's own answer to words that came behind it.
                (since, until) = (0, 0)
            }
            switch step.event?.kind {
            case .echo(let echo) where echo.metadata.isEmpty && step.result.rule != "inbox_echo.automatic":
                others(at, hours: echo.inbox ? 24 : 1)
            case .threadControl(let control) where !control.ours: others(at, hours: 24)
            case .threadControl:
                released = max(released, at)
                if released >= since { until = 0 }
            default: break
            }
        }

        private mutating func others(_ at: Int64, hours: Int64) {
            guard at > released else { return }
            since = max(since, at)
            until = max(until, at + hours * 3_600_000)
        }
    }

    static func lengths(_ history: History) -> Judgement {
        var judgement = Judgement()
        let limit = history.shop.limit
        for step in history.steps {
            let texts = step.decision.actions.filter { [.send, .reply, .privateReply].contains($0.kind) }
            for action in texts {
                let length =
                    switch limit.unit {
                    case .characters: action.text.count
                    case .bytes: action.text.utf8.count
                    case .utf16: action.text.utf16.count
                    }
                if length > limit.most, action.text.count > 1 { judgement.find("\(length) of at most \(limit.most)") }
                if action.text.isEmpty { judgement.find("\(action.rule) says nothing") }
            }
            guard texts.count > 1, case .agentReply(let reply) = step.event?.kind else { continue }
            judgement.expect(
                Array(texts.map(\.text).joined()) == Array(reply.text) && texts.allSatisfy { !$0.text.isEmpty },
                "a person's text came apart")
            let count = texts.reduce(0) { $0 + $1.text.count }
            if count != reply.text.count { judgement.find("a grapheme was cut") }
        }
        return judgement
    }

    static func disclosure(_ history: History) -> Judgement {
        var judgement = Judgement()
        let policy = history.shop.disclosure
        var said: [EntityID: [(at: Int64, action: ActionID)]] = [:]
        var person: [EntityID: Int64] = [:]
        for (index, step) in history.steps.enumerated() {
            let isPublic = step.id.kind == .comments
            if step.text(.privateReply) != "", policy.messages {
                judgement.expect(step.text(.privateReply).holds("automatic"), "a private message hides its nature")
            }
            let texts = step.automaticTexts.filter { $0.kind != .privateReply }
            if let first = texts.first, isPublic ? policy.comments : policy.messages {
                let reached = (said[step.id] ?? []).filter { !history.isKnownToHaveFailed($0.action, before: index) }
                let isFresh = reached.contains {
                    step.result.now - $0.at < policy.again.milliseconds && $0.at >= person[step.id] ?? 0
                }
                let discloses = texts.map(\.text).joined().holds("automatic")
                if !isFresh { judgement.expect(discloses, "\(first.rule) hides that it is automatic") }
                if discloses { said[step.id, default: []].append((step.result.now, first.actionID)) }
            }
            switch step.event?.kind {
            case .agentReply where step.result.rule == "agent_reply", .echo where step.result.rule == "inbox_echo":
                person[step.id] = max(person[step.id] ?? 0, step.result.happenedAt)
            default: break
            }
        }
        return judgement
    }

    /// Within what a state remembers of its texts.
    static func repetition(_ history: History) -> Judgement {
        var judgement = Judgement()
        var said: [EntityID: [String]] = [:]
        var last: [EntityID: String] = [:]
        for step in history.steps {
            for kind in [Action.Kind.send, .reply] {
                var text = step.text(kind)
                guard !text.isEmpty else { continue }
                for line in ["en: automatic.\n", "en: an automatic answer.\n"] where text.hasPrefix(line) {
                    text.removeFirst(line.count)
                }
                if text.hasSuffix("\nAnything else?") { text.removeLast("\nAnything else?".count) }
                let before = said[step.id, default: []].suffix(7)
                judgement.expect(!before.contains(text), "said twice in \(step.id): \(text)")
                said[step.id, default: []].append(text)
                guard kind == .reply, let post = step.id.parent else { continue }
                if last[post] == text { judgement.find("neighbours under \(post) say: \(text)") }
                last[post] = text
            }
        }
        return judgement
    }

    static func redirects(_ history: History) -> Judgement {
        var judgement = Judgement()
        for step in history.steps where !step.automaticTexts.isEmpty {
            let text = step.automaticTexts.map(\.text).joined().lowercased()
            let digits = text.split(whereSeparator: { !$0.isNumber }).map(\.count).max() ?? 0
            judgement.expect(
                !["http", "www.", "@", "call us", "write to us at"].contains(where: text.holds) && digits < 7,
                "sent elsewhere: \(text)")
        }
        return judgement
    }
}

extension String {
    /// `contains` is slow in a debug build.
    func holds(_ word: String) -> Bool {
        withCString { text in word.withCString { strstr(text, $0) != nil } }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1_000 }
}
