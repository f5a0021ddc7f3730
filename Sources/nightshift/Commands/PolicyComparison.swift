import Channels
import Contracts
import Conversations
import Instants
import Lanes

/// Which recorded decisions of the lanes' logs would change under another policy.
struct PolicyComparison {
    /// One market's decisions within the time that was asked for.
    struct Counts: Equatable {
        var same = 0
        var changed = 0
        /// Those that could not be made again, such as when the log no longer reaches back to where it began.
        var unknown = 0
    }

    private struct Change {
        let lane: LaneName
        let was: PolicyTrial.Said
        let would: PolicyTrial.Said
        let text: String
    }

    private(set) var markets: [String: Counts] = [:]
    private var changes: [Change] = []
    private let since: Instant
    private let mostShown: Int

    /// Walks the logs of all lanes, or of those named, from their first event; compares what was decided at `since` or later.
    init(
        of draft: Policy, in session: Session, lanes: [String], since: Instant, mostShown: Int
    ) throws {
        self.since = since
        self.mostShown = max(0, mostShown)
        var policies = PolicyHistory(session)
        let named = Set(try lanes.map { try LaneName($0) })
        for group in try session.groups(named) {
            var events = try LoggedEvents(session, of: group)
            var trial = PolicyTrial(draft: draft)
            try session.eachResult(of: group) { stored in
                let policy = try? policies.policy(stored.batch)
                let lane = stored.lane
                for result in stored.batch.results {
                    let event = try events.event(of: result, in: lane)
                    let isCompared =
                        result.now >= since.milliseconds && (named.isEmpty || named.contains(lane))
                    guard let policy else {
                        if isCompared { take(.unknown("its policy is gone"), result, event, lane) }
                        continue
                    }
                    let verdict = trial.step(result, event: event, policy: policy, isCompared: isCompared)
                    if isCompared { take(verdict, result, event, lane) }
                }
            }
        }
    }

    private mutating func take(
        _ verdict: PolicyTrial.Verdict, _ result: DecisionResult, _ event: Event?, _ lane: LaneName
    ) {
        let market = result.market.isEmpty ? "-" : result.market
        switch verdict {
        case .same: markets[market, default: Counts()].same += 1
        case .unknown: markets[market, default: Counts()].unknown += 1
        case .changes(let was, let would):
            markets[market, default: Counts()].changed += 1
            guard changes.count < mostShown else { return }
            changes.append(Change(lane: lane, was: was, would: would, text: Self.shortened(event?.saidText ?? "")))
        }
    }

    private static func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 80 ? line.prefix(79) + "…" : line
    }
}

extension PolicyComparison {
    /// A table per market and the first changes, for people.
    var text: String {
        var table = TextTable("market", "decisions", "would change", "cannot be told")
        for (market, counts) in markets.sorted(by: { $0.key < $1.key }) {
            table.add(
                market, "\(counts.same + counts.changed + counts.unknown)", "\(counts.changed)", "\(counts.unknown)")
        }
        var lines = ["decisions since \(since)", table.text]
        for change in changes {
            let said = change.would.result
            lines.append(
                "\(change.lane) \(said.place) \(change.was.result.rule) -> \(said.rule)"
                    + Self.spans(change.was.result.spans) + " ->" + Self.spans(said.spans)
                    + (change.text.isEmpty ? "" : " \"\(change.text)\""))
            if change.was.result.rule == said.rule, change.was.actions != change.would.actions {
                lines.append("    would do: " + change.would.actions.map(Self.shortened).joined(separator: "; "))
            }
        }
        return lines.joined(separator: "\n")
    }

    var json: JSONValue {
        [
            "since": .string(since.description),
            "markets": .object(
                markets.mapValues {
                    [
                        "same": .integer(Int64($0.same)), "changed": .integer(Int64($0.changed)),
                        "unknown": .integer(Int64($0.unknown)),
                    ]
                }),
            "changes": .array(
                changes.map { change in
                    [
                        "lane": .string(change.lane.text), "position": .string("\(change.would.result.place)"),
                        "conversation": .string(change.would.result.conversation), "text": .string(change.text),
                        "was": Self.json(change.was), "would": Self.json(change.would),
                    ]
                }),
        ]
    }

    private static func json(_ said: PolicyTrial.Said) -> JSONValue {
        [
            "rule": .string(said.result.rule),
            "spans": .array(
                said.result.spans.map { span in
                    [
                        "class": .string(span.class), "rule": .string(span.rule), "start": .integer(Int64(span.start)),
                        "end": .integer(Int64(span.end)),
                    ]
                }),
            "actions": .array(said.actions.map { .string($0) }),
        ]
    }

    private static func spans(_ spans: [TextSpan]) -> String {
        spans.isEmpty
            ? " []" : " [" + spans.prefix(4).map { "\($0.rule) \($0.start)-\($0.end)" }.joined(separator: ", ") + "]"
    }
}

extension Event {
    /// What a person wrote, where this is about a text.
    fileprivate var saidText: String {
        switch kind {
        case .message(let message): message.text
        case .comment(let comment): comment.text
        case .edit(let edit): edit.text
        case .agentReply(let reply): reply.text
        default: ""
        }
    }
}
