internal import Conversations

/// `service` of `markets/NAME.yaml`.
extension ServicePolicy {
    private static let known = [
        "acknowledge", "first_response", "quiet_resolve", "satisfaction", "handover", "vip", "ad_question", "spikes",
        "ask_further", "public_replies",
    ]

    init?(_ value: ConfigValue) {
        guard let fields = value.fields("service", Self.known) else { return nil }
        let inPublic = fields["public_replies"]?.fields("public_replies", ["complaint", "praise"])
        self.init(
            acknowledges: fields["acknowledge"]?.flag() ?? false,
            firstResponse: fields["first_response"]?.duration(), quietResolve: fields["quiet_resolve"]?.duration(),
            asksSatisfaction: fields["satisfaction"]?.flag() ?? false, handsOver: fields["handover"]?.flag() ?? false,
            vip: fields["vip"].flatMap { VIPPolicy($0) }, adQuestion: fields["ad_question"]?.duration(),
            spikes: fields["spikes"].flatMap { SpikePolicy($0) },
            asksFurther: fields["ask_further"]?.flag() ?? false,
            answersComplaints: inPublic?["complaint"]?.flag() ?? false,
            answersPraise: inPublic?["praise"]?.flag() ?? false)
    }
}

/// `service.vip` of `markets/NAME.yaml`.
extension VIPPolicy {
    private static let known = ["contacts", "signal", "team", "first_response", "call"]
    static let mostContacts = 10_000

    init?(_ value: ConfigValue) {
        guard let fields = value.fields("vip", Self.known) else { return nil }
        let list = fields["contacts"]?.list("a list of the platform's ids of contacts") ?? []
        if list.count > Self.mostContacts {
            fields["contacts"]?.fault("at most \(Self.mostContacts) contacts", got: "\(list.count)")
        }
        let bySignal = fields["signal"]?.flag() ?? false
        if list.isEmpty, !bySignal { value.fault("contacts, or signal: true", got: "neither") }
        self.init(
            contacts: Set(list.compactMap { $0.text("the id of a contact") }), bySignal: bySignal,
            team: fields["team"]?.text("the name of a team"), firstResponse: fields["first_response"]?.duration(),
            callsAfterHours: fields["call"]?.flag() ?? false)
    }
}

/// `service.spikes` of `markets/NAME.yaml`.
extension SpikePolicy {
    init?(_ value: ConfigValue) {
        guard let fields = value.fields("spikes", ["usual", "at_least", "apart"]) else { return nil }
        let usual = SpikePolicy()
        self.init(
            usual: fields["usual"]?.number(0...50, "complaints among 100 comments") ?? usual.usual,
            atLeast: fields["at_least"]?.number(3...1_000, "people who complain") ?? usual.atLeast,
            apart: fields["apart"]?.duration() ?? usual.apart)
    }
}

/// `digest` of `teams/NAME.yaml`.
extension DigestPolicy {
    private static let longest = Duration.seconds(3_600)

    init?(_ value: ConfigValue) {
        guard let fields = value.fields("digest", ["collect", "every"]) else { return nil }
        let usual = DigestPolicy()
        let collect = fields["collect"]?.duration() ?? usual.collect
        if collect > Self.longest { fields["collect"]?.fault("at most 1h: nobody is called before") }
        self.init(collect: collect, every: fields["every"]?.duration() ?? usual.every)
    }
}

/// `disclosure` of `markets/NAME.yaml`.
extension DisclosurePolicy {
    init?(_ value: ConfigValue) {
        guard let fields = value.fields("disclosure", ["messages", "comments", "again_after"]) else { return nil }
        let usual = DisclosurePolicy()
        self.init(
            messages: fields["messages"]?.flag() ?? usual.messages,
            comments: fields["comments"]?.flag() ?? usual.comments,
            again: fields["again_after"]?.duration() ?? usual.again)
    }
}

/// `moderation` of `markets/NAME.yaml`.
extension ModerationPolicy {
    init?(_ value: ConfigValue) {
        guard let fields = value.fields("moderation", ["spam", "competitor_links"]) else { return nil }
        let usual = ModerationPolicy()
        self.init(
            spam: fields["spam"]?.word(Mode.self) ?? usual.spam,
            competitorLinks: fields["competitor_links"]?.word(Mode.self) ?? usual.competitorLinks)
    }
}

/// `ladder` and `rounds` of `teams/NAME.yaml`: who is called, one after the other, until somebody acknowledges.
struct LadderSettings {
    static let mostRounds = 20
    static let mostSteps = 10

    private(set) var steps: [LadderStep] = []
    private(set) var rounds = 1

    init(_ fields: Fields) {
        rounds = fields["rounds"]?.number(1...Self.mostRounds, "rounds") ?? 1
        guard let value = fields["ladder"], let list = value.list("a list of steps {after, notify}") else { return }
        guard (1...Self.mostSteps).contains(list.count) else {
            value.fault("1 to \(Self.mostSteps) steps", got: "\(list.count)")
            return
        }
        for entry in list {
            guard let step = Self.step(entry) else { continue }
            if let last = steps.last, step.after <= last.after {
                entry.fault("a step later than the one before it")
            } else if steps.isEmpty, step.after > .zero {
                entry.fault("a first step at 0m: the desk calls somebody at once")
            }
            steps.append(step)
        }
    }

    private static func step(_ value: ConfigValue) -> LadderStep? {
        guard let fields = value.fields("a step", ["after", "notify"]),
            let after = fields.required("after")?.duration(),
            let target = fields.required("notify")?.text("team, on_call, or a name that the notifier knows")
        else { return nil }
        switch target {
        case "team": return LadderStep(after: after, target: .team)
        case "on_call": return LadderStep(after: after, target: .onCall)
        default: return LadderStep(after: after, target: .named(target))
        }
    }
}
