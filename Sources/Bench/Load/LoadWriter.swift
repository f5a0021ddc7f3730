import Contracts
import Foundation
import Instants
import Lanes
import SwiftProtobuf

/// Draws one producer's events in the shares of the mix and encodes each by itself.
///
/// Problem: what an event turns out to be is decided by the product, from the state of its conversation; the mix has to come
/// out of the results. Choice: the writer knows of each conversation only whether it has written in this closed period. First
/// messages come from conversations that have not, in an order drawn once a night by weight (Efraimidis and Spirakis'
/// keys), all others from those that have. Rejected: labelled events, which would make the decision know the benchmark.
/// It fails by a share that drifts, which the count afterwards finds.
struct LoadWriter {
    private struct Thread {
        var night = 0
        var questions = 0
        /// Instants rise within a conversation, as they do in life: what is not newer than an agent's reply is answered.
        var newest = Instant.distantPast
        var last: [UInt8] = []
        var lastID = ""
    }

    private let contacts: [LoadContact]
    private let direct: WeightedDraw
    private let comments: WeightedDraw
    private var threads: [Thread]
    private var generator: SeededGenerator
    private var night = 0
    private var unheard: [Int] = []
    private var heard: [Int] = []
    private var written = 0
    private let name: String
    private static let firstNumber = 100_000_000_000_000

    /// How many events were written before and with the one of this id; nil if no writer made it.
    static func number(ofID id: String) -> Int? {
        id.split(separator: "x").last.flatMap { Int($0) }.map { $0 - firstNumber }
    }

    init(_ contacts: [LoadContact], name: String, seed: UInt64) {
        self.contacts = contacts
        self.name = name
        direct = WeightedDraw(contacts.indices.filter { contacts[$0].root.isEmpty }, contacts)
        comments = WeightedDraw(contacts.indices.filter { !contacts[$0].root.isEmpty }, contacts)
        threads = Array(repeating: Thread(), count: contacts.count)
        generator = SeededGenerator(seed: seed)
    }

    /// A new closed period begins: nobody has written in it.
    mutating func beginNight() {
        night += 1
        heard = []
        let keyed = direct.members.map { index in
            (key: -log(1 - generator.fraction()) / contacts[index].weight, index: index)
        }
        // The last element is drawn first.
        unheard = keyed.sorted { $0.key > $1.key }.map(\.index)
    }

    /// The next event, encoded; nil if there is nobody to write it.
    mutating func next(at now: Instant) throws -> LaneEvent? {
        let draw = generator.fraction() * 100
        switch draw {
        case ..<15: return try first(now)
        case ..<25: return try direct.draw(&generator).map { try question($0, now) }
        case ..<35: return try comments.draw(&generator).map { try comment($0, now) }
        default: break
        }
        guard let index = drawHeard() else { return try first(now) }
        switch draw {
        case ..<37: return try reply(index, now)
        case ..<38.5: return try edit(index, now)
        case ..<40: return repetition(index)
        default: return try message(index, contacts[index].texts.words, now)
        }
    }

    /// What people answer between two nights: one echo of the platform's inbox for each conversation that was promised
    /// something. Taken once a night.
    mutating func answers(at now: Instant) throws -> [LaneEvent] {
        let answered = heard
        heard = []
        return try answered.map { index in
            var event = event(index, now, "echo")
            event.echo.message = event.id
            event.echo.inbox = true
            event.echo.text = contacts[index].texts.replies[0]
            return try encoded(event, index)
        }
    }

    private mutating func drawHeard() -> Int? {
        guard !heard.isEmpty else { return nil }
        for _ in 0..<64 {
            guard let index = direct.draw(&generator) else { return nil }
            if threads[index].night == night { return index }
        }
        return generator.pick(heard)
    }

    private mutating func first(_ now: Instant) throws -> LaneEvent? {
        guard let index = unheard.popLast() else { return nil }
        threads[index].night = night
        heard.append(index)
        return try message(index, [contacts[index].texts.words[0]], now)
    }

    private mutating func message(_ index: Int, _ texts: [String], _ now: Instant) throws -> LaneEvent {
        var event = event(index, now, "m_")
        event.message.text = generator.pick(texts) ?? ""
        let encoded = try encoded(event, index)
        threads[index].last = encoded.bytes
        threads[index].lastID = event.id
        return encoded
    }

    /// Questions take turns within a conversation, since the same answer is not given twice in eight texts.
    private mutating func question(_ index: Int, _ now: Instant) throws -> LaneEvent {
        let questions = contacts[index].texts.questions
        threads[index].questions += 1
        return try message(index, [questions[threads[index].questions % questions.count]], now)
    }

    private mutating func comment(_ index: Int, _ now: Instant) throws -> LaneEvent {
        let contact = contacts[index]
        var event = event(index, now, "c_")
        event.comment.id = event.id
        event.comment.post = contact.post
        event.comment.parent = contact.root
        event.comment.text = generator.pick(contact.texts.words) ?? ""
        return try encoded(event, index)
    }

    private mutating func reply(_ index: Int, _ now: Instant) throws -> LaneEvent {
        var event = event(index, now, "a_")
        event.conversation = contacts[index].entity.text
        event.agentReply.agent = "anna"
        event.agentReply.text = contacts[index].texts.replies[0]
        return try encoded(event, index)
    }

    private mutating func edit(_ index: Int, _ now: Instant) throws -> LaneEvent {
        var event = event(index, now, "e_")
        event.edit.target = String(threads[index].lastID.dropFirst(3))
        event.edit.text = generator.pick(contacts[index].texts.words) ?? ""
        return try encoded(event, index)
    }

    private func repetition(_ index: Int) -> LaneEvent {
        LaneEvent(lane: contacts[index].lane, id: threads[index].lastID, bytes: threads[index].last)
    }

    private mutating func event(_ index: Int, _ now: Instant, _ kind: String) -> Event {
        written += 1
        var event = Event()
        event.id = "dm:\(kind)AQ\(name)x\(Self.firstNumber + written)"
        event.account = contacts[index].account
        event.contact = contacts[index].contact
        let instant = max(now, threads[index].newest + .milliseconds(1))
        threads[index].newest = instant
        event.happenedAt = instant.milliseconds
        event.receivedAt = instant.milliseconds
        return event
    }

    private func encoded(_ event: Event, _ index: Int) throws -> LaneEvent {
        LaneEvent(lane: contacts[index].lane, id: event.id, bytes: try event.serializedBytes())
    }
}

/// Draws indices with given weights, by binary search in the running sum. O(log n).
struct WeightedDraw {
    let members: [Int]
    private let sums: [Double]

    init(_ members: [Int], _ contacts: [LoadContact]) {
        self.members = members
        var sum = 0.0
        sums = members.map { index in
            sum += contacts[index].weight
            return sum
        }
    }

    func draw(_ generator: inout SeededGenerator) -> Int? {
        guard let total = sums.last else { return nil }
        let wanted = generator.fraction() * total
        var low = 0
        var high = members.count - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] <= wanted { low = middle + 1 } else { high = middle }
        }
        return members[low]
    }
}
