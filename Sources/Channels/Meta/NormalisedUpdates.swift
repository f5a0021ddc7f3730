package import Contracts
package import Instants

/// What became of one webhook body: every update is in exactly one of the three lists.
package struct NormalisedUpdates: Sendable {
    /// In the body's order.
    package var events: [NormalisedEvent] = []
    package var quarantined: [Quarantined] = []
    /// Updates that carry nothing to decide, by reason and in the reasons' order.
    package var dropped: [DropCount] = []

    package init() {}

    /// The path of a body that was set aside as it came.
    package static let wholeBody = "body"

    /// A signed body that is no webhook, set aside as it came: nobody can say whose it is.
    package init(unreadable body: [UInt8], _ error: MetaBodyError, received: Instant) {
        let detail = error.description.replacing("\u{1F}", with: " ")
        quarantined = [
            Quarantined(
                reason: .unreadable, detail: detail, account: "", path: Self.wholeBody, raw: body, received: received)
        ]
    }

    /// How many updates the body held.
    package var count: Int {
        events.count + quarantined.count + dropped.reduce(0) { $0 + $1.count }
    }

    mutating func append(_ others: NormalisedUpdates) {
        events += others.events
        quarantined += others.quarantined
        for drop in others.dropped { self.drop(drop.reason, by: drop.count) }
    }

    mutating func drop(_ reason: DropReason, by count: Int = 1) {
        if let index = dropped.firstIndex(where: { $0.reason == reason }) {
            dropped[index].count += count
        } else {
            dropped.append(DropCount(reason: reason, count: count))
            dropped.sort { $0.reason.rawValue < $1.reason.rawValue }
        }
    }
}

/// An update that became an event.
package struct NormalisedEvent: Sendable {
    package let event: Event
    /// Where it stood, such as `entry[0].messaging[3]`.
    package let path: String
}

package struct DropCount: Sendable, Equatable {
    package let reason: DropReason
    package var count: Int
}

/// Why an update is counted and not decided. The raw values are label values of a metric: a bounded set.
package enum DropReason: String, Sendable, CaseIterable {
    case read
    case delivery
    /// A change in the feed that is no comment: a like, a share, a status.
    case feedOther = "feed_other"
    /// A public comment of the account itself.
    case ownPublicReply = "own_public_reply"
    /// The account took back a message of its own.
    case ownRemoval = "own_removal"
    case testNotification = "test_notification"
}

/// An update that is set aside raw, because nobody can say today what it means or whose it is.
package struct Quarantined: Sendable, Equatable {
    /// Longest raw form that is kept; what is over it is cut, and says so.
    package static let mostRawBytes = 64 * 1_024

    package let reason: QuarantineReason
    /// What exactly was wrong: expected, came; and whether the raw form was cut. No customer text.
    package let detail: String
    /// Account of the entry, if it has one.
    package let account: String
    package let path: String
    /// The update's JSON, keys sorted, original bytes where they were no UTF-8; at most `mostRawBytes`.
    package let raw: [UInt8]
    /// It is not whole, so nobody can read it again.
    package let isCut: Bool
    package let received: Instant
    /// `entry.time`: when the platform sent it, if it said so. Ids may be made of it.
    package let sent: Instant?
    /// Names of the secrets that signed the body; empty while nobody has said so. Whoever reads the update again holds
    /// them against the account's own.
    package var signers: [String] = []

    package init(
        reason: QuarantineReason, detail: String, account: String, path: String, raw: [UInt8], received: Instant,
        sent: Instant? = nil
    ) {
        self.reason = reason
        isCut = raw.count > Self.mostRawBytes
        self.detail = isCut ? "\(detail); \(Self.mostRawBytes) of \(raw.count) bytes are kept" : detail
        self.account = account
        self.path = path
        self.raw = Array(raw.prefix(Self.mostRawBytes))
        self.received = received
        self.sent = sent
    }

    /// The same, set aside for another reason.
    package func because(_ reason: QuarantineReason, _ detail: String) -> Quarantined {
        Quarantined(self, reason, detail)
    }

    private init(_ update: Quarantined, _ reason: QuarantineReason, _ detail: String) {
        self.reason = reason
        isCut = update.isCut
        self.detail = isCut ? "\(detail); \(Self.mostRawBytes) bytes are kept" : detail
        account = update.account
        path = update.path
        raw = update.raw
        received = update.received
        sent = update.sent
        signers = update.signers
    }
}

/// Why an update was set aside. The raw values are label values of a metric: a bounded set.
package enum QuarantineReason: String, Sendable, CaseIterable, Error {
    case wrongType = "wrong_type"
    case missingField = "missing_field"
    case idTooLong = "id_too_long"
    case invalidText = "invalid_text"
    case eventTooLarge = "event_too_large"
    /// A signed body that is no webhook, or an event of the generic channel that is none; its detail says why.
    case unreadable
    case unknownObject = "unknown_object"
    case unknownKind = "unknown_kind"
    case unknownAccount = "unknown_account"
    /// Signed with the secret of another app than the account's.
    case foreignSecret = "foreign_secret"
    /// Roles of apps were changed for a whole account: a matter of its settings, of no thread.
    case threadControl = "thread_control"
    case policyEnforcement = "policy_enforcement"
}

/// A fault in one update: sets aside this update only.
struct UpdateFault: Error, Equatable {
    let reason: QuarantineReason
    let detail: String
}

/// A body of which nothing can be used.
package enum MetaBodyError: Error, Equatable, CustomStringConvertible {
    /// What was set aside is not whole.
    case cut
    case notJSON(String)
    case notEnvelope(String)
    case tooManyUpdates(Int)

    package var description: String {
        switch self {
        case .cut: "expected a whole update, got one of which the first \(Quarantined.mostRawBytes) bytes are kept"
        case .notJSON(let detail): detail
        case .notEnvelope(let came): "expected an object with object and entry, got \(came), at the top of the body"
        case .tooManyUpdates(let count):
            "expected at most \(MetaNormaliser.mostUpdatesOfBody) updates in a body, got at least \(count)"
        }
    }
}
