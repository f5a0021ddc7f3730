/// What changes a lane's hash from outside its owner's commits, and wakes the owner.
package enum ControlVerb: Sendable, Equatable {
    /// Makes the lane, if it is not there. A virtual lane's clock can be stepped. Refused as `.differs` if the lane is there and differs in being virtual.
    case create(generation: UInt64, isVirtual: Bool, offset: Duration)
    case pause
    /// Ends a pause, and lifts an alarm.
    case resume
    case close
    /// Ends a closing or draining; with a generation, raises it.
    case open(generation: UInt64?)
    /// Closes for good, as a step of a resize: what is in the log is still decided and settled.
    case drain
    /// Closes, and lets nothing more be claimed: the first step of a move. Refused as `.fenced` to one that has let go
    /// of the lane. `open` ends it.
    case stop(move: UInt64)
    /// Moves the lane clock forwards. Virtual lanes only.
    case step(Duration)
    /// Asks the owner to release the lane.
    case want(owner: String)
    /// Notes what a suspect lane's owner is about to decide. Fenced.
    case mark(LaneMark, LaneToken)
    case clearMark(LaneToken)
}

package enum ControlReply: Sendable, Equatable {
    case done(LaneClock)
    /// `step` on a lane that is not virtual, `create` of one that is the other kind, or an operator's verb on a lane
    /// that is being moved or was retired.
    case differs
    /// No such lane.
    case missing
    case fenced
    case failed(LaneFault)
}
