import BusinessTime
import Contracts
import Instants

/// Who a customer is, as the platform tells it: asked for once in a while, never waited for.
extension Turn {
    /// A profile is asked for again after this.
    static let profileLasts = Duration.seconds(30 * 86_400)

    /// Asks for the profile of who writes a message, where the channel's settings say so.
    mutating func askForProfile(of event: Event) {
        guard rules.channel.asksProfiles, !isPublic, !event.contact.isEmpty,
            talk.profileAskedAt == 0 || now - Instant(milliseconds: talk.profileAskedAt) >= Self.profileLasts
        else { return }
        talk.profileAskedAt = now.milliseconds
        let contact = event.contact
        let key = "\(id.text)/\(FetchSubject.profile.rawValue)"
        act(.fetch, .background) { action in
            action.contact = contact
            action.subject = FetchSubject.profile.rawValue
            // Answers do not wait for it.
            action.orderKey = key
        }
    }

    mutating func take(_ fetched: Fetched, of event: Event, _ arrival: Arrival) {
        result.rule = "fetched"
        if fetched.subject == FetchSubject.mention.rawValue {
            return take(mention: fetched, by: event.contact, arrival)
        }
        guard fetched.subject == FetchSubject.profile.rawValue, talk.profileAskedAt > 0 else { return }
        result.rule = "profile"
        talk.firstName = fetched.author
        noteProfileLanguage(fetched.locale)
        // No clock of the world is further from UTC; what else comes is no offset.
        if let minutes = Int(fetched.utcOffset), (-900...900).contains(minutes) { noteProfileZone(minutes) }
    }

    /// The profile's language is evidence until the customer's own words tell another.
    private mutating func noteProfileLanguage(_ locale: String) {
        let tag = String(locale.map { $0 == "_" ? "-" : $0 })
        let known = rules.languages[tag] != nil ? tag : String(tag.prefix { $0 != "-" })
        guard !talk.hasLanguage, rules.languages[known] != nil, known != market.language else { return }
        talk.language = profileEvidence(known)
    }

    /// A platform tells an offset and no zone. A zone of the policy that has it now tells the right time, and is named beside
    /// it, since the place is a guess: the market's own first, then by name.
    private mutating func noteProfileZone(_ minutes: Int) {
        guard !talk.hasZone || talk.zone.provenance.rawValue <= Evidence.Provenance.profile.rawValue else { return }
        let now = now
        func fits(_ zone: ZoneRules) -> Bool { zone.offset(at: now) == minutes * 60 }
        guard !fits(rules.zone) else { return talk.clearZone() }
        let found = rules.zones.values.filter(fits).min { $0.name.text < $1.name.text }
        if let found { talk.zone = profileEvidence(found.name.text) }
    }

    private func profileEvidence(_ value: String) -> Evidence {
        var evidence = Evidence()
        evidence.value = value
        evidence.provenance = .profile
        evidence.day = UInt32(clamping: now.seconds / 86_400)
        return evidence
    }
}

extension DecisionResult {
    /// The rule of what a sweep found and its conversation knew, or had to take for known.
    package static let sweptKnown = "swept.known"
}

extension Event {
    /// What opens a direct thread, or goes on in it.
    var isCustomers: Bool {
        switch kind {
        case .message, .postback: true
        default: false
        }
    }
}
