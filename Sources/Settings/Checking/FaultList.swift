/// The faults of one reading, so that a run names all of them and not the first.
///
/// A reference, since every value below a file reports into the same list. Used by one thread within one call.
final class FaultList {
    /// Beyond this many the rest is not kept: a file that is no configuration at all would fill memory with them.
    static let mostFaults = 500

    private(set) var faults: [ConfigFault] = []

    func add(_ fault: ConfigFault) {
        if faults.count < Self.mostFaults { faults.append(fault) }
    }

    var sorted: [ConfigFault] { faults.sorted() }
}
