package import Instants
package import Replies
import TextRules

/// One product of a list, as far as questions about it are answered.
package struct Product: Sendable {
    package enum Stock: Sendable, Hashable {
        case available
        case soldOut
    }

    /// Until when a row may be believed, by the lane's clock.
    package enum ValidUntil: Sendable, Hashable {
        /// The last day, on the market's clock.
        case day(CivilDate)
        case instant(Instant)
    }

    package let sku: String
    package let name: String
    /// Its name in other languages, by tag.
    package let names: [String: String]
    package let aliases: [String]
    package let posts: [String]
    package let ads: [String]
    /// Nil: not known, so nobody is told one.
    package let price: Price?
    package let stock: Stock?
    /// When a product that is sold out is expected back.
    package let restock: CivilDate?
    /// Nil: for as long as the list stands.
    package let validUntil: ValidUntil?
    /// The platform's ids of it in the catalogues of the shop's accounts.
    package let catalogue: [String]
    /// Its page in the shop, and a picture of it: https addresses, the page one of the market's own.
    package let link: String?
    package let image: String?

    package init(
        sku: String, name: String, names: [String: String] = [:], aliases: [String] = [], posts: [String] = [],
        ads: [String] = [], price: Price? = nil, stock: Stock? = nil, restock: CivilDate? = nil,
        validUntil: ValidUntil? = nil, catalogue: [String] = [], link: String? = nil, image: String? = nil
    ) {
        self.catalogue = catalogue
        self.link = link
        self.image = image
        self.sku = sku
        self.name = name
        self.names = names
        self.aliases = aliases
        self.posts = posts
        self.ads = ads
        self.price = price
        self.stock = stock
        self.restock = restock
        self.validUntil = validUntil
    }

    /// Its name for a reader of that language.
    func name(in tag: String) -> String {
        names[tag] ?? names[String(tag.prefix { $0 != "-" })] ?? name
    }
}

/// The products of a market, by what customers call them and where they are shown.
///
/// Problem: a list has tens of thousands of rows and a decision has microseconds. Choice: everything is looked up, names in
/// one tree over all of them; made once, when the policy is built, and shared by all decisions as one reference. How it
/// fails: where several products fit, none is meant, and a person answers.
package final class ProductList: Sendable {
    package static let mostProducts = 100_000
    /// A shorter SKU is not looked for in texts, where it would be a number or a word.
    private static let shortestSKU = 4

    /// Which product a question is about.
    enum Meant {
        case one(Product, NameFinder.Found?)
        case several
        case none
        /// The customer shows one that is not in the list.
        case unknown
    }

    package let products: [Product]
    private let names: NameFinder
    private let byPost: [String: [Int]]
    private let byAd: [String: [Int]]
    /// By SKU and by the platform's id.
    private let byID: [String: Int]

    package init(_ products: [Product]) {
        var names: [(String, Int)] = []
        var byPost: [String: [Int]] = [:]
        var byAd: [String: [Int]] = [:]
        var byID: [String: Int] = [:]
        for (number, product) in products.enumerated() {
            names.append((product.name, number))
            for name in product.names.sorted(by: { $0.key < $1.key }) { names.append((name.value, number)) }
            for alias in product.aliases { names.append((alias, number)) }
            if product.sku.count >= Self.shortestSKU { names.append((product.sku, number)) }
            for post in product.posts { byPost[post, default: []].append(number) }
            for id in [product.sku] + product.catalogue where byID[id] == nil { byID[id] = number }
            for ad in product.ads { byAd[ad, default: []].append(number) }
        }
        self.products = products
        self.names = NameFinder(names)
        self.byPost = byPost
        self.byAd = byAd
        self.byID = byID
    }

    /// The product that a text names; without a name, or a text, the one that the customer shows, else the one that its ad or its
    /// post does. Linear in the text.
    func meant(by text: NormalisedText?, _ topic: Topic) -> Meant {
        let found = text.map { names.names(in: $0) } ?? []
        if let first = found.first {
            guard found.allSatisfy({ $0.number == first.number }) else { return .several }
            return .one(products[first.number], first)
        }
        if !topic.products.isEmpty {
            let numbers = topic.products.compactMap { byID[$0] }
            guard let first = numbers.first else { return .unknown }
            return numbers.allSatisfy { $0 == first } ? .one(products[first], nil) : .several
        }
        let shown = byAd[topic.ad] ?? topic.posts.lazy.compactMap { self.byPost[$0] }.first ?? []
        guard let only = shown.first else { return .none }
        return shown.count == 1 ? .one(products[only], nil) : .several
    }
}
