package import BusinessTime
package import Instants
package import TextRules

/// How one market treats its customers.
package struct MarketPolicy: Sendable {
    package let name: String
    /// BCP 47; must be the tag of a language pack. Used where nothing better is known of a customer.
    package let language: String
    /// The customers' clock where nothing better is known; must be a zone of the bundle.
    package let zone: ZoneName
    /// The whole country has this one zone, so a time may be stated without naming it.
    package let zoneIsCertain: Bool
    /// The team that answers, and whose desk hears of escalations: `[a-z0-9-]{1,35}`.
    package let team: String
    /// When the market's own team is there.
    package let coverage: Coverage
    /// The same by language and channel: the teams that can serve.
    package let served: MarketCoverage
    /// Nil: no after-hours text and no promise.
    package let afterHours: AfterHoursPolicy?
    package let escalation: EscalationPolicy
    /// Frequent questions that are answered in this market, by the rule's name, such as `faq.price`.
    package let answers: [String: AnswerRule]
    package let service: ServicePolicy
    package let moderation: ModerationPolicy
    /// False: everything is decided, nothing automatic is sent.
    package let automation: Bool

    package init(
        name: String, language: String, zone: ZoneName, zoneIsCertain: Bool, team: String, coverage: Coverage,
        served: MarketCoverage? = nil, afterHours: AfterHoursPolicy?, escalation: EscalationPolicy = EscalationPolicy(),
        answers: [AnswerRule] = [], service: ServicePolicy = ServicePolicy(),
        moderation: ModerationPolicy = ModerationPolicy(), automation: Bool = true
    ) {
        self.name = name
        self.language = language
        self.zone = zone
        self.zoneIsCertain = zoneIsCertain
        self.team = team
        self.coverage = coverage
        self.served = served ?? MarketCoverage(coverage)
        self.afterHours = afterHours
        self.escalation = escalation
        self.answers = Dictionary(answers.map { ($0.rule, $0) }, uniquingKeysWith: { first, _ in first })
        self.service = service
        self.moderation = moderation
        self.automation = automation
    }
}

extension MarketPolicy {
    /// The rule that answers a question wherever it is asked; of several the first by name.
    package func answer(to intent: Intent) -> AnswerRule? {
        answers.values.filter { $0.intent == intent && $0.scope.isEverywhere }.min { $0.rule < $1.rule }
    }
}

/// The after-hours reply of a market and the promise that it carries (DOMAIN 5.4).
package struct AfterHoursPolicy: Sendable {
    /// Working time from the next opening to the promised instant.
    package let target: Duration
    /// A stated time is rounded up to this mark of the customer's clock.
    package let rounding: ClockMark
    /// A conversation in which a person wrote less than this ago gets no after-hours text.
    package let quietAfterPerson: Duration
    /// How long before the end of the channel's window a promise must be due, so that an apology can still be sent.
    package let safety: Duration
    /// No time is stated if nobody is there within this.
    package let horizon: Duration
    /// The most that waiting conversations may add to `target`.
    package let mostBacklog: Duration
    /// Comments get the text too. Off unless a market says otherwise: a canned closing text in public rarely helps.
    package let answersComments: Bool

    package init(
        target: Duration = .seconds(3_600), rounding: ClockMark = .halfHour,
        quietAfterPerson: Duration = .seconds(900), safety: Duration = .seconds(1_800),
        horizon: Duration = .seconds(14 * 86_400), mostBacklog: Duration = .seconds(4 * 3_600),
        answersComments: Bool = false
    ) {
        self.target = target
        self.rounding = rounding
        self.quietAfterPerson = quietAfterPerson
        self.safety = safety
        self.horizon = horizon
        self.mostBacklog = mostBacklog
        self.answersComments = answersComments
    }
}

/// When a person is called before a promise breaks: the earlier of the two leads.
package struct EscalationPolicy: Sendable {
    /// Working time before the promised instant.
    package let businessLead: Duration
    /// Wall time before it, whatever the calendar says.
    package let hardLead: Duration

    package init(businessLead: Duration = .seconds(1_800), hardLead: Duration = .seconds(900)) {
        self.businessLead = businessLead
        self.hardLead = hardLead
    }
}

/// One frequent question that is answered automatically.
package struct AnswerRule: Sendable {
    /// `faq.<name>`: the rule in the result.
    package let rule: String
    /// The question; nil for a rule that only buttons ask.
    package let intent: Intent?
    package let scope: AnswerScope
    /// The fact that fills the text's `answer` slot, by language tag. A language that is missing here gets the texts
    /// of its pack that need no fact.
    package let facts: [String: String]
    package let answersMessages: Bool
    package let answersComments: Bool
    /// Payloads of buttons and ice breakers that ask this question.
    package let payloads: [String]

    package init(
        rule: String, intent: Intent? = nil, scope: AnswerScope = AnswerScope(), facts: [String: String] = [:],
        answersMessages: Bool = true, answersComments: Bool = true, payloads: [String] = []
    ) {
        self.rule = rule
        self.intent = intent ?? (rule.hasPrefix("faq.") ? Intent(rawValue: String(rule.dropFirst(4))) : nil)
        self.scope = scope
        self.facts = facts
        self.answersMessages = answersMessages
        self.answersComments = answersComments
        self.payloads = payloads
    }
}

/// Where and when a question is answered automatically; an empty set: everywhere.
package struct AnswerScope: Sendable, Hashable {
    package let posts: Set<String>
    package let products: Set<String>
    package let campaigns: Set<String>
    /// First and last day in the market's zone; nil: no bound.
    package let from: CivilDate?
    package let until: CivilDate?

    package init(
        posts: Set<String> = [], products: Set<String> = [], campaigns: Set<String> = [], from: CivilDate? = nil,
        until: CivilDate? = nil
    ) {
        self.posts = posts
        self.products = products
        self.campaigns = campaigns
        self.from = from
        self.until = until
    }

    package var isEverywhere: Bool {
        posts.isEmpty && products.isEmpty && campaigns.isEmpty && from == nil && until == nil
    }
}
