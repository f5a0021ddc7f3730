import BusinessTime
import Conversations
import Instants
import Replies
import Testing

@testable import Settings

@Suite("Lists of products")
struct ProductFileTests {
    private static func config(_ list: String, as file: String = "products/bags.csv") -> SmallConfig {
        var config = SmallConfig()
        config.market = "products: bags\n"
        config.faq = "  - {rule: price, source: products}\n  - {rule: stock, source: products}\n"
        config.more[file] = list
        return config
    }

    private static func products(_ config: SmallConfig) throws -> [Product] {
        let check = try config.check()
        #expect(check.faults.map(\.description) == [])
        return check.config?.markets.first?.products?.products ?? []
    }

    @Test(
        "a CSV file is read as RFC 4180 says: quotation marks, commas and line ends inside, CRLF, a mark at the start")
    func csv() throws {
        let list =
            "\u{FEFF}sku,name,name_de,aliases,posts,price,currency,stock,restock,valid_until\r\n"
            + "A-1,\"Bag, \"\"blue\"\"\nlarge\",Tasche,tote| sky bag ,1_2|3,59.90,EUR,12,,2026-12-24\r\n\r\n"
            + "A-2,Belt,,,,,,no,2026-12-01,2026-12-24T12:00:00Z"
        let products = try Self.products(Self.config(list))
        #expect(products.map(\.sku) == ["A-1", "A-2"])
        let bag = products[0]
        #expect(bag.name == "Bag, \"blue\"\nlarge" && bag.names == ["de": "Tasche"])
        #expect(bag.aliases == ["tote", "sky bag"] && bag.posts == ["1_2", "3"])
        #expect(bag.price == Price("59.90", currency: "EUR") && bag.stock == .available)
        #expect(bag.validUntil == CivilDate(year: 2026, month: 12, day: 24).map { .day($0) })
        #expect(products[1].stock == .soldOut && products[1].price == nil)
        #expect(products[1].restock == CivilDate(year: 2026, month: 12, day: 1))
        #expect(try products[1].validUntil == .instant(Instant(rfc3339: "2026-12-24T12:00:00Z")))
    }

    @Test("JSON and YAML say the same", arguments: ["products/bags.json", "products/bags.yaml"])
    func lists(file: String) throws {
        let list =
            #"[{"sku": "A-1", "name": "Bag", "name_de": "Tasche", "aliases": ["tote"], "ads": ["7"], "price": "59.90","#
            + #" "currency": "EUR", "stock": "yes", "valid_until": "2026-12-24"}, {"sku": "A-2", "name": "Belt"}]"#
        let products = try Self.products(Self.config(list, as: file))
        #expect(products.map(\.sku) == ["A-1", "A-2"])
        #expect(products[0].aliases == ["tote"] && products[0].ads == ["7"])
        #expect(products[0].price == Price("59.90", currency: "EUR"))
    }

