internal import Contracts

// Cards and buttons in our own JSON, which the generic channel posts and `decide` prints.
extension Card {
    var json: JSONValue {
        .fields([("product", product), ("title", title), ("subtitle", subtitle), ("image", image), ("link", link)])
    }
}

extension QuickReply {
    var json: JSONValue { .fields([("title", title), ("payload", payload)]) }
}

extension JSONValue {
    /// An object of the texts that are not empty.
    fileprivate static func fields(_ fields: [(String, String)]) -> JSONValue {
        .object(Dictionary(fields.filter { !$0.1.isEmpty }.map { ($0.0, .string($0.1)) }) { first, _ in first })
    }
}
