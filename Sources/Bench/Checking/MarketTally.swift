package import Contracts

/// What one market's day came to, counted from results alone.
package struct MarketTally: Sendable, Equatable {
    package var events = 0
    package var decided = 0
    package var duplicates = 0
    /// Texts that a customer's event or an agent's reply led to and that were delivered.
    package var replies = 0
    package var promisesMade = 0
    package var promisesKept = 0
    package var promisesBroken = 0
    package var escalations = 0
    /// Milliseconds from received to committed, one a customer's event, unsorted.
    package var latencies: [Int64] = []

    package init() {}

    /// The smallest latency that `share` of the events did not exceed (nearest rank); 0 without events.
    package func latency(_ share: Double) -> Int64 {
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
        return sorted[min(max(rank, 0), sorted.count - 1)]
    }

    /// Counts all lanes. Desks' own decisions belong to no market and are left out.
    package static func markets(_ records: [LaneRecord]) -> [String: MarketTally] {
        var tallies: [String: MarketTally] = [:]
        var delivered: Set<String> = []
        for record in records {
            for logged in record.events {
                if case .outcome(let outcome) = logged.event.kind, outcome.status == .delivered {
                    delivered.insert(outcome.action)
                }
            }
        }
        let markets = accountMarkets(records)
        for record in records where !record.lane.hasPrefix("desk-") {
            for logged in record.results {
                guard let market = markets[account(of: logged.result)] else { continue }
                tallies[market, default: MarketTally()].add(logged, delivered: delivered)
            }
        }
        return tallies
    }

    /// Results of duplicates name no market; their account's other results do.
    private static func accountMarkets(_ records: [LaneRecord]) -> [String: String] {
        var markets: [String: String] = [:]
        for record in records {
            for logged in record.results where !logged.result.market.isEmpty {
                markets[account(of: logged.result)] = logged.result.market
            }
        }
        return markets
    }

    private static func account(of result: DecisionResult) -> String {
        (try? EntityID(result.conversation))?.parts.first ?? ""
    }

    private mutating func add(_ logged: LaneRecord.LoggedResult, delivered: Set<String>) {
        let result = logged.result
        if result.timer.isEmpty, !["outcome", "told", "fetched"].contains(result.kind) {
            events += 1
            if result.verdict == .duplicate { duplicates += 1 } else { decided += 1 }
            if result.kind != "agent_reply" { latencies.append(max(0, logged.committedAt - result.receivedAt)) }
            if result.actionIDs.contains(where: { delivered.contains($0.description) }) { replies += 1 }
        }
        for mark in result.promises {
            switch Promise.Standing(rawValue: Int(mark.standing)) {
            case .made: promisesMade += 1
            case .kept: promisesKept += 1
            case .broken: promisesBroken += 1
            default: break
            }
        }
        if result.rule == "promise.pre_breach" || result.rule == "after_hours.infeasible" { escalations += 1 }
    }
}

extension DecisionResult {
    /// The ids that `actions` holds as halves.
    package var actionIDs: [ActionID] {
        stride(from: 0, to: actions.count - 1, by: 2).map { ActionID(high: actions[$0], low: actions[$0 + 1]) }
    }
}
