internal import Conversations
internal import Instants
internal import Replies
internal import TextRules

/// `products/NAME.csv`, `.json` or `.yaml`: one product a row, the same fields in each form.
///
/// Every row that cannot be used is a fault with its line, and a list with a fault is not published: a price that was left
/// out would be found missing by a customer.
struct ProductFile {
    static let columns = [
        "sku", "name", "aliases", "posts", "ads", "price", "currency", "stock", "restock", "valid_until", "catalogue",
        "link", "image",
    ]
    private static let lists: Set<String> = ["aliases", "posts", "ads", "catalogue"]
    /// Of names in other languages: `name_de`.
    private static let namePrefix = "name_"

    let name: String
    private(set) var products: [Product] = []

    private let file: String
    private let faults: FaultList
    private var lines: [String: Int] = [:]

    /// A comma-separated list whose first line names the columns; `aliases`, `posts`, `ads` and `catalogue` are
    /// parted by `|`.
    init(name: String, csv file: ConfigFiles.File, faults: FaultList) {
        self.init(name: name, file: file.path, faults)
        var rows = CSVRows(file.bytes)
        do throws(CSVRows.Fault) {
            guard let header = try rows.next() else {
                fault(1, "a first line with the names of the columns", "an empty file")
                return
            }
            guard let names = columns(header) else { return }
            while let row = try rows.next() {
                guard row.fields.count == names.count else {
                    fault(row.line, "\(names.count) fields as in the first line", "\(row.fields.count)")
                    continue
                }
                var values: [String: String] = [:]
                for (name, text) in zip(names, row.fields) where !text.isEmpty { values[name] = text }
                take(values, lists: [:], row.line)
            }
        } catch {
            fault(error.line, error.expected, error.came)
        }
    }

    /// A list of mappings; `aliases`, `posts`, `ads` and `catalogue` are lists. JSON is read as the YAML that it is.
    init(name: String, list value: ConfigValue, faults: FaultList) {
        self.init(name: name, file: value.file, faults)
        for entry in value.list("a list of products") ?? [] {
            var values: [String: String] = [:]
            var lists: [String: [String]] = [:]
            for (key, field) in entry.entries("a product: \(Self.columns.joined(separator: ", "))") {
                guard let column = key.text("a field of a product"), isColumn(column, key.place.line) else { continue }
                if Self.lists.contains(column) {
                    lists[column] = (field.list("a list of texts") ?? []).compactMap { $0.text("a text") }
                } else {
                    values[column] = field.optionalText()
                }
            }
            take(values, lists: lists, entry.place.line)
        }
    }

    private init(name: String, file: String, _ faults: FaultList) {
        self.name = name
        self.file = file
        self.faults = faults
    }

    private func fault(_ line: Int, _ expected: String, _ came: String, nearest: String? = nil) {
        faults.add(
            ConfigFault(file: file, line: line, column: 1, expected: expected, got: came, nearest: nearest))
    }

    private func columns(_ header: CSVRows.Row) -> [String]? {
        let names = header.fields
        for name in names where !isColumn(name, header.line) { return nil }
        guard Set(names).count == names.count else {
            fault(header.line, "each column once", names.joined(separator: ","))
            return nil
        }
        return names
    }

    private func isColumn(_ name: String, _ line: Int) -> Bool {
        if Self.columns.contains(name) || (name.hasPrefix(Self.namePrefix) && name.count > 6) { return true }
        fault(
            line, "a column of products: \(Self.columns.joined(separator: ", ")), name_TAG", "\"\(name.prefix(60))\"",
            nearest: NearestWord.to(name, among: Self.columns))
        return false
    }

