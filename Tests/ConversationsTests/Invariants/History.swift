import Contracts
import Conversations
import Instants

/// One random history of some customers' days, with a courier that settles each action some time later, often well, and
/// never after its `not_after`. What was decided is kept, to be judged afterwards.
struct History {
    let seed: UInt64
    let shop: Shop
    var generator: SeededGenerator
    private(set) var scene: Scene
    /// Every event that was handed in, in order, repeated ones too.
    private(set) var given: [Event] = []
    /// Events that could not be decided; a lane sets them aside.
    private(set) var refused: [Event] = []
    /// Repeated events, with what was wrong about how they were taken.
    private(set) var repeats = 0
    private(set) var repeatFaults: [String] = []
    private(set) var refusalFaults: [String] = []
    /// What became of each action that the courier settled, and at which decision that was known.
    private(set) var outcomes: [ActionID: (status: Outcome.Status, decision: Int)] = [:]
    /// Decisions with their inputs, in order, once it was played.
    private(set) var steps: [Step] = []
    /// Contacts who have bought, for all of the history; their orders went to UTC.
    let buyers: [String]
    private var open: [(at: Instant, action: Action)] = []
    private var past: [Event] = []
    /// The first decision under the edited policy.
    private(set) var published = Int.max
    var number = 0
    /// Ids of comments, with their roots and authors.
    var comments: [(id: String, root: String, author: String)] = []

    init(seed: UInt64, shop: Shop? = nil) {
        self.seed = seed
        let shop = shop ?? Shop.all[Int(seed % UInt64(Shop.all.count))]
        self.shop = shop
        scene = Scene(shop.policy)
        var generator = SeededGenerator(seed: seed)
        buyers = ["anna", "bo4711", "cy4712"].filter { _ in generator.chance(0.2) }
        self.generator = generator
    }

    var texts: [Action] { scene.actions.filter { [.send, .reply, .privateReply].contains($0.kind) } }

    /// Whether that decision could know already that the action never reached anybody.
    func isKnownToHaveFailed(_ action: ActionID, before decision: Int) -> Bool {
        surelyFailed(action) && outcomes[action].map { $0.decision < decision } == true
    }

    func surelyFailed(_ action: ActionID) -> Bool {
        switch outcomes[action]?.status {
        case .failed, .expired, .cancelled: true
        default: false
        }
    }

    mutating func play() throws {
        var at = Instant.november(17, 0) + .seconds(Int(generator.number(below: 86_400)))
        let count = 3 + Int(generator.number(below: 8))
        let publishing = generator.chance(0.3) ? Int(generator.number(below: UInt64(count))) : -1
        for index in 0..<count {
            at = at + .seconds(Int(generator.number(below: generator.chance(0.5) ? 600 : 40_000)))
            try settleActions(until: at)
            try scene.advance(to: at)
            if index == publishing {
                scene.policy = shop.edited
                published = scene.decisions.count
            }
            observe(at)
            try take(event(at: at), at: at)
            if generator.chance(0.08) { at = try meetMachine(at: at) }
            if generator.chance(0.15) { try takeAgain(at: at) }
            if generator.chance(0.04) { try takeBroken(at: at) }
        }
        // Past a weekend, the slowest outcome and the day after which an outcome counts as lost.
        for hours in [84, 120] {
            try settleActions(until: at + .seconds(hours * 3_600))
            try scene.advance(to: at + .seconds(hours * 3_600))
        }
        steps = zip(scene.inputs, scene.decisions).map {
            Step(id: $0.id, input: $0.input, before: $0.before, decision: $1)
        }
    }

    /// Now and then desks write how much waits; orders stand there all the time.
    private mutating func observe(_ at: Instant) {
        guard scene.signals.number == 0 || generator.chance(0.2) else { return }
        func signal(_ value: String) -> Signal { Signal(value: value, at: at.milliseconds, writer: "desk") }
        var values = [
            SignalName.backlog(team: "berlin"): signal("\(generator.number(below: 40))"),
            SignalName.capacity(team: "berlin"): signal("\(generator.number(below: 12))"),
        ]
        for buyer in buyers { values[SignalName.order(account: "shop", contact: buyer)] = signal("UTC") }
        scene.signals = Signals(number: scene.signals.number + 1, values: values)
    }

