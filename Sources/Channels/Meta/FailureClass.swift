/// Why an action came to its end, for the metric of outcomes: bounded, and without the platform's numbers.
package enum FailureClass: String, Sendable, CaseIterable {
    /// The action did what it was meant to.
    case none
    /// The platform does not understand our call: a fault of ours, or of a version of the platform (DOMAIN.md 4.10, code 100).
    case malformed
    /// Nobody is there whom the account could write to.
    case unreachable
    /// What the action was about is gone, or was never there.
    case gone
    /// A private reply was given before.
    case usedUp = "used_up"
    case window
    /// Known, and final: not this person, not this call.
    case refused
    /// Tried as often as its row of the table says.
    case temporary
    /// A code without a row.
    case unknownCode = "unknown_code"
    /// An answer that is no error of the platform's, such as one of its edge, or of another platform.
    case status
    /// No answer at all.
    case noAnswer = "no_answer"

    package init(_ answer: SendAnswer, isRead: Bool = false) {
        switch answer {
        case .delivered: self = .none
        case .windowClosed: self = .window
        case .failed(let failure), .again(_, let failure), .ambiguous(let failure), .stopAccount(let failure),
            .braked(_, _, let failure):
            self.init(failure, isRead: isRead)
        }
    }

    private init(_ failure: SendFailure, isRead: Bool) {
        guard let code = failure.code else {
            self = failure.status == 0 ? .noAnswer : .status
            return
        }
        guard let row = MetaErrorTable.row(code: code, subcode: failure.subcode) else {
            self = .unknownCode
            return
        }
        if MetaErrorTable.isUnreachable(code: code, subcode: failure.subcode) {
            self = .unreachable
        } else if MetaErrorTable.isMissingObject(code: code, subcode: failure.subcode) || code == 10_900 {
            self = .gone
        } else {
            switch row.meaning {
            // What may not be read is refused so, too.
            case .terminal where code == 100 && !isRead && failure.subcode != MetaErrorTable.tooLarge: self = .malformed
            case .terminal, .stop: self = .refused
            case .usedUp: self = .usedUp
            case .windowClosed: self = .window
            case .brake, .retry, .ambiguous: self = .temporary
            }
        }
    }
}
