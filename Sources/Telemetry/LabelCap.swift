/// Keeps the values of a label few: the first ones stand for themselves, all later ones are `other`.
package struct LabelCap: Sendable {
    /// What every value beyond the first is called.
    package static let other = "other"

    private let most: Int
    private var known: Set<String> = []

    package init(most: Int) {
        self.most = most
    }

    /// The value that a series carries for this one; the same as long as the process lives.
    package mutating func label(_ value: String) -> String {
        if known.contains(value) { return value }
        guard known.count < most else { return Self.other }
        known.insert(value)
        return value
    }
}