    private mutating func take(_ event: Event, at: Instant) throws {
        let made = scene.decisions.count
        given.append(event)
        try scene.take(event, at: at)
        past.append(event)
        schedule(since: made)
    }

    /// Another machine meets each of our texts within a second or two, and asks again.
    private mutating func meetMachine(at start: Instant) throws -> Instant {
        var at = start
        for _ in 0..<4 {
            number += 1
            at = at + .seconds(1)
            // Ours are delivered at once meanwhile.
            for index in open.indices { open[index].at = min(open[index].at, at) }
            try settleActions(until: at)
            try take(.message("dm:\(number)", "how much is it?", at: at), at: at)
        }
        return at
    }

    private mutating func takeAgain(at: Instant) throws {
        guard let event = generator.pick(past) else { return }
        repeats += 1
        given.append(event)
        let states = scene.states
        let made = scene.decisions.count
        let again = try scene.take(event, at: at)
        let fired = scene.decisions.count - made - 1
        if again.result.verdict != .duplicate || again.changesStates || !again.actions.isEmpty || !again.cancels.isEmpty
        {
            repeatFaults.append("\(event.id) is no duplicate: \(again.result.rule)")
        }
        if fired == 0, scene.states != states { repeatFaults.append("\(event.id) changed a state") }
        schedule(since: made)
    }

    /// Something that nobody can decide: it is refused by itself and changes nothing.
    private mutating func takeBroken(at: Instant) throws {
        number += 1
        var event = Event.message("dm:\(number)", "hello?", at: at)
        switch generator.number(below: 3) {
        case 0: event.kind = nil
        case 1: event.account = "nobody's"
        default: event.contact = String(repeating: "x", count: 301)
        }
        if event.account == "shop" { event.conversation = event.kind == nil ? EntityID.anna.text : "" }
        given.append(event)
        let made = scene.decisions.count
        do {
            try scene.take(event, at: at)
            refusalFaults.append("\(event.id) was decided")
        } catch is DecisionError {
            refused.append(event)
        }
        schedule(since: made)
    }

    private mutating func schedule(since made: Int) {
        for action in scene.decisions[made...].flatMap(\.actions) {
            switch action.kind {
            case .send, .reply, .privateReply, .hide, .unhide, .delete: break
            default: continue
            }
            let delay = generator.chance(0.8) ? generator.number(below: 20) : generator.number(below: 50_000)
            open.append((scene.now + .seconds(Int(delay)), action))
        }
    }

    private mutating func settleActions(until end: Instant) throws {
        while let place = open.indices.filter({ open[$0].at <= end }).min(by: { open[$0].at < open[$1].at }) {
            let next = open.remove(at: place)
            let made = scene.decisions.count
            try scene.advance(to: next.at)
            let isStopped = scene.cancels.contains(next.action.actionID) && generator.chance(0.5)
            if isStopped {
                schedule(since: made)
                continue
            }
            let isExpired = next.action.notAfter > 0 && next.at.milliseconds > next.action.notAfter
            let roll = generator.number(below: 10)
            let status: Outcome.Status = isExpired ? .expired : roll < 7 ? .delivered : roll < 8 ? .ambiguous : .failed
            try scene.settle(next.action, status, at: next.at)
            outcomes[next.action.actionID] = (status, scene.decisions.count - 1)
            schedule(since: made)
        }
    }
}

/// One decision of a history with what it was about.
struct Step {
    let id: EntityID
    let input: Input
    let before: EntityState?
    let decision: Decision

    var result: DecisionResult { decision.result }

    var event: Event? {
        if case .event(let event, _, _) = input { event } else { nil }
    }

    /// Texts that nobody wrote.
    var automaticTexts: [Action] {
        decision.actions.filter { [.send, .reply, .privateReply].contains($0.kind) && $0.agent.isEmpty }
    }

    /// The pieces of one kind joined: what a customer reads.
    func text(_ kind: Action.Kind) -> String {
        decision.actions.filter { $0.kind == kind && $0.agent.isEmpty }.map(\.text).joined()
    }

    /// What a customer wrote, in a comment or by editing one.
    var comment: (id: String, text: String)? {
        switch event?.kind {
        case .comment(let comment): (comment.id, comment.text)
        case .edit(let edit): (edit.target, edit.text)
        default: nil
        }
    }
}
