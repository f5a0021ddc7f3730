import Foundation
import Sandbox
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

    private static func check(
        _ lines: [String], order: [String: Int] = [:], ambiguous: Set<String> = [], failed: Set<String> = []
    ) throws -> PlatformCheck {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path))
        return try PlatformCheck(ledger: path, order: order, ambiguous: ambiguous, failed: failed)
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
                Self.line("private_reply", to: "c1", mark: "ns1:l.0:dd"),
                Self.line("private_reply", to: "c1", mark: "ns1:l.0:ee"),
                Self.line("reply", to: "c1"), Self.line("reply", to: "c1"),
                Self.line("throttled", to: "1", text: "2500"), Self.line("after_window", to: "bo", text: "2500"),
                Self.line("over_limit", to: "sends", text: "300 in 1 s"),
            ], order: ["aa": 0, "cc": 2])
        #expect(found.outOfOrder == 1 && found.secondPrivateReplies == 1 && found.repliedTwice == 1)
        #expect(found.whileThrottled == 1 && found.afterWindow == 1 && !found.isClean && found.examples.count == 6)
        #expect(found.overLimit == 1)
    }

    @Test("an action may ask again whether its private reply was taken; another one for the same comment may not")
    func privately() throws {
        let (first, second) = ("ns1:l.0:aa:c/shop/p/c1", "ns1:l.0:bb:c/shop/p/c1")
        func refused(_ mark: String) -> String {
            #"{"kind":"private_reply_refused","account":"shop","recipient":"c1","metadata":"","id":"\#(mark)"}"#
        }
        var found = try Self.check([
            Self.line("private_reply", to: "c1", mark: first, isAnswered: false), refused(first),
        ])
        #expect(found.isClean && found.privatelyAgain == 1 && found.privateReplies == 1)
        found = try Self.check([Self.line("private_reply", to: "c1", mark: first), refused(second)])
        #expect(!found.isClean && found.secondPrivateReplies == 1 && found.privatelyAgain == 0)
    }

    @Test(
        "a message that was taken must not be called failed; without an answer it is ambiguous, or its echo proved it")
    func fates() throws {
        let lines = ["aa", "bb", "cc"].map { Self.line("send", to: $0, mark: "ns1:l.0:\($0)", isAnswered: false) }
        var found = try Self.check(lines, ambiguous: ["aa"])
        #expect(found.isClean && found.unanswered == 3 && found.proved == 2)
        found = try Self.check(lines, ambiguous: ["aa"], failed: ["bb"])
        #expect(!found.isClean && found.takenAndFailed == 1 && found.proved == 1)
    }

    @Test("an account's busiest second is any second, and a drill that met too little names it")
    func busiest() throws {
        func line(_ account: String, _ at: String) -> String {
            #"{"kind":"send","account":"\#(account)","recipient":"ana","metadata":"","answered":true,"#
                + #""at":"2026-11-22T20:00:\#(at)Z"}"#
        }
        let found = try Self.check([
            line("a", "00.900"), line("a", "01.100"), line("b", "01.200"), line("a", "01.800"), line("a", "01.950"),
        ])
        #expect(found.busiest == 3)
        var trouble = PlatformTrouble()
        #expect(found.missing(trouble).contains("no account came near its limit"))
        trouble.limits = [SandboxLimit(.sends, most: 6, per: .seconds(1))]
        #expect(!found.missing(trouble).contains("no account came near its limit"))
        #expect(found.missing(trouble).count == 6 && found.missing(trouble).contains("nothing was marked as seen"))
        #expect(
            try !Self.check([Self.line("sender_action", to: "ana")]).missing(trouble).contains(
                "nothing was marked as seen"))
        #expect(PlatformCounts(comments: 1, lost: 1, doubled: 1, late: 1).missing == ["no webhook was overtaken"])
    }
}