    @Test("every bad row is named with its line, in one run")
    func rows() throws {
        let list = """
            sku,name,price,currency,stock,restock,valid_until
            A,Bag,5,EUR,,,
            A,Bag again,5,EUR,,,
            ,Nameless,5,EUR,,,
            B,,5,EUR,,,
            C,Cap,"5,00",EUR,,,
            D,Dress,5,,,,
            E,Earring,5,EUR,maybe,,
            F,Fan,5,EUR,,2026-13-01,
            G,Glove,5,EUR,,,tomorrow
            H,Hat,5
            I,!,5,EUR,,,
            """
        #expect(
            try Self.config(list).faults() == [
                "products/bags.csv:3:1: expected each sku once, got \"A\", which line 2 has",
                "products/bags.csv:4:1: expected sku and name of a product, got no sku",
                "products/bags.csv:5:1: expected sku and name of a product, got no name",
                "products/bags.csv:6:1: expected a price such as 1290 or 59.90, without separators and signs, got \"5,00\"",
                "products/bags.csv:7:1: expected the currency of a price, such as EUR, got none",
                "products/bags.csv:8:1: expected stock: yes, no or a number of pieces, got \"maybe\"",
                "products/bags.csv:9:1: expected restock: a date such as 2026-12-24, got \"2026-13-01\"",
                "products/bags.csv:10:1: expected valid_until: a date such as 2026-12-24 or an instant such as "
                    + "2026-12-24T12:00:00Z, got \"tomorrow\"",
                "products/bags.csv:11:1: expected 7 fields as in the first line, got 3",
                "products/bags.csv:12:1: expected a name of at least two letters or digits, got \"!\"",
            ])
    }

    @Test(
        "a file that is no CSV is named with the line at which it stops being one",
        arguments: [
            ("", "1:1: expected a first line with the names of the columns, got an empty file"),
            ("sku,naem\n", "1:1: expected a column of products: "),
            ("sku,name,sku\n", "1:1: expected each column once, got sku,name,sku"),
            ("sku,name\nA,\"Bag\n\n", "2:1: expected a closing quotation mark, got the end of the file"),
            (
                "sku,name\nA,Bag\nB,\"Belt\"s\n",
                "3:1: expected a comma or the end of the line after quotation marks, got text"
            ),
            ("sku,name\nA,Ba\"g\n", "2:1: expected a field in quotation marks as a whole, got one inside a field"),
        ])
    func broken(list: String, fault: String) throws {
        let faults = try Self.config(list).faults()
        #expect(faults.count == 1 && faults[0].hasPrefix("products/bags.csv:" + fault), "\(faults)")
    }

    @Test("a product's page leads to the market's own domains, by https, and its picture anywhere")
    func links() throws {
        let list = """
            sku,name,link,image,catalogue
            A,Bag,https://shop.example/a,https://cdn.other.example/a.jpg,5551|5552
            B,Belt,https://www.SHOP.example:443/b?c=1,,
            C,Cap,https://other.example/c,,
            D,Dress,http://shop.example/d,,
            E,Earring,https://shop.example@other.example/e,,
            F,Fan,https://shop.example.other.example/f,,
            G,Glove,https://notshop.example/g,,
            H,Hat,https://shop.example/a b,,
            """
        var config = Self.config(list)
        config.market += "domains: [shop.example]\n"
        let address = "an address such as https://shop.example/bag, at most 1,024 bytes"
        let own = "a link to one of the domains of markets/de.yaml: shop.example"
        #expect(
            try config.faults() == [
                "products/bags.csv:4:1: expected \(own), got other.example",
                "products/bags.csv:5:1: expected link: \(address), got \"http://shop.example/d\"",
                "products/bags.csv:6:1: expected link: \(address), got \"https://shop.example@other.example/e\"",
                "products/bags.csv:7:1: expected \(own), got shop.example.other.example",
                "products/bags.csv:8:1: expected \(own), got notshop.example",
                "products/bags.csv:9:1: expected link: \(address), got \"https://shop.example/a b\"",
            ])
        config.more["products/bags.csv"] = list.split(separator: "\n").prefix(3).joined(separator: "\n")
        let products = try Self.products(config)
        #expect(products.map(\.link) == ["https://shop.example/a", "https://www.SHOP.example:443/b?c=1"])
        #expect(products[0].catalogue == ["5551", "5552"] && products[0].image == "https://cdn.other.example/a.jpg")
        config.market = "products: bags\n"
        #expect(try config.faults().allSatisfy { $0.contains("it names none") } && config.faults().count == 2)
    }

    @Test("a market's list must be there, be named, and be asked for price and stock only")
    func references() throws {
        var config = Self.config("sku,name\nA,Bag\n")
        config.market = "products: bagz\n"
        #expect(
            try config.faults() == [
                "markets/de.yaml:8:11: expected the name of a list of products, got \"bagz\"; did you mean bags?"
            ])
        config.market = ""
        #expect(try config.faults().count == 2)
        config.market = "products: bags\n"
        config.faq = "  - {rule: order_status, source: products}\n"
        #expect(try config.faults().count == 1)
        config.more["products/bags.json"] = "[]"
        #expect(try config.faults().contains { $0.contains("expected one list of this name") })
    }

    @Test("a list of 5,000 products is read, and its answers are in the customer's language")
    func many() throws {
        var list = "sku,name,aliases,price,currency,stock,valid_until\n"
        for number in 0..<5_000 {
            list += "SKU-\(number),Lamp number \(number),light \(number),\(number).90,EUR,yes,2027-12-31\n"
        }
        let products = try Self.products(Self.config(list))
        #expect(products.count == 5_000)
        #expect(products[4_100].price == Price("4100.90", currency: "EUR"))
    }

    @Test(
        "amounts are written as each language writes them",
        arguments: [
            ("en", "USD", "$1,290.50"), ("de", "EUR", "1.290,50 €"), ("fr", "EUR", "1\u{202F}290,50 €"),
            ("es", "EUR", "1290,50 €"), ("hi", "INR", "₹1,290.50"), ("vi", "VND", "1.290,50 ₫"),
            ("ja", "JPY", "￥1,290.50"), ("pl", "USD", "1290,50 USD"), ("es-MX", "USD", "USD 1,290.50"),
        ])
    func money(tag: String, currency: String, text: String) throws {
        func value(_ file: String) throws -> ConfigValue {
            let read = try #require(try ShippedConfig.files().file("languages/\(tag)/\(file).yaml"))
            return try #require(ConfigValue(read, faults: FaultList()))
        }
        let (cldr, templates) = (try value("cldr"), try value("templates"))
        let money = try #require(LanguageSettings(tag: tag, cldr: cldr, templates: templates)?.money)
        let price = try #require(Price("1290.50", currency: currency))
        #expect(money.text(price).replacing("\u{A0}", with: " ") == text)
    }
}
