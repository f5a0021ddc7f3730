internal import Contracts
internal import Lanes
internal import Membership

/// The pins as the leader read them last; see `LanePin`.
struct PinBook {
    /// Another number means other pins; nil before they were read.
    private(set) var number: UInt64?
    /// In the order of lanes.
    private(set) var pins: [LanePin] = []

    /// Reads them if they are others than before.
    mutating func read(_ store: ControlStore) throws(LaneError) {
        let number = try store.pinsNumber()
        guard number != self.number else { return }
        learn(try store.pins(), number: number)
    }

    /// Makes these the pins.
    mutating func learn(_ pins: [LanePin], number: UInt64) {
        self.pins = pins
        self.number = number
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
