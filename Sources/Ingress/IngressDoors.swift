package import Channels
package import Contracts
package import Instants
package import Lanes
package import Telemetry

/// What ingress is given by whoever wires it: it reads no policy and no clock of its own.
///
/// The closures are called for every request and must not block.
package struct IngressDoors: Sendable {
    /// The secrets of all apps by name, several while one is being exchanged.
    package var secrets: @Sendable () -> [(name: String, secret: [UInt8])]
    /// The name of the secret that an account's webhooks are signed with; nil for an account that is not configured.
    package var secretName: @Sendable (_ account: String) -> String?
    /// The platform's id of our own app on an account; nil if nobody wrote it down.
    package var app: @Sendable (_ account: String) -> String? = { _ in nil }
    /// The apps in which people answer an account's customers at the platform.
    package var inboxApps: @Sendable (_ account: String) -> Set<String> = { _ in MetaInbox.usualApps }
    /// Whether deliveries and reads of an account become events.
    package var wantsReceipts: @Sendable (_ account: String) -> Bool = { _ in false }
    /// Adds to an event what other webhooks told, such as the original of an ad's post, and learns from it. Called only
    /// with events that their account's own app signed.
    package var complete: @Sendable (Event) -> Event = { $0 }
    /// The secrets that sign links of acknowledgement; without any there are none.
    package var acknowledgeSecrets: @Sendable () -> [(name: String, secret: [UInt8])] = { [] }
    /// Where people reach this ingress, without a slash at the end; nil: nobody is told a page of ours.
    package var publicAddress: String?
    /// The accounts whose webhooks a secret signs.
    package var accounts: @Sendable (_ secretName: String) -> [String] = { _ in [] }
    /// Every lane that may hold something of an account's people, with its generation; nil while nobody can tell.
    package var lanes: @Sendable (_ account: String) -> [LanePlace]? = { _ in nil }
    /// Notes which lanes an order is about to be given to, a lane once for each of its orders, so that its page knows
    /// whose answer counts; false if it could not.
    package var noteDeletion: @Sendable (_ code: String, _ orders: [String: [LaneName]]) async -> Bool = { _, _ in false
    }
    /// Gives the orders to lanes that a resize took out of use, once live lanes have them; false if not all could be given
    /// theirs.
    package var orderRetired:
        @Sendable (_ code: String, _ orders: [String: [LaneName]], _ events: [Event]) async -> Bool = { _, _, _ in true
        }
    /// Removes the raw updates that nobody understood and that name a person of these accounts; false if not all were looked at.
    package var clearQuarantine: @Sendable (_ accounts: [String], _ contact: String) async -> Bool = { _, _ in true }
    /// How far an order to forget is, by its code; nil if nobody can tell now.
    package var deletion: @Sendable (_ code: String) async -> ForgetStanding? = { _ in nil }
    /// The system's clock, with which the instants of signatures are compared; `now` unless its lanes' clock is stepped.
    package var wallClock: @Sendable () -> Instant
    /// The tokens that the platform repeats when an address is registered, several while one is being exchanged; none
    /// refuses every handshake.
    package var verifyTokens: @Sendable () -> [String]
    /// The tokens of the producer API; none refuses every producer.
    package var producerTokens: @Sendable () -> [String]
    /// The lane of an event and what picked it; nil if the policy has no place for it.
    package var place: @Sendable (Event) -> EventPlace?
    /// The instant at which an event is received, on the clock of its lanes.
    package var now: @Sendable () -> Instant
    package var holder: any EventHolder
    /// Writes to the quarantine; false if it could not.
    package var quarantine: @Sendable ([Quarantined]) async -> Bool
    /// Nil while ready, else the reason in words.
    package var unreadyReason: @Sendable () -> String?
    /// What `/readyz` says besides that it is ready; nil if nothing.
    package var remark: @Sendable () -> String? = { nil }
    package var metrics: MetricRegistry

    package init(
        secrets: @escaping @Sendable () -> [(name: String, secret: [UInt8])],
        secretName: @escaping @Sendable (_ account: String) -> String?,
        verifyTokens: @escaping @Sendable () -> [String], producerTokens: @escaping @Sendable () -> [String],
        place: @escaping @Sendable (Event) -> EventPlace?, now: @escaping @Sendable () -> Instant,
        holder: any EventHolder, quarantine: @escaping @Sendable ([Quarantined]) async -> Bool,
        unreadyReason: @escaping @Sendable () -> String? = { nil }, metrics: MetricRegistry = MetricRegistry()
    ) {
        self.secrets = secrets
        self.secretName = secretName
        self.verifyTokens = verifyTokens
        self.producerTokens = producerTokens
        self.place = place
        self.now = now
        wallClock = now
        self.holder = holder
        self.quarantine = quarantine
        self.unreadyReason = unreadyReason
        self.metrics = metrics
    }
}

/// Where an event goes: the lane of now, and the key that picks it under any topology.
package struct EventPlace: Sendable, Hashable {
    package let lane: LaneName
    /// See `LaneEvent.key`.
    package let key: String
    /// See `LaneEvent.generation`.
    package let generation: UInt64?
    /// See `LaneEvent.topology`.
    package let topology: UInt64

    package init(lane: LaneName, key: String = "", generation: UInt64? = nil, topology: UInt64 = 0) {
        self.lane = lane
        self.key = key
        self.generation = generation
        self.topology = topology
    }

    /// Where a topology has a key; nil if it has no place for it.
    package init?(_ key: LaneKey, in topology: Topology) {
        guard let place = topology.place(of: key) else { return nil }
        self.init(
            lane: place.lane, key: key.text, generation: place.generation, topology: topology.number)
    }

    func event(_ id: String, _ bytes: [UInt8]) -> LaneEvent {
        LaneEvent(lane: lane, id: id, bytes: bytes, key: key, generation: generation, topology: topology)
    }
}
