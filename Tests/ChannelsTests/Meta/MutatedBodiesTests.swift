import Channels
import Contracts
import Foundation
import Instants
import TestEffort
import Testing

/// Bodies of the platform with one or two places changed: ten thousand here, a million in `ops/long fuzz`, which also looks at
/// the process's memory. In eight parts with a seed each, so that a machine's cores share them.
@Suite("Mutated webhook bodies")
struct MutatedBodiesTests {
    private static let parts: UInt64 = 8
    private static let secret = Array("app-secret".utf8)
    private static let secrets = [(name: "app", secret: secret), (name: "empty", secret: [])]
    private static let pieces: [[UInt8]] = [
        [0xFF], [0], Array("null".utf8), Array("[".utf8), Array("}".utf8), Array("\"".utf8), Array("\\u".utf8),
        Array("\\ud800".utf8), Array("-1e9".utf8), Array("99999999999999999999".utf8), Array("{\"a\":1}".utf8),
    ]

    /// What became of the bodies of one part.
    private struct Counts {
        var bodies = 0
        var read = 0
        var events = 0
        var aside = 0
        /// Of lists that we do not know; too long to be kept whole; bodies of more updates than are read; bodies that are kept unread.
        var (unknown, cut, tooMany, unreadable) = (0, 0, 0, 0)
        /// Read in more than one piece.
        var pieces = 0
        /// The first things that must not be; bodies in Base64, to be put into a test.
        var faults: [String] = []

        mutating func expect(_ holds: Bool, _ what: String, _ body: [UInt8]) {
            if !holds, faults.count < 5 { faults.append("\(what): \(Data(body).base64EncodedString())") }
        }
    }

    @Test(
        "neither stop the process nor lose an update without a word, and no wrong signature passes",
        arguments: 1...parts)
    func mutations(part: UInt64) throws {
        let seed = 20_261_122 + part
        var random = SeededGenerator(seed: seed)
        let samples = try Fixture.names().map { try Fixture.body($0) }
        var counts = Counts()
        var settled: Int?
        let whole = Fixture.mutations / Int(Self.parts)
        while counts.bodies < whole {
            // After a tenth everything that is made once was made.
            if counts.bodies == whole / 10 { settled = Self.residentBytes() }
            guard let chosen = samples.randomElement(using: &random) else { break }
            let sample = Self.shape(counts.bodies).flatMap { Self.shaped(chosen, $0) } ?? chosen
            // Among a thousand updates a change seldom leaves a body that can be read.
            let body = counts.bodies % 500 == 3 ? sample : Self.mutated(sample, &random)
            counts.bodies += 1
            if body != sample { Self.checkSignature(body, sample, &counts, &random) }
            Self.checkUpdates(body, &counts)
        }
        #expect(counts.faults.isEmpty, "seed \(seed): \(counts.faults)")
        #expect(counts.read > whole / 10, "seed \(seed): too few bodies stayed readable for this to mean something")
        let rare = [counts.unknown, counts.cut, counts.tooMany, counts.unreadable, counts.pieces]
        #expect(rare.allSatisfy { $0 > 0 }, "seed \(seed): a shape was not met: \(rare)")
        guard Effort.factor > 1, let before = settled, let after = Self.residentBytes() else { return }
        print(
            "part \(part) of \(Self.parts), seed \(seed): \(counts.bodies) bodies, \(counts.read) read with "
                + "\(counts.events) events and \(counts.aside) set aside, the others refused; "
                + "memory \(before >> 20) MiB after a tenth, \(after >> 20) MiB at the end")
        #expect(after - before < 128 << 20, "memory grows with the bodies")
    }

    /// What a changed byte hardly ever makes of a body.
    private enum Shape {
        case unknownList, longUpdate, manyUpdates, tooManyUpdates
    }

    private static func shape(_ number: Int) -> Shape? {
        switch number {
        case _ where number % 1_000 == 3: .tooManyUpdates
        case _ where number % 500 == 3: .manyUpdates
        case _ where number % 100 == 2: .longUpdate
        case _ where number % 20 == 1: .unknownList
        default: nil
        }
    }

