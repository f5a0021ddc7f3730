import Ingress
import Lanes
import Redis

/// Keeps one ingress process's book of aliases and Redis together: new ones are written once a second, all are read once a
/// minute. What fails is tried again with the next call; webhooks go on with what the book holds.
struct AliasExchange {
    private static let readAgain = Duration.seconds(60)

    let book: AliasBook
    private var readAt: ContinuousClock.Instant?

    init(book: AliasBook) {
        self.book = book
    }

    mutating func exchange(_ redis: RedisThread, _ keyspace: Keyspace, accounts: [String]) async {
        let fresh = book.fresh
        let isDue = readAt.map { .now - $0 >= Self.readAgain } ?? true
        guard !fresh.isEmpty || isDue else { return }
        let read = try? await redis.run { connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            try store.addAliases(fresh)
            return isDue ? try store.aliases(of: accounts) : [:]
        }
        guard let read else { return }
        book.written(fresh)
        guard isDue else { return }
        book.use(read)
        readAt = .now
    }
}
