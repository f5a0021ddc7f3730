internal import Synchronization

/// The faults of one reading, so that a run names all of them and not the first.
///
/// A reference, since every value below a file reports into the same list, from whichever thread reads it.
final class FaultList: Sendable {
    /// Beyond this many the rest is not kept: a file that is no configuration at all would fill memory with them.
    static let mostFaults = 500

    private let list = Mutex<[ConfigFault]>([])

    var faults: [ConfigFault] { list.withLock { $0 } }

    func add(_ fault: ConfigFault) {
        list.withLock { list in
            if list.count < Self.mostFaults { list.append(fault) }
        }
    }

    var sorted: [ConfigFault] { faults.sorted() }
}