    private static func shaped(_ sample: [UInt8], _ shape: Shape) -> [UInt8]? {
        guard case .object(var document)? = try? JSONValue(parsing: sample),
            case .array(var entries)? = document["entry"], case .object(var entry)? = entries.first
        else { return nil }
        switch shape {
        case .unknownList: entry["new_thing"] = .array([.object(["a": .integer(1)]), .integer(2), .null])
        case .longUpdate: entry["new_thing"] = .array([.string(String(repeating: "é", count: 40_000)), .integer(1)])
        case .manyUpdates: entry["messaging"] = .array(Array(repeating: .object([:]), count: 1_001))
        case .tooManyUpdates: entry["messaging"] = .array(Array(repeating: .integer(7), count: 100_001))
        }
        entries[0] = .object(entry)
        document["entry"] = .array(entries)
        return Array(JSONValue.object(document).text().utf8)
    }

    private static func mutated(_ sample: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var body = sample
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let at = Int.random(in: 0..<max(1, body.count), using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: body[at] = UInt8.random(in: 0...255, using: &random)
            case 1: body.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
            case 2: body.removeSubrange(at..<min(body.count, at + Int.random(in: 1...20, using: &random)))
            default: body.replaceSubrange(at..<min(body.count, at + 3), with: pieces[at % pieces.count])
            }
            if body.isEmpty { body = [0x20] }
        }
        return body
    }

    private static func checkUpdates(_ body: [UInt8], _ counts: inout Counts) {
        let updates: NormalisedUpdates
        do {
            updates = try BadBodiesTests.normalise(body)
        } catch let error as MetaBodyError {
            if case .tooManyUpdates = error { counts.tooMany += 1 }
            // What ingress keeps of a signed body that it cannot read.
            let kept = NormalisedUpdates(unreadable: body, error, received: Fixture.received)
            counts.unreadable += kept.quarantined.count
            counts.expect(
                kept.quarantined.count == 1 && kept.quarantined.allSatisfy { $0.raw.count <= Quarantined.mostRawBytes },
                "what cannot be read is not kept once", body)
            return
        } catch {
            return counts.expect(false, "another error than of a body", body)
        }
        counts.read += 1
        if updates.count > MetaNormaliser.mostUpdates { counts.pieces += 1 }
        for one in updates.quarantined where one.reason == .unknownKind && one.path.contains("new_thing") {
            counts.unknown += 1
            if one.isCut { counts.cut += 1 }
        }
        counts.events += updates.events.count
        counts.aside += updates.quarantined.count
        // A second reading costs as much as the first.
        if counts.read % 4 == 0, let entries = entryCount(body) {
            counts.expect(updates.count >= entries, "an update was lost", body)
        }
        counts.expect(
            updates.quarantined.allSatisfy { $0.raw.count <= Quarantined.mostRawBytes }, "too much was kept", body)
        for event in updates.events {
            counts.expect(event.event.happenedAt <= Fixture.received.milliseconds, "it happened later", body)
            counts.expect(!event.event.id.isEmpty && event.event.id.utf8.count < 1_024, "no id", body)
        }
    }

    /// Entries of the body, each of which is at least one update; nil for a body that is no JSON as it stands.
    private static func entryCount(_ body: [UInt8]) -> Int? {
        (try? JSONValue(parsing: body))?["entry"]?.array?.count
    }

    /// The right one passes, and one that is not, of another body, another secret, or changed, does not.
    private static func checkSignature(
        _ body: [UInt8], _ sample: [UInt8], _ counts: inout Counts, _ random: inout SeededGenerator
    ) {
        let right = WebhookSignature.header(for: body, secret: secret)
        counts.expect(
            WebhookSignature.signers(of: body, header: right, among: secrets) == ["app"], "the right signature", body)
        let wrong: String
        switch counts.bodies % 7 {
        case 0: wrong = WebhookSignature.header(for: sample, secret: secret)
        case 1: wrong = WebhookSignature.header(for: body, secret: [])
        case 2: wrong = WebhookSignature.header(for: body, secret: secret + [0])
        case 3: wrong = String(right.dropLast())
        case 4: wrong = right + "0"
        case 5: wrong = "sha256="
        default:
            var changed = Array(right.utf8)
            changed[Int.random(in: 0..<changed.count, using: &random)] ^= UInt8(
                1 << Int.random(in: 0..<7, using: &random))
            wrong = String(decoding: changed, as: UTF8.self)
        }
        guard wrong.lowercased() != right else { return }
        counts.expect(
            WebhookSignature.signers(of: body, header: wrong, among: secrets) == [], "the signature \(wrong)", body)
    }

    /// What the process holds of memory; nil where the system does not say.
    private static func residentBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * 4_096
    }
}
