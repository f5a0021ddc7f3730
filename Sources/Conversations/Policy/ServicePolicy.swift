/// What a market does for its customers besides answering and promising. Everything here is off unless a market asks for it.
package struct ServicePolicy: Sendable {
    /// The first message of a conversation in opening hours is acknowledged (DOMAIN N9).
    package let acknowledges: Bool
    /// Working time after which a customer who waits for a first word is told to the desk; nil: never.
    package let firstResponse: Duration?
    /// A conversation in which the customer wrote nothing for this long after a person's answer is resolved; nil: never.
    package let quietResolve: Duration?
    /// One short question after a conversation was resolved, at most once in `satisfactionEvery`.
    package let asksSatisfaction: Bool
    /// What is open when a team goes home passes to the next one, which has to acknowledge it.
    package let handsOver: Bool
    package let vip: VIPPolicy?
    /// Working time after which an unanswered question under a running ad is told to the desk; nil: as any comment.
    package let adQuestion: Duration?
    /// Nil: complaints under posts are not counted.
    package let spikes: SpikePolicy?
    /// An answer that asks nothing itself ends with the question how else to help (DOMAIN F15); in messages only.
    package let asksFurther: Bool
    /// A complaint or praise under a post gets a word in public (DOMAIN F11); a complaint stays a person's matter.
    package let answersComplaints: Bool
    package let answersPraise: Bool

    package static let satisfactionEvery = Duration.seconds(7 * 86_400)

    package init(
        acknowledges: Bool = false, firstResponse: Duration? = nil, quietResolve: Duration? = nil,
        asksSatisfaction: Bool = false, handsOver: Bool = false, vip: VIPPolicy? = nil, adQuestion: Duration? = nil,
        spikes: SpikePolicy? = nil, asksFurther: Bool = false, answersComplaints: Bool = false,
        answersPraise: Bool = false
    ) {
        self.acknowledges = acknowledges
        self.firstResponse = firstResponse
        self.quietResolve = quietResolve
        self.asksSatisfaction = asksSatisfaction
        self.handsOver = handsOver
        self.vip = vip
        self.adQuestion = adQuestion
        self.spikes = spikes
        self.asksFurther = asksFurther
        self.answersComplaints = answersComplaints
        self.answersPraise = answersPraise
    }
}

/// Contacts that get more: influencers, the press, those whom a shop knows by name (DOMAIN N5).
package struct VIPPolicy: Sendable {
    /// The platform's ids of contacts.
    package let contacts: Set<String>
    /// Contacts may also be named by the signal `vip/<account>/<contact>`.
    package let bySignal: Bool
    /// The team whose desk hears of them, whoever is there; nil: as of anybody.
    package let team: String?
    /// Working time until a first word; nil: the market's.
    package let firstResponse: Duration?
    /// Somebody is called at once when one writes while nobody is there.
    package let callsAfterHours: Bool

    package init(
        contacts: Set<String>, bySignal: Bool = false, team: String? = nil, firstResponse: Duration? = nil,
        callsAfterHours: Bool = false
    ) {
        self.contacts = contacts
        self.bySignal = bySignal
        self.team = team
        self.firstResponse = firstResponse
        self.callsAfterHours = callsAfterHours
    }
}

/// When complaints under a post are more than usual (DOMAIN N16).
package struct SpikePolicy: Sendable {
    /// How many of 100 comments complain in this market on an ordinary day.
    package let usual: Int
    /// So many people must have complained within ten minutes.
    package let atLeast: Int
    /// After an alarm nothing more is said of the same post, product or campaign for so long.
    package let apart: Duration

    package init(usual: Int = 5, atLeast: Int = 8, apart: Duration = .seconds(6 * 3_600)) {
        self.usual = min(max(usual, 0), 100)
        self.atLeast = max(1, atLeast)
        self.apart = apart
    }
}