    private mutating func take(_ values: [String: String], lists: [String: [String]], _ line: Int) {
        guard products.count < ProductList.mostProducts else {
            if products.count == ProductList.mostProducts, lines.updateValue(line, forKey: "") == nil {
                fault(line, "at most \(ProductList.mostProducts) products", "more")
            }
            return
        }
        guard let sku = values["sku"], let title = values["name"] else {
            return fault(line, "sku and name of a product", values["sku"] == nil ? "no sku" : "no name")
        }
        if let earlier = lines.updateValue(line, forKey: sku) {
            return fault(line, "each sku once", "\"\(sku.prefix(60))\", which line \(earlier) has")
        }
        func list(_ column: String) -> [String] {
            lists[column] ?? (values[column]?.split(separator: "|").map(Self.trimmed) ?? []).filter { !$0.isEmpty }
        }
        let names = values.filter { $0.key.hasPrefix(Self.namePrefix) }
        let called = [title] + names.values.sorted() + list("aliases")
        if let odd = called.first(where: { !NameFinder.isFindable($0) || $0.count < 2 }) {
            fault(line, "a name of at least two letters or digits", "\"\(odd.prefix(60))\"")
        }
        products.append(
            Product(
                sku: sku, name: title,
                names: Dictionary(uniqueKeysWithValues: names.map { (String($0.key.dropFirst(5)), $0.value) }),
                aliases: list("aliases"), posts: list("posts"), ads: list("ads"), price: price(values, line),
                stock: stock(values["stock"], line), restock: day(values["restock"], "restock", line),
                validUntil: validUntil(values["valid_until"], line), catalogue: list("catalogue"),
                link: address(values["link"], "link", line), image: address(values["image"], "image", line)))
    }

    /// Names the links of its products that lead to none of a market's own domains: a customer who asks the shop is not sent
    /// to another.
    func refuseForeignLinks(_ market: String, domains: [String]) {
        for product in products {
            guard let link = product.link, let host = WebLink.host(of: link), !WebLink.isOf(host, domains) else {
                continue
            }
            fault(
                lines[product.sku] ?? 1,
                "a link to one of the domains of markets/\(market).yaml: "
                    + (domains.isEmpty ? "it names none" : domains.joined(separator: ", ")), host)
        }
    }

    private func address(_ text: String?, _ column: String, _ line: Int) -> String? {
        guard let text else { return nil }
        if WebLink.host(of: text) != nil { return text }
        fault(
            line, "\(column): an address such as https://shop.example/bag, at most 1,024 bytes",
            "\"\(text.prefix(60))\"")
        return nil
    }

    private func price(_ values: [String: String], _ line: Int) -> Price? {
        guard let amount = values["price"] else { return nil }
        guard let currency = values["currency"], Price.isCurrency(currency) else {
            fault(
                line, "the currency of a price, such as EUR",
                values["currency"].map { "\"\($0.prefix(20))\"" } ?? "none")
            return nil
        }
        if let price = Price(amount, currency: currency) { return price }
        fault(line, "a price such as 1290 or 59.90, without separators and signs", "\"\(amount.prefix(20))\"")
        return nil
    }

    private func stock(_ text: String?, _ line: Int) -> Product.Stock? {
        switch text {
        case nil: return nil
        case "yes": return .available
        case "no": return .soldOut
        case let text?:
            if let count = Int(text), (0...1_000_000_000).contains(count) { return count > 0 ? .available : .soldOut }
            fault(line, "stock: yes, no or a number of pieces", "\"\(text.prefix(20))\"")
            return nil
        }
    }

    private func day(_ text: String?, _ column: String, _ line: Int) -> CivilDate? {
        guard let text else { return nil }
        if let date = CivilDate(text) { return date }
        fault(line, "\(column): a date such as 2026-12-24", "\"\(text.prefix(40))\"")
        return nil
    }

    private func validUntil(_ text: String?, _ line: Int) -> Product.ValidUntil? {
        guard let text else { return nil }
        if let date = CivilDate(text) { return .day(date) }
        if let instant = try? Instant(rfc3339: text) { return .instant(instant) }
        fault(
            line, "valid_until: a date such as 2026-12-24 or an instant such as 2026-12-24T12:00:00Z",
            "\"\(text.prefix(40))\"")
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.firstIndex { $0 != " " } ?? text.endIndex
        let end = text.lastIndex { $0 != " " } ?? start
        return start == text.endIndex ? "" : String(text[start...end])
    }
}
