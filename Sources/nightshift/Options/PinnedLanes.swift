import Channels
import Contracts
import Instants
import Lanes
import Membership

/// Pins as a command reads them once, each with whether it is honoured.
struct PinnedLanes {
    private let pins: [LaneName: (pin: LanePin, standing: PinStanding)]
    /// Why none is known, if their key is not what it must be: lanes are shown all the same.
    let fault: String?

    /// One round trip without pins; with some, O(members + pins).
    init(_ store: LaneStore) throws {
        let control = ControlStore(connection: store.connection, keyspace: store.keyspace)
        let all: [LanePin]
        do {
            all = try control.pins()
            fault = nil
        } catch {
            guard error.isOfKeys else { throw error }
            all = []
            fault =
                "pins cannot be read, and lanes are placed without them: \(error); `nightshift audit` says what mends it"
        }
        guard !all.isEmpty else {
            pins = [:]
            return
        }
        let state = try control.state()
        let records = Dictionary(try control.members().map { ($0.id, $0) }) { first, _ in first }
        let targets = try control.targets(of: all.map(\.lane))
        let owners = Dictionary(
            try store.look(all.map(\.lane)).map { ($0.lane, $0.owner.flatMap { try? MemberID($0) }) }
        ) { first, _ in first }
        var pins: [LaneName: (pin: LanePin, standing: PinStanding)] = [:]
        for pin in all where pin.until > state.now {
            let standing = PinStanding(
                of: pin, state, record: records[pin.member], target: targets[pin.lane],
                owner: owners[pin.lane].flatMap(\.self))
            pins[pin.lane] = (pin, standing)
        }
        self.pins = pins
    }

    var isEmpty: Bool { pins.isEmpty }

    /// Nil for a lane that is not pinned.
    func standing(of lane: LaneName) -> PinStanding? { pins[lane]?.standing }

    /// `pinned to w2 until …`, and why it is not there; nil for a lane that is not pinned.
    func words(_ lane: LaneName) -> String? {
        pins[lane].map { pin, standing in
            "pinned to \(pin.member.name) until \(pin.until)" + (standing.reason.map { " (not there: \($0))" } ?? "")
        }
    }

    /// The fields of a pin; nil for a lane that is not pinned.
    func json(_ lane: LaneName) -> JSONValue? {
        guard let (pin, standing) = pins[lane] else { return nil }
        var fields: [String: JSONValue] = [
            "member": .string(pin.member.text), "until": .string(pin.until.description),
            "since": .string(pin.since.description), "by": .string(pin.by),
            "honoured": .bool(standing == .honoured),
        ]
        if let reason = standing.reason { fields["reason"] = .string(reason) }
        return .object(fields)
    }
}
