import Contracts
import Instants
import TextRules

/// A rise of complaints under a post, told from an ordinary day and from the ordinary start of a campaign (DOMAIN N16).
///
/// Problem: a campaign multiplies comments by a hundred in an hour, and the ordinary share of complaints with them; a matter
/// that goes viral raises the share. Choice: the post counts comments and people who complain in the last ten minutes. What
/// is expected is the market's usual share, weighed as 100 comments, drawn by the post's own past towards its own share. An
/// alarm needs three things: enough people, twice what is expected, and four standard deviations above it, so that looking
/// after each complaint does not find chance. Who complains twice counts once. Posts of one product or campaign tell one incident; the
/// desk keeps it as one matter that calls once. Rejected: complaints in an hour alone, which every campaign exceeds.
///
/// How it fails: a post whose usual share is far above the market's alarms once, until its past says so.
enum SpikeAlarm {
    static let rule = "spike"
    static let minutes = 10
    static let mostComplainers = 32
    /// How many comments of its own a post needs to weigh as much as the market.
    static let priorWeight = 100.0
}

extension SpikeWatch {
    mutating func note(complaintBy author: UInt64?, at instant: Instant) {
        move(to: instant.seconds / 60)
        comments[comments.count - 1] &+= 1
        guard let author, !complainers.contains(author) else { return }
        if complainers.count >= SpikeAlarm.mostComplainers { complainers.removeFirst() }
        complainers.append(author)
        complaints[complaints.count - 1] &+= 1
    }

    var recent: (comments: Int, complaints: Int) {
        (comments.reduce(0) { $0 + Int($1) }, complaints.reduce(0) { $0 + Int($1) })
    }

    /// Complaints expected among the recent comments, and their variance.
    private func expectation(usual: Int) -> (mean: Double, variance: Double) {
        let weight = SpikeAlarm.priorWeight
        let share =
            (Double(usual) / 100 * weight + Double(pastComplaints))
            / (weight + Double(max(pastComments, pastComplaints)))
        let mean = Double(recent.comments) * share
        return (mean, mean * (1 - share))
    }

    func isSpike(_ policy: SpikePolicy) -> Bool {
        let complaints = Double(recent.complaints)
        guard complaints >= Double(policy.atLeast) else { return false }
        let (mean, variance) = expectation(usual: policy.usual)
        let above = complaints - mean
        return complaints >= 2 * mean && above > 0 && above * above > 16 * variance
    }

    /// The lists end with `newest`; what is older than ten minutes goes into the past, which is halved each day.
    private mutating func move(to newest: Int64) {
        if comments.isEmpty || comments.count != complaints.count || comments.count > SpikeAlarm.minutes {
            (comments, complaints, minute) = ([0], [0], newest)
        }
        let steps = max(0, newest - minute)
        for _ in 0..<min(steps, Int64(SpikeAlarm.minutes)) {
            comments.append(0)
            complaints.append(0)
            guard comments.count > SpikeAlarm.minutes else { continue }
            pastComments = UInt32(clamping: UInt64(pastComments) + UInt64(comments.removeFirst()))
            pastComplaints = UInt32(clamping: UInt64(pastComplaints) + UInt64(complaints.removeFirst()))
        }
        minute = max(minute, newest)
        if complaints.allSatisfy({ $0 == 0 }) { complainers = [] }
        let today = minute / (24 * 60)
        let halvings = day == 0 ? 0 : min(max(0, today - day), 31)
        pastComments >>= UInt32(halvings)
        pastComplaints >>= UInt32(halvings)
        day = today
    }
}

extension Turn {
    /// Counts a comment, and tells the market's desk when complaints are more than usual.
    mutating func watchSpike(_ words: Words, _ said: Classification?, _ arrival: Arrival) {
        guard let policy = market.service.spikes, isPublic, !arrival.isLate else { return }
        let classes = said?.classes ?? TextClasses()
        let complains = classes.contains(.complaint) || classes.contains(.criticism) || classes.contains(.threat)
        let author = complains ? StableHash.hash(words.contact) : nil
        let now = now
        var alarm: SpikeWatch?
        changePost { post in
            post.spike.note(complaintBy: author, at: now)
            let isQuiet = post.spike.toldAt == 0 || now - Instant(milliseconds: post.spike.toldAt) >= policy.apart
            guard complains, isQuiet, post.spike.isSpike(policy) else { return }
            post.spike.toldAt = now.milliseconds
            alarm = post.spike
        }
        if let alarm { tellSpike(alarm, policy, incident(of: words)) }
    }

    private mutating func tellSpike(_ watch: SpikeWatch, _ policy: SpikePolicy, _ origin: EntityID) {
        let (comments, complaints) = watch.recent
        let (team, marketName, channel, language) = (market.team, market.name, rules.account.channel, market.language)
        let (instant, post) = (now.milliseconds, id.parent?.text ?? id.text)
        act(.tell, .safety) { action in
            var told = Told()
            told.origin = origin.text
            // Several posts tell of one incident, each with counts of its own; the instant says how new it is.
            told.decisions = UInt64(max(0, instant))
            told.matter = .spike
            told.rule = SpikeAlarm.rule
            told.market = marketName
            told.language = language
            told.channel = channel
            told.dueAt = instant
            told.facts =
                "\(complaints) complaints among \(comments) comments under \(post) within ten minutes; "
                + "usual in this market are \(policy.usual) of 100"
            var event = Event()
            event.id = action.actionID.description
            event.account = action.account
            event.happenedAt = instant
            event.receivedAt = instant
            event.conversation = EntityID.matter(team: team, conversation: origin).text
            event.told = told
            action.team = team
            action.rule = SpikeAlarm.rule
            action.event = event
        }
    }

    /// What the alarm is about: the product or the campaign of the post in this market, whatever its account, else the post.
    private func incident(of words: Words) -> EntityID {
        let topic = topic(of: words)
        if case .one(let product, _)? = market.products?.meant(by: nil, topic) {
            return .post(account: market.name, originalPost: "product:\(product.sku)")
        }
        if let campaign = topic.campaigns.first {
            return .post(account: market.name, originalPost: "campaign:\(campaign)")
        }
        return id.parent ?? id
    }
}

extension DeskTurn {
    /// An incident that is not closed by a person is over after this without another alarm.
    private static let incidentEnds = Duration.seconds(86_400)

    /// The first post that alarms calls; another one of the same incident, or the same one again, only adds to it.
    mutating func hearSpike(_ told: Told) {
        // An alarm that came late may be older than the call that it made.
        let last = max(matter.dueAt, matter.openedAt)
        matter.rule = told.rule
        if told.dueAt >= matter.dueAt {
            matter.facts = told.facts
            matter.dueAt = told.dueAt
        }
        if matter.isOpen, now - Instant(milliseconds: last) < Self.incidentEnds {
            result.rule = "desk.spike.same_incident"
        } else {
            if matter.isOpen { close() }
            open()
        }
        state.timers.removeAll { $0.kind == .quiet }
        var over = ArmedTimer()
        over.kind = .quiet
        over.dueAt = (now + Self.incidentEnds).milliseconds
        state.timers.append(over)
    }
}
