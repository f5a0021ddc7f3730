import Contracts

extension SweepMark {
    /// So many sweeps in a row that were refused or not whole are told to the desk: an hour as they usually come.
    static let mostRefused: UInt32 = 4
    /// Nobody counts further.
    static let mostCounted = mostRefused + WatchTurn.hourlyTries + WatchTurn.dailyTries

    /// The desk knows that they are refused.
    var isTold: Bool { refused >= Self.mostRefused }

    /// The last sweep that was begun is under way, or did not end whole.
    var isOwed: Bool { sweepingUntil > sweptUntil }

    /// Nobody ever asked for such a sweep.
    var isUntouched: Bool { sweptUntil == 0 && askedAt == 0 && refused == 0 }

    /// The sweep under way is that action.
    func awaits(_ action: String) -> Bool {
        askedAt != 0 && ActionID(hex: action) == ActionID(high: actionHigh, low: actionLow)
    }
}

extension AccountWatch {
    /// So many looks in a row at the webhooks' fields.
    static let mostLooksRefused: UInt32 = 3

    /// Something of the account stands before its desk. All of it is one matter there, which ends with the last.
    var isTold: Bool {
        enforced || stoppedAt > 0 || !missing.isEmpty || comments.isTold || messages.isTold
            || looksRefused >= Self.mostLooksRefused
    }

    /// The mark of comments, which is older than those of other sweeps and stands in fields of its own.
    var comments: SweepMark {
        get {
            var mark = SweepMark()
            mark.sweptUntil = sweptUntil
            (mark.actionHigh, mark.actionLow) = (actionHigh, actionLow)
            (mark.askedAt, mark.sweepingUntil) = (askedAt, sweepingUntil)
            (mark.refused, mark.spoilt, mark.again) = (refused, spoilt, again)
            return mark
        }
        set {
            sweptUntil = newValue.sweptUntil
            (actionHigh, actionLow) = (newValue.actionHigh, newValue.actionLow)
            (askedAt, sweepingUntil) = (newValue.askedAt, newValue.sweepingUntil)
            (refused, spoilt, again) = (newValue.refused, newValue.spoilt, newValue.again)
        }
    }
}
