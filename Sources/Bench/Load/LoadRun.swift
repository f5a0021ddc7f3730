import Contracts
import Delivery
import Foundation
import Instants
package import Lanes
import Workers

/// How a throughput run is to be played.
package struct LoadSetting: Sendable {
    package var handler: LoadHouse.Handler = .full
    package var seconds: Double = 10
    package var conversations = 20_000
    /// Of Zipf's law; see `LoadCrowd`.
    package var exponent = 1.0
    /// Customers' events of one closed period.
    package var eventsPerNight = 112_000
    /// Events that may lie undecided before the producers wait.
    package var backlog = 96_000
    package var producers = 4
    package var runners = 2

    package init() {}
}

/// One run's figures.
package struct LoadFigures: Sendable {
    package var decisions = 0
    package var seconds = 0.0
    package var nights = 0
    package var actions = 0
    package var cancelled = 0
    package var redis: Duration = .zero
    package var runners: Duration = .zero
    package var courier: Duration = .zero
    package var producers: Duration = .zero
    package var commits = 0
    package var tally = LoadTally()

    package var decisionsPerSecond: Double { seconds > 0 ? Double(decisions) / seconds : 0 }
    package var redisPerDecision: Double { perDecision(redis) }
    package var workerPerDecision: Double { perDecision(runners + courier) }

    package func perDecision(_ time: Duration) -> Double {
        decisions > 0 ? time / .microseconds(1) / Double(decisions) : 0
    }
}

/// A throughput run: nights of customers' events, each followed by people's answers, on a stepped lane clock.
///
/// One night warms up. Then the clock of the figures starts before the first append, and ends when after at least
/// `seconds` the last night's answers are decided and every action is settled; steps, timers and answers lie inside, though
/// only customers' and agents' events count. Mix and decisions are counted afterwards, from the result streams.
package struct LoadRun {
    private let setting: LoadSetting
    private let house: LoadHouse
    private let appender: LaneAppender
    private let producers: [LoadProducer]
    private let ahead: LoadBacklog

    /// Answers come so long after the night's events.
    private static let untilAnswers = Duration.seconds(4 * 3_600)

    package init(_ setting: LoadSetting, shop: LoadShop, connector: LaneConnector) throws {
        self.setting = setting
        house = try LoadHouse(shop: shop, connector: connector, handler: setting.handler, runners: setting.runners)
        let appender = LaneAppender(connector: connector)
        self.appender = appender
        let crowd = try LoadCrowd(shop, conversations: setting.conversations, exponent: setting.exponent)
        let service = house.service
        let ahead = LoadBacklog(most: setting.backlog) { LoadHouse.decided(by: service) }
        self.ahead = ahead
        let clock = house.clock
        let count = setting.producers
        producers = (0..<count).map { index in
            LoadProducer(
                index: index, contacts: crowd.part(index, of: count), appender: appender, clock: clock, ahead: ahead)
        }
    }

    package func play() throws -> LoadFigures {
        defer {
            for producer in producers { producer.begin(.end) }
            appender.stop()
            house.stop()
        }
        try night()
        // What warmed up lies before this instant, also what a conversation's rising instants put a little ahead.
        // Timers that the step makes due belong to it as well.
        try house.step(by: .seconds(60))
        try house.waitForQuiet(appended: ahead.total)
        let start = house.clock.now
        let sent = house.sink.counts.total
        let closed = house.service.courierCounters.closed
        let commits = house.service.counters.committedBatches
        let time = try ProcessorTime(of: house.connection)
        let clock = ContinuousClock.now
        var figures = LoadFigures()
        repeat {
            try night()
            figures.nights += 1
        } while ContinuousClock.now - clock < .seconds(setting.seconds)
        figures.seconds = (ContinuousClock.now - clock) / .seconds(1)
        let spent = try ProcessorTime(of: house.connection).since(time)
        figures.redis = spent.redis
        figures.runners = spent.of("runner-")
        figures.courier = spent.of("courier", "tells")
        figures.producers = spent.of("producer-")
        figures.commits = Int(house.service.counters.committedBatches - commits)
        figures.tally = try house.tally(since: start)
        figures.decisions = figures.tally.decisions
        figures.actions = Int(house.service.courierCounters.closed - closed)
        try check(&figures, sent: Int(house.sink.counts.total - sent))
        return figures
    }

    /// One closed period: its events, then people's answers, then the next period's beginning.
    private func night() throws {
        let share = setting.eventsPerNight / max(1, setting.producers)
        try each(.night(events: share))
        try house.waitForQuiet(appended: ahead.total)
        guard setting.handler != .noop else { return }
        let asked = house.clock.now
        try house.step(by: Self.untilAnswers)
        try each(.answers)
        try house.waitForQuiet(appended: ahead.total)
        guard let next = house.shop.night(after: asked) else {
            throw LoadError("expected another night of all markets within 60 days, found none")
        }
        try house.step(by: next - house.clock.now)
        try house.waitForQuiet(appended: ahead.total)
    }

    private func each(_ order: LoadProducer.Order) throws {
        for producer in producers { producer.begin(order) }
        for producer in producers { try producer.wait() }
    }

    private func check(_ figures: inout LoadFigures, sent: Int) throws {
        let tally = figures.tally
        let wanted = figures.nights * (setting.eventsPerNight / max(1, setting.producers)) * setting.producers
        guard tally.decisions == wanted else {
            throw LoadError("expected \(wanted) decisions in the result streams, got \(tally.decisions)")
        }
        guard tally.dead == 0 else { throw LoadError("expected no dead letters, got \(tally.dead)") }
        let open = try house.openActions()
        guard open == 0 else { throw LoadError("expected every action to be settled, \(open) are not") }
        figures.cancelled = tally.actions - figures.actions
        guard tally.outcomes == figures.actions else {
            throw LoadError("expected \(figures.actions) outcomes in the result streams, got \(tally.outcomes)")
        }
        guard setting.handler != .noop else { return }
        let deviations = tally.deviations(most: 2)
        guard deviations.isEmpty else {
            throw LoadError("the mix is off: \(deviations.joined(separator: "; ")); strays: \(tally.strays)")
        }
    }
}
