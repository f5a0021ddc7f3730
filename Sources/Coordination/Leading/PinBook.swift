internal import Contracts
internal import Lanes
internal import Membership

/// The pins as the leader read them last; see `LanePin`.
struct PinBook {
    /// Another one means other pins; nil before they were read.
    private(set) var stamp: PinsStamp?
    /// In the order of lanes.
    private(set) var pins: [LanePin] = []
    /// Why there are none, if their key is not what it must be.
    private(set) var fault: String?

    /// Reads them if they are others than before, also where somebody took the key or lines of it away. From a key that somebody
    /// edited none are read, again and again: lanes are placed without them until it is mended.
    mutating func read(_ store: ControlStore) throws(LaneError) {
        do throws(LaneError) {
            let stamp = try store.pinsStamp()
            guard stamp != self.stamp else { return }
            learn(try store.pins(), stamp)
        } catch {
            try lose(error, store)
        }
    }

    /// Takes these away in Redis; nil if there was nothing to take them from.
    mutating func remove(
        _ over: [LanePin], by leader: MemberID, term: UInt64, _ store: ControlStore
    ) throws(LaneError) -> LeaderWrite? {
        do throws(LaneError) {
            return try store.unpin(over, by: leader, term: term)
        } catch {
            try lose(error, store)
            return nil
        }
    }

    private mutating func lose(_ error: LaneError, _ store: ControlStore) throws(LaneError) {
        guard error.isOfKeys else { throw error }
        self = PinBook()
        fault = "\(store.keyspace.control("pins")): \(error)"
    }

    /// Makes these the pins.
    mutating func learn(_ pins: [LanePin], _ stamp: PinsStamp) {
        self.pins = pins
        self.stamp = stamp
        fault = nil
    }

    /// Where placement is to put lanes. Whether a member may be given lanes now is placement's to see.
    func places(_ census: Census) -> [LaneName: MemberID] {
        var places: [LaneName: MemberID] = [:]
        for pin in pins where pin.until > census.now { places[pin.lane] = pin.member }
        return places
    }

    /// What is to be taken away: pins that have ended, of the dead, and of lanes out of use.
    ///
    /// - Parameter lanes: every lane of the topology, in order.
    func over(_ census: Census, lanes: [LaneName]) -> [LanePin] {
        var place = lanes.startIndex
        return pins.filter { pin in
            // Both are in order.
            while place < lanes.endIndex, lanes[place] < pin.lane { place += 1 }
            let isInUse = place < lanes.endIndex && lanes[place] == pin.lane
            return !isInUse || pin.until <= census.now || census.isDead(pin.member)
        }
    }
}
