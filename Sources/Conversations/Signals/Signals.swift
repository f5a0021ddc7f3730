package import Contracts

/// A small dated snapshot of what lies outside the lane: backlog and capacity, account health, kill switches, ads.
///
/// The leader numbers one a second; without a leader the last one stays, with its date.
package struct Signals: Sendable {
    package let number: UInt64
    private let values: [String: Signal]
    /// Whether any switch of automatic texts stands in it. Mostly none does, and then no name needs to be made to ask.
    let holdsSwitches: Bool

    package static let none = Signals(number: 0, values: [:])

    package init(number: UInt64, values: [String: Signal]) {
        self.number = number
        self.values = values
        holdsSwitches = values.keys.contains { $0.hasPrefix(SignalName.automation("")) }
    }

    subscript(name: String) -> Signal? { values[name] }
}

/// One value with its instant and its writer.
package struct Signal: Sendable, Hashable {
    package let value: String
    /// Milliseconds since 1970, as its writer's clock said.
    package let at: Int64
    package let writer: String

    package init(value: String, at: Int64, writer: String) {
        self.value = value
        self.at = at
        self.writer = writer
    }
}

/// The names under which the spine reads signals.
package enum SignalName {
    /// Conversations that wait for a team; a whole number.
    package static func backlog(team: String) -> String { "backlog/\(team)" }
    /// Conversations that a team answers in an hour; a whole number.
    package static func capacity(team: String) -> String { "capacity/\(team)" }
    /// `paused` says that an ad does not run any more.
    package static func ad(_ ad: String) -> String { "ad/\(ad)" }
    /// Anything but `off` names a contact of whom more is made.
    package static func vip(account: String, contact: String) -> String { "vip/\(account)/\(contact)" }
    /// Anything but `off` says that a contact has bought. The name of a zone says besides where the last order went to.
    package static func order(account: String, contact: String) -> String { "order/\(account)/\(contact)" }
    /// Name of the zone of a contact's profile: a guess.
    package static func profile(account: String, contact: String) -> String { "profile/\(account)/\(contact)" }
    /// `off` stops automatic texts. Scopes: `all`, `account/<id>`, `market/<name>`, `rule/<rule>`.
    package static func automation(_ scope: String) -> String { "automation/\(scope)" }
}

/// Reads signals and keeps what was read, so that the result can say it and a replay can feed it back.
///
/// A name that is not in the snapshot leaves no trace: a replay without it reads nothing either.
package struct SignalReader: Sendable {
    private let signals: Signals
    /// In the order of the first reading, each name once.
    package private(set) var reads: [SignalRead] = []

    /// Whether any switch of automatic texts stands in the snapshot.
    var holdsSwitches: Bool { signals.holdsSwitches }

    package init(_ signals: Signals = .none) {
        self.signals = signals
    }

    package mutating func read(_ name: String) -> Signal? {
        guard let signal = signals[name] else { return nil }
        if !reads.contains(where: { $0.name == name }) {
            var read = SignalRead()
            read.name = name
            read.value = signal.value
            read.at = signal.at
            read.writer = signal.writer
            reads.append(read)
        }
        return signal
    }

    /// A whole number that is not negative; nil if there is none, or something else.
    mutating func readCount(_ name: String) -> Int64? {
        guard let signal = read(name), let count = Int64(signal.value), count >= 0 else { return nil }
        return count
    }
}
