package import Contracts
package import Instants

/// One day of many markets, played through the real way of an event.
///
/// The day is a list of slots of fifteen minutes. Before each slot the lane clock is stepped to every timer that is due,
/// then to the slot; customers write (signed webhook bodies over HTTP), then the agents of open markets answer from the
/// inbox; the slot ends when everything accepted is decided and delivered. All choices come from one seeded generator and
/// from lists in a fixed order, so the same seed gives the same day. Latencies alone differ.
package struct SampleDay {
    package struct Market: Sendable {
        package let name: String
        package let account: String
        package let isInstagram: Bool
        package let language: String
        /// Share of the waiting conversations that the agents answer in each open slot; below 1 promises get broken.
        package let diligence: Double
        package let hour: @Sendable (Instant) -> Int
        package let isOpen: @Sendable (Instant) -> Bool

        package init(
            name: String, account: String, isInstagram: Bool, language: String, diligence: Double,
            hour: @escaping @Sendable (Instant) -> Int, isOpen: @escaping @Sendable (Instant) -> Bool
        ) {
            self.name = name
            self.account = account
            self.isInstagram = isInstagram
            self.language = language
            self.diligence = diligence
            self.hour = hour
            self.isOpen = isOpen
        }
    }

    /// What a customer does; the world turns it into a signed webhook body.
    package struct Act: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            case message(text: String)
            case attachment
            case comment(post: String, parent: String?, text: String)
            case edit(of: String, text: String)
            case removal(of: String)
        }

        package let account: String
        package let isInstagram: Bool
        package let contact: String
        package let id: String
        package let at: Instant
        package let kind: Kind
    }

    /// How the day reaches the system under it.
    package struct World {
        /// Posts the acts as webhook bodies; returns the ids of those that were answered 200.
        package let post: ([Act]) async throws -> [String]
        package let reply: ([Event]) async throws -> Void
        /// Conversations of an account that wait for a person, sorted by id.
        package let waiting: (_ market: String) async throws -> [OpenItem]
        /// Steps the lane clock to the instant, by way of every due timer, and waits until all is decided and delivered.
        package let step: (Instant) async throws -> Void
        package let settle: () async throws -> Void
        package let progress: (Instant, _ slot: Int, _ of: Int) -> Void

        package init(
            post: @escaping ([Act]) async throws -> [String], reply: @escaping ([Event]) async throws -> Void,
            waiting: @escaping (String) async throws -> [OpenItem], step: @escaping (Instant) async throws -> Void,
            settle: @escaping () async throws -> Void, progress: @escaping (Instant, Int, Int) -> Void
        ) {
            self.post = post
            self.reply = reply
            self.waiting = waiting
            self.step = step
            self.settle = settle
            self.progress = progress
        }
    }

    /// What was sent and accepted, for the reckoning.
    package struct Record: Sendable {
        /// `account/id` of every customer's event that got a 200, each once.
        package var accepted: [String] = []
        package var posted = 0
        package var agentReplies = 0
    }

    static let slotLength: Duration = .seconds(900)
    static let slots = 96

    private var random: SeededGenerator
    private let markets: [Market]
    private var customers: [String: [String]] = [:]
    private var lastAct: [String: Act] = [:]
    private var number = 0

    package init(seed: UInt64, markets: [Market]) {
        random = SeededGenerator(seed: seed)
        self.markets = markets
    }

    /// Plays the day from `start`. Throws what the world throws.
    package mutating func play(from start: Instant, in world: World) async throws -> Record {
        var record = Record()
        for slot in 0..<Self.slots {
            let now = start + .seconds(900 * Int64(slot))
            try await world.step(now)
            let acts = markets.flatMap { self.acts(of: $0, at: now) }
            record.posted += acts.count
            let accepted = try await world.post(acts)
            record.accepted.append(contentsOf: accepted)
            try await world.settle()
            for market in markets where market.isOpen(now) {
                let replies = self.replies(of: market, to: try await world.waiting(market.name), at: now)
                record.agentReplies += replies.count
                if !replies.isEmpty { try await world.reply(replies) }
            }
            try await world.settle()
            world.progress(now, slot + 1, Self.slots)
        }
        try await world.step(start + .seconds(900 * Int64(Self.slots)))
        record.accepted = Array(Set(record.accepted)).sorted()
        return record
    }

    /// Customers write most in their evening, least before dawn: events a slot by local hour, a shape and not a measurement.
    private static let shape: [Double] = [
        0.6, 0.3, 0.2, 0.1, 0.1, 0.2, 0.5, 0.9, 1.2, 1.4, 1.5, 1.6, 1.8, 1.6, 1.4, 1.4, 1.6, 2.0, 2.6, 3.2, 3.4, 3.0,
        2.0,
        1.1,
    ]

    private mutating func acts(of market: Market, at now: Instant) -> [Act] {
        let hour = min(max(market.hour(now), 0), 23)
        let rate = Self.shape[hour]
        let count = Int(rate) + (random.chance(rate - Double(Int(rate))) ? 1 : 0)
        return (0..<count).flatMap { _ in acts(ofOne: market, at: now) }
    }

    private mutating func acts(ofOne market: Market, at now: Instant) -> [Act] {
        let texts = SampleTexts.of(market.language)
        let contact = self.contact(of: market)
        let before = lastAct[contact]
        let act: Act
        switch random.number(below: 100) {
        case 0..<14: act = comment(of: market, by: contact, at: now, texts)
        case 14..<16: act = make(market, contact, now, .attachment)
        case 16..<18 where before != nil:
            act = make(market, contact, now, .edit(of: before?.id ?? "", text: random.pick(texts.matters) ?? ""))
        case 18..<19 where before != nil: act = make(market, contact, now, .removal(of: before?.id ?? ""))
        case 19..<40: act = make(market, contact, now, .message(text: random.pick(texts.questions) ?? ""))
        case 40..<70 where before != nil:
            act = make(market, contact, now, .message(text: random.pick(texts.followUps) ?? ""))
        default: act = make(market, contact, now, .message(text: random.pick(texts.matters) ?? ""))
        }
        if case .message = act.kind { lastAct[contact] = act }
        // Platforms deliver some webhooks twice.
        return random.chance(0.03) ? [act, act] : [act]
    }

    private mutating func contact(of market: Market) -> String {
        var known = customers[market.name, default: []]
        if known.isEmpty || random.chance(0.55) {
            let fresh = "\(7_261_549_900_000_000 + customers.values.reduce(0) { $0 + $1.count } + 1)"
            known.append(fresh)
            customers[market.name] = known
            return fresh
        }
        return random.pick(known) ?? "1"
    }

    private mutating func comment(of market: Market, by contact: String, at now: Instant, _ texts: SampleTexts) -> Act {
        let post = "\(market.account)_\(900_001 + random.number(below: 3))"
        return make(market, contact, now, .comment(post: post, parent: nil, text: random.pick(texts.comments) ?? ""))
    }

    private mutating func make(_ market: Market, _ contact: String, _ now: Instant, _ kind: Act.Kind) -> Act {
        number += 1
        return Act(
            account: market.account, isInstagram: market.isInstagram, contact: contact, id: "sample_\(number)",
            at: now + .milliseconds(number % 997), kind: kind)
    }

    private mutating func replies(of market: Market, to items: [OpenItem], at now: Instant) -> [Event] {
        let texts = SampleTexts.of(market.language)
        return items.sorted { $0.conversation < $1.conversation }.compactMap { item in
            guard random.chance(market.diligence) else { return nil }
            number += 1
            var event = Event()
            event.id = "sample_agent_\(number)"
            event.account = market.account
            event.conversation = item.conversation
            event.happenedAt = now.milliseconds
            event.receivedAt = now.milliseconds
            event.agentReply.agent = "agent-\(market.name)"
            event.agentReply.text = random.pick(texts.answers) ?? ""
            // Under a post people answer the comment that began the conversation.
            if let entity = try? EntityID(item.conversation), entity.kind == .comments {
                event.agentReply.comment = entity.parts.last ?? ""
            }
            return event
        }
    }
}
