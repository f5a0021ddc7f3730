import Foundation
import Testing

@testable import Bench

@Suite("What a platform's ledger says against us")
struct PlatformCheckTests {
    private static func line(
        _ kind: String, to recipient: String, mark: String = "", text: String = "Hi", isAnswered: Bool = true
    ) -> String {
        #"{"kind":"\#(kind)","account":"shop","recipient":"\#(recipient)","metadata":"\#(mark)","text":"\#(text)","#
            + #""answered":\#(isAnswered)}"#
    }

    private static func check(_ lines: [String], order: [String: Int] = [:]) throws -> PlatformCheck {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path))
        return try PlatformCheck(ledger: path, order: order)
    }

    @Test("a clean ledger is clean")
    func clean() throws {
        let found = try Self.check(
            [
                Self.line("send", to: "ana", mark: "ns1:l.0:aa"), Self.line("send", to: "bo", mark: "ns1:l.0:bb"),
                Self.line("send", to: "ana", mark: "ns1:l.0:cc", isAnswered: false),
                Self.line("private_reply", to: "c1"), Self.line("reply", to: "c1"), Self.line("reply", to: "c2"),
                Self.line("throttled", to: "1", text: "0"), Self.line("throttled", to: "1", text: "150"),
                Self.line("after_window", to: "bo", text: "400"),
            ], order: ["aa": 0, "bb": 1, "cc": 2])
        #expect(found.withinWindow == 0)
        #expect(found.isClean && found.throttled == 2 && found.unanswered == 1 && found.examples.isEmpty)
    }

    @Test("each thing that must not be is told")
    func told() throws {
        let found = try Self.check(
            [
                Self.line("send", to: "ana", mark: "ns1:l.0:cc"), Self.line("send", to: "ana", mark: "ns1:l.0:aa"),
                Self.line("private_reply", to: "c1"), Self.line("private_reply_refused", to: "c1"),
                Self.line("reply", to: "c1"), Self.line("reply", to: "c1"),
                Self.line("throttled", to: "1", text: "2500"), Self.line("after_window", to: "bo", text: "2500"),
                Self.line("over_limit", to: "sends", text: "300 in 1 s"),
            ], order: ["aa": 0, "cc": 2])
        #expect(found.outOfOrder == 1 && found.secondPrivateReplies == 1 && found.repliedTwice == 1)
        #expect(found.whileThrottled == 1 && found.afterWindow == 1 && !found.isClean && found.examples.count == 6)
        #expect(found.overLimit == 1)
    }
}
