import Channels
import Contracts
import Delivery
import Foundation
import HTTPTypes
import HummingbirdTesting
import Instants
import NIOCore
import Sandbox
import Synchronization
import Testing

@Suite("The double's windows, and texts that meet them")
struct SandboxWindowTests {
    /// A clock that a test moves.
    private final class Clock: Sendable {
        private let at = Mutex(SandboxTests.now)
        var now: Instant { at.withLock { $0 } }
        func move(by duration: Duration) { at.withLock { $0 = $0 + duration } }
    }

    private static func text(by agent: String, number: UInt64) -> Action {
        var action = SandboxTests.action(.send)
        action.agent = agent
        action.actionID = ActionID(high: 9, low: number)
        action.windowEnds = agent.isEmpty ? 0 : (SandboxTests.now + .seconds(86_400)).milliseconds
        return action
    }

    @Test(
        "after the window a person's text goes with the tag, an automatic one is refused, and after seven days all are")
    func windows() async throws {
        let clock = Clock()
        var settings = SandboxTests.settings()
        settings.now = { clock.now }
        settings.windows = .platform
        let typed: JSONValue = ["account": .string(SandboxTests.page.id), "contact": "77", "text": "?"]
        let rows: [(after: Duration, agent: String, isTaken: Bool)] = [
            (.zero, "", true), (.zero, "kim", true), (.seconds(86_369), "", true), (.seconds(86_371), "kim", true),
            (.seconds(86_400), "", false), (.seconds(86_400), "kim", true), (.seconds(600_000), "kim", true),
            (.seconds(604_800), "kim", false),
        ]
        try await SandboxTests.run(settings) { url, ledger, client in
            _ = try await client.execute(uri: "/say", method: .post, body: ByteBuffer(bytes: typed.bytes()))
            var passed = Duration.zero
            for (number, row) in rows.enumerated() {
                clock.move(by: row.after - passed)
                passed = row.after
                let answer = try await SandboxTests.carryOut(
                    Self.text(by: row.agent, number: UInt64(number)), at: url, laneNow: clock.now)
                switch answer {
                case .delivered: #expect(row.isTaken, "\(row)")
                case .windowClosed: #expect(!row.isTaken, "\(row)")
                default: Issue.record("\(row): got \(answer)")
                }
            }
            let lines = try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n").map {
                try JSONValue(parsing: Array($0.utf8))
            }
            #expect(lines.filter { $0["tag"] == "HUMAN_AGENT" && $0["kind"] == "send" }.count == 3)
            #expect(lines.filter { $0["kind"] == "after_window" }.count == 2)
        }
    }

    @Test(
        "a person's text that meets a closed window though it was thought open goes at once with the tag, and no other does"
    )
    func attempts() async throws {
        let clock = Clock()
        var settings = SandboxTests.settings()
        settings.now = { clock.now }
        settings.windows = .platform
        let typed: JSONValue = ["account": .string(SandboxTests.page.id), "contact": "77", "text": "?"]
        try await SandboxTests.run(settings) { url, ledger, client in
            _ = try await client.execute(uri: "/say", method: .post, body: ByteBuffer(bytes: typed.bytes()))
            clock.move(by: .seconds(90_000))
            var untagged = Self.text(by: "kim", number: 3)
            untagged.windowEnds = 0
            let rows: [(action: Action, laneNow: Instant, isTaken: Bool)] = [
                (Self.text(by: "kim", number: 1), SandboxTests.now, true),
                (Self.text(by: "kim", number: 2), clock.now, true),
                (untagged, SandboxTests.now, false), (Self.text(by: "", number: 4), SandboxTests.now, false),
            ]
            for row in rows {
                let answered = try await GraphFetchTests.carryOut(row.action, at: url, laneNow: row.laneNow)
                switch answered.answer {
                case .delivered: #expect(row.isTaken, "\(row.action)")
                case .windowClosed: #expect(!row.isTaken, "\(row.action)")
                default: Issue.record("\(row.action): got \(answered.answer)")
                }
            }
            let lines = try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n").map {
                try JSONValue(parsing: Array($0.utf8))
            }
            #expect(lines.filter { $0["tag"] == "HUMAN_AGENT" && $0["kind"] == "send" }.count == 2)
            #expect(lines.filter { $0["kind"] == "after_window" }.count == 3)
        }
    }

    @Test("what a drill puts on the platform opens the window from its own instant, and stands in the conversations")
    func written() async throws {
        var settings = SandboxTests.settings()
        settings.windows = .platform
        let written: JSONValue = [
            "account": .string(SandboxTests.page.id),
            "messages": [
                [
                    "contact": "77", "id": "m_1", "text": "?",
                    "at_ms": .integer((SandboxTests.now - .seconds(90_000)).milliseconds),
                ],
                [
                    "contact": "78", "id": "m_2", "text": "?",
                    "at_ms": .integer((SandboxTests.now - .seconds(60)).milliseconds),
                ],
            ],
        ]
        try await SandboxTests.run(settings) { url, ledger, client in
            _ = try await client.execute(uri: "/messages", method: .post, body: ByteBuffer(bytes: written.bytes()))
            var action = Self.text(by: "", number: 1)
            guard case .windowClosed = try await SandboxTests.carryOut(action, at: url) else {
                Issue.record("expected a window that is closed")
                return
            }
            action.contact = "78"
            guard case .delivered = try await SandboxTests.carryOut(action, at: url) else {
                Issue.record("expected delivered")
                return
            }
            let lines = try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n").map {
                try JSONValue(parsing: Array($0.utf8))
            }
            #expect(lines.map { $0["kind"]?.string } == ["after_window", "send"])
            #expect(lines.last?["window_left_ms"]?.integer == 86_340_000)
        }
    }
}
