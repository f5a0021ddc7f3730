/// Lengths of time as people write them.
package enum WrittenDuration {
    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]

    /// Nil unless the text is a run of numbers with a unit `s`, `m`, `h` or `d`, at most 400 days together.
    package static func parse(_ text: String) -> Duration? {
        var total = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber, digits.count < 8 {
                digits.append(character)
            } else {
                guard let unit = units[character], let number = Int(digits) else { return nil }
                total += number * unit
                digits = ""
            }
        }
        guard digits.isEmpty, !text.isEmpty, total <= 400 * 86_400 else { return nil }
        return .seconds(total)
    }
}
