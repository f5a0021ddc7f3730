package import BusinessTime

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
    /// Those of them that an ice breaker asks, in the order of the file.
    package let iceBreakers: [AnswerRule]
    /// The same rules by what finds them.
    let questions: AnswerIndex
    let campaigns: CampaignIndex
    package let products: ProductList?
    package let service: ServicePolicy
    package let moderation: ModerationPolicy
    package let disclosure: DisclosurePolicy
    /// False: everything is decided, nothing automatic is sent.
    package let automation: Bool

    package init(
        name: String, language: String, zone: ZoneName, zoneIsCertain: Bool, team: String, coverage: Coverage,
        served: MarketCoverage? = nil, afterHours: AfterHoursPolicy?, escalation: EscalationPolicy = EscalationPolicy(),
        answers: [AnswerRule] = [], campaigns: [Campaign] = [],
        products: ProductList? = nil, service: ServicePolicy = ServicePolicy(),
        moderation: ModerationPolicy = ModerationPolicy(), disclosure: DisclosurePolicy = DisclosurePolicy(),
        automation: Bool = true
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
        iceBreakers = answers.filter { !$0.iceBreaker.isEmpty }
        questions = AnswerIndex(self.answers.values.sorted { $0.rule < $1.rule })
        self.campaigns = CampaignIndex(campaigns)
        self.products = products
        self.service = service
        self.moderation = moderation
        self.disclosure = disclosure
        self.automation = automation
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
