package import BusinessTime
package import Instants

/// What a template may be filled with. A slot that is nil is absent: a variant that needs it is not chosen.
package struct ReplySlots: Sendable {
    /// The instant by which a person answers; fills `day` and `time`.
    package var due: Instant?
    /// The instant from which today and tomorrow are counted.
    package var now: Instant
    /// The clock on which the customer reads the text.
    package var customerZone: ZoneRules
    /// The evidence for that zone is weaker than a country with one zone, so its city is named beside every time.
    package var zoneIsWeak: Bool
    /// A closed date lies between now and due; the weekday then comes with its date.
    package var crossesHoliday: Bool
    /// No day is called today or tomorrow: a text that was said yesterday can then be said of another day.
    package var namesDate = false
    package var firstName: String?
    package var product: String?
    package var brand: String?
    /// The fact that answers a frequent question, in the language of the pack.
    package var answer: String?

    package init(
        due: Instant? = nil, now: Instant, customerZone: ZoneRules, zoneIsWeak: Bool, crossesHoliday: Bool = false,
        firstName: String? = nil, product: String? = nil, brand: String? = nil, answer: String? = nil
    ) {
        self.due = due
        self.now = now
        self.customerZone = customerZone
        self.zoneIsWeak = zoneIsWeak
        self.crossesHoliday = crossesHoliday
        self.firstName = firstName
        self.product = product
        self.brand = brand
        self.answer = answer
    }
}
