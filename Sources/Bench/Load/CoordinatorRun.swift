import AsyncHTTPClient
package import Contracts
import Coordination
import Foundation
package import Lanes
import Membership
import NIOCore
import Redis

/// What a coordinator costs that leads many workers and lanes, in a process of its own, beside a `MemberCrowd`.
///
/// First the crowd beats alone: that is what heartbeats cost Redis. Then the coordinator is started, places every lane,
/// learns for half a minute what they cost, and is measured while nothing happens but load. At the end one member dies.
package final class CoordinatorRun {
    package struct Figures: Sendable {
        package var lanes = 0
        /// Of the coordinator's process, bytes.
        package var resident = 0
        package var mostResident = 0
        /// Shares of a core.
        package var coordinator = 0.0
        package var redis = 0.0
        package var heartbeats = 0.0
        /// From the coordinator's start until every lane was taken.
        package var placed = Duration.zero
        /// From the last heartbeat of the member that died until its lanes were taken by others.
        package var recovered = Duration.zero
        package var lost = 0
    }

    private let connector: LaneConnector
    private let connection: RedisConnection
    private let lanes: [LaneName]
    private let crowd: MemberCrowd
    private let process: RoleProcess
    private let seconds: Double
    private static let patience = Duration.seconds(300)

    /// - Parameters:
    ///   - command: the coordinator's, complete.
    ///   - folder: for its log.
    package init(
        _ connector: LaneConnector, members: Int, lanes: [LaneName], seconds: Double, command: [String], folder: String
    ) throws {
        self.connector = connector
        self.lanes = lanes
        self.seconds = seconds
        connection = try RedisConnection(connector.endpoint, clientName: "bench")
        crowd = try MemberCrowd(connector, members: members, lanes: lanes)
        process = RoleProcess("coordinator", command, folder: folder)
    }

    /// Everything lives on afterwards, until `end`.
    ///
    /// - Throws: if lanes stay without an owner, or the coordinator ends.
    package func play() throws -> Figures {
        var figures = Figures()
        figures.lanes = lanes.count
        try leaveWeeks()
        crowd.start()
        // What the server does at the first heartbeats is no part of what they cost.
        pause(.seconds(2))
        figures.heartbeats = try measured().redis
        let start = ContinuousClock.now
        try process.start()
        try wait(for: "every lane with an owner") { self.crowd.owned == self.lanes.count }
        figures.placed = .now - start
        pause(LoadBook.warmUp + .seconds(10))
        let spent = try measured()
        figures.redis = spent.redis
        figures.coordinator = spent.coordinator
        figures.resident = try memory("VmRSS")
        let (takes, died) = (crowd.takes, ContinuousClock.now)
        figures.lost = crowd.loseOne()
        try wait(for: "the lanes of the dead with others") {
            self.crowd.owned == self.lanes.count && self.crowd.takes >= takes + figures.lost
        }
        figures.recovered = .now - died
        figures.mostResident = try memory("VmHWM")
        return figures
    }

    /// Ends the coordinator and the crowd.
    package func end() {
        crowd.stop()
        process.end(atMost: .seconds(10))
    }

    /// Seconds of the coordinator's last plan, as its `/metrics` say.
    package func plan(port: Int) async throws -> Double {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/metrics")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        let line = text.split(separator: "\n").first { $0.hasPrefix("nightshift_plan_seconds ") }
        guard let value = line?.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw LoadError("expected nightshift_plan_seconds of the coordinator, came none")
        }
        return value
    }

    /// A leader reads what its predecessors learned of each partition.
    private func leaveWeeks() throws {
        let key = connector.keyspace.control("profiles")
        for (index, name) in Set(lanes.map(\.partition)).sorted().enumerated() {
            var profile = HourProfile()
            for hour in 0..<HourProfile.hours {
                profile.learn(hour, rate: Double((hour + index) % 24), wasOpen: hour % 24 > 8)
            }
            _ = try connection.call(RedisCommand("HSET", key, name, profile.text))
        }
    }

    private func wait(for what: String, _ condition: () -> Bool) throws {
        let deadline = ContinuousClock.now + Self.patience
        while !condition() {
            try check()
            guard ContinuousClock.now < deadline else {
                throw LoadError("expected \(what) within \(Self.patience), came \(crowd.owned) of \(lanes.count)")
            }
            pause(.milliseconds(20))
        }
    }

    private func check() throws {
        if let fault = crowd.fault { throw LoadError("the crowd's thread ended: \(fault)") }
        if process.pid != 0, process.hasEnded {
            throw LoadError("expected the coordinator to run; it ended:\n\(process.lastLines)")
        }
    }

    private func measured() throws -> (redis: Double, coordinator: Double) {
        let (own, redis, start) = (try processor(), try ProcessorTime(of: connection).redis, ContinuousClock.now)
        pause(.seconds(seconds))
        try check()
        let passed = ContinuousClock.now - start
        return (
            (try ProcessorTime(of: connection).redis - redis) / passed, (try processor() - own) / passed
        )
    }

    /// Of the coordinator's process; nothing before it was started.
    private func processor() throws -> Duration {
        guard process.pid != 0 else { return .zero }
        // Behind the name in brackets: state, …; utime and stime are the 12th and 13th.
        let fields = try text("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 13, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw LoadError("expected processor times of the coordinator, came none")
        }
        return .seconds(Double(user + system) / Double(sysconf(CInt(_SC_CLK_TCK))))
    }

    private func memory(_ name: String) throws -> Int {
        for line in try text("status").split(separator: "\n") where line.hasPrefix("\(name):") {
            if let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).compactMap({ Int($0) }).first {
                return kilobytes * 1_024
            }
        }
        throw LoadError("expected \(name) of the coordinator, came none")
    }

    private func text(_ file: String) throws -> String {
        try String(contentsOfFile: "/proc/\(process.pid)/\(file)", encoding: .utf8)
    }
}
