/// How our app got at an account of Meta, which says where the calls about it go (DOMAIN.md 4.5).
package enum MetaLogin: Sendable, Hashable {
    /// The account is a page and stands for itself.
    case page
    /// An Instagram account by Facebook Login: messages, ice breakers and webhooks go by way of the page with this id, to
    /// which it is linked, and every call carries that page's token. Comments and media keep their own nodes.
    case linkedPage(String)
    /// An Instagram account by Instagram Login: all calls go to a host of its own, with the account's token.
    case instagram

    /// The node of messages, private replies, conversations, ice breakers and webhooks; whose token calls carry.
    package func node(of account: String) -> String {
        switch self {
        case .page, .instagram: account
        case .linkedPage(let page): page
        }
    }
}
