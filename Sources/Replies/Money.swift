/// An amount as a product list states it.
package struct Price: Sendable, Hashable {
    /// Digits without separators.
    package let whole: String
    /// Digits after the point; may be empty.
    package let fraction: String
    /// ISO 4217.
    package let currency: String

    /// Nil unless `amount` is 1 to 12 digits with at most a point and 1 to 3 digits, and `currency` three capitals.
    package init?(_ amount: String, currency: String) {
        let parts = amount.split(separator: ".", omittingEmptySubsequences: false)
        let isNumber = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard isNumber, parts.count <= 2, let whole = parts.first, whole.utf8.count <= 12,
            parts.count == 1 || parts[1].utf8.count <= 3, Self.isCurrency(currency)
        else { return nil }
        let digits = whole.drop { $0 == "0" }
        self.whole = digits.isEmpty ? "0" : String(digits)
        fraction = parts.count == 2 ? String(parts[1]) : ""
        self.currency = currency
    }

    package static func isCurrency(_ text: String) -> Bool {
        text.utf8.count == 3 && text.utf8.allSatisfy { (0x41...0x5A).contains($0) }
    }
}

/// How one language writes amounts of money, from its CLDR extract.
package struct MoneyFormat: Sendable {
    /// Of `{amount}` and `{currency}`.
    private let pattern: FieldPattern
    private let decimal: String
    private let group: String
    /// Digits of the last group and of those before it; Hindi's are 3 and 2.
    private let sizes: (last: Int, others: Int)
    /// Shorter numbers are not grouped.
    private let groupedFrom: Int
    private let symbols: [String: String]

    /// - Throws: `LocaleWords.Fault` for a pattern without the two fields or sizes that are none.
    package init(
        pattern: String, decimal: String, group: String, sizes: [Int] = [3, 3], groupedFrom: Int = 4,
        symbols: [String: String] = [:]
    ) throws(LocaleWords.Fault) {
        self.pattern = try FieldPattern(pattern, "money", of: ["amount", "currency"])
        guard sizes.count == 2, sizes.allSatisfy({ (1...9).contains($0) }) else {
            throw LocaleWords.Fault(field: "money_groups", expected: "two sizes from 1 to 9", came: "\(sizes)")
        }
        self.decimal = decimal
        self.group = group
        self.sizes = (sizes[0], sizes[1])
        self.groupedFrom = groupedFrom
        self.symbols = symbols
    }

    /// `1.290,50 €`; a currency without a symbol stands by its code, apart from the digits.
    package func text(_ price: Price) -> String {
        let amount = grouped(price.whole) + (price.fraction.isEmpty ? "" : decimal + price.fraction)
        let currency = symbols[price.currency] ?? price.currency
        let text = pattern.filled { $0 == "amount" ? amount : currency }
        guard currency.last?.isLetter == true || currency.first?.isLetter == true else { return text }
        return text.replacing(currency + amount, with: currency + "\u{A0}" + amount)
            .replacing(amount + currency, with: amount + "\u{A0}" + currency)
    }

    private func grouped(_ digits: String) -> String {
        guard digits.utf8.count >= groupedFrom else { return digits }
        var groups: [Substring] = []
        var rest = Substring(digits)
        while !rest.isEmpty {
            groups.append(rest.suffix(groups.isEmpty ? sizes.last : sizes.others))
            rest = rest.dropLast(groups.count == 1 ? sizes.last : sizes.others)
        }
        return groups.reversed().joined(separator: group)
    }
}
