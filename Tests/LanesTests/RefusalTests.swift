import Contracts
import Foundation
import Instants
import Redis
import TestEffort
import TestSupport
import Testing

@testable import Lanes

/// Whatever the functions are given, they refuse it whole or do it whole: after a call that was answered with an error
/// or a refusal, the data set's digest is what it was before.
@Suite("Arguments out of order")
struct RefusalTests {
    static let calls = Effort.cases(10_000)
    static let batch = 100
    static let seed: UInt64 = 20_261_122

    @Test("calls with broken arguments are refused without a trace, or carried out")
    func fuzz() throws {
        let kit = try LaneKit(["enable-debug-command yes"])
        try Self.reset(kit)
        // What expires meanwhile is no trace of a call.
        try #require(try kit.store.connection.call(RedisCommand("DEBUG", "SET-ACTIVE-EXPIRE", "0")).error == nil)
        // Loads the libraries.
        for call in try Self.templates(kit) { _ = try call.functions.run([call.command], on: kit.store.connection) }
        var generator = SeededGenerator(seed: Self.seed)
        var outcomes: [String: Int] = [:]
        for round in 0..<(Self.calls / Self.batch) {
            if round % 4 == 0 { try Self.reset(kit) }
            let templates = try Self.templates(kit)
            let calls = (0..<Self.batch).map { _ in Self.broken(templates, &generator) }
            var pipeline = [RedisCommand("DEBUG", "DIGEST")]
            for call in calls { pipeline += [call.command, RedisCommand("DEBUG", "DIGEST")] }
            let replies = try kit.store.connection.pipeline(pipeline)
            for (index, call) in calls.enumerated() {
                let outcome = Self.outcome(replies[2 * index + 1])
                outcomes["\(call.name) \(outcome)", default: 0] += 1
                guard Self.isRefusal(outcome), replies[2 * index] != replies[2 * index + 2] else { continue }
                Issue.record("seed \(Self.seed), round \(round), \(call.name) \(outcome) changed keys: \(call.words)")
                return
            }
        }
        for name in Set(try Self.templates(kit).map(\.name)).sorted() {
            #expect(
                outcomes["\(name) NSBAD", default: 0] > Self.calls / 1_000,
                "\(name) met too few broken arguments: \(outcomes)")
        }
        #expect(outcomes.keys.contains { $0.hasSuffix("WRONGTYPE") })
        #expect(outcomes["commit committed", default: 0] > 0, "\(outcomes)")
    }

    @Test("every function of the three libraries is among the calls that are broken")
    func all() throws {
        let kit = try LaneKit()
        try Self.reset(kit)
        let broken = Set(try Self.templates(kit).map(\.name))
        var registered: Set<String> = []
        for library in [LaneLibrary.functions, AccountLibrary.functions, StoreLibrary.functions] {
            for part in library.text.source.components(separatedBy: "register('").dropFirst() {
                registered.insert(String(part.prefix { $0 != "'" }))
            }
        }
        #expect(registered.count > 15)
        #expect(registered.subtracting(broken).isEmpty && broken.subtracting(registered).isEmpty)
    }

    /// One of the calls with up to three things wrong, or none.
    static func broken(_ templates: [Call], _ generator: inout SeededGenerator) -> Call {
        var call = templates[Int(generator.number(below: UInt64(templates.count)))]
        for _ in 0..<generator.number(below: 4) {
            let at = Int(generator.number(below: UInt64(max(1, call.arguments.count))))
            switch generator.number(below: 12) {
            case 0 where !call.arguments.isEmpty: call.arguments.remove(at: at)
            case 1: call.arguments.insert(value(&generator), at: at)
            case 2 where call.keys.count > 1: call.keys.removeLast()
            case 3:
                let key = Int(generator.number(below: UInt64(call.keys.count)))
                call.keys[key] = Array("ns:{de-berlin.0}:wrong".utf8)
            case 4: call.keys.swapAt(0, call.keys.count - 1)
            case 5: call.arguments = []
            default: if !call.arguments.isEmpty { call.arguments[at] = value(&generator) }
            }
        }
        return call
    }

    static func value(_ generator: inout SeededGenerator) -> [UInt8] {
        let texts = [
            "", "0", "-1", "1", "2", "00", "+1", "1e3", "0x10", "9007199254740993", "99999999999999999999", "nan",
            "inf",
            "1.5", " 1", "1-", "-1-1", "1-1-1", "18446744073709551616-0", "0-18446744073709551616", "close", "again",
            "pause", "step", "create", "\r\n", "\0", "m/a/b", String(repeating: "7", count: 3_000),
        ]
        guard generator.chance(0.7) else {
            return (0..<generator.number(below: 40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        return Array((generator.pick(texts) ?? "").utf8)
    }

    static func outcome(_ reply: RedisReply) -> String {
        reply.error?.code ?? reply.array?.first?.string ?? reply.kind
    }

    /// Everything that must leave no trace; `dead` alone is a refusal that pauses the lane. The topology answers with its
    /// number. What is `kept` is looked at, and a look removes what has expired.
    static func isRefusal(_ outcome: String) -> Bool {
        ![
            "held", "reading", "taken", "released", "committed", "claims", "settled", "done", "erased", "trimmed",
            "dead", "frozen", "imported", "discarded", "thawed", "noted", "braked", "kept", "leased", "published",
            "begun",
            "switched", "abandoning", "finished",
        ]
        .contains(outcome) && UInt64(outcome) == nil
    }
}
