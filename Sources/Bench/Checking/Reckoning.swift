package import Contracts

/// What the checker found: each count names one way in which a guarantee can be broken, with examples for people.
///
/// Pure: fed with lane records, the ids that were accepted and the ledger of what the channel received.
package struct Reckoning: Sendable, Codable, Equatable {
    /// Events that the input says were accepted.
    package var accepted = 0
    /// Customers' events found in the logs, repeats included.
    package var logged = 0
    /// Results of events, duplicates included.
    package var results = 0
    package var firedTimers = 0
    package var duplicates = 0
    package var dead = 0
    /// Accepted, but in no log.
    package var missing = 0
    /// In a log, but without a result.
    package var undecided = 0
    /// Events with more than one result that is not a duplicate's.
    package var decidedTwice = 0
    /// Pairs of results of one conversation that stand in another order than their events.
    package var outOfOrder = 0
    /// After-hours texts whose closed period overlaps that of an earlier one in the same conversation.
    package var secondAfterHours = 0
    /// Actions that the channel received more than once although no result calls them ambiguous.
    package var sentTwice = 0
    package var ambiguous = 0
    package var openActions = 0
    /// Results of which only the place is left, since their person was forgotten.
    package var erased = 0
    package var examples: [String] = []

    package init() {}

    package var lost: Int { missing + undecided }

    /// True if every guarantee held and nothing is left to do.
    package var isClean: Bool {
        lost == 0 && decidedTwice == 0 && outOfOrder == 0 && secondAfterHours == 0 && sentTwice == 0
    }

    /// Adds one lane. `decided` and `loggedIDs` collect over all lanes, since an event belongs to one lane only.
    package mutating func add(_ record: LaneRecord, to tally: inout Tally) {
        var waiting: [Position: String] = [:]
        for logged in record.events {
            let key = Tally.key(logged.event.account, logged.event.id)
            waiting[logged.position] = key
            if case .outcome(let outcome) = logged.event.kind, outcome.status != .delivered,
                outcome.status != .ambiguous
            {
                tally.failed.insert(outcome.action)
            }
            if !logged.event.isInternal {
                self.logged += 1
                tally.logged.insert(key)
            }
        }
        for position in record.undecodable { waiting[position] = "undecodable@\(position)" }
        for letter in record.dead {
            dead += 1
            waiting[letter.position] = nil
        }
        var newest: [String: Position] = [:]
        for logged in record.results {
            count(logged.result, record.lane, &waiting, &newest, &tally)
        }
        for (position, key) in waiting.sorted(by: { $0.key < $1.key }) {
            undecided += 1
            note("undecided: \(key) at \(record.lane) \(position)")
        }
        openActions += record.openActions
    }

    /// Compares the accepted ids and the channel's ledger with what the lanes held. Call once, after all lanes.
    package mutating func finish(accepted ids: [String], ledger: [String: Int], tally: Tally) {
        accepted = ids.count
        for id in ids where !tally.logged.contains(id) {
            missing += 1
            note("missing: \(id)")
        }
        ambiguous = tally.ambiguous.count
        countSecondTexts(tally)
        for (action, times) in ledger.sorted(by: { $0.key < $1.key })
        where times > 1 && !tally.ambiguous.contains(action) {
            sentTwice += 1
            note("sent \(times) times: \(action)")
        }
    }

    /// A text whose sending surely failed was never given, and leaves its period free.
    private mutating func countSecondTexts(_ tally: Tally) {
        for (conversation, texts) in tally.texts.sorted(by: { $0.key < $1.key }) {
            let given = texts.filter { !$0.actions.contains { tally.failed.contains($0) } }.map(\.period)
            for (index, period) in given.enumerated() where given[..<index].contains(where: { $0.overlaps(period) }) {
                secondAfterHours += 1
                note("second after-hours text: \(conversation), closed period \(period)")
            }
        }
    }

    private mutating func count(
        _ result: DecisionResult, _ lane: String, _ waiting: inout [Position: String],
        _ newest: inout [String: Position], _ tally: inout Tally
    ) {
        if result.rule == "erased" {
            erased += 1
            // A timer's stands at the event that was to be decided next.
            if result.timer.isEmpty { waiting[result.position] = nil }
            return
        }
        if !result.timer.isEmpty {
            firedTimers += 1
        } else {
            results += 1
            if let key = waiting.removeValue(forKey: result.position) {
                if result.verdict == .duplicate {
                    duplicates += 1
                } else if !tally.decided.insert(key).inserted {
                    decidedTwice += 1
                    note("decided twice: \(key) in \(lane)")
                }
            } else if result.verdict != .dead {
                decidedTwice += 1
                note("second result for \(lane) \(result.position) (\(result.event))")
            }
            if let before = newest[result.conversation], result.position < before {
                outOfOrder += 1
                note("out of order: \(result.conversation) \(result.position) after \(before)")
            }
            newest[result.conversation] = result.position
        }
        if result.closedUntil > result.closedFrom {
            let text = Tally.AfterHoursText(
                period: result.closedFrom..<result.closedUntil, actions: result.actionIDs.map(\.description))
            tally.texts[result.conversation, default: []].append(text)
        }
        if result.rule.hasSuffix("ambiguous"), let action = result.event.split(separator: ".").first {
            tally.ambiguous.insert(String(action))
        }
    }

    private mutating func note(_ text: String) {
        if examples.count < 20 { examples.append(text) }
    }

    /// What is collected over all lanes before `finish`.
    package struct Tally: Sendable {
        var logged: Set<String> = []
        var decided: Set<String> = []
        var ambiguous: Set<String> = []
        var failed: Set<String> = []
        var texts: [String: [AfterHoursText]] = [:]

        struct AfterHoursText: Sendable {
            let period: Range<Int64>
            let actions: [String]
        }

        package init() {}

        /// An accepted event's name: account and id.
        package static func key(_ account: String, _ id: String) -> String { "\(account)/\(id)" }
    }
}

extension DecisionResult {
    /// Where the event stands; for a timer, the cursor of its commit.
    package var position: Position {
        Position(entry: EntryID(milliseconds: entryMs, sequence: UInt64(entrySequence)), index: Int(index))
    }
}

extension DeadLetter {
    package var position: Position {
        Position(entry: EntryID(milliseconds: entryMs, sequence: UInt64(entrySequence)), index: Int(index))
    }
}

extension Event {
    /// Made by our own courier or another lane, not by a customer, agent or operator.
    package var isInternal: Bool {
        switch kind {
        case .outcome, .told, .fetched: true
        default: false
        }
    }
}
