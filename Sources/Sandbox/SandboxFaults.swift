internal import Contracts
private import Synchronization

/// What goes wrong in the sandbox, and how often: rows of data, so that a drill names them on its command line.
package struct SandboxFault: Sendable, Equatable {
    package enum Effect: Sendable, Equatable {
        /// Refused with this HTTP status and Graph error code; nothing is accepted.
        case refuse(status: Int, code: Int64)
        /// HTTP 500 without JSON; nothing is accepted.
        case fail
        /// The same answer of the platform's edge, but the platform behind it has accepted the call.
        case acceptAndFail
        /// Accepted and written to the ledger, but the caller gets no answer in time.
        case acceptSilently
        /// Nothing is accepted, and the caller gets no answer in time.
        case hang
    }

    /// How many calls of a thousand.
    package let perMille: Int
    package let effect: Effect

    package init(perMille: Int, _ effect: Effect) {
        self.perMille = perMille
        self.effect = effect
    }
}

/// A time in which every call fails, on command.
final class SandboxOutage: Sendable {
    private struct State {
        var standing: (effect: SandboxFault.Effect, until: ContinuousClock.Instant)?
        var met = 0
    }

    private let state = Mutex(State())

    /// What a call meets now; it counts as one that met the outage.
    func meet() -> SandboxFault.Effect? {
        state.withLock { state in
            guard let now = state.standing, now.until > .now else { return nil }
            state.met += 1
            return now.effect
        }
    }

    /// Calls that met this outage, or the last one.
    var met: Int { state.withLock { $0.met } }

    /// Begins now, whatever was before; a time of zero ends it.
    func begin(_ effect: SandboxFault.Effect, for time: Duration) {
        state.withLock { state in
            state.standing = (effect, .now + time)
            if time > .zero { state.met = 0 }
        }
    }
}

/// Draws the fault of each call from one seed.
final class FaultDraw: Sendable {
    private let faults: [SandboxFault]
    private let random: Mutex<SeededGenerator>
    private let outage: SandboxOutage

    init(_ faults: [SandboxFault], seed: UInt64, outage: SandboxOutage = SandboxOutage()) {
        self.outage = outage
        self.faults = faults
        random = Mutex(SeededGenerator(seed: seed))
    }

    /// The first fault, in the rows' order, whose share the drawn number falls into.
    func next() -> SandboxFault.Effect? {
        if let effect = outage.meet() { return effect }
        guard !faults.isEmpty else { return nil }
        var number = random.withLock { Int($0.number(below: 1_000)) }
        for fault in faults {
            if number < fault.perMille { return fault.effect }
            number -= fault.perMille
        }
        return nil
    }
}
