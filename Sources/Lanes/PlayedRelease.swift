internal import Foundation

/// Which release a process plays in a drill of two.
///
/// Nobody keeps an older executable at hand for every test. With `NIGHTSHIFT_PLAYS_RELEASE=before` this one stands in: its
/// functions have other names and lie beside the others', and its members know one feature level less. Anything else is ignored.
package enum PlayedRelease {
    /// Read once a process.
    package static let isBefore = ProcessInfo.processInfo.environment["NIGHTSHIFT_PLAYS_RELEASE"] == "before"
}
