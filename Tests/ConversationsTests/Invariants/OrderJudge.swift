import Contracts
import Conversations
import Instants

/// I3: the same events in another order.
enum OrderJudge {
    static func judge(_ history: History) throws -> Judgement {
        var judgement = Judgement()
        var generator = SeededGenerator(seed: history.seed)
        let start = Instant.november(19, 10)
        var events = (0..<2 + Int(generator.number(below: 6))).map { number in
            // A text of the platform's inbox within seconds of a customer's words tells by itself whose it is.
            event(number, at: start + .seconds((Int(generator.number(below: 71)) * 7 + number) * 64), &generator)
        }
        let first = try state(after: events, history.shop.policy)
        events.shuffle(using: &generator)
        let second = try state(after: events, history.shop.policy)
        judgement.expect(first == second, "in another order: \(second), not \(first)")
        return judgement
    }

    private static func event(_ number: Int, at: Instant, _ generator: inout SeededGenerator) -> Event {
        switch generator.number(below: 7) {
        case 0: .message("dm:\(number)", "🔥", at: at)
        case 1: .of("x\(number)", at: at) { $0.reaction.emoji = "❤️" }
        case 2: .echo("e\(number)", at: at, inbox: true)
        case 3: .of("r\(number)", at: at) { $0.resolve.agent = "kim" }
        case 4: .of("u\(number)", at: at) { $0.removal.target = "\(generator.number(below: 6))" }
        default: .message("dm:\(number)", "question \(number)", at: at)
        }
    }

    /// What must not depend on the order: instants, standing, memory. Timing outputs (texts, since when) may.
    private static func state(after events: [Event], _ policy: Policy) throws -> [String] {
        var scene = Scene(policy)
        for event in events { try scene.take(event.received(at: .november(19, 20)), at: .november(19, 20)) }
        let talk = scene.talk()
        return [
            "\(talk.lastCustomerAt) \(talk.lastAskedAt) \(talk.lastAgentAt) \(talk.foreignUntil) \(talk.status)",
            "\(talk.withdrawn.sorted()) \(scene.states[.anna]?.seenIds.sorted() ?? [])",
        ]
    }
}
