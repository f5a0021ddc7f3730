import Replies
import Testing

@Suite("Amounts of money")
struct MoneyTests {
    @Test("groups are cut from the right, by the language's sizes")
    func groups() throws {
        let plain = try MoneyFormat(pattern: "{amount} {currency}", decimal: ",", group: ".")
        let lakh = try MoneyFormat(
            pattern: "{currency}{amount}", decimal: ".", group: ",", sizes: [3, 2], symbols: ["INR": "₹"])
        for (amount, first, second) in [
            ("0", "0", "0"), ("007", "7", "7"), ("999", "999", "999"), ("1000", "1.000", "1,000"),
            ("123456789012", "123.456.789.012", "1,23,45,67,89,012"), ("1234.5", "1.234,5", "1,234.5"),
        ] {
            #expect(plain.text(try #require(Price(amount, currency: "EUR"))) == first + " EUR")
            #expect(lakh.text(try #require(Price(amount, currency: "INR"))) == "₹" + second)
        }
    }

    @Test(
        "what is no amount is none",
        arguments: ["", ".", "5.", ".5", "-1", "1,000", "1e3", "1.2345", "1234567890123", "٣"])
    func none(text: String) {
        #expect(Price(text, currency: "EUR") == nil)
    }

    @Test("a currency is three capital letters", arguments: ["eur", "EU", "EURO", "€", ""])
    func currencies(text: String) {
        #expect(Price("1", currency: text) == nil)
    }
}
