/// A reported figure that could not be and was brought to what can be; for people.
package struct ContainedFigure: Sendable, Hashable {
    /// Whose figure: `member w1#…` or `lane de-berlin.0`.
    package let subject: String
    /// What came, in words.
    package let came: String
}
