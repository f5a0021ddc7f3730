internal import Contracts
internal import Lanes

// One lane's damage is not its neighbours'.
//
// Problem: somebody edits a lane's keys by hand, or a tool does: another type, a field that is no number. Every call for
// that lane fails from then on, and a runner has hundreds of lanes. Choice: the functions check what they read before they
// write anything, and answer for that lane alone; the runner goes on with the others, keeps what is wrong for people, and
// asks the lane again with every look, so that it goes on by itself once it is mended. Nothing of it is lost meanwhile: its
// log is where it was. Rejected: to mend by guessing, since a wrong cursor or sequence decides events twice.
// How it fails: a value that is wrong and possible, a cursor further on for instance, is told by the audit only.
extension RunnerLoop {
    /// Keeps what is wrong with a lane's keys until the lane gets on; other faults pass by themselves.
    func note(_ fault: LaneFault, of lane: LaneName) {
        guard fault.isOfKey else { return }
        // Redis does not say which key it was.
        if fault.code == "WRONGTYPE" { noteMisfit(of: lane, orElse: fault) } else { keep(fault, of: lane) }
    }

    /// Keeps which key of a lane holds something else than it must, if one does; else its server is away.
    func noteMisfit(of lane: LaneName, orElse fault: LaneFault? = nil) {
        guard !damaged.contains(lane), let store else { return }
        let misfit = try? store.misfit(of: lane)
        if let found = misfit ?? fault { keep(found, of: lane) }
    }

    private func keep(_ fault: LaneFault, of lane: LaneName) {
        damaged.insert(lane)
        status.count { $0.damaged[lane] = fault.description }
    }

    /// A lane could not be taken: nobody revokes what was never held, so it counts as damaged only as long as it is tried.
    func noteRefused(_ fault: LaneFault, of lane: LaneName) {
        note(fault, of: lane)
        if damaged.contains(lane) { refusedAt[lane] = .now }
    }

    func dropRefused(_ now: ContinuousClock.Instant) {
        for (lane, at) in refusedAt where at + setting.bounds.refusedWithin <= now { noteSound(lane) }
    }

    /// The lane got on, or is another's matter.
    func noteSound(_ lane: LaneName) {
        refusedAt[lane] = nil
        guard damaged.remove(lane) != nil else { return }
        status.count { $0.damaged[lane] = nil }
    }

    /// Does what concerns one lane; what is wrong with its keys does not hold up the others. False if it was not done.
    func contained(_ lane: LaneName, _ body: () throws -> Bool) throws -> Bool {
        do {
            return try body()
        } catch let error as LaneError where error.isOfKeys {
            note(LaneFault(code: "NOSENSE", message: error.description), of: lane)
            noteMisfit(of: lane)
            return false
        }
    }
}
