package import Channels
package import Contracts
package import Instants

/// What fetches need beside the platform; given by whoever wires the worker.
package struct FetchDoors: Sendable {
    /// A post that webhooks told of.
    package struct Post: Sendable, Equatable {
        package let id: String
        /// The post that this one, an ad's own media, is a copy of.
        package let original: String?
        /// When the newest webhook told of it.
        package let toldAt: Instant

        /// - Parameter toldAt: without it, lately.
        package init(id: String, original: String? = nil, toldAt: Instant = .distantFuture) {
            self.id = id
            self.original = original
            self.toldAt = toldAt
        }
    }

    /// The posts of an account that webhooks told of in the last days; nil without an answer of Redis.
    package let posts: @Sendable (_ account: String) async -> [Post]?
    /// Puts events into their lanes; false if one of them is not held. The rest may be.
    package let hold: @Sendable ([Event]) async -> Bool

    /// What the configuration says of an account's ice breakers.
    package let iceBreakers: @Sendable (_ account: String) -> IceBreakers

    /// The platform's id of our own app on an account; nil if nobody wrote it down.
    package let app: @Sendable (_ account: String) -> String?

    /// Whether deliveries and reads of an account are wanted.
    package let receipts: @Sendable (_ account: String) -> Bool

    package init(
        posts: @escaping @Sendable (_ account: String) async -> [Post]?,
        hold: @escaping @Sendable ([Event]) async -> Bool,
        iceBreakers: @escaping @Sendable (_ account: String) -> IceBreakers = { _ in IceBreakers([:]) },
        app: @escaping @Sendable (_ account: String) -> String? = { _ in nil },
        receipts: @escaping @Sendable (_ account: String) -> Bool = { _ in false }
    ) {
        self.receipts = receipts
        self.app = app
        self.iceBreakers = iceBreakers
        self.posts = posts
        self.hold = hold
    }
}
