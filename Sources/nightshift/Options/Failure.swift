import ArgumentParser

/// Why a command did not do its work: what was expected, what came, where. Ends the process with exit code 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    init(expected: String, came: String, at place: String) {
        description = "\(place): expected \(expected), got \(came)"
    }
}
